"""Reads many messages of one shape at once: what varies between them lies at known bytes.

A Template is learned from one payload that the codec has decoded. It claims a payload only when every
byte that it does not read as a time or a number is the same; all others take the codec. What it
yields is what `nodes.resolve` yields (tests/mes_server/domain/test_templates.py).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mes_server.domain.nodes import FUTURE_MS, TIME_MIN_MS, Layout
from mes_server.domain.readings import Reading, resolve
from schemas import journal_metrics as names
from schemas.sparkplug import BITS, DATATYPES, PayloadError, decode_payload

Bytes = npt.NDArray[np.uint8]
Indexes = npt.NDArray[np.intp]

_VARINT_MAX = 8  # longer ones (negative 64-bit integers) are left to the codec
_SAME = 0xFF
_CONTINUES = 0x80  # of a varint only its length must be the same
_FREE = 0
_SIGNED = frozenset(DATATYPES[name] for name in ("int8", "int16", "int32"))
_HEAD_NUMBERS = frozenset((names.POS.encode(), names.CRC.encode(), names.MONO.encode()))


class UnfitError(ValueError):
    """A payload no Template can be made of; the codec reads it and its like."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One reading of the shape. `fixed`: it has the same value in every message of it. `sure`: its
    datatype is beyond doubt."""

    metric: str
    datatype: int
    quality: int
    historical: bool
    clock: int
    fixed: bool
    sure: bool
    value: float | int | bool | str | None


@dataclass(frozen=True, slots=True)
class Extract:
    """The readings of the messages that fit: a row each. `values[i]` belongs to slot i."""

    times: npt.NDArray[np.int64]
    values: list[npt.NDArray[Any] | None]


@dataclass(frozen=True, slots=True)
class _Field:
    number: int
    wire: int
    start: int  # of the value
    end: int


def _varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    number = shift = 0
    while at < end and shift < 70:
        byte = data[at]
        at += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number, at
        shift += 7
    raise UnfitError


def _fields(data: bytes, at: int, end: int) -> list[_Field]:
    found = []
    while at < end:
        tag, at = _varint(data, at, end)
        wire = tag & 7
        start = at
        if wire == 0:
            _, at = _varint(data, at, end)
        elif wire == 1:
            at += 8
        elif wire == 5:
            at += 4
        elif wire == 2:
            size, start = _varint(data, at, end)
            at = start + size
        else:
            raise UnfitError
        if at > end:
            raise UnfitError
        found.append(_Field(tag >> 3, wire, start, at))
    return found


def _only(fields: list[_Field], number: int) -> _Field | None:
    found = [field for field in fields if field.number == number]
    if len(found) > 1:
        raise UnfitError
    return found[0] if found else None


class _Shape:
    """Learns which bytes of one payload may differ in its like."""

    def __init__(self, payload: bytes, layout: Layout) -> None:
        self.payload = payload
        self._layout = layout
        self.mask = np.full(len(payload), _SAME, np.uint8)
        self.slots: list[Slot] = []
        self.times: list[_Field] = []
        self.values: list[_Field | None] = []
        self.clock = names.CLOCK_NETWORK

    def free_varint(self, field: _Field | None) -> None:
        if field is None or field.wire != 0 or field.end - field.start > 10:
            raise UnfitError
        self.mask[field.start : field.end] = _CONTINUES

    def head(self, name: bytes, fields: list[_Field], value: object) -> None:
        at_ms = _only(fields, 3)
        if at_ms is not None:
            self.free_varint(at_ms)
        if name == names.POS.encode():
            self.clock = names.CLOCK_NETWORK
        if name in _HEAD_NUMBERS:
            values = [field for field in fields if field.number >= 10]
            self.free_varint(values[0] if len(values) == 1 else None)
        elif type(value) is int:
            self.clock = value

    def sample(self, fields: list[_Field], reading: Reading) -> None:
        at_ms = _only(fields, 3)
        values = [field for field in fields if field.number >= 10]
        if at_ms is None or at_ms.end - at_ms.start > _VARINT_MAX or len(values) > 1:
            raise UnfitError
        self.free_varint(at_ms)
        fixed = reading.value is None or isinstance(reading.value, str)
        if fixed == (len(values) == 1 and not isinstance(reading.value, str)):
            raise UnfitError  # NaN, or BAD with a value: its like need not be so
        if not fixed:
            self._free_value(values[0])
        self.times.append(at_ms)
        self.values.append(None if fixed else values[0])
        self.slots.append(
            Slot(
                reading.metric,
                reading.datatype,
                reading.quality,
                reading.historical,
                self.clock,
                fixed,
                self._layout.is_sure(reading.metric),
                reading.value if fixed else None,
            )
        )

    def _free_value(self, field: _Field) -> None:
        if field.wire == 0:
            if field.end - field.start > _VARINT_MAX:
                raise UnfitError
            self.free_varint(field)
        else:
            self.mask[field.start : field.end] = _FREE


def _learn(payload: bytes, layout: Layout) -> _Shape:
    shape = _Shape(payload, layout)
    decoded = decode_payload(payload)
    metrics = iter(decoded.metrics)
    for field in _fields(payload, 0, len(payload)):
        if field.number in (1, 3) and field.wire == 0:
            shape.free_varint(field)
        if field.number != 2 or field.wire != 2:
            continue
        metric = next(metrics)
        fields = _fields(payload, field.start, field.end)
        if metric.name in names.RECORD_HEAD:
            shape.head(metric.name.encode(), fields, metric.value)
            continue
        readings = resolve(layout, [metric], None, metric.at_ms or 0)
        if len(readings) != 1:
            raise UnfitError
        shape.sample(fields, readings[0])
    return shape


class Template:
    """One shape; see `learn`."""

    def __init__(self, shape: _Shape) -> None:
        self.slots = shape.slots
        self._mask = shape.mask
        self._base = np.frombuffer(shape.payload, np.uint8) & shape.mask
        varints: dict[int, list[_Field]] = {}
        for field in [*shape.times, *(f for f in shape.values if f is not None and f.wire == 0)]:
            varints.setdefault(field.end - field.start, []).append(field)
        self._varints = [_Varints(size, fields) for size, fields in varints.items()]
        self._doubles = _Floats(
            8, "<f8", [f for f in shape.values if f is not None and f.wire == 1]
        )
        self._floats = _Floats(4, "<f4", [f for f in shape.values if f is not None and f.wire == 5])
        self._time_starts = [field.start for field in shape.times]
        self._value_starts = [None if f is None else f.start for f in shape.values]

    def matches(self, payloads: Bytes) -> npt.NDArray[np.bool_]:
        """Which rows (a payload each) have this shape."""
        fits: npt.NDArray[np.bool_] = ((payloads & self._mask) == self._base).all(axis=1)
        return fits

    def extract(
        self, payloads: Bytes, received_ms: npt.NDArray[np.int64]
    ) -> tuple[Extract, npt.NDArray[np.bool_]]:
        """The readings of rows that match, and which rows are plain: the others take the codec.

        Not plain: a value that is not finite or too big, a time no working clock can have told.
        """
        columns: dict[int, npt.NDArray[Any]] = {}
        plain = np.ones(len(payloads), bool)
        for varints in self._varints:
            varints.read(payloads, columns)
        for floats in (self._doubles, self._floats):
            floats.read(payloads, columns, plain)
        times = np.stack([columns[start] for start in self._time_starts], axis=1)
        plain &= (times >= TIME_MIN_MS).all(axis=1)
        plain &= (times <= received_ms[:, None] + FUTURE_MS).all(axis=1)
        values = [
            None if start is None else _typed(columns[start], slot, plain)
            for slot, start in zip(self.slots, self._value_starts, strict=True)
        ]
        return Extract(times, values), plain


class _Varints:
    def __init__(self, size: int, fields: list[_Field]) -> None:
        self._starts = [field.start for field in fields]
        self._indexes: Indexes = np.array(self._starts)[:, None] + np.arange(size)
        self._weights = np.left_shift(np.int64(1), 7 * np.arange(size, dtype=np.int64))

    def read(self, payloads: Bytes, columns: dict[int, npt.NDArray[Any]]) -> None:
        digits = (payloads.take(self._indexes, axis=1) & 127).astype(np.int64)
        numbers = digits @ self._weights
        for column, start in enumerate(self._starts):
            columns[start] = numbers[:, column]


class _Floats:
    def __init__(self, size: int, kind: str, fields: list[_Field]) -> None:
        self._kind = kind
        self._starts = [field.start for field in fields]
        self._indexes: Indexes = (
            np.array(self._starts, np.intp)[:, None] + np.arange(size)
        ).ravel()

    def read(
        self,
        payloads: Bytes,
        columns: dict[int, npt.NDArray[Any]],
        plain: npt.NDArray[np.bool_],
    ) -> None:
        if not self._starts:
            return
        raw = payloads.take(self._indexes, axis=1)
        numbers = raw.view(self._kind).astype(np.float64)
        plain &= np.isfinite(numbers).all(axis=1)
        for column, start in enumerate(self._starts):
            columns[start] = numbers[:, column]


def _typed(numbers: npt.NDArray[Any], slot: Slot, plain: npt.NDArray[np.bool_]) -> npt.NDArray[Any]:
    datatype, sure = slot.datatype, slot.sure
    if datatype == DATATYPES["boolean"]:
        truths: npt.NDArray[Any] = numbers != 0
        return truths
    bits = BITS.get(datatype)
    if bits is None or (bits == 64 and sure):
        return numbers
    if not sure:  # nodes.is_ambiguous; longer than 56 bits is none of these numbers
        plain &= numbers >> 31 != 1 if bits == 64 else numbers >> (bits - 1) == 0
    elif datatype in _SIGNED:
        numbers = numbers & ((1 << bits) - 1)
        return np.where(numbers >> (bits - 1) != 0, numbers - (1 << bits), numbers)
    else:
        plain &= numbers >> bits == 0
    return numbers


def learn(payload: bytes, layout: Layout) -> Template | None:
    """The Template of a payload's shape, or None: such payloads take the codec."""
    try:
        shape = _learn(payload, layout)
    except (UnfitError, PayloadError, ValueError):
        return None
    return Template(shape) if shape.slots else None
