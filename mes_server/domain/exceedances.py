"""An exceedance episode: consecutive hours, samples or days above one limit at one outlet. It begins, grows, ends, and
is closed with cause and action; later data may take its ground away, and then it says so and stays.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from mes_server.domain.discharge import EXCEED, Hour, OutletDay, OutletMonth, PollutantDay, Verdict
from mes_server.domain.permits import DAILY, FOUR_DAY, HOURLY, MONTHLY
from mes_server.domain.seal import Event

STREAM = "exceedance:"
OPENED, GREW, ENDED, LOST, FOUND, CLOSED_ = (
    "exceedance_opened", "exceedance_grew", "exceedance_ended", "exceedance_lost", "exceedance_found",
    "exceedance_closed",
)  # fmt: skip
LASTS, OVER, GONE, CLOSED = STATES = ("lasts", "over", "gone", "closed")
HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Piece:
    """Something above (or below) a limit: an hour, a sample, a day. `value`: as compared."""

    pollutant: str
    averaging: str
    from_ms: int
    to_ms: int
    value: float
    limit: Mapping[str, Any]
    sample: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """Pieces of one key may be one episode."""
        return self.pollutant, self.averaging


@dataclass(frozen=True, slots=True)
class Episode:
    """`limit`: low, high, unit, origin, source, certainty, as texts. `worst`: the value farthest out. `lots`, `baths`: of
    that time, upstream. `cause`, `action`: with which it was closed; `override`: why before its nonconformance was."""

    code: str
    outlet: str
    pollutant: str
    averaging: str
    from_ms: int
    to_ms: int
    worst: float
    pieces: int
    limit: Mapping[str, Any]
    samples: tuple[str, ...]
    lots: tuple[str, ...]
    baths: tuple[str, ...]
    nonconformance: str
    state: str = LASTS
    opened_ms: int = 0
    lost_ms: int | None = None
    closed_ms: int | None = None
    closed_by: str = ""
    cause: str = ""
    action: str = ""
    override: str = ""

    def content(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return asdict(self)

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        """Back from `content`."""
        lists = {name: tuple(said[name]) for name in ("samples", "lots", "baths")}
        return cls(**{**said, **lists, "worst": float(said["worst"])})


def after(one: Episode | None, event: Event) -> Episode:
    """The episode after an event; the first one opens it."""
    facts = event.facts()
    if event.kind == OPENED or one is None:
        code = event.stream.removeprefix(STREAM)
        return Episode.of({**facts, "code": code, "opened_ms": event.noted_ms})
    if event.kind == GREW:
        grown = {**one.content(), **facts}
        state = LASTS if one.state == OVER else one.state
        return replace(Episode.of(grown), state=state)
    if event.kind == ENDED:
        return replace(one, state=OVER)
    if event.kind == LOST:
        return replace(one, state=GONE, lost_ms=event.noted_ms)
    if event.kind == FOUND:
        return replace(one, state=LASTS, lost_ms=None)
    return replace(
        one, state=CLOSED, closed_ms=event.noted_ms, closed_by=facts["by"], cause=facts["cause"],
        action=facts["action"], override=event.reason,
    )  # fmt: skip


def pieces_of(day: OutletDay, spans: Mapping[str, tuple[int, int]]) -> list[Piece]:
    """What of a day is above its limits. `spans`: when each sample was drawn. A day counts when it is over."""
    found: list[Piece] = []
    for one in day.pollutants:
        for verdict in one.verdicts:
            if verdict.status == EXCEED and verdict.value is not None:
                found += _pieces(day, one, verdict, spans)
    return found


def pieces_of_month(month: OutletMonth) -> list[Piece]:
    """Monthly means that are above their limit: the month, once it is over."""
    begins, ends = month.days[0].from_ms, month.days[-1].to_ms
    return [
        Piece(one.pollutant, MONTHLY, begins, ends, verdict.value, limit_facts(verdict))
        for one in month.pollutants
        for verdict in one.verdicts
        if verdict.status == EXCEED
        and verdict.value is not None
        and verdict.limit.averaging == MONTHLY
    ]


def _pieces(
    day: OutletDay, one: PollutantDay, verdict: Verdict, spans: Mapping[str, tuple[int, int]]
) -> list[Piece]:
    averaging, said = verdict.limit.averaging, limit_facts(verdict)
    value = verdict.value or 0.0
    if verdict.sample:
        begins, ends = spans.get(verdict.sample, (day.from_ms, day.to_ms))
        return [Piece(one.pollutant, averaging, begins, ends, value, said, verdict.sample)]
    if averaging == HOURLY:
        return [
            Piece(one.pollutant, averaging, hour.from_ms, hour.from_ms + HOUR_MS, told, said)
            for hour in one.hours
            if (told := _outside(hour, one, verdict)) is not None
        ]
    if averaging in (DAILY, FOUR_DAY) and day.over:
        return [Piece(one.pollutant, averaging, day.from_ms, day.to_ms, value, said)]
    return []


def _outside(hour: Hour, one: PollutantDay, verdict: Verdict) -> float | None:
    """The mean of an hour that is out of the limit, converted as the hour that decided was; None: it is not."""
    if hour.mean is None:
        return None
    means = [other.mean for other in one.hours if other.mean is not None]
    high, low, value = verdict.limit.high, verdict.limit.low, verdict.value or 0.0
    top = max(means)
    factor = value / top if high is not None and value > float(high) and top > 0 else 1.0
    told = hour.mean * max(factor, 1.0)
    above = high is not None and told > float(high)
    below = low is not None and told < float(low)
    return told if above or below else None


def limit_facts(verdict: Verdict) -> dict[str, Any]:
    """The limit as it is told."""
    limit = verdict.limit
    return {
        "low": None if limit.low is None else str(limit.low), "high": None if limit.high is None else str(limit.high),
        "unit": limit.unit, "origin": limit.origin, "source": limit.source, "certainty": limit.certainty,
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Joined:
    """Pieces that are one episode."""

    pieces: tuple[Piece, ...]

    @property
    def from_ms(self) -> int:
        """Where the first begins."""
        return min(one.from_ms for one in self.pieces)

    @property
    def to_ms(self) -> int:
        """Where the last ends."""
        return max(one.to_ms for one in self.pieces)

    @property
    def worst(self) -> Piece:
        """The one farthest out: by the share of what is above the high end, or below the low one."""
        return max(self.pieces, key=_far)

    @property
    def samples(self) -> tuple[str, ...]:
        """Their lab samples."""
        return tuple(sorted({one.sample for one in self.pieces if one.sample}))


def _far(one: Piece) -> float:
    high, low = one.limit["high"], one.limit["low"]
    above = one.value - float(high) if high is not None else float("-inf")
    below = float(low) - one.value if low is not None else float("-inf")
    return max(above, below)


def join(pieces: Iterable[Piece], gap_ms: Mapping[str, int]) -> list[Joined]:
    """Consecutive pieces of a pollutant and averaging together; `gap_ms`: by averaging, what may lie between two."""
    found: list[list[Piece]] = []
    for one in sorted(pieces, key=lambda one: (one.key, one.from_ms, one.to_ms)):
        last = found[-1] if found else None
        if last is not None and last[0].key == one.key and one.from_ms - max(p.to_ms for p in last) <= gap_ms[one.averaging]:  # fmt: skip
            last.append(one)
        else:
            found.append([one])
    return [Joined(tuple(one)) for one in found]


def touches(one: Episode, found: Joined, gap_ms: int) -> bool:
    """Whether an episode is (or goes on as) what was found now."""
    same = (one.pollutant, one.averaging) == found.pieces[0].key
    return same and one.from_ms <= found.to_ms + gap_ms and found.from_ms <= one.to_ms + gap_ms


def pick(episodes: Sequence[Episode], found: Joined, gap_ms: int) -> Episode | None:
    """The episode that this is: one that is not closed before one that is."""
    same = [one for one in episodes if touches(one, found, gap_ms)]
    still = [one for one in same if one.state != CLOSED]
    within = [one for one in same if one.from_ms <= found.from_ms and found.to_ms <= one.to_ms]
    best = still or within
    return best[0] if best else None
