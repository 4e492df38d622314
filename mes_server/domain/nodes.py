"""What a node said at birth, and what its data means by it. Pure state; strangers' habits included.

A message that cannot be taken raises UnreadableError; its bytes go to quarantine. `waiting` says that a
birth may cure it.
"""

import math
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from schemas import journal_metrics as names
from schemas.samples import BAD, GOOD, QUALITIES
from schemas.sparkplug import DATATYPES, Metric, Payload, PayloadError, typed_value
from schemas.station_types import StationType

NodeId = tuple[str, str]  # group, node
Value = float | int | bool | str | None

# Why something lies in quarantine.
WAITING = "waiting for birth"  # the next birth may cure it
TIME = "time"
DATATYPE = "datatype"
NAME = "name"

TIME_MIN_MS = 946_684_800_000  # 2000-01-01: what is older comes from a clock that was never set
FUTURE_MS = 86_400_000
NAME_MAX = 200
SERIES_DATATYPES = frozenset(range(1, 16))  # no datasets, bytes, files, templates, arrays
_CONTROL = ("Node Control/", "Device Control/")
_NOT_SERIES = frozenset(names.NOT_SERIES)


class UnreadableError(ValueError):
    """Data that cannot be taken: a word for why, and a sentence for the person who looks."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class Reading(NamedTuple):
    """One reading as the birth explains it. `datatype` is a code of schemas.sparkplug.DATATYPES."""

    metric: str
    datatype: int
    at_ms: int
    value: Value
    quality: int
    historical: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """The metrics of one birth: datatype codes by name (0: not told), names by alias.

    `own`: the edge journals its records. `confirmed` is False when the births between then and now
    may have been missed: names are still sure then, aliases are not, and a value that does not fit
    its datatype waits for the next birth.
    """

    own: bool
    datatypes: dict[str, int]
    aliases: dict[int, str]
    station_type: str | None = None
    revision: str | None = None
    confirmed: bool = True

    def likeness(self) -> tuple[object, ...]:
        """The same for two layouts that read every message alike: stations of one kind."""
        return self.own, self.confirmed, *sorted(self.datatypes.items()), *self.aliases.items()


@dataclass(frozen=True, slots=True)
class NodeBirth:
    """What an NBIRTH or NDATA says about the node itself; None where it does not say."""

    bd_seq: int | None = None
    first: int | None = None
    next: int | None = None
    lost: int | None = None
    used_pct: float | None = None
    clock: int | None = None
    interpreter: str | None = None
    version: str | None = None
    serial: str | None = None
    boot: int | None = None
    heap: int | None = None

    @property
    def epoch(self) -> int | None:
        """The journal's epoch, when it tells of a journal."""
        known = self.next if self.next is not None else self.first
        return None if known is None else known >> 32


# Whether a node or a station is there. DOUBTED: it was, and we may have missed what came since.
ALIVE = "alive"
DOUBTED = "doubted"
DEAD = "dead"


@dataclass(slots=True)
class NodeState:
    """One node as its births left it; `layouts` and `stations` (ALIVE …) by station.

    The metrics of the node itself are those of a station named like the node.
    """

    standing: str = DOUBTED
    bd_seq: int | None = None
    born_ms: int = 0
    serial: str | None = None
    epoch: int | None = None
    layouts: dict[str, Layout] = field(default_factory=dict)
    stations: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class NodeRegister:
    """All nodes heard of."""

    nodes: dict[NodeId, NodeState] = field(default_factory=dict)

    def state(self, node: NodeId) -> NodeState:
        """The state of a node, made when it is new."""
        return self.nodes.setdefault(node, NodeState())

    def layout(self, node: NodeId, station: str) -> Layout:
        """What the station said at birth; raises UnreadableError (waiting) when that was never heard."""
        state = self.nodes.get(node)
        layout = None if state is None else state.layouts.get(station)
        if layout is None:
            raise UnreadableError(WAITING, "the station has not told yet what it measures")
        return layout

    def doubt(self) -> None:
        """We did not listen for a while: births and deaths may have been missed."""
        for state in self.nodes.values():
            if state.standing == ALIVE:
                state.standing = DOUBTED
            for station, standing in state.stations.items():
                if standing == ALIVE:
                    state.stations[station] = DOUBTED
            for station, layout in state.layouts.items():
                state.layouts[station] = replace(layout, confirmed=False)


def is_series(name: str) -> bool:
    """Whether a metric of this name measures the station, not the node or the journal."""
    return name not in _NOT_SERIES and not name.startswith(_CONTROL)


_KINDS = {
    float: DATATYPES["double"],
    bool: DATATYPES["boolean"],
    int: DATATYPES["int64"],
    str: DATATYPES["string"],
}


def _fitting(metric: Metric) -> int:
    """The datatype a metric declares, else the one its value is of, else 0."""
    return metric.datatype or _KINDS.get(type(metric.value), 0)


def _text(metric: Metric | None) -> str | None:
    return metric.value if metric is not None and isinstance(metric.value, str) else None


