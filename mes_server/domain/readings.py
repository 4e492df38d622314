"""What the metrics of a message mean by the birth of their station: readings, or why they cannot be."""

import math
from typing import NamedTuple

from mes_server.domain.nodes import (
    DATATYPE,
    FUTURE_MS,
    MISSED,
    NAME,
    NAME_MAX,
    NOT_SERIES,
    SERIES_DATATYPES,
    TIME,
    TIME_MIN_MS,
    WAITING,
    Layout,
    UnreadableError,
    Value,
    fitting,
    is_series,
)
from schemas.samples import BAD, GOOD, is_bad
from schemas.sparkplug import BITS, Metric, PayloadError, typed_value

NUMBERS = frozenset(range(1, 11))  # integers and floats of all widths


class Reading(NamedTuple):
    """One reading as the birth explains it. `datatype` is a code of schemas.sparkplug.DATATYPES."""

    metric: str
    datatype: int
    at_ms: int
    value: Value
    quality: int
    historical: bool


def _name_and_datatype(layout: Layout, metric: Metric) -> tuple[str, int]:
    name = metric.name
    if name is None:
        if metric.alias is None:
            raise UnreadableError(NAME, "a metric has neither name nor alias")
        if layout.trust == MISSED or metric.alias not in layout.aliases:
            raise UnreadableError(WAITING, f"alias {metric.alias} is not known")
        name = layout.aliases[metric.alias]
    datatype = layout.datatypes.get(name)
    if datatype is None:
        if layout.own or not metric.datatype:
            raise UnreadableError(WAITING, f"metric {name!r:.80} was not in the birth")
        if not 0 < len(name) <= NAME_MAX or not name.isprintable():
            raise UnreadableError(NAME, f"a metric has no usable name: {name!r:.80}")
    if layout.own and metric.is_historical and {metric.datatype, datatype} <= NUMBERS:
        datatype = metric.datatype  # a record of an older contract says what it was written as
    return name, datatype or fitting(metric)


def _unfit(layout: Layout, name: str) -> str:
    """Why a value waits that is not of the datatype its birth told."""
    return DATATYPE if layout.is_sure(name) else WAITING


def _check_no_sample(layout: Layout, metric: Metric, name: str, datatype: int) -> None:
    """Datasets, bytes and their like are not stored; a single value is none of these by mistake."""
    if metric.value is not None and not isinstance(metric.value, bytes):
        detail = (
            f"{name}: a value of kind {type(metric.value).__name__} is not of datatype {datatype}"
        )
        raise UnreadableError(_unfit(layout, name), detail)


def is_ambiguous(number: int, datatype: int) -> bool:
    """Whether an integer as it came (two's complement) means something else in another datatype."""
    bits = BITS[datatype]
    return number >> (bits - 1) != 0 or (bits == 64 and number >> 31 == 1)


def _value(layout: Layout, metric: Metric, name: str, datatype: int) -> tuple[Value, int]:
    quality: int = GOOD if metric.quality is None else metric.quality
    try:
        value: Value = typed_value(metric.value, datatype)
    except PayloadError as error:
        raise UnreadableError(_unfit(layout, name), f"{name}: {error}") from error
    doubtful = not layout.is_sure(name) and datatype in BITS and metric.datatype != datatype
    if doubtful and value is not None and is_ambiguous(metric.value, datatype):
        detail = f"{name}: {metric.value} may mean something else by a birth that was missed"
        raise UnreadableError(WAITING, detail)
    if isinstance(value, float) and not math.isfinite(value):
        value = None
    if isinstance(value, str) and "\0" in value:
        raise UnreadableError(DATATYPE, f"{name}: a text with a zero byte")
    if is_bad(quality):
        return None, quality
    return value, BAD if value is None else quality


def check_time(at_ms: int, received_ms: int, name: str) -> None:
    """Raise UnreadableError for a time no working clock can have told."""
    if not TIME_MIN_MS <= at_ms <= received_ms + FUTURE_MS:
        detail = f"{name}: {at_ms} ms is before 2000 or more than a day ahead of us"
        raise UnreadableError(TIME, detail)


def resolve(
    layout: Layout, metrics: list[Metric], payload_ms: int | None, received_ms: int
) -> list[Reading]:
    """The readings in `metrics` of one message or record, in their order; raises UnreadableError."""
    readings = []
    for metric in metrics:
        if metric.name in NOT_SERIES:
            continue
        name, datatype = _name_and_datatype(layout, metric)
        if not is_series(name):
            continue
        if datatype not in SERIES_DATATYPES:
            _check_no_sample(layout, metric, name, datatype)
            continue
        at_ms = metric.at_ms if metric.at_ms is not None else payload_ms
        if at_ms is None:
            at_ms = received_ms
        check_time(at_ms, received_ms, name)
        value, quality = _value(layout, metric, name, datatype)
        readings.append(Reading(name, datatype, at_ms, value, quality, metric.is_historical))
    return readings
