"""What is told to the environmental authority about some minutes, an hour or a day, as HJ 212 writes it. Only what is
valid is told; of the rest the mark alone, which says why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from mes_server.domain import hj212
from mes_server.domain.discharge import Excluded, Hour, OutletDay, PollutantDay

WAITING, ACKNOWLEDGED, SUPERSEDED = "waiting", "acknowledged", "superseded"
HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Telling:
    """What is to be told: of a monitoring point `mn`, with a command, of the time `label` (14 digits)."""

    mn: str
    outlet: str
    command: str
    label: str
    cp: str


@dataclass(frozen=True, slots=True)
class Told:
    """An analyser in parts of a day, each as an hour is, and what was left out."""

    pollutant: str
    unit: str
    hours: tuple[Hour, ...]
    excluded: tuple[Excluded, ...]


@dataclass(frozen=True, slots=True)
class Parts:
    """A day of an outlet in parts of one size, that a command tells. `dark`: the beginnings of those of which nobody
    knows how much water there was."""

    outlet: str
    command: str
    size_ms: int
    pollutants: Sequence[Told]
    dark: frozenset[int] = frozenset()


def label_of(at_ms: int, zone: tzinfo) -> str:
    """A time in plant time, 14 digits."""
    return f"{datetime.fromtimestamp(at_ms / 1000, zone):%Y%m%d%H%M%S}"


def number_of(at_ms: int, zone: tzinfo) -> str:
    """A time with milliseconds, 17 digits: the number of a request."""
    return f"{label_of(at_ms, zone)}{at_ms % 1000:03d}"


def due_parts(parts: Parts, until_ms: int) -> list[int]:
    """The parts of a day, by their beginnings, that were over at a time."""
    found = {hour.from_ms for one in parts.pollutants for hour in one.hours}
    return sorted(at for at in found if at + parts.size_ms <= until_ms)


def part_telling(parts: Parts, at_ms: int, of: tuple[str, Mapping[str, Any]], facts: tuple[Mapping[str, str], tzinfo]) -> Telling:  # fmt: skip
    """An hour, or some minutes. `of`: the monitoring point, and the profile; `facts`: codes of pollutants, and the zone."""
    (mn, rules), (codes, zone) = of, facts
    groups = []
    volume = None
    dark = at_ms in parts.dark
    for one in parts.pollutants:
        hour = next((hour for hour in one.hours if hour.from_ms == at_ms), None)
        code = codes.get(one.pollutant, "")
        if hour is None or not code:
            continue
        volume = None if dark else hour.volume_m3
        mark = mark_of(one, hour, rules["marks"], parts.size_ms)
        if dark and mark == rules["marks"]["no_water"]:
            mark = rules["marks"]["silent"]
        groups.append(_told(code, (hour.low, hour.mean, hour.high), _load(one, hour), (mark, rules)))  # fmt: skip
    label = label_of(at_ms, zone)
    return _telling(parts.outlet, (mn, parts.command, label), (volume, groups), rules)


def day_telling(day: OutletDay, of: tuple[str, Mapping[str, Any]], facts: tuple[Mapping[str, str], tzinfo]) -> Telling:  # fmt: skip
    """A whole day."""
    (mn, rules), (codes, zone) = of, facts
    groups = []
    for one in day.pollutants:
        code = codes.get(one.pollutant, "")
        if code and (one.mean is not None or one.hours):
            mark = _day_mark(one, rules["marks"])
            groups.append(_told(code, (one.low, one.mean, one.high), one.load_kg, (mark, rules)))
    label = label_of(day.from_ms, zone)
    return _telling(day.outlet, (mn, hj212.DAY, label), (day.volume_m3, groups), rules)


@dataclass(frozen=True, slots=True)
class Reading:
    """What an instrument says now. `value`: None: nothing fresh; `mark`: how it stands."""

    code: str
    value: float | None
    mark: str


def now_telling(of: tuple[str, str, str], readings: Sequence[Reading], rules: Mapping[str, Any]) -> Telling:  # fmt: skip
    """The values of a moment. `of`: the monitoring point, the outlet, the moment (14 digits)."""
    mn, outlet, label = of
    groups = [
        hj212.group(one.code, [*([] if one.value is None else [("Rtd", _text(one.value, rules))]), ("Flag", one.mark)])
        for one in readings
    ]  # fmt: skip
    return Telling(mn, outlet, hj212.REALTIME, label, ";".join([f"DataTime={label}", *groups]))


def _telling(
    outlet: str, of: tuple[str, str, str], said: tuple[float | None, list[str]], rules: Mapping[str, Any]
) -> Telling:  # fmt: skip
    (mn, command, label), (volume, groups) = of, said
    marks = rules["marks"]
    water = [] if volume is None else [("Cou", _text(volume, rules))]
    water.append(("Flag", marks["silent"] if volume is None else marks["good"]))
    whole = [f"DataTime={label}", hj212.group(rules["water"], water), *groups]
    return Telling(mn, outlet, command, label, ";".join(whole))


def _told(
    code: str, figures: tuple[float | None, ...], load: float | None, of: tuple[str, Mapping[str, Any]]
) -> str:  # fmt: skip
    mark, rules = of
    names = ("Min", "Avg", "Max")
    valid = figures[1] is not None
    fields = [
        (name, _text(value, rules)) for name, value in zip(names, figures, strict=True) if valid and value is not None
    ]  # fmt: skip
    if load is not None and valid:
        fields.insert(0, ("Cou", _text(load, rules)))
    return hj212.group(code, [*fields, ("Flag", mark)])


def _text(value: float, rules: Mapping[str, Any]) -> str:
    return f"{value:.{int(rules['figures'])}f}"


def _load(one: Told, hour: Hour) -> float | None:
    """kg in the hour, or the minutes: mg/L times m³."""
    if hour.mean is None or one.unit != "mg/L":
        return None
    return hour.mean * hour.volume_m3 / 1000


def mark_of(
    one: Told | PollutantDay, hour: Hour, marks: Mapping[str, str], size_ms: int = HOUR_MS
) -> str:
    """Why an hour, or another part of the day, has no figure, by what was left out of it; N where it has one."""
    if hour.mean is not None:
        return marks["good"]
    ends = hour.from_ms + size_ms
    lost: dict[str, int] = {}
    for gone in one.excluded:
        over = min(gone.to_ms, ends) - max(gone.from_ms, hour.from_ms)
        if not gone.code and over > 0:
            lost[gone.reason] = lost.get(gone.reason, 0) + over
    known = [reason for reason in lost if reason in marks]
    if known:
        return marks[max(known, key=lambda reason: lost[reason])]
    return marks["no_water"] if hour.low is None and hour.volume_m3 == 0 else marks["silent"]


def _day_mark(one: PollutantDay, marks: Mapping[str, str]) -> str:
    if one.mean is not None:
        return marks["good"] if one.hours else marks["by_hand"]
    told = [mark_of(one, hour, marks) for hour in one.hours]
    return max(set(told), key=told.count) if told else marks["silent"]
