"""A recipe of a furnace: its stages with temperatures, tolerances and times, and what proves that they were kept.

CQI-9 4th ed. 2020 asks for the recipe, continuous recording and a qualified work zone; which thermocouples, bands
and times prove a soak is laid down here, per revision, by who releases it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mes_server.domain.decimals import figure_or_none
from mes_server.domain.documents import Document

GAP_INTERVALS = (
    2  # a silence of so many publish intervals is bridged (domain practice, see docs/furnaces.md)
)
STUCK_INTERVALS = 30  # the very same reading for so many publish intervals is a stuck sensor
RAMP_OVER_S = 300


@dataclass(frozen=True, slots=True)
class Limit:
    """A metric during a soak: pressure, vacuum, gas. `for_s`: beyond it for no longer than that."""

    metric: str
    low: float | None = None
    high: float | None = None
    for_s: int = 0


@dataclass(frozen=True, slots=True)
class Drop:
    """So many degrees below the setpoint amid a soak for longer than that: people dispose of the charge."""

    below_c: float = 0.0
    for_s: int = 0


@dataclass(frozen=True, slots=True)
class Cooling:
    """From one temperature down to another: on the whole at least so fast, never faster; 0: not asked for."""

    from_c: float
    to_c: float
    min_c_min: float = 0.0
    max_c_min: float = 0.0


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage. `hold_s`: all control thermocouples within setpoint ± tolerance for at least so long without a
    break; 0: a step on the way, not a soak. Other figures are 0 where nothing is asked for.

    `over_c`: never so far above the setpoint; `ramp_max_c_min`: on the way to it; `spread_c`: between the control
    thermocouples; `rms_c`: from the golden run; `gate`: what holds at its end before the next stage begins; `cool`: the way down.
    """

    id: str
    title: Mapping[str, str]
    setpoint_c: float
    tolerance_c: float
    hold_s: int = 0
    hold_max_s: int = 0
    over_c: float = 0.0
    ramp_max_c_min: float = 0.0
    spread_c: float = 0.0
    rms_c: float = 0.0
    limits: tuple[Limit, ...] = ()
    gate: Limit | None = None
    drop: Drop = field(default_factory=Drop)
    cool: Cooling | None = None

    @property
    def band(self) -> tuple[float, float]:
        """The least and the greatest temperature of the soak."""
        return self.setpoint_c - self.tolerance_c, self.setpoint_c + self.tolerance_c


@dataclass(frozen=True, slots=True)
class Diffusion:
    """What a charge for grain boundary diffusion gains. `target`: role of the target or slurry in a coating run;
    `element`: Dy or Tb; `gain`: characteristic with the weight gain in %; `hcj_min_ka_m`: least gain of HcJ."""

    element: str = ""
    target: str = ""
    gain: str = ""
    gain_low: float | None = None
    gain_high: float | None = None
    share: float | None = None
    hcj_min_ka_m: float | None = None


@dataclass(frozen=True, slots=True)
class Recipe:
    """`control`: metrics of the thermocouples that prove a soak. `gap_max_s`: a shorter silence is bridged by a
    straight line, a longer one leaves the soak unproven; 0: twice what the station's contract promises.
    `dose_base_c`: what lies above it adds up to the dose. `golden`: the run that others are compared with."""

    code: str
    revision: str
    title: Mapping[str, str]
    operation: str
    control: tuple[str, ...]
    stages: tuple[Stage, ...]
    gap_max_s: int = 0
    stuck_s: int | None = None
    ramp_over_s: int = RAMP_OVER_S
    dose_base_c: float = 0.0
    golden: str = ""
    diffusion: Diffusion | None = None

    @property
    def name(self) -> str:
        """As records name it."""
        return f"{self.code}/{self.revision}"

    @property
    def soaks(self) -> tuple[Stage, ...]:
        """The stages that are held."""
        return tuple(stage for stage in self.stages if stage.hold_s)

    @property
    def metrics(self) -> tuple[str, ...]:
        """All that it looks at, once each."""
        asked = [one.metric for stage in self.soaks for one in (*stage.limits, *_gates(stage))]
        return tuple(dict.fromkeys([*self.control, *asked]))


def _gates(stage: Stage) -> tuple[Limit, ...]:
    return () if stage.gate is None else (stage.gate,)


def recipe_of(document: Document) -> Recipe:
    """The recipe a released document holds."""
    said = document.content
    return Recipe(
        str(said["code"]), str(said["revision"]), dict(said["title"]), str(said["operation"]),
        tuple(said.get("control", ())), tuple(map(_stage, said.get("stages", ()))),
        int(said.get("gap_max_s", 0)), said.get("stuck_s"), int(said.get("ramp_over_s", RAMP_OVER_S)),
        _float(said, "dose_base_c"), str(said.get("golden", "")), _diffusion(said.get("diffusion")),
    )  # fmt: skip


def _float(said: Mapping[str, Any], name: str) -> float:
    return float(figure_or_none(said.get(name)) or 0)


def _or_none(said: Mapping[str, Any], name: str) -> float | None:
    found = figure_or_none(said.get(name))
    return None if found is None else float(found)


def _limit(said: Mapping[str, Any]) -> Limit:
    low, high = _or_none(said, "min"), _or_none(said, "max")
    return Limit(str(said["metric"]), low, high, int(said.get("for_s", 0)))


def _stage(said: Mapping[str, Any]) -> Stage:
    gate, drop = said.get("gate"), said.get("drop") or {}
    names = ("over_c", "ramp_max_c_min", "spread_c", "rms_c")
    return Stage(
        str(said["id"]), dict(said["title"]), _float(said, "setpoint_c"), _float(said, "tolerance_c"),
        int(said.get("hold_s", 0)), int(said.get("hold_max_s", 0)),
        **{name: _float(said, name) for name in names},
        limits=tuple(map(_limit, said.get("limits", ()))),
        gate=None if not gate else _limit(gate),
        drop=Drop(_float(drop, "below_c"), int(drop.get("for_s", 0))),
        cool=_cool(said),
    )  # fmt: skip


def _cool(said: Mapping[str, Any]) -> Cooling | None:
    """Told without `from_c` it begins where the band of the soak ends."""
    cool = said.get("cool")
    if not cool:
        return None
    from_c = _or_none(cool, "from_c")
    if from_c is None:
        from_c = _float(said, "setpoint_c") - _float(said, "tolerance_c")
    return Cooling(from_c, *(_float(cool, name) for name in ("to_c", "min_c_min", "max_c_min")))


def _diffusion(said: Mapping[str, Any] | None) -> Diffusion | None:
    if not said:
        return None
    return Diffusion(
        str(said.get("element", "")), str(said.get("target", "")), str(said.get("gain", "")),
        *(_or_none(said, name) for name in ("gain_low", "gain_high", "share", "hcj_min_ka_m")),
    )  # fmt: skip
