"""The readings of one fold on their way into columns of the store, series by series."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mes_server.domain.limits import Limits
from mes_server.domain.nodes import Value
from mes_server.store.telemetry import Column
from schemas.samples import BAD, GOOD
from schemas.sparkplug import DATATYPES

Array = npt.NDArray[Any]

_FLOATS = frozenset(DATATYPES[name] for name in ("float", "double"))
_WIDE = frozenset(DATATYPES[name] for name in ("uint64", "datetime"))
_TEXTS = frozenset(DATATYPES[name] for name in ("string", "text", "uuid"))


def dtype_of(datatype: int) -> Any:
    """The array type of a datatype code; always the same for a series. Texts: None."""
    if datatype in _FLOATS:
        return np.float64
    if datatype in _TEXTS:
        return None
    if datatype == DATATYPES["boolean"]:
        return np.bool_
    return np.uint64 if datatype in _WIDE else np.int64


class Where(NamedTuple):
    """Which column a reading belongs to."""

    series: int
    datatype: int
    late: bool
    clock: int


@dataclass(slots=True)
class _Pieces:
    """What has come for one column: whole arrays, and single readings side by side."""

    limits: Limits | None
    received_ms: int
    times: list[npt.NDArray[np.int64]] = field(default_factory=list)
    values: list[Array] = field(default_factory=list)
    qualities: list[int] = field(default_factory=list)  # of `times` and `values`, a piece each
    single_times: list[int] = field(default_factory=list)
    single_values: list[Value] = field(default_factory=list)
    single_qualities: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Gathering:
    """Takes readings one by one or by the array; gives them back as columns."""

    _pieces: dict[Where, _Pieces] = field(default_factory=dict)

    def _of(self, where: Where, limits: Limits | None, received_ms: int) -> _Pieces:
        pieces = self._pieces.get(where)
        if pieces is None:
            pieces = self._pieces[where] = _Pieces(limits, received_ms)
        pieces.received_ms = max(pieces.received_ms, received_ms)
        return pieces

    def add(
        self,
        where: Where,
        limits: Limits | None,
        received_ms: int,
        reading: tuple[int, Value, int],
    ) -> None:
        """One reading: time, value, quality."""
        pieces = self._of(where, limits, received_ms)
        pieces.single_times.append(reading[0])
        pieces.single_values.append(reading[1])
        pieces.single_qualities.append(reading[2])

    def add_many(
        self,
        where: Where,
        limits: Limits | None,
        received_ms: int,
        readings: tuple[npt.NDArray[np.int64], Array, int],
    ) -> None:
        """Readings with a value each and of one quality: times, values, quality. Not for texts."""
        pieces = self._of(where, limits, received_ms)
        times, values, quality = readings
        pieces.times.append(times)
        pieces.values.append(values.astype(dtype_of(where.datatype), copy=False))
        pieces.qualities.append(quality)

    def columns(self) -> Iterator[tuple[Column, Limits | None]]:
        """A column for each place, with the limits its values are to be judged by."""
        for where, pieces in self._pieces.items():
            if dtype_of(where.datatype) is None:
                yield _text_column(where, pieces), None
            else:
                yield _number_column(where, pieces), pieces.limits

    def __len__(self) -> int:
        return len(self._pieces)


def _text_column(where: Where, pieces: _Pieces) -> Column:
    values = [value if isinstance(value, str) else None for value in pieces.single_values]
    return Column(
        where.series,
        np.array(pieces.single_times, np.int64),
        values,
        pieces.received_ms,
        _qualities(pieces),
        where.late,
        where.clock,
    )


def _number_column(where: Where, pieces: _Pieces) -> Column:
    dtype = dtype_of(where.datatype)
    times, values = list(pieces.times), list(pieces.values)
    nulls = None
    if pieces.single_times:
        times.append(np.array(pieces.single_times, np.int64))
        values.append(np.array([0 if v is None else v for v in pieces.single_values], dtype))
        if None in pieces.single_values:
            many = sum(len(part) for part in pieces.times)
            missing = [value is None for value in pieces.single_values]
            nulls = np.concatenate([np.zeros(many, bool), np.array(missing)])
    return Column(
        where.series,
        times[0] if len(times) == 1 else np.concatenate(times),
        values[0] if len(values) == 1 else np.concatenate(values),
        pieces.received_ms,
        _qualities(pieces),
        where.late,
        where.clock,
        nulls,
    )


def _qualities(pieces: _Pieces) -> Array | None:
    """None where all are good, or bad for want of a value: that goes without saying."""
    plain = all(
        quality == GOOD or (quality == BAD and value is None)
        for quality, value in zip(pieces.single_qualities, pieces.single_values, strict=True)
    )
    if plain and all(quality == GOOD for quality in pieces.qualities):
        return None
    parts = [
        np.full(len(times), quality, np.uint16)
        for times, quality in zip(pieces.times, pieces.qualities, strict=True)
    ]
    return np.concatenate([*parts, np.array(pieces.single_qualities, np.uint16)])
