"""Numbers, ages and times as people read them. The API never passes through here.

Numbers look the same in zh and en: point for decimals, narrow blank between thousands.
"""

import math
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_datetime

from mes_server.web.words import Words
from schemas.station_types import MetricSpec

NOTHING = "–"
_BLANK = "\N{NARROW NO-BREAK SPACE}"
_MINUS = "\N{MINUS SIGN}"
_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_SIGNIFICANT = 4
_INTERPRETERS = {
    "micropython": "MicroPython",
    "cpython": "CPython",
    "circuitpython": "CircuitPython",
}
_AGE_STEPS = ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1000, "s"))

Value = float | int | bool | str | None


def decimals(spec: MetricSpec | None) -> int | None:
    """Digits after the point that the metric's deadband justifies; None: four significant ones."""
    deadband = spec.deadband if spec is not None else 0
    if isinstance(deadband, str) or deadband <= 0:
        return None
    return min(6, max(0, math.ceil(-math.log10(deadband) - 1e-9)))


def number_text(value: float, spec: MetricSpec | None = None) -> str:
    """A measured number with as many digits as its metric deserves."""
    if isinstance(value, int):
        return _grouped(value, 0)
    if not math.isfinite(value):
        return NOTHING
    size = abs(value)
    if size and (size < 1e-3 or size >= 1e7 or (_is_log(spec) and size < 0.1)):
        return _scientific(value)
    places = decimals(spec)
    if places is None:
        places = max(0, _SIGNIFICANT - 1 - math.floor(math.log10(size))) if size else 0
    return _grouped(value, places)


def _is_log(spec: MetricSpec | None) -> bool:
    return spec is not None and spec.scale == "log"


def _grouped(value: float, places: int) -> str:
    text = f"{value:,.{places}f}".replace("-", _MINUS)
    whole = text.partition(".")[0]
    return text.replace(",", _BLANK if len(whole.lstrip(_MINUS)) > 5 else "")


def _scientific(value: float) -> str:
    mantissa, _, exponent = f"{value:.1e}".partition("e")
    power = str(int(exponent)).translate(_RAISED)
    return f"{mantissa.replace('-', _MINUS)}×10{power}"


def value_text(words: Words, value: Value, spec: MetricSpec | None = None) -> str:
    """Any sample's value: numbers, on/off, and the word of a known state."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return words("value.true" if value else "value.false")
    if isinstance(value, str):
        return words.known("state", value) if spec is not None and spec.name == "state" else value
    return number_text(value, spec)


def span_text(words: Words, span_ms: float | None) -> str:
    """A span in its largest unit: 3 s, 12 min, 5 h, 40 d."""
    if span_ms is None:
        return NOTHING
    span = max(0, int(span_ms))
    for size, unit in _AGE_STEPS:
        if span >= size:
            return words(f"js.age.{unit}", n=span // size)
    return words("js.age.s", n=0)


def time_text(words: Words, at_ms: float | None, zone: ZoneInfo, seconds: bool = True) -> str:
    """Plant time, sortable; the page names the zone once."""
    if at_ms is None:
        return NOTHING
    moment = datetime.fromtimestamp(at_ms / 1000, UTC)
    pattern = "yyyy-MM-dd HH:mm:ss" if seconds else "yyyy-MM-dd HH:mm"
    return format_datetime(moment, pattern, tzinfo=zone, locale=words.locale)


def zone_text(zone: ZoneInfo, now_ms: int) -> str:
    """The zone's name with its offset now, as in `Asia/Shanghai (UTC+08:00)`."""
    offset = datetime.fromtimestamp(now_ms / 1000, zone).strftime("%z")
    return f"{zone.key} (UTC{offset[:3]}:{offset[3:]})"


def iso_text(at_ms: float) -> str:
    """ISO 8601 in UTC with milliseconds, for machines."""
    moment = datetime.fromtimestamp(at_ms / 1000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


def bytes_text(count: float | None) -> str:
    """Bytes in the unit that leaves one to three digits before the point."""
    if count is None:
        return NOTHING
    size = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if abs(size) < 1000:
            return (
                f"{size:.0f}{_BLANK}{unit}"
                if size >= 100 or unit == "B"
                else f"{size:.1f}{_BLANK}{unit}"
            )
        size /= 1000
    return f"{size:.1f}{_BLANK}TB"


def interpreter_text(name: str | None) -> str:
    """`micropython 1.25.0` as its makers write it."""
    kind, _, version = (name or NOTHING).partition(" ")
    return f"{_INTERPRETERS.get(kind, kind)} {version}".rstrip()


def limits_text(limits: tuple[float | None, float | None] | None, spec: MetricSpec) -> str:
    """A normal or alarm range: `20–1090`, `≤ 5`, `≥ 0.1`."""
    low, high = limits or (None, None)
    if low is not None and high is not None:
        return f"{_limit(low, spec)} … {_limit(high, spec)}"
    if high is not None:
        return f"≤{_BLANK}{_limit(high, spec)}"
    if low is not None:
        return f"≥{_BLANK}{_limit(low, spec)}"
    return NOTHING


def _limit(value: float, spec: MetricSpec) -> str:
    if value and (abs(value) < 1e-3 or abs(value) >= 1e7 or (_is_log(spec) and abs(value) < 0.1)):
        return _scientific(value)
    return _grouped(value, 0) if float(value).is_integer() else f"{value:g}".replace("-", _MINUS)


def mass_text(mass_mg: int) -> str:
    """A mass in the unit that leaves it readable: 512 kg, 1.25 kg, 830 g, 12 mg."""
    for size, unit in ((1_000_000, "kg"), (1000, "g")):
        if abs(mass_mg) >= size:
            return f"{_short(mass_mg / size)}{_BLANK}{unit}"
    return f"{_grouped(mass_mg, 0)}{_BLANK}mg"


def area_text(area_mm2: int) -> str:
    """An area in m², below a hundredth of one in cm²."""
    if area_mm2 >= 10_000:
        return f"{_short(area_mm2 / 1_000_000)}{_BLANK}m²"
    return f"{_short(area_mm2 / 100)}{_BLANK}cm²"


def _short(value: float) -> str:
    """Three digits behind the point at most, and none that say nothing."""
    size = abs(value)
    text = _grouped(value, 0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 10 else 3)
    return text.rstrip("0").rstrip(".") if "." in text else text


def share_text(ppm: int | None) -> str:
    """Millionths as per cent, never rounded up to the whole."""
    if ppm is None:
        return NOTHING
    text = f"{ppm // 100 / 100:.2f}".rstrip("0").rstrip(".")
    return f"{text}{_BLANK}%"
