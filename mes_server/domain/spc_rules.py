"""Run rules on a control chart: which points tell of a special cause. The rules are reference data (spc_rules.json)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from schemas.limit_rows import load_rows, row_at

RULE_SETS = ("aiag", "nelson", "western_electric")
_TOLD = {
    "beyond": "{n} of {of} beyond {s} sigma", "side": "{n} on one side", "trend": "{n} in a row rise or fall",
    "alternating": "{n} go up and down in turn", "within": "{n} within {s} sigma", "outside": "{n} outside {s} sigma",
}  # fmt: skip
# Zones are those of a normal mean: of ranges, deviations and counts only these are asked for (Nelson 1984). Moving ranges
# share a reading with the next: runs of them come by themselves, and none are asked for (Nelson 1982).
MEANS, SKEWED, SHARED = "means", "skewed", "shared"
_RUNS = {SKEWED: ("side", "trend", "alternating"), SHARED: ()}


@dataclass(frozen=True, slots=True)
class Rule:
    """`kind` with its numbers: `count` points (of `of`) beyond, within or outside so many `sigmas`."""

    id: str
    kind: str
    count: int
    of: int
    sigmas: float
    on: bool

    @property
    def told(self) -> str:
        """What it sees, for records: "1: 1 of 1 beyond 3 sigma", "2: 7 on one side"."""
        return (
            f"{self.id}: {_TOLD[self.kind].format(n=self.count, of=self.of, s=f'{self.sigmas:g}')}"
        )


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule is broken at `last`; `points` are those that break it. All count from 0."""

    rule: str
    kind: str
    points: tuple[int, ...]

    @property
    def last(self) -> int:
        """Where it was seen."""
        return self.points[-1]


@cache
def rules_of(rule_set: str, day: str) -> tuple[Rule, ...]:
    """The rules of a set in force on a day; raises KeyError for a set that is not there."""
    rows = [row for row in load_rows("spc_rules") if row["rule_set"] == rule_set]
    if not rows:
        raise KeyError(rule_set)
    return tuple(_rule(said) for said in row_at(rows, day)["rules"])


def _rule(said: Mapping[str, Any]) -> Rule:
    count = int(said["count"])
    return Rule(
        str(said["id"]), str(said["kind"]), count, int(said.get("of", count)),
        float(said.get("sigmas", 0)), bool(said["on"]),
    )  # fmt: skip


def broken_rules(z: Sequence[float], rules: Sequence[Rule], points: str = MEANS) -> list[Broken]:
    """Every place where a rule that is on is broken. `z`: the points in sigmas from the centre.

    `points`: MEANS; SKEWED (ranges, counts), where zones mean nothing; SHARED (moving ranges). Of the latter two, what
    lies beyond the limits is found by Chart.
    """
    found = []
    for rule in rules:
        if rule.on and (points == MEANS or rule.kind in _RUNS[points]):
            found += _KINDS[rule.kind](z, rule)
    return sorted(found, key=lambda one: (one.last, one.rule))


def _beyond(z: Sequence[float], rule: Rule) -> list[Broken]:
    """So many of so many in a row lie farther than so many sigmas on one side; seen at one of them."""
    found = []
    for end in range(len(z)):
        window = range(max(0, end - rule.of + 1), end + 1)
        for side in (1, -1):
            hits = tuple(i for i in window if side * z[i] > rule.sigmas)
            if end in hits and len(hits) >= rule.count:
                found.append(Broken(rule.id, rule.kind, hits))
    return found


def _side(z: Sequence[float], rule: Rule) -> list[Broken]:
    found, length = [], 0
    for i, value in enumerate(z):
        goes_on = i > 0 and value * z[i - 1] > 0
        length = length + 1 if goes_on else int(value != 0)
        if length >= rule.count:
            found.append(Broken(rule.id, rule.kind, tuple(range(i - rule.count + 1, i + 1))))
    return found


def _trend(z: Sequence[float], rule: Rule) -> list[Broken]:
    """So many points in a row, each above (or each below) the one before it."""

    def same(i: int) -> bool:
        step = z[i] - z[i - 1]
        return step != 0 and (i < 2 or (z[i - 1] - z[i - 2]) * step > 0)

    return _steps(z, rule, same)


def _alternating(z: Sequence[float], rule: Rule) -> list[Broken]:
    def same(i: int) -> bool:
        step = z[i] - z[i - 1]
        return step != 0 and (i < 2 or (z[i - 1] - z[i - 2]) * step < 0)

    return _steps(z, rule, same)


def _steps(z: Sequence[float], rule: Rule, same: Callable[[int], bool]) -> list[Broken]:
    """As _runs; the run that a turn begins has two points: the turning point belongs to both."""
    found, length = [], 1
    for i in range(1, len(z)):
        length = 1 if z[i] == z[i - 1] else length + 1 if same(i) else 2
        if length >= rule.count:
            found.append(Broken(rule.id, rule.kind, tuple(range(i - rule.count + 1, i + 1))))
    return found


def _within(z: Sequence[float], rule: Rule) -> list[Broken]:
    return _all_of(z, rule, lambda value: abs(value) < rule.sigmas)


def _outside(z: Sequence[float], rule: Rule) -> list[Broken]:
    return _all_of(z, rule, lambda value: abs(value) > rule.sigmas)


def _all_of(z: Sequence[float], rule: Rule, test: Callable[[float], bool]) -> list[Broken]:
    found, length = [], 0
    for i, value in enumerate(z):
        length = length + 1 if test(value) else 0
        if length >= rule.count:
            found.append(Broken(rule.id, rule.kind, tuple(range(i - rule.count + 1, i + 1))))
    return found


_KINDS: dict[str, Callable[[Sequence[float], Rule], list[Broken]]] = {
    "beyond": _beyond,
    "side": _side,
    "trend": _trend,
    "alternating": _alternating,
    "within": _within,
    "outside": _outside,
}
