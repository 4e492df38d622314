"""The rules of a station contract: what a file in stations/ may say."""

from schemas.contract_check import Check, is_number, show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

METRICS_MAX = 50
FASTEST_MS = 100
HANDLES = ("charge", "lot", "none")
NUMERIC = ("double", "int32", "int64", "uint32", "uint64")
DATATYPES = NUMERIC + ("boolean", "string")
KINDS = ("analog", "event", "counter")
SCALES = ("linear", "log")
STATES = ("off", "idle", "setup", "run", "hold", "alarm", "clean", "maintenance")
# What every station says that works on lots.
COMMON = ("state", "recipe_id", "step_no", "energy_kwh", "alarm_count")

_REQUIRED = "name title unit datatype kind every_ms report_ms deadband normal alarm note"
_OPTIONAL = "scale values basis"

# The unit, and how the name of a metric in this unit must end: a name alone tells the unit.
# fmt: off
UNITS = {
    "": "", "°C": "_c", "°": "_deg",
    "Pa": "_pa", "kPa": "_kpa", "MPa": "_mpa", "MPa/s": "_mpa_s", "Pa/h": "_pa_h",
    "Pa·L/s": "_pa_l_s",
    "A": "_a", "kA": "_ka", "mA": "_ma", "V": "_v", "mV": "_mv", "C": "_coulomb", "Ah": "_ah",
    "W": "_w", "kW": "_kw", "kWh": "_kwh", "kJ": "_kj",
    "T": "_t", "mT": "_mt", "mWb·cm": "_mwb_cm", "µWb/min": "_uwb_min",
    "pH": "_ph", "µS/cm": "_us_cm", "mg/L": "_mg_l", "ppm": "_ppm", "%": "_pct",
    "% LEL": "_pct_lel", "NTU": "_ntu",
    "L": "_l", "mL": "_ml", "m³": "_m3", "m²": "_m2",
    "L/min": "_l_min", "L/h": "_l_h", "m³/h": "_m3_h", "sccm": "_sccm",
    "kg": "_kg", "g": "_g", "kg/h": "_kg_h", "kg/min": "_kg_min",
    "m": "_m", "mm": "_mm", "µm": "_um", "km": "_km",
    "m/s": "_m_s", "mm/s": "_mm_s", "mm/min": "_mm_min", "m/min": "_m_min", "nm/min": "_nm_min",
    "kN": "_kn", "N": "_n", "rpm": "_rpm", "1/min": "_per_min",
    "s": "_s", "ms": "_ms", "min": "_min", "h": "_h",
}
# fmt: on


def unit_of_name(name: str) -> str:
    """The unit that the end of a metric's name tells; "" when it tells none."""
    found, length = "", 0
    for unit, suffix in UNITS.items():
        if len(suffix) > length and ("_" + name).endswith(suffix):
            found, length = unit, len(suffix)
    return found


def _check_names(check: Check, where: str, value: object) -> None:
    if not isinstance(value, list):
        check.say(where, f"{show(value)} is no list", "write [] or a list of names")
        return
    for i, name in enumerate(value):
        check.name(f"{where}[{i}]", name)


# What each field of a station is held to; metrics and type are looked at with the rest of the file.
_STATION_LOOKS = {
    "type": Check.name,
    "area": Check.name,
    "operation": Check.name,
    "revision": Check.text,
    "title": Check.languages,
    "note": Check.languages,
    "handles": lambda check, where, value: check.one_of(where, value, HANDLES),
    "basis": Check.basis,
    "commands": _check_names,
}


def check_station(check: Check, raw: object) -> None:
    check.keys("", raw, "type revision title area operation handles note basis metrics commands")
    if not isinstance(raw, dict):
        return
    stem = check.file.rsplit(".", 1)[0]
    if "type" in raw and raw["type"] != stem:
        check.say("type", f"{show(raw['type'])} is not the file's name", f'write "{stem}"')
    for key, look in _STATION_LOOKS.items():
        if key in raw:
            look(check, key, raw[key])
    if "metrics" in raw:
        _check_metrics(check, raw["metrics"], raw.get("handles"))


def _check_metrics(check: Check, metrics: object, handles: object) -> None:
    if not isinstance(metrics, list):
        check.say("metrics", f"{show(metrics)} is no list", "write [{…}, …]")
        return
    if not 0 < len(metrics) <= METRICS_MAX:
        check.say("metrics", f"there are {len(metrics)}", f"write 1 to {METRICS_MAX}")
    names: list[object] = []
    for i, metric in enumerate(metrics):
        where = f"metrics[{i}]"
        check.keys(where, metric, _REQUIRED, _OPTIONAL)
        name = None
        if isinstance(metric, dict):
            _check_metric(check, where, metric)
            name = metric.get("name")
        if name is not None and name in names:
            wrong = f"metrics[{names.index(name)}] has it too"
            check.say(f"{where}.name", wrong, "write another name")
        names.append(name)
    if handles != "none":
        _check_common(check, names, handles)


def _check_common(check: Check, names: list[object], handles: object) -> None:
    for name in COMMON:
        if name not in names:
            wrong = f"{name} is missing although the station handles a {handles}"
            check.say("metrics", wrong, 'add it, or write "handles": "none"')


