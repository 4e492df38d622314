"""What a furnace must have: surveys of its system and of its work zone in time, thermocouples that still live.

Which requirements count is chosen per furnace in a released document of kind "pyrometry", whose code is the station:
CQI-9 sets no intervals by furnace class and instrument type, AMS2750 does; neither names magnets. A furnace without
such a document is not gated.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mes_server.domain.decimals import figure_or_none
from mes_server.domain.documents import Document, head_faults

SURVEYED, CHANGED = "survey_recorded", "furnace_changed"
INSTALLED, REMOVED = "thermocouple_installed", "thermocouple_removed"
SAT, SAT_COMPARATIVE, TUS, OVER_TEMP = MEASURED = ("SAT", "SAT_COMPARATIVE", "TUS", "OVER_TEMP")
DECLARED = ("INSTRUMENT", "SELF_ASSESSMENT")  # told as passed or not
TESTS = MEASURED + DECLARED
TC_USES, TC_LIFE = "TC_USES", "TC_LIFE"
CHANGE = "CHANGE"
PASSED, FAILED = "passed", "failed"
GOOD, DUE, OVERDUE, NEVER, AGAIN, BAD = STATES = ("good", "due", "overdue", "never", "again", "bad")
DAY_MS = 86_400_000
WARN_DAYS = 14


@dataclass(frozen=True, slots=True)
class Requirement:
    """One row of the reference data as chosen for a furnace. `after_change`: anew after a thermocouple or the
    furnace was changed; `types`: of thermocouples it is for, none: all."""

    row: str
    scheme: str
    test: str
    interval_days: int = 0
    tolerance_c: str = ""
    after_change: bool = False
    points: int = 0
    uses_max: int = 0
    life_days: int = 0
    types: tuple[str, ...] = ()
    source: str = ""
    certainty: str = ""


@dataclass(frozen=True, slots=True)
class Survey:
    """One test of a furnace, or a change of it (`test` CHANGE). `result`: PASSED or FAILED, "" of a change."""

    code: str
    station: str
    test: str
    result: str
    content: Mapping[str, Any]
    at_ms: int
    person: str
    signer: str
    number: int = 0


@dataclass(frozen=True, slots=True)
class Thermocouple:
    """One that is, or was, installed. `role`: the metric it measures; `uses`: runs, earlier ones included."""

    code: str
    station: str
    role: str
    type: str
    installed_ms: int
    removed_ms: int | None = None
    uses: int = 0


@dataclass(frozen=True, slots=True)
class DueTest:
    """How a furnace stands with a requirement. `due_ms`: when it is due, None: now."""

    requirement: Requirement
    state: str
    last: Survey | None
    due_ms: int | None


@dataclass(frozen=True, slots=True)
class Worn:
    """A thermocouple with what is left of it. `end_ms`: end of its life, None: no limit; `uses_max`: 0: no limit."""

    thermocouple: Thermocouple
    state: str
    end_ms: int | None
    uses_max: int


@dataclass(frozen=True, slots=True)
class Standing:
    """A furnace at a moment. `document`: which revision of its requirements, "" when there is none."""

    station: str
    document: str = ""
    tests: tuple[DueTest, ...] = ()
    thermocouples: tuple[Worn, ...] = ()

    @property
    def unfit_tests(self) -> list[DueTest]:
        """What stands in the way of a run."""
        return [one for one in self.tests if one.state not in (GOOD, DUE)]

    @property
    def unfit_thermocouples(self) -> list[Worn]:
        """Those that may not be used any more."""
        return [one for one in self.thermocouples if one.state == BAD]


def requirement_from(row: Mapping[str, Any], said: Mapping[str, Any]) -> Requirement:
    """A row of the reference data with what the document of the furnace says otherwise."""
    told = {**row, **{name: value for name, value in said.items() if name not in ("row", "why")}}
    return Requirement(
        str(row["id"]), str(row["scheme"]), str(row["test"]), int(told.get("interval_days") or 0),
        str(told.get("tolerance_c", "")), bool(told.get("after_change", False)), int(told.get("points", 0)),
        int(told.get("uses_max", 0)), int(told.get("life_days", 0)), tuple(told.get("types", ())),
        str(said.get("why") or row["source"]), str(row["certainty"]),
    )  # fmt: skip


def requirements_of(document: Document, rows: Mapping[str, Mapping[str, Any]]) -> list[Requirement]:
    """What is asked of a furnace. `rows`: the reference data by id."""
    chosen = document.content["requirements"]
    return [requirement_from(rows[said["row"]], said) for said in chosen if said["row"] in rows]


_CHANGEABLE = {"row", "why", "interval_days", "tolerance_c", "points", "uses_max", "life_days"}


def pyrometry_faults(
    content: Mapping[str, Any], rows: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    """What is wrong with the requirements of a furnace before they are released, each in a sentence."""
    faults = head_faults(content)
    chosen = content.get("requirements")
    if not isinstance(chosen, list) or not chosen:
        return [*faults, 'requirements: write a list such as [{"row": "cqi9-sat"}]']
    for i, said in enumerate(chosen):
        row = rows.get(str(said.get("row"))) if isinstance(said, dict) else None
        if row is None:
            faults.append(f"requirements[{i}].row: write one of {', '.join(sorted(rows))}")
            continue
        faults += [f"requirements[{i}]: {fault}" for fault in _chosen_faults(said, row)]
    return faults


def _chosen_faults(said: Mapping[str, Any], row: Mapping[str, Any]) -> list[str]:
    faults = [f"{name}: no field of it" for name in said if name not in _CHANGEABLE]
    changed = [name for name in said if name not in ("row", "why")]
    if changed and not said.get("why"):
        faults.append(f"why: say on what ground {', '.join(changed)} is another one")
    for name in ("interval_days", "points", "uses_max", "life_days"):
        value = said.get(name, 1)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            faults.append(f"{name}: write a whole number above 0")
    if row["test"] in TESTS and not said.get("interval_days") and not row.get("interval_days"):
        faults.append("interval_days: the reference data name none; write yours, and why")
    if "tolerance_c" in said and (figure_or_none(said["tolerance_c"]) or 0) <= 0:
        faults.append('tolerance_c: write a text such as "5"')
    return faults


def stand(
    station: str, asked: tuple[str, Sequence[Requirement]], surveys: Sequence[Survey],
    thermocouples: Sequence[Thermocouple], at_ms: int,
) -> Standing:  # fmt: skip
    """How a furnace stands. `asked`: name and requirements of its document; `surveys`: the oldest first."""
    changed_ms = max(
        [one.at_ms for one in surveys if one.test == CHANGE and one.at_ms <= at_ms]
        + [one.installed_ms for one in thermocouples if one.installed_ms <= at_ms],
        default=0,
    )
    tests = [
        _due(
            one, [s for s in surveys if s.test == one.test and s.at_ms <= at_ms], changed_ms, at_ms
        )
        for one in asked[1]
        if one.test in TESTS
    ]
    limits = [one for one in asked[1] if one.test in (TC_USES, TC_LIFE)]
    worn = [_worn(one, limits, at_ms) for one in thermocouples if one.removed_ms is None]
    return Standing(station, asked[0], tuple(tests), tuple(worn))


def _due(asked: Requirement, done: Sequence[Survey], changed_ms: int, at_ms: int) -> DueTest:
    last = max(done, key=lambda one: (one.at_ms, one.number), default=None)
    if last is None:
        return DueTest(asked, NEVER, None, None)
    due_ms = last.at_ms + asked.interval_days * DAY_MS
    if last.result != PASSED:
        return DueTest(asked, BAD, last, None)
    if asked.after_change and changed_ms > last.at_ms:
        return DueTest(asked, AGAIN, last, None)
    if at_ms >= due_ms:
        return DueTest(asked, OVERDUE, last, due_ms)
    near = at_ms >= due_ms - min(WARN_DAYS, asked.interval_days // 4) * DAY_MS
    return DueTest(asked, DUE if near else GOOD, last, due_ms)


def _worn(one: Thermocouple, limits: Iterable[Requirement], at_ms: int) -> Worn:
    mine = [limit for limit in limits if not limit.types or one.type in limit.types]
    lives = [one.installed_ms + limit.life_days * DAY_MS for limit in mine if limit.life_days]
    most = min((limit.uses_max for limit in mine if limit.uses_max), default=0)
    end_ms = min(lives, default=None)
    over = (end_ms is not None and at_ms >= end_ms) or (most > 0 and one.uses >= most)
    near = end_ms is not None and at_ms >= end_ms - WARN_DAYS * DAY_MS
    near = near or (most > 0 and one.uses >= most * 9 // 10)
    return Worn(one, BAD if over else DUE if near else GOOD, end_ms, most)
