"""The process behind the checks of a characteristic: its control chart, its capability, and what a chart asks for.

AIAG SPC reference manual, 2nd ed. 2005, chapter II: X-bar and R below ten readings in a subgroup, X-bar and s from
ten, individuals where a subgroup is one reading; counts as p.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from mes_server.domain.capability import Capability, Needs, Spec, capability
from mes_server.domain.checks import Check
from mes_server.domain.control_plan import Characteristic, Plan
from mes_server.domain.days import utc_day
from mes_server.domain.spc import (
    I_MR,
    NP,
    OF_GROUPS,
    XBAR_R,
    XBAR_S,
    C,
    CannotChart,
    Chart,
    P,
    U,
    c_chart,
    np_chart,
    p_chart,
    u_chart,
)
from mes_server.domain.spc_rules import rules_of
from schemas.limit_rows import load_rows, row_at

OF_VALUES, OF_COUNTS = (XBAR_R, XBAR_S, I_MR), (P, NP, C, U)
_BY_DEVIATION = 10  # readings in a subgroup from which the range wastes too much


@dataclass(frozen=True, slots=True)
class Process:
    """`checks`: of each point of the chart's first line one. `left_out`: checks that are no subgroup like the others.

    `values`: all readings on the chart; none of counts. `group`: readings in a subgroup.
    """

    chart: Chart
    checks: tuple[Check, ...]
    values: tuple[float, ...]
    group: int
    left_out: int

    @property
    def day(self) -> str:
        """Of the newest point: rules and limits are those that were in force then."""
        return utc_day(self.checks[-1].at_ms)

    def check_at(self, line: int, point: int) -> Check:
        """The check of a point; a moving range is of the later of its two."""
        behind = len(self.checks) - len(self.chart.traces[line].values)
        return self.checks[point + behind]


@dataclass(frozen=True, slots=True)
class Reaction:
    """What the newest point breaks, as rule ids, and the points (from `first`) that are in doubt with it."""

    rules: tuple[str, ...]
    first: int


def process_of(checks: Sequence[Check], kind: str = "", rule_set: str = "aiag") -> Process:
    """The judged chart of checks, the oldest first; "" as kind: the one that fits. Raises CannotChart."""
    counting = [one for one in checks if not one.voided]
    if kind in OF_COUNTS or (not kind and counting and not counting[-1].readings):
        found = _of_counts(counting, kind or P)
    else:
        found = _of_values(counting, kind)
    return Process(
        found.chart.judged(rules_of(rule_set, found.day)), found.checks, found.values, found.group,
        found.left_out,
    )  # fmt: skip


def _of_counts(checks: Sequence[Check], kind: str) -> Process:
    whole = [one for one in checks if one.sample > 0]
    bad, sizes = [one.rejected for one in whole], [one.sample for one in whole]
    if len(whole) < 2:
        raise CannotChart("subgroups_are_enough", least="2")
    if kind == C and len(set(sizes)) != 1:
        raise CannotChart("subgroups_are_alike", sizes=", ".join(map(str, sorted(set(sizes)))))
    chart = {
        P: lambda: p_chart(bad, sizes),
        NP: lambda: np_chart(bad, sizes),
        C: lambda: c_chart(bad),
        U: lambda: u_chart(bad, sizes),
    }[kind]()
    return Process(chart, tuple(whole), (), 1, len(checks) - len(whole))


def chart_of_groups(groups: Sequence[Sequence[float]], kind: str = "") -> Chart:
    """The chart of subgroups of one size; "" as kind: the one that fits."""
    size = len(groups[0])
    kind = kind or (I_MR if size == 1 else XBAR_R if size < _BY_DEVIATION else XBAR_S)
    return OF_GROUPS[kind](groups)


def _of_values(checks: Sequence[Check], kind: str) -> Process:
    whole = [c for c in checks if c.readings and not any(r.beyond for r in c.readings)]
    if not whole:
        raise CannotChart("subgroups_are_enough", least="2")
    sizes = Counter(len(one.readings) for one in whole)
    size = max(sizes, key=lambda n: (sizes[n], n))
    alike = [one for one in whole if len(one.readings) == size]
    groups = [[float(reading.value) for reading in one.readings] for one in alike]
    chart = chart_of_groups(groups, kind)
    single = chart.kind == I_MR
    owners = [one for one in alike for _ in range(size)] if single else alike
    values = tuple(value for group in groups for value in group)
    return Process(chart, tuple(owners), values, 1 if single else size, len(checks) - len(alike))


def ground_of(plan: Plan, characteristic: str) -> tuple[object, ...]:
    """What makes the checks of a characteristic those of one process, whichever revision they were made under."""
    line = plan.find(characteristic)
    early = plan.phase if plan.phase in ("prototype", "pre_launch") else ""
    if line is None:
        return (early,)
    return (early, line.kind, line.unit, line.nominal, line.lower, line.upper, line.gauge)


def capability_of(process: Process, line: Characteristic | None) -> Capability | None:
    """None: of counts there is none."""
    if not process.values:
        return None
    spec = Spec(
        float(line.lower) if line is not None and line.lower is not None else None,
        float(line.upper) if line is not None and line.upper is not None else None,
    )
    return capability(process.values, process.chart, spec, needs_on(process.day), process.group)


def needs_on(day: str) -> Needs:
    """What an index takes on a day, by the reference data (capability.json)."""
    row = row_at(_rows(), day)
    return Needs(
        int(row["readings_min"]), float(row["normal_p_min"]), float(row["good"]), float(row["fair"])
    )


def subgroups_needed(day: str) -> int:
    """Of so many subgroups an initial study is made, and limits are taken for firm (capability.json)."""
    return int(row_at(_rows(), day)["initial_subgroups"])


@cache
def _rows() -> list[dict[str, Any]]:
    return load_rows("capability")


def reaction_of(chart: Chart) -> Reaction | None:
    """What the newest point of a judged chart asks for; None: nothing."""
    newest = len(chart.traces[0].values) - 1
    found = [
        one
        for trace in chart.traces
        for one in trace.broken
        if one.last + newest + 1 - len(trace.values) == newest
    ]
    if not found:
        return None
    # A moving range is of two points: the earlier one has its number.
    return Reaction(tuple(sorted({one.rule for one in found})), min(o.points[0] for o in found))
