"""The control plan: what is checked of a product at which operation, how often, and what happens when it is out.

IATF 16949:2016 8.5.1.1 and annex A; phases of the AIAG Control Plan reference manual, 1st ed. 2024. A plan is a
released document; the revision in force when a run is opened is what its station asks for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from mes_server.domain.decimals import figure_or_none
from mes_server.domain.documents import Document

PHASES = ("prototype", "pre_launch", "safe_launch", "production")
SYMBOLS = ("", "SC", "CC")
KINDS = ("variable", "attribute", "magnetic", "life", "proof", "titration")
DURING, FIRST_OFF, LAST_OFF, RESTART, CHALLENGE = (
    "during", "first_off", "last_off", "restart", "challenge",
)  # fmt: skip
MOMENTS = (DURING, FIRST_OFF, LAST_OFF, RESTART, CHALLENGE)
LOT, CHARGE, HOURS, SHIFT, DAY, WEEK, SETUP = (
    "lot", "charge", "hours", "shift", "day", "week", "setup",
)  # fmt: skip
FREQUENCIES = (LOT, CHARGE, HOURS, SHIFT, DAY, WEEK, SETUP, RESTART)
REACTIONS = ("hold", "remeasure", "call")
PPAP = ("none", "submitted", "interim", "approved", "rejected")


@dataclass(frozen=True, slots=True)
class Charting:
    """That the control chart of a characteristic is judged with each check: its kind ("" the one that fits its
    subgroups), and the rules that tell a special cause."""

    kind: str
    rule_set: str


@dataclass(frozen=True, slots=True)
class Characteristic:
    """One line of a plan. `symbol`: "SC", "CC" or "". Limits are of the spec, `action_…` warn before them; None:
    not limited on that side. `gauge`: the type of gauge it takes, "" none. `sample`: readings of one check.

    `moment` and `each`, `count`: when ("during" each "hours", 4). `reactions`: what is done by itself when a
    reading is out: hold, remeasure, call. `quantity`: what is measured, as other records name it. `chart`: judged with each check; None: drawn only.
    """

    id: str
    title: Mapping[str, str]
    operation: str
    symbol: str = ""
    customer_symbol: str = ""
    kind: str = "variable"
    quantity: str = ""
    unit: str = ""
    nominal: Decimal | None = None
    lower: Decimal | None = None
    upper: Decimal | None = None
    action_lower: Decimal | None = None
    action_upper: Decimal | None = None
    gauge: str = ""
    method: Mapping[str, str] = field(default_factory=dict)
    sample: int = 1
    positions: tuple[str, ...] = ()
    moment: str = DURING
    each: str = LOT
    count: int = 1
    reaction: Mapping[str, str] = field(default_factory=dict)
    reactions: tuple[str, ...] = ("hold",)
    owner: str = ""
    pass_through: bool = False
    chart: Charting | None = None

    @property
    def is_recorded(self) -> bool:
        """Whether somebody records it; a soak is proven by its curve, a bath by its titrations."""
        return self.kind not in ("proof", "titration")

    @property
    def is_timed(self) -> bool:
        """Whether it is of the station, at times, and not of each lot or charge."""
        return self.each in (HOURS, SHIFT, DAY, WEEK)


@dataclass(frozen=True, slots=True)
class Instruction:
    """A work instruction that an operation asks to be read; "" as revision: the one in force."""

    code: str
    revision: str
    operation: str


@dataclass(frozen=True, slots=True)
class Substitute:
    """A control that may replace another one for a time: it was approved with the plan (IATF 16949 8.5.6.1.1)."""

    operation: str
    primary: str
    alternate: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A revision of a plan. `shifts`: starts of the shifts as minutes of the day in UTC; `references`: by part what the
    customer calls it and its drawing with the revision."""

    code: str
    revision: str
    title: Mapping[str, str]
    phase: str
    parts: tuple[str, ...]
    routes: tuple[str, ...]
    owner: str
    ppap: Mapping[str, str]
    characteristics: tuple[Characteristic, ...]
    instructions: tuple[Instruction, ...] = ()
    recipes: Mapping[str, str] = field(default_factory=dict)
    shifts: tuple[int, ...] = (0, 480, 960)
    note: Mapping[str, str] = field(default_factory=dict)
    substitutes: tuple[Substitute, ...] = ()
    references: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """As records name it: "CP-7/B"."""
        return f"{self.code}/{self.revision}"

    def at(self, operation: str) -> list[Characteristic]:
        """What people check at an operation, in the plan's order."""
        return [o for o in self.characteristics if o.operation == operation and o.is_recorded]

    def find(self, characteristic: str) -> Characteristic | None:
        """A line of the plan by its id."""
        return next((one for one in self.characteristics if one.id == characteristic), None)

    @property
    def has_critical(self) -> bool:
        """Whether a second person must sign what is released under it (IATF 16949 4.4.1.2)."""
        return any(one.symbol == "CC" for one in self.characteristics)


