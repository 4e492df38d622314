"""What is wrong with a recipe before it is released, each in a sentence."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from mes_server.domain.decimals import figure_or_none
from mes_server.domain.documents import head_faults

_LOW, _HIGH = Decimal(-300), Decimal(3000)
_FIELDS = {
    "code", "revision", "title", "operation", "control", "stages", "gap_max_s", "stuck_s", "ramp_over_s",
    "dose_base_c", "golden", "diffusion", "note", "source", "certainty",
}  # fmt: skip
_STAGE_FIELDS = {
    "id", "title", "setpoint_c", "tolerance_c", "hold_s", "hold_max_s", "over_c", "ramp_max_c_min", "spread_c",
    "rms_c", "limits", "gate", "drop", "cool", "note",
}  # fmt: skip
_POSITIVE = ("over_c", "ramp_max_c_min", "spread_c", "rms_c")
_COOL = ("from_c", "to_c", "min_c_min", "max_c_min")
_DIFFUSION = {"element", "target", "gain", "gain_low", "gain_high", "share", "hcj_min_ka_m"}


def recipe_faults(content: Mapping[str, Any]) -> list[str]:
    """All of them; an empty list: it may be released."""
    faults = head_faults(content) + _unknown(content, _FIELDS, "")
    if not content.get("operation") or not isinstance(content["operation"], str):
        faults.append("operation: write the code of an operation")
    for name, least in (("gap_max_s", 0), ("stuck_s", 0), ("ramp_over_s", 10)):
        if name in content and not whole(content[name], least):
            faults.append(f"{name}: write whole seconds, at least {least}")
    stages = content.get("stages", [])
    if not isinstance(stages, list):
        return [*faults, "stages: write a list"]
    if not stages and not content.get("diffusion"):
        faults.append("stages: write at least one stage")
    faults += _control_faults(content, stages)
    for i, stage in enumerate(stages):
        told = _stage_faults(stage) if isinstance(stage, dict) else ["write an object"]
        faults += [f"stages[{i}]: {fault}" for fault in told]
    ids = [str(stage.get("id")) for stage in stages if isinstance(stage, dict)]
    faults += ["stages: two have the same id"] if len(set(ids)) != len(ids) else []
    return faults + _order_faults(stages) + _diffusion_faults(content.get("diffusion"))


def _order_faults(stages: list[Any]) -> list[str]:
    """What would be proven by nothing, or could not be told apart in a curve."""
    held = [s for s in stages if isinstance(s, dict) and whole(s.get("hold_s"), 1)]
    faults = [] if held or not stages else ["stages: none is held (hold_s), so that nothing would be proven"]  # fmt: skip
    bands = [_band(one) for one in held]
    for i in range(1, len(held)):
        one, other = bands[i - 1], bands[i]
        if one and other and one[0] <= other[1] and other[0] <= one[1]:
            names = f"{held[i - 1].get('id')} and {held[i].get('id')}"
            faults.append(f"stages: the bands of {names} overlap, no curve tells where one ends; make them one, or narrower")  # fmt: skip
    return faults


def _band(said: Mapping[str, Any]) -> tuple[Decimal, Decimal] | None:
    setpoint, tolerance = figure_or_none(said.get("setpoint_c")), figure_or_none(said.get("tolerance_c"))  # fmt: skip
    return None if setpoint is None or tolerance is None else (setpoint - tolerance, setpoint + tolerance)  # fmt: skip


def _unknown(said: Mapping[str, Any], known: set[str], where: str) -> list[str]:
    return [f"{where}{name}: no field of a recipe" for name in said if name not in known]


def _control_faults(content: Mapping[str, Any], stages: list[Any]) -> list[str]:
    control = content.get("control", [])
    named = isinstance(control, list) and all(isinstance(m, str) and m for m in control)
    if not named or (stages and not control):
        return ["control: write the metrics of the control thermocouples"]
    return ["control: a metric is there twice"] if len(set(control)) != len(control) else []


def _stage_faults(said: Mapping[str, Any]) -> list[str]:
    faults = _unknown(said, _STAGE_FIELDS, "")
    title = said.get("title")
    named = isinstance(title, dict) and all(title.get(lang) for lang in ("en", "zh"))
    if not said.get("id") or not named:
        faults.append("write id, and title in en and zh")
    setpoint, tolerance = figure_or_none(said.get("setpoint_c")), figure_or_none(said.get("tolerance_c"))  # fmt: skip
    if setpoint is None or not _LOW < setpoint < _HIGH:
        faults.append('setpoint_c: write a text such as "1060"')
    if tolerance is None or tolerance <= 0:
        faults.append('tolerance_c: write a text such as "5"')
    faults += [
        f'{name}: write a text such as "5"'
        for name in _POSITIVE
        if name in said and (figure_or_none(said[name]) or 0) <= 0
    ]
    hold = said.get("hold_s", 0)
    if not whole(hold, 0):
        faults.append("hold_s: write whole seconds")
    elif "hold_max_s" in said and not whole(said["hold_max_s"], hold):
        faults.append("hold_max_s: write whole seconds, at least hold_s")
    return faults + _limits_faults(said) + _drop_faults(said.get("drop")) + _cool_faults(said)


def _cool_faults(said: Mapping[str, Any]) -> list[str]:
    """A way down begins at the soak, or below it, and ends lower; one rate at least is asked for."""
    cool, hint = said.get("cool"), 'cool: write {"from_c": "900", "to_c": "500", "min_c_min": "8", "max_c_min": "25"}'  # fmt: skip
    if cool is None:
        return []
    if not isinstance(cool, dict) or set(cool) - set(_COOL) or not whole(said.get("hold_s", 0), 1):
        return [hint + ", of a stage that is held"]
    figures = {name: figure_or_none(cool[name]) for name in cool}
    low, high = figures.get("to_c"), figures.get("from_c", figure_or_none(said.get("setpoint_c")))
    rates = [figures[name] for name in ("min_c_min", "max_c_min") if name in figures]
    if low is None or high is None or not rates or None in figures.values():
        return [hint]
    if not low < high or any(rate is not None and rate <= 0 for rate in rates):
        return [f"{hint}: from the higher one to the lower, at rates above 0"]
    least, most = figures.get("min_c_min"), figures.get("max_c_min")
    crossed = least is not None and most is not None and least > most
    return [f"{hint}: the least lies above the most"] if crossed else []


def _limits_faults(said: Mapping[str, Any]) -> list[str]:
    limits = said.get("limits", [])
    if not isinstance(limits, list):
        return ["limits: write a list"]
    faults = []
    for where, one in [(f"limits[{i}]", x) for i, x in enumerate(limits)] + [("gate", said.get("gate"))]:  # fmt: skip
        if where == "gate" and one is None:
            continue
        ends = [figure_or_none(one.get(n)) for n in ("min", "max")] if isinstance(one, dict) else []
        if not isinstance(one, dict) or not one.get("metric") or not any(e is not None for e in ends):  # fmt: skip
            faults.append(f'{where}: write metric, and min or max as a text such as "0.01"')
        elif all(end is not None for end in ends) and sorted(ends, key=_order) != ends:
            faults.append(f"{where}: min lies above max")
        elif not whole(one.get("for_s", 0), 0):
            faults.append(f"{where}.for_s: write whole seconds")
    return faults


def _order(figure: Decimal | None) -> Decimal:
    return figure if figure is not None else Decimal(0)


def _drop_faults(drop: object) -> list[str]:
    if drop is None:
        return []
    if isinstance(drop, dict) and (figure_or_none(drop.get("below_c")) or 0) > 0 and whole(drop.get("for_s"), 0):  # fmt: skip
        return []
    return ['drop: write {"below_c": "30", "for_s": 600}']


def _diffusion_faults(said: object) -> list[str]:
    if said is None:
        return []
    if not isinstance(said, dict) or said.get("element") not in ("Dy", "Tb"):
        return ["diffusion: write element as Dy or Tb"]
    faults = _unknown(said, _DIFFUSION, "diffusion.")
    figures = [n for n in ("gain_low", "gain_high", "share", "hcj_min_ka_m") if n in said]
    faults += [
        f'diffusion.{n}: write a text such as "0.4"'
        for n in figures
        if figure_or_none(said[n]) is None
    ]
    share, low, high = (figure_or_none(said.get(n)) for n in ("share", "gain_low", "gain_high"))
    if share is not None and not 0 < share <= 1:
        faults.append('diffusion.share: write a part of one such as "0.87"')
    if low is not None and high is not None and low > high:
        faults.append("diffusion.gain_low: it lies above gain_high")
    return faults


def whole(value: object, least: int) -> bool:
    """Whether it is a whole number of at least that."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= least
