"""Gaps of a series: nothing came, what came had no value, or a loss was stated."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from mes_server.store.columns import Array, Samples
from mes_server.store.losses import Loss
from mes_server.store.rollup import Rollup
from schemas.samples import BAD as NO_VALUE
from schemas.samples import GOOD, REASONS

SILENT = "silent"
BAD = "bad"
CORRUPT = "corrupt"
_GRACE_MS = 1000


@dataclass(frozen=True, slots=True)
class Gap:
    """A span without values. `reason`: "silent", "bad" (no value measured; "bad_silence" and its like where
    the edge said why), "corrupt" (the store cannot read it any more), or that of a stated loss.
    """

    from_ms: int
    to_ms: int
    reason: str


@dataclass(slots=True)
class Presence:
    """Spans in which samples came: starts, ends, and GOOD or why none had a value (None: all had)."""

    spans: list[tuple[Array, Array, Array | None]] = field(default_factory=list)

    def add_samples(self, samples: Samples) -> None:
        """Each sample is there for a moment."""
        if len(samples):
            why = None
            if samples.nulls is not None:
                codes = samples.quality_codes()
                bad = np.where(codes < len(REASONS), codes, NO_VALUE)  # stale without a value, too
                why = np.where(samples.nulls, bad, GOOD)
            self.spans.append((samples.times, samples.times, why))

    def add_rollup(self, rollup: Rollup, span_ms: int) -> None:
        """What is rolled up counts as there for the whole span."""
        if len(rollup):
            why = np.where(rollup.counts > 0, GOOD, NO_VALUE)
            self.spans.append((rollup.t0, rollup.t0 + (span_ms - 1), why))

    def add_span(self, from_ms: int, to_ms: int) -> None:
        """There from here to there."""
        self.spans.append((np.array([from_ms]), np.array([to_ms]), None))

    def in_order(self) -> tuple[Array, Array, Array | None]:
        """Starts by time, until when something was there at each of them, and GOOD or why not."""
        if not self.spans:
            nothing = np.empty(0, np.int64)
            return nothing, nothing, None
        if len(self.spans) == 1:
            return self.spans[0]
        starts = np.concatenate([span[0] for span in self.spans])
        ends = np.concatenate([span[1] for span in self.spans])
        why = [np.full(len(s[0]), GOOD) if s[2] is None else s[2] for s in self.spans]
        order = np.argsort(starts, kind="stable")
        until = np.maximum.accumulate(ends[order])
        return starts[order], until, np.concatenate(why)[order]


@dataclass(frozen=True, slots=True)
class Window:
    """The span looked at, and the longest silence that is none; None: not known."""

    from_ms: int
    to_ms: int
    silence_ms: int | None


def _silences(starts: Array, until: Array, window: Window) -> list[Gap]:
    if window.silence_ms is None:
        return []
    longest = window.silence_ms * 3 // 2 + _GRACE_MS
    first = int(starts[0]) if len(starts) else window.to_ms
    found = [(window.from_ms, first)]
    if len(starts):
        after = np.flatnonzero(starts[1:] - until[:-1] > longest)
        found += zip(until[after].tolist(), starts[after + 1].tolist(), strict=True)
        found.append((int(until[-1]), window.to_ms))
    return [Gap(from_ms, to_ms, SILENT) for from_ms, to_ms in found if to_ms - from_ms > longest]


def _reason(quality: int) -> str:
    return f"{BAD}_{REASONS[quality]}" if REASONS[quality] else BAD


def _without_value(starts: Array, ends: Array, why: Array) -> list[Gap]:
    """Runs of what is bad for one reason, each until the next sample that is not."""
    edges = np.flatnonzero(np.diff(why)) + 1
    firsts = np.concatenate(([0], edges)).tolist()
    found = []
    for at, first in enumerate(firsts):
        if why[first] != GOOD:
            follows = firsts[at + 1] if at + 1 < len(firsts) else None
            to_ms = int(ends[-1] if follows is None else starts[follows])
            found.append(Gap(int(starts[first]), to_ms, _reason(int(why[first]))))
    return found


def _touch(gap: Gap, loss: Loss) -> bool:
    return loss.from_ms <= gap.to_ms and gap.from_ms <= loss.to_ms


def _with_losses(gaps: list[Gap], losses: Iterable[Loss], window: Window) -> list[Gap]:
    """A silence that a loss explains takes its reason; a loss amid samples stands for itself."""
    losses = list(losses)
    told = []
    for gap in gaps:
        reason = next((loss.reason for loss in losses if _touch(gap, loss)), gap.reason)
        told.append(Gap(gap.from_ms, gap.to_ms, reason))
    for loss in losses:
        if not any(_touch(gap, loss) for gap in gaps):
            from_ms, to_ms = max(loss.from_ms, window.from_ms), min(loss.to_ms, window.to_ms)
            told.append(Gap(from_ms, to_ms, loss.reason))
    return told


def find_gaps(presence: Presence, window: Window, losses: Iterable[Loss]) -> list[Gap]:
    """All gaps of the window, by time."""
    starts, until, why = presence.in_order()
    gaps = _with_losses(_silences(starts, until, window), losses, window)
    if why is not None and not (why == GOOD).all():
        gaps += _without_value(starts, until, why)
    return sorted(gaps, key=lambda gap: (gap.from_ms, gap.to_ms))
