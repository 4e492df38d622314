"""Runs of the simulated furnaces, reported as a station reports them: on change beyond the deadband, or in time."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from firmware.plant.faults import Fault, FaultBook
from firmware.plant.furnace import Furnace
from firmware.plant.hot_isostatic import HotIsostaticPress
from firmware.plant.station import Station
from mes_server.domain.curves import Curve, curve_from, without_stuck
from mes_server.domain.documents import Document
from mes_server.domain.furnace import Doubt, Proof, prove
from mes_server.domain.recipes import STUCK_INTERVALS, Recipe, recipe_of
from schemas.samples import BAD, GOOD
from schemas.station_types import MetricSpec, deadband_width, load_station_types

T0 = 1_795_478_400_000
STEP_S = 10
LOADS = tuple(f"load_{n}_temperature_c" for n in range(1, 5))
PRESSURE = "chamber_pressure_pa"
Samples = list[tuple[int, float | None, int]]
_WORDS = {
    "presinter": {"en": "Pre-sintering", "zh": "预烧"}, "sinter": {"en": "Sintering", "zh": "烧结"},
    "a1": {"en": "First ageing", "zh": "一级时效"}, "a2": {"en": "Second ageing", "zh": "二级时效"},
    "diffuse": {"en": "Diffusion", "zh": "扩散"}, "age": {"en": "Ageing", "zh": "时效"},
    "hip": {"en": "Hot isostatic pressing", "zh": "热等静压"},
}  # fmt: skip


def fault(kind: str, metric: str | None, minutes: tuple[float, float], amount: float | None = None) -> tuple[Any, ...]:  # fmt: skip
    """Switched on from so many minutes after the furnace was closed until so many."""
    return kind, metric, minutes, amount


@cache
def recorded(kind: str, faults: Sequence[tuple[Any, ...]] = ()) -> dict[str, Samples]:
    """One cycle from its loading on, by metric. T0: it begins."""
    book = FaultBook()
    model: Station = (HotIsostaticPress if kind == "hot_isostatic_press" else Furnace)(7, "f-1", kind, book)  # fmt: skip
    at_s = model.schedule.cycle_s
    while True:
        model.advance(at_s * 1000)
        if model.act.phase == "load":
            break
        at_s += 60
    book.replace(
        [
            Fault("f-1", metric, name, amount, int(at_s + lo * 60) * 1000, int(at_s + hi * 60) * 1000)
            for name, metric, (lo, hi), amount in faults
        ]
    )  # fmt: skip
    specs = {one.name: one for one in load_station_types()[kind].metrics}
    names = [name for name in specs if name.startswith("load_") or "pressure_" in name]
    found: dict[str, Samples] = {name: [] for name in names}
    for second in range(0, model.schedule.cycle_s, STEP_S):
        model.advance((at_s + second) * 1000)
        for name in names:
            _report(found[name], T0 + second * 1000, model, specs[name])
    return found


def _report(told: Samples, at_ms: int, model: Station, spec: MetricSpec) -> None:
    try:
        value: float | None = float(model.value(spec.name))
    except OSError:
        value = None
    last = told[-1] if told else None
    if last is None or last[1] is None or value is None:
        moved = last is None or last[1] is not value
    else:
        moved = abs(value - last[1]) >= deadband_width(spec.deadband, last[1])
    if moved or last is None or at_ms - last[0] >= spec.report_ms:
        told.append((at_ms, value, GOOD if value is not None else BAD))


def soak(stage: str, setpoint: int, tolerance: int, hold_min: int, **more: Any) -> dict[str, Any]:
    """A stage of a recipe."""
    held = {"id": stage, "title": _WORDS[stage], "setpoint_c": str(setpoint), "tolerance_c": str(tolerance)}  # fmt: skip
    return held | {"hold_s": hold_min * 60} | more


SINTER = soak(
    "sinter", 1065, 5, 270, over_c="10", ramp_max_c_min="6", spread_c="8",
    limits=[{"metric": PRESSURE, "max": "0.05"}], drop={"below_c": "30", "for_s": 600},
)  # fmt: skip
RECIPES: dict[str, list[dict[str, Any]]] = {
    "sinter_furnace": [soak("presinter", 850, 10, 30), SINTER],
    "ageing_furnace": [
        soak("a1", 900, 5, 120), soak("a2", 500, 3, 170, over_c="5", drop={"below_c": "30", "for_s": 600}),
    ],
    "gbd_diffusion_furnace": [soak("diffuse", 900, 5, 600), soak("age", 500, 3, 170)],
    "hot_isostatic_press": [
        soak("hip", 900, 8, 90, limits=[{"metric": "vessel_pressure_mpa", "min": "95", "max": "105"}]),
    ],
}  # fmt: skip


def recipe_content(kind: str, **more: Any) -> dict[str, Any]:
    """A recipe for a simulated furnace."""
    control = list(LOADS[:2] if kind == "hot_isostatic_press" else LOADS)
    return {
        "code": f"R-{kind}", "revision": "A", "title": {"en": "Recipe", "zh": "配方"}, "operation": "sinter",
        "control": control, "stages": RECIPES[kind], "dose_base_c": "400",
    } | more  # fmt: skip


def recipe(kind: str, **more: Any) -> Recipe:
    return recipe_of(Document("recipe", "R", "A", recipe_content(kind, **more), 0, "Q-1"))


def judged(kind: str, *faults: tuple[Any, ...], lost: tuple[float, float] | None = None, **more: Any) -> Proof:  # fmt: skip
    """The proof of a simulated run. `lost`: minutes of which nothing was ever received."""
    asked, run = recipe(kind, **more), recorded(kind, faults)
    span = (float(T0), float(T0 + max(samples[-1][0] for samples in run.values()) - T0))
    curves: dict[str, Curve] = {}
    stuck = {}
    for name in asked.metrics:
        good = [(at, v) for at, v, q in run[name] if q == GOOD and v is not None and not _lost(at, lost)]  # fmt: skip
        curve = curve_from(name, [a for a, _ in good], [v for _, v in good], span, 20_000)
        if name in asked.control:
            curve, still = without_stuck(curve, STUCK_INTERVALS * 10_000)
            stuck |= {name: still} if still else {}
        curves[name] = curve
    return prove(asked, curves, Doubt(stuck))


def _lost(at_ms: int, minutes: tuple[float, float] | None) -> bool:
    return minutes is not None and minutes[0] * 60_000 < at_ms - T0 < minutes[1] * 60_000
