"""Samples of one series side by side: as the fold hands them over, and as the store works with them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from schemas.samples import BAD, GOOD

FLOAT, INT, UINT, BOOL, TEXT = range(5)
_KINDS = {"f": FLOAT, "i": INT, "u": UINT, "b": BOOL}
DTYPES: dict[int, Any] = {
    FLOAT: np.float64,
    INT: np.int64,
    UINT: np.uint64,
    BOOL: np.bool_,
    TEXT: object,
}
Array = npt.NDArray[Any]
Value = float | int | bool | str | None


@dataclass(frozen=True, slots=True)
class Column:
    """Samples of one series for `append_samples`, in any order of time, duplicates allowed.

    `values`: floats, signed or unsigned integers, bools, or a list of texts. No value: NaN, None, or
    marked in `nulls`; its quality is BAD unless `qualities` says why it is, or STALE. Infinity is no value either.
    `late`: historical, sent again or back-filled. `clock`: the edge's clock state (journal_metrics).
    """

    series_pk: int
    times_ms: npt.NDArray[np.int64]
    values: Array | Sequence[str | None]
    received_ms: int
    qualities: Array | None = None
    late: bool = False
    clock: int = 2
    nulls: npt.NDArray[np.bool_] | None = None


@dataclass(slots=True)
class Samples:
    """Samples of one kind. A null's value is 0, False or "". `qualities` None: all good."""

    kind: int
    times: npt.NDArray[np.int64]
    values: Array
    nulls: npt.NDArray[np.bool_] | None = None
    qualities: npt.NDArray[np.uint16] | None = None

    def __len__(self) -> int:
        return len(self.times)

    def take(self, which: Any) -> "Samples":
        """The samples a slice, a mask or an array of indices picks."""
        return Samples(
            self.kind,
            self.times[which],
            self.values[which],
            None if self.nulls is None else self.nulls[which],
            None if self.qualities is None else self.qualities[which],
        )

    def sorted(self) -> "Samples":
        """By time; samples of one time stay in the order in which they came."""
        if len(self) < 2 or bool((self.times[1:] >= self.times[:-1]).all()):
            return self
        return self.take(np.argsort(self.times, kind="stable"))

    def between(self, from_ms: int, to_ms: int) -> "Samples":
        """Those of `from_ms` to `to_ms`, both included; must be sorted."""
        first, last = np.searchsorted(self.times, (from_ms, to_ms + 1))
        return self if last - first == len(self) else self.take(slice(int(first), int(last)))

    def python_values(self) -> list[Value]:
        """The values as Python has them, None for no value."""
        values: list[Value] = self.values.tolist()
        if self.nulls is not None:
            for at in np.flatnonzero(self.nulls).tolist():
                values[at] = None
        return values

    def numbers(self) -> npt.NDArray[np.float64]:
        """The values as floats, NaN for no value; a text is no number."""
        if self.kind == TEXT:
            return np.full(len(self), np.nan)
        numbers = self.values.astype(np.float64)
        if self.nulls is not None:
            numbers[self.nulls] = np.nan
        return numbers

    def quality_codes(self) -> Array:
        """One quality a sample."""
        if self.qualities is None:
            return np.full(len(self), GOOD, np.uint16)
        return self.qualities


def _texts(values: Array | Sequence[str | None]) -> tuple[Array, Array]:
    array = np.empty(len(values), object)
    array[:] = ["" if value is None else str(value) for value in values]
    return array, np.array([value is None for value in values], bool)


def samples_of(column: Column) -> Samples:
    """What the store keeps of a column."""
    nulls = column.nulls
    values: Array
    if isinstance(column.values, np.ndarray) and column.values.dtype.kind in _KINDS:
        kind = _KINDS[column.values.dtype.kind]
        if kind == FLOAT:
            values = column.values.astype(np.float64, copy=False) + 0.0  # no minus zero degrees
            known = np.isfinite(values)
            if not known.all():
                nulls = ~known if nulls is None else nulls | ~known
        else:
            values = column.values.astype(DTYPES[kind])
    else:
        kind = TEXT
        values, missing = _texts(column.values)
        if missing.any():
            nulls = missing if nulls is None else nulls | missing
    times = column.times_ms.astype(np.int64, copy=False)
    if nulls is None and column.qualities is None:
        return Samples(kind, times, values)
    return _with_qualities(Samples(kind, times, values, nulls), column.qualities)


def _with_qualities(samples: Samples, given: Array | None) -> Samples:
    """No value has no good quality, and masks that say nothing are left out."""
    size = len(samples)
    qualities = np.full(size, GOOD, np.uint16) if given is None else given.astype(np.uint16)
    if samples.nulls is not None:
        samples.nulls = samples.nulls.astype(bool)
        samples.values[samples.nulls] = "" if samples.kind == TEXT else 0
        qualities[samples.nulls & (qualities == GOOD)] = BAD
        if not samples.nulls.any():
            samples.nulls = None
    samples.qualities = None if bool((qualities == GOOD).all()) else qualities
    return samples


def _as_kind(samples: Samples, kind: int) -> Samples:
    if samples.kind == kind:
        return samples
    values: Array
    if kind == TEXT:
        values = np.empty(len(samples), object)
        values[:] = [str(value) for value in samples.values.tolist()]
    else:
        values = samples.values.astype(DTYPES[kind])
    return Samples(kind, samples.times, values, samples.nulls, samples.qualities)


def joined(parts: Sequence[Samples]) -> Samples:
    """The parts one after the other. Of several kinds the one that can show all: float, else text."""
    if not parts:
        return Samples(FLOAT, np.empty(0, np.int64), np.empty(0))
    if len(parts) == 1:
        return parts[0]
    kinds = {part.kind for part in parts}
    kind = kinds.pop() if len(kinds) == 1 else (TEXT if TEXT in kinds else FLOAT)
    parts = [_as_kind(part, kind) for part in parts]
    nulls = qualities = None
    if any(part.nulls is not None for part in parts):
        nulls = np.concatenate(
            [np.zeros(len(part), bool) if part.nulls is None else part.nulls for part in parts]
        )
    if any(part.qualities is not None for part in parts):
        qualities = np.concatenate([part.quality_codes() for part in parts])
    times = np.concatenate([part.times for part in parts])
    return Samples(kind, times, np.concatenate([part.values for part in parts]), nulls, qualities)


def by_hour(samples: Samples, hour_ms: int) -> Iterator[tuple[int, Samples]]:
    """The samples of each hour of Unix time, with its number."""
    hours = samples.times // hour_ms
    first = int(hours[0])
    if bool((hours == first).all()):
        yield first, samples
        return
    for hour in np.unique(hours).tolist():
        yield hour, samples.take(hours == hour)


def same(one: Samples, other: Samples) -> bool:
    """Whether both say exactly the same."""
    return (
        one.kind == other.kind
        and np.array_equal(one.times, other.times)
        and np.array_equal(one.values, other.values)
        and _same_mask(one.nulls, other.nulls)
        and np.array_equal(one.quality_codes(), other.quality_codes())
    )


def _same_mask(one: Array | None, other: Array | None) -> bool:
    if one is None or other is None:
        present = one if other is None else other
        return present is None or not present.any()
    return np.array_equal(one, other)