_FIGURES = ("nominal", "lower", "upper", "action_lower", "action_upper")
_TEXTS = ("symbol", "customer_symbol", "kind", "quantity", "unit", "gauge", "owner", "moment")
_WORDS = ("method", "reaction")
REFERENCE = ("customer_part", "drawing")
SUBSTITUTE = ("operation", "primary", "alternate")


def plan_of(document: Document) -> Plan:
    """The plan a released document holds."""
    return plan_from(document.content)


def plan_from(content: Mapping[str, Any]) -> Plan:
    """The plan of a content that has no faults."""
    return Plan(
        str(content["code"]), str(content["revision"]), dict(content["title"]),
        str(content["phase"]), tuple(content["parts"]), tuple(content.get("routes", ())),
        str(content.get("owner", "")),
        {name: str(value) for name, value in dict(content.get("ppap", {})).items()},
        tuple(_characteristic(one) for one in content["characteristics"]),
        tuple(_instruction(one) for one in content.get("instructions", ())),
        {one["operation"]: _recipe_name(one) for one in content.get("recipes", ())},
        tuple(sorted(map(_minutes, content.get("shifts_utc", ("00:00", "08:00", "16:00"))))),
        dict(content.get("note", {})),
        tuple(Substitute(*(str(one[name]) for name in SUBSTITUTE)) for one in content.get("temporary", ())),
        {one["part"]: {name: one.get(name, "") for name in REFERENCE} for one in content.get("references", ())},
    )  # fmt: skip


def _recipe_name(said: Mapping[str, Any]) -> str:
    return f"{said['code']}/{said['revision']}" if said.get("revision") else str(said["code"])


def _instruction(said: Mapping[str, Any]) -> Instruction:
    return Instruction(str(said["code"]), str(said.get("revision", "")), str(said["operation"]))


def _minutes(text: str) -> int:
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)


def _characteristic(said: Mapping[str, Any]) -> Characteristic:
    every = said.get("every", {})
    given: dict[str, Any] = {name: figure_or_none(said.get(name)) for name in _FIGURES}
    given |= {name: str(said[name]) for name in _TEXTS if name in said}
    given |= {name: dict(said[name]) for name in _WORDS if name in said}
    return Characteristic(
        str(said["id"]), dict(said["title"]), str(said["operation"]),
        sample=int(said.get("sample", 1)),
        positions=tuple(said.get("positions", ())),
        each=str(every.get("each", LOT)), count=int(every.get("count", 1)),
        reactions=tuple(said.get("reactions", ("hold",))),
        pass_through=bool(said.get("pass_through", False)),
        chart=_charting(said.get("chart")),
        **given,
    )  # fmt: skip


def _charting(said: Mapping[str, Any] | None) -> Charting | None:
    return None if not said else Charting(str(said.get("kind", "")), str(said["rule_set"]))


def by_operation(plan: Plan) -> dict[str, Sequence[Characteristic]]:
    """The lines of a plan by operation, in the order in which the operations come in it."""
    found: dict[str, list[Characteristic]] = {}
    for one in plan.characteristics:
        found.setdefault(one.operation, []).append(one)
    return dict(found)
