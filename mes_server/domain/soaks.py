"""Where in a run a stage was held: found by the temperatures themselves, in the order of the recipe."""

from collections.abc import Sequence
from dataclasses import dataclass

from mes_server.domain.curves import Curve, spread
from mes_server.domain.recipes import Stage
from mes_server.domain.spans import Span, besides, joined, length, longest, met_all, within

_COLD, _HOT, _EVER = -1e6, 1e6, 1e30
_PART = 0.05  # a shorter time in the band, of what is asked for, is a passage and no part of a soak
_PART_MS = 60_000.0
_FAR = 10  # so many tolerances above the setpoint, at least _FAR_C, it is another stage
_FAR_C = 50.0


@dataclass(frozen=True, slots=True)
class OfThermocouple:
    """One thermocouple in one soak. Seconds and °C; None: not known. `longest_s`: without a break."""

    metric: str
    in_band_s: float
    longest_s: float
    highest_c: float | None
    lowest_c: float | None
    unknown_s: float
    gaps: int


@dataclass(frozen=True, slots=True)
class Soak:
    """`rest`: the part of the run in which it was looked for; `span`: the longest time in which all were in the band,
    None: there was none. `extent`: from the first to the last time in the band, with what broke the soak;
    `entered_ms`: when the last of the way to it began to count."""

    stage: Stage
    rest: Span
    span: Span | None
    extent: Span | None
    entered_ms: float
    spread_c: float | None
    thermocouples: tuple[OfThermocouple, ...]

    @property
    def behind_ms(self) -> float:
        """Where the stage before it ended."""
        return self.rest[0]

    @property
    def held_s(self) -> float:
        """How long all were in the band without a break."""
        return (self.span[1] - self.span[0]) / 1000 if self.span else 0.0


def find_soak(stage: Stage, control: Sequence[Curve], rest: Span) -> Soak:
    """The soak of a stage, the longest in the rest of the run."""
    inside = [curve.inside(*stage.band) for curve in control]
    together = within(met_all(inside), rest)
    best = longest(together)
    extent = None if best is None else _extent(stage, control, together, best)
    entered_ms = rest[0]
    if extent is not None:
        below = met_all([curve.inside(_COLD, stage.band[0]) for curve in control])
        before = [end for _, end in below if rest[0] <= end <= extent[0]]
        entered_ms = max(before, default=extent[0])
    around = extent or rest
    return Soak(
        stage, rest, best, extent, entered_ms,
        spread(control, extent) if extent else None,
        tuple(_of(curve, spans, around) for curve, spans in zip(control, inside, strict=True)),
    )  # fmt: skip


def _extent(stage: Stage, control: Sequence[Curve], together: Sequence[Span], best: Span) -> Span:
    """The best span with the parts before and behind it, as far as no other stage lies between."""
    shortest = max(stage.hold_s * 1000 * _PART, _PART_MS)
    parts = [span for span in together if span[1] - span[0] >= shortest]
    hot = joined([span for c in control for span in c.inside(stage.setpoint_c + _far(stage), _HOT)])
    from_ms = max((end for _, end in hot if end <= best[0]), default=float("-inf"))
    to_ms = min((start for start, _ in hot if start >= best[1]), default=float("inf"))
    near = [span for span in parts if span[0] >= from_ms and span[1] <= to_ms]
    return min([best[0], *(s[0] for s in near)]), max([best[1], *(s[1] for s in near)])


def _far(stage: Stage) -> float:
    return max(_FAR * stage.tolerance_c, _FAR_C)


def rest_of(stage: Stage, control: Sequence[Curve], behind_ms: float, again: bool) -> Span:
    """Where to look for a stage behind the one before it: up to the end. Where a later stage comes back to its band
    (`again`), as its soak may be the longer one: until the curves go far away from what was kept, or might have
    been, for half of its time at least."""
    if not again:
        return behind_ms, control[0].span[1]
    low, high = stage.setpoint_c - _far(stage), stage.setpoint_c + _far(stage)
    away = [span for c in control for span in (*c.inside(_COLD, low), *c.inside(high, _HOT))]
    perhaps = met_all([joined([*c.inside(*stage.band), *c.unknown]) for c in control])
    kept = [s for s in within(perhaps, (behind_ms, _EVER)) if s[1] - s[0] >= stage.hold_s * 500]
    end_ms = control[0].span[1]
    left = [start for start, _ in joined(away) if kept and start >= kept[0][1]]
    return behind_ms, min(left, default=end_ms)


def _of(curve: Curve, inside: Sequence[Span], around: Span) -> OfThermocouple:
    here = within(inside, around)
    best, seen = longest(here), curve.range_in(around)
    gaps = [gap for gap in within(curve.unknown, around) if gap[1] > gap[0]]
    return OfThermocouple(
        curve.metric, length(here) / 1000, (best[1] - best[0]) / 1000 if best else 0.0,
        seen[1] if seen else None, seen[0] if seen else None, length(gaps) / 1000, len(gaps),
    )  # fmt: skip


def might_have_held(stage: Stage, control: Sequence[Curve], rest: Span) -> Span | None:
    """The longest time in which all might have been in the band: had all been good that is not known."""
    perhaps = [joined([*curve.inside(*stage.band), *curve.unknown]) for curve in control]
    return longest(within(met_all(perhaps), rest))


def dropped_s(stage: Stage, control: Sequence[Curve], extent: Span) -> tuple[float, str]:
    """The longest time amid a soak so far below its setpoint, and whose thermocouple it was."""
    low = stage.setpoint_c - stage.drop.below_c
    found = [(longest(within(c.inside(_COLD, low), extent)), c.metric) for c in control]
    times = [((span[1] - span[0]) / 1000, metric) for span, metric in found if span is not None]
    return max(times, default=(0.0, ""))


def beyond_s(curve: Curve, low: float | None, high: float | None, span: Span) -> float:
    """The longest time in a span below `low` or above `high`."""
    inside = curve.inside(-_EVER if low is None else low, _EVER if high is None else high)
    best = longest(within(besides(curve.known, inside), span))
    return (best[1] - best[0]) / 1000 if best else 0.0