def _check_metric(check: Check, where: str, metric: dict[str, object]) -> None:
    """Field by field, then what the fields say together; a missing field was told before."""
    for key in ("title", "note"):
        if key in metric:
            check.languages(f"{where}.{key}", metric[key])
    for key, known in (("datatype", DATATYPES), ("kind", KINDS), ("scale", SCALES)):
        if key in metric:
            check.one_of(f"{where}.{key}", metric[key], known)
    if "basis" in metric:
        check.basis(f"{where}.basis", metric["basis"])
    if "name" in metric and check.name(f"{where}.name", metric["name"]) and "unit" in metric:
        _check_unit(check, where, str(metric["name"]), metric["unit"])
    _check_periods(check, where, metric)
    if "deadband" in metric:
        _check_deadband(check, f"{where}.deadband", metric["deadband"])
    _check_ranges(check, where, metric)
    _check_values(check, where, metric)
    _check_kind(check, where, metric)


def _check_unit(check: Check, where: str, name: str, unit: object) -> None:
    if not isinstance(unit, str) or unit not in UNITS:
        known = ", ".join(['""'] + sorted([known for known in UNITS if known]))
        check.say(f"{where}.unit", f"{show(unit)} is not known", f"write one of {known}")
    elif unit_of_name(name) != unit:
        ending = f"end it in {UNITS[unit]}" if unit else "take the unit off its end"
        told = unit_of_name(name) or "no unit"
        wrong = f"{show(name)} tells {told}, the unit is {unit or 'none'}"
        check.say(f"{where}.name", wrong, f"{ending}, or change the unit")


def _check_periods(check: Check, where: str, metric: dict[str, object]) -> None:
    right = True
    for key in ("every_ms", "report_ms"):
        right = key in metric and check.whole(f"{where}.{key}", metric[key], FASTEST_MS) and right
    if right and metric["report_ms"] < metric["every_ms"]:  # type: ignore[operator]  # both whole
        wrong = f"{metric['report_ms']} is shorter than every_ms"
        check.say(f"{where}.report_ms", wrong, f"write {metric['every_ms']} or more")


def _check_deadband(check: Check, where: str, deadband: object) -> None:
    right = False
    if isinstance(deadband, str) and deadband.endswith("%"):
        try:
            right = 0 < float(deadband[:-1]) <= 100
        except ValueError:
            right = False
    elif is_number(deadband):
        right = deadband >= 0  # type: ignore[operator]  # a number
    if not right:
        wrong = f"{show(deadband)} is no deadband"
        check.say(where, wrong, 'write a number ≥ 0 or a share of the reading such as "5%"')


def _check_ranges(check: Check, where: str, metric: dict[str, object]) -> None:
    sound: dict[str, Any] = {}
    for key in ("normal", "alarm"):
        value = metric.get(key)
        if value is not None and _is_range(check, f"{where}.{key}", value, metric.get("scale")):
            sound[key] = value
    if len(sound) < 2:
        return
    (low, high), (alarm_low, alarm_high) = sound["normal"], sound["alarm"]
    holds_low = alarm_low is None or (low is not None and alarm_low <= low)
    holds_high = alarm_high is None or (high is not None and alarm_high >= high)
    if not holds_low or not holds_high:
        wrong = f"{show(sound['alarm'])} does not contain normal"
        check.say(f"{where}.alarm", wrong, f"widen it to hold {show(sound['normal'])}")


def _is_range(check: Check, where: str, value: object, scale: object) -> bool:
    ends = value if isinstance(value, list) else []
    given = [end for end in ends if end is not None]
    if len(ends) != 2 or not given or not all(is_number(end) for end in given):
        wrong = f"{show(value)} is no range"
        return check.say(where, wrong, "write [low, high], null for an open end, or null")
    if len(given) == 2 and given[0] >= given[1]:
        return check.say(where, f"{show(value)} runs backwards", "write the lower end first")
    if scale == "log" and given[0] <= 0:
        wrong = f"{show(value)} cannot be drawn on a log scale"
        return check.say(where, wrong, 'write positive ends or "scale": "linear"')
    return True


def _check_values(check: Check, where: str, metric: dict[str, object]) -> None:
    values = metric.get("values")
    where = f"{where}.values"
    if metric.get("name") == "state" and values != list(STATES):
        check.say(where, "a state has other words", "write " + ", ".join(STATES))
    if "values" not in metric:
        return
    if metric.get("datatype") != "string":
        check.say(where, "only a string has them", "take the key out")
    elif not isinstance(values, list) or not values:
        check.say(where, f"{show(values)} is no list of words", "write them, or take the key out")
    else:
        _check_names(check, where, values)
        if len({str(value) for value in values}) < len(values):
            check.say(where, "a word is there twice", "write it once")


def _check_kind(check: Check, where: str, metric: dict[str, object]) -> None:
    """Words and yes/no have no size; a count only grows."""
    datatype, kind = metric.get("datatype"), metric.get("kind")
    if datatype in ("boolean", "string"):
        if kind in KINDS and kind != "event":
            check.say(f"{where}.kind", f"a {datatype} is no {kind}", 'write "event"')
        plain = {"unit": "", "deadband": 0, "normal": None, "alarm": None}
        what = f"a {datatype} has none"
    elif kind == "counter":
        plain = {"normal": None, "alarm": None}
        what = "a counter only grows"
        if isinstance(metric.get("deadband"), str):
            wrong = "a share of a counter grows with it"
            check.say(f"{where}.deadband", wrong, "write a number")
    else:
        return
    for key, value in plain.items():
        if key in metric and metric[key] != value:
            check.say(f"{where}.{key}", what, f"write {show(value)}")
    if metric.get("scale", "linear") != "linear":
        check.say(f"{where}.scale", what, "take the key out")
