"""When a lot was exposed to a station: from its load to the end of the run. The window is the join.

The samples of the station between them are the lot's, whenever they came: nothing is copied.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Exposure:
    """A lot in a run of a station, both ends included. `is_over` False: the run is open, `to_ms` is now."""

    lot: str
    run: str
    station: str
    operation: str
    from_ms: int
    to_ms: int
    is_over: bool = True

    @property
    def span_ms(self) -> int:
        """How long it lasted, or lasts so far."""
        return self.to_ms - self.from_ms


def exposure(
    lot: str, run: tuple[str, str, str], loaded_ms: int, over_ms: tuple[int | None, int]
) -> Exposure:
    """The Exposure of a lot. `run`: code, station, operation; `over_ms`: end of the run or None, and now.

    A lot that was noted to go in behind the end of its run (by a clock that ran ahead) was in it for a moment.
    """
    closed_ms, now_ms = over_ms
    end_ms = now_ms if closed_ms is None else closed_ms
    return Exposure(lot, *run, loaded_ms, max(end_ms, loaded_ms), closed_ms is not None)


def missing_ms(gaps: Iterable[tuple[int, int]], from_ms: int, to_ms: int) -> int:
    """How much of a span lies in gaps; where they overlap it counts once."""
    missing, behind_ms = 0, from_ms
    for start_ms, end_ms in sorted(gaps):
        start_ms, end_ms = max(start_ms, behind_ms), min(end_ms, to_ms)
        if end_ms > start_ms:
            missing += end_ms - start_ms
            behind_ms = end_ms
    return missing


def covered_ppm(gaps: Iterable[tuple[int, int]], from_ms: int, to_ms: int) -> int | None:
    """The share of a span outside of gaps, in millionths, rounded down; None: it has no length."""
    if to_ms <= from_ms:
        return None
    whole = to_ms - from_ms
    return (whole - missing_ms(gaps, from_ms, to_ms)) * 1_000_000 // whole