def layout_of(metrics: list[Metric]) -> Layout:
    """The Layout a birth declares; raises UnreadableError for a name that cannot be one."""
    datatypes: dict[str, int] = {}
    aliases: dict[int, str] = {}
    found: dict[str, Metric] = {}
    for metric in metrics:
        name = metric.name
        if name is None or not 0 < len(name) <= NAME_MAX or not name.isprintable():
            raise UnreadableError(NAME, f"a metric in the birth has no usable name: {name!r:.80}")
        found[name] = metric
        datatypes[name] = _fitting(metric)
        if metric.alias is not None:
            aliases[metric.alias] = name
    own = names.POS in found or names.ACK in found
    return Layout(
        own,
        datatypes,
        aliases,
        _text(found.get(names.STATION_TYPE)),
        _text(found.get(names.STATION_REVISION)),
    )


def _integer(metric: Metric | None) -> int | None:
    if metric is None or type(metric.value) is not int:
        return None
    return int(metric.value)


def _number(metric: Metric | None) -> float | None:
    if metric is None or not isinstance(metric.value, int | float):
        return None
    return float(metric.value) if math.isfinite(metric.value) else None


def node_birth(payload: Payload) -> NodeBirth:
    """What an NBIRTH, NDATA or NDEATH says about its node; other kinds of value count as not said."""
    by_name = {metric.name: metric for metric in payload.metrics}
    get = by_name.get
    return NodeBirth(
        bd_seq=_integer(get(names.BD_SEQ)),
        first=_integer(get(names.FIRST)),
        next=_integer(get(names.NEXT)),
        lost=_integer(get(names.LOST)),
        used_pct=_number(get(names.USED)),
        clock=_integer(get(names.CLOCK)),
        interpreter=_text(get(names.INTERPRETER)),
        version=_text(get(names.VERSION)),
        serial=_text(get(names.SERIAL)),
        boot=_integer(get(names.BOOT)),
        heap=_integer(get(names.HEAP)),
    )


def _name_and_datatype(layout: Layout, metric: Metric) -> tuple[str, int]:
    name = metric.name
    if name is None:
        if metric.alias is None:
            raise UnreadableError(NAME, "a metric has neither name nor alias")
        if not layout.confirmed or metric.alias not in layout.aliases:
            raise UnreadableError(WAITING, f"alias {metric.alias} is not known")
        name = layout.aliases[metric.alias]
    datatype = layout.datatypes.get(name)
    if datatype is None:
        if layout.own or not metric.datatype:
            raise UnreadableError(WAITING, f"metric {name!r:.80} was not in the birth")
        if not 0 < len(name) <= NAME_MAX or not name.isprintable():
            raise UnreadableError(NAME, f"a metric has no usable name: {name!r:.80}")
    return name, datatype or _fitting(metric)


def _quality(metric: Metric) -> int:
    if metric.quality is None:
        return GOOD
    return metric.quality if metric.quality in QUALITIES else BAD


def _value(layout: Layout, metric: Metric, name: str, datatype: int) -> tuple[Value, int]:
    quality = _quality(metric)
    try:
        value: Value = typed_value(metric.value, datatype)
    except PayloadError as error:
        reason = DATATYPE if layout.confirmed else WAITING
        raise UnreadableError(reason, f"{name}: {error}") from error
    if isinstance(value, float) and not math.isfinite(value):
        value = None
    if isinstance(value, str) and "\0" in value:
        raise UnreadableError(DATATYPE, f"{name}: a text with a zero byte")
    if value is None or quality == BAD:
        return None, BAD
    return value, quality


def check_time(at_ms: int, received_ms: int, name: str) -> None:
    """Raise UnreadableError for a time no working clock can have told."""
    if not TIME_MIN_MS <= at_ms <= received_ms + FUTURE_MS:
        detail = f"{name}: {at_ms} ms is before 2000 or more than a day ahead of us"
        raise UnreadableError(TIME, detail)


def fits_contract(layout: Layout, contract: StationType | None) -> bool:
    """Whether a birth promises nothing that its station type does not: names, datatypes, revision.

    Metrics that are not fitted at this station may be missing.
    """
    if contract is None or layout.revision != contract.revision:
        return False
    promised = {spec.name: DATATYPES[spec.datatype] for spec in contract.metrics}
    told = {name: code for name, code in layout.datatypes.items() if is_series(name)}
    return told.items() <= promised.items()


def resolve(
    layout: Layout, metrics: list[Metric], payload_ms: int | None, received_ms: int
) -> list[Reading]:
    """The readings in `metrics` of one message or record, in their order; raises UnreadableError."""
    readings = []
    for metric in metrics:
        if metric.name in _NOT_SERIES:
            continue
        name, datatype = _name_and_datatype(layout, metric)
        if datatype not in SERIES_DATATYPES or not is_series(name):
            continue
        at_ms = metric.at_ms if metric.at_ms is not None else payload_ms
        if at_ms is None:
            at_ms = received_ms
        check_time(at_ms, received_ms, name)
        value, quality = _value(layout, metric, name, datatype)
        readings.append(Reading(name, datatype, at_ms, value, quality, metric.is_historical))
    return readings
