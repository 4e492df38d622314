"""A recipe of a furnace: its stages with temperatures, tolerances and times, and what proves that they were kept.

CQI-9 4th ed. 2020 asks for the recipe, continuous recording and a qualified work zone; which thermocouples, bands
and times prove a soak is laid down here, per revision, by who releases it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from mes_server.domain.decimals import figure_or_none
from mes_server.domain.documents import Document, head_faults

_LOW, _HIGH = Decimal(-300), Decimal(3000)


@dataclass(frozen=True, slots=True)
class Soak:
    """A stage that is held: all control thermocouples within setpoint ± tolerance for at least `hold_s` without a
    break. `hold_max_s`: no longer than that; `over_c`: never so far above the setpoint; 0: not asked for.

    `pressure`: metric, and the least and greatest value it has during the soak; "" and None: not asked for.
    """

    id: str
    title: Mapping[str, str]
    setpoint_c: float
    tolerance_c: float
    hold_s: int
    hold_max_s: int = 0
    over_c: float = 0.0
    pressure: str = ""
    pressure_min: float | None = None
    pressure_max: float | None = None


@dataclass(frozen=True, slots=True)
class Recipe:
    """`control`: metrics of the thermocouples that prove a soak. `gap_max_s`: a shorter silence is bridged by a
    straight line, a longer one leaves the soak unproven. `dose_base_c`: what lies above it adds up to the dose."""

    code: str
    revision: str
    title: Mapping[str, str]
    operation: str
    control: tuple[str, ...]
    soaks: tuple[Soak, ...]
    gap_max_s: int
    dose_base_c: float = 0.0
    ramp_max_c_min: float = 0.0
    note: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """As records name it."""
        return f"{self.code}/{self.revision}"


def recipe_of(document: Document) -> Recipe:
    """The recipe a released document holds."""
    said = document.content
    return Recipe(
        str(said["code"]), str(said["revision"]), dict(said["title"]), str(said["operation"]),
        tuple(said["control"]), tuple(map(_soak, said["soaks"])), int(said["gap_max_s"]),
        _float(said, "dose_base_c"), _float(said, "ramp_max_c_min"), dict(said.get("note", {})),
    )  # fmt: skip


def _float(said: Mapping[str, Any], name: str) -> float:
    return float(figure_or_none(said.get(name)) or 0)


def _soak(said: Mapping[str, Any]) -> Soak:
    pressure = said.get("pressure", {})
    low, high = figure_or_none(pressure.get("min")), figure_or_none(pressure.get("max"))
    return Soak(
        str(said["id"]), dict(said["title"]), _float(said, "setpoint_c"), _float(said, "tolerance_c"),
        int(said["hold_s"]), int(said.get("hold_max_s", 0)), _float(said, "over_c"),
        str(pressure.get("metric", "")), None if low is None else float(low),
        None if high is None else float(high),
    )  # fmt: skip


def recipe_faults(content: Mapping[str, Any]) -> list[str]:
    """What is wrong with a recipe before it is released, each in a sentence."""
    faults = head_faults(content)
    if not content.get("operation"):
        faults.append("operation: write the code of an operation")
    control = content.get("control")
    if not isinstance(control, list) or not control or not all(isinstance(m, str) for m in control):
        faults.append("control: write the metrics of the control thermocouples")
    if not _whole(content.get("gap_max_s"), 1):
        faults.append("gap_max_s: write the longest silence in whole seconds that may be bridged")
    soaks = content.get("soaks")
    if not isinstance(soaks, list) or not soaks:
        return [*faults, "soaks: write at least one stage that is held"]
    for i, soak in enumerate(soaks):
        told = _soak_faults(soak) if isinstance(soak, dict) else ["write an object"]
        faults += [f"soaks[{i}]: {fault}" for fault in told]
    ids = [soak.get("id") for soak in soaks if isinstance(soak, dict)]
    return faults + (["soaks: two have the same id"] if len(set(ids)) != len(ids) else [])


def _soak_faults(said: Mapping[str, Any]) -> list[str]:
    faults = []
    title = said.get("title")
    if (
        not said.get("id")
        or not isinstance(title, dict)
        or not all(title.get(x) for x in ("en", "zh"))
    ):
        faults.append("write id, and title in en and zh")
    setpoint, tolerance = (
        figure_or_none(said.get("setpoint_c")),
        figure_or_none(said.get("tolerance_c")),
    )
    if setpoint is None or not _LOW < setpoint < _HIGH:
        faults.append('setpoint_c: write a text such as "1060"')
    if tolerance is None or tolerance <= 0:
        faults.append('tolerance_c: write a text such as "5"')
    if not _whole(said.get("hold_s"), 1):
        faults.append("hold_s: write whole seconds")
    if "hold_max_s" in said and not _whole(said["hold_max_s"], int(said.get("hold_s") or 0)):
        faults.append("hold_max_s: write whole seconds, at least hold_s")
    return faults


def _whole(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least
