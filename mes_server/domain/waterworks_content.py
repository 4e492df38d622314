"""Whether what somebody wrote about the waterworks, or in the permit of an outlet, can be released: each fault a sentence."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from mes_server.domain.decimals import figure_or_none
from mes_server.domain.documents import head_faults
from mes_server.domain.permits import AVERAGINGS, DISCHARGES
from mes_server.domain.shapes import OBJECT, TEXT, TEXTS, shape_faults
from mes_server.domain.waterworks import (
    BY_LOAD,
    BY_RUN,
    LAYERS,
    METER_KINDS,
    NOT_SHARED,
    PASSING,
    PLACES,
    SHARES,
)

_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_HEAD = {"code", "revision", "title", "source", "note"}
_PLACE = {"code", "kind", "title", "station", "to"}
_LINE = {"station", "operation", "layers", "drains"}
_METER = {
    "code",
    "kind",
    "name",
    "station",
    "metric",
    "factor",
    "rolls_at",
    "serves",
    "share",
    "by",
}
_LIMIT = {"pollutant", "averaging", "low", "high", "unit"}
_PERMIT = {"outlet", "discharge", "authority", "sets", "limits", "day_starts", "dilution", "mn", "holds_lots"}  # fmt: skip
Said = Mapping[str, Any]


def _unknown(where: str, said: Said, known: Collection[str]) -> list[str]:
    unknown = ", ".join(sorted(set(map(str, said)) - set(known)))
    return [f"{where}no such field: {unknown}"] if unknown else []


def _texts(where: str, said: Said, names: Collection[str]) -> list[str]:
    return [
        f"{where}{name}: write a text"
        for name in names
        if not isinstance(said.get(name), str) or not said[name].strip()
    ]


def _listed(said: Said, name: str) -> tuple[list[Said], list[str]]:
    """The objects of a list, and what is wrong with it as a list."""
    found = said.get(name)
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        return [], [f"{name}: write a list of objects"]
    return found, []


def waterworks_faults(content: Said, pollutants: Collection[str]) -> list[str]:
    """What is wrong with the waterworks before they are released."""
    faults = head_faults(content)
    faults += _unknown("", content, _HEAD | {"places", "lines", "meters"})
    places, bad_places = _listed(content, "places")
    lines, bad_lines = _listed(content, "lines")
    meters, bad_meters = _listed(content, "meters")
    faults += bad_places + bad_lines + bad_meters
    codes = [str(one.get("code")) for one in places]
    for i, one in enumerate(places):
        faults += _place_faults(f"places[{i}].", one, codes)
    streams = [str(one["code"]) for one in places if one.get("kind") == "stream"]
    for i, one in enumerate(lines):
        faults += _line_faults(f"lines[{i}].", one, streams)
    stations = [str(one.get("station")) for one in lines]
    for i, one in enumerate(meters):
        faults += _meter_faults(f"meters[{i}].", one, (stations, pollutants))
    for name, said in (("places", codes), ("meters", [str(one.get("code")) for one in meters])):
        if len(set(said)) != len(said):
            faults.append(f"{name}: write each code once")
    if len(set(stations)) != len(stations):
        faults.append("lines: write each station once")
    if not places:
        faults.append("places: write at least one outlet: kind workshop or plant")
    return faults or _circle_faults(places)


def _place_faults(where: str, one: Said, codes: Collection[str]) -> list[str]:
    faults = _unknown(where, one, _PLACE) + _texts(where, one, ("code",))
    faults += [f"{where}{fault}" for fault in shape_faults(one, {"title": OBJECT, "station": TEXT, "to": TEXT})]  # fmt: skip
    title = one.get("title")
    if not isinstance(title, dict) or not all(title.get(lang) for lang in ("en", "zh")):
        faults.append(f'{where}title: write {{"en": "…", "zh": "…"}}')
    if one.get("kind") not in PLACES:
        faults.append(f"{where}kind: write one of {', '.join(PLACES)}")
    if one.get("to", "") not in ("", *codes):
        faults.append(f"{where}to: {one['to']} is no place; write one of {', '.join(codes)}")
    if one.get("kind") == "stream" and not one.get("to"):
        faults.append(f"{where}to: say where the stream goes")
    if one.get("kind") in ("workshop", "plant") and not one.get("station"):
        faults.append(f"{where}station: name the station that measures the outlet")
    return faults


def _circle_faults(places: Collection[Said]) -> list[str]:
    to = {str(one["code"]): str(one.get("to", "")) for one in places}
    faults = []
    for code in to:
        seen, here = {code}, to[code]
        while here and here not in seen:
            seen.add(here)
            here = to[here]
        if here == code:
            faults.append(f"places: the water of {code} comes back to it")
    if not any(one["kind"] in ("workshop", "plant") for one in places):
        faults.append("places: write at least one outlet: kind workshop or plant")
    return faults


def _line_faults(where: str, one: Said, streams: Collection[str]) -> list[str]:
    faults = _unknown(where, one, _LINE) + _texts(where, one, ("station", "operation"))
    if one.get("layers", "") not in LAYERS:
        faults.append(f'{where}layers: write multi, single, or "" for none')
    drains = one.get("drains")
    if not isinstance(drains, list) or not set(map(str, drains)) <= set(streams):
        faults.append(f"{where}drains: write a list of streams: {', '.join(streams)}")
    return faults


def _meter_faults(
    where: str, one: Said, known: tuple[Collection[str], Collection[str]]
) -> list[str]:
    stations, pollutants = known
    faults = _unknown(where, one, _METER) + _texts(where, one, ("code", "station", "metric"))
    if one.get("kind") not in METER_KINDS:
        faults.append(f"{where}kind: write one of {', '.join(METER_KINDS)}")
    faults += [
        f'{where}{name}: write a text of a figure above 0, such as "0.001"'
        for name in ("factor", "rolls_at")
        if name in one and (figure_or_none(one[name]) or 0) <= 0
    ]
    serves, share = one.get("serves"), one.get("share", BY_RUN)
    if (one.get("kind") == PASSING) != (share == NOT_SHARED):
        faults.append(f"{where}share: write none for what passes a place, and for nothing else")
    if share == NOT_SHARED and serves == []:
        return faults
    if not isinstance(serves, list) or not serves or not set(map(str, serves)) <= set(stations):
        return [*faults, f"{where}serves: write a list of lines: {', '.join(stations)}"]
    if share not in SHARES:
        faults.append(f"{where}share: write one of {', '.join(SHARES)}")
    if share == BY_RUN and len(serves) > 1:
        faults.append(f"{where}share: it serves several lines; write volume or load")
    if share == BY_LOAD and one.get("by") not in pollutants:
        faults.append(f"{where}by: name the pollutant: one of {', '.join(sorted(pollutants))}")
    return faults


def permit_faults(
    content: Said, sets: Collection[str], pollutants: Mapping[str, Said]
) -> list[str]:
    """What is wrong with a permit before it is released. `sets`: the discharge sets there are."""
    faults = head_faults(content) + _unknown("", content, _HEAD | _PERMIT)
    faults += _texts("", content, ("outlet",))
    faults += shape_faults(content, {"authority": TEXT, "mn": TEXT, "dilution": TEXTS})
    if content.get("discharge") not in DISCHARGES:
        faults.append(f"discharge: write one of {', '.join(DISCHARGES)}")
    if not _TIME.fullmatch(str(content.get("day_starts", "00:00"))):
        faults.append('day_starts: write a time of plant clocks, such as "08:00"')
    if not isinstance(content.get("holds_lots", False), bool):
        faults.append("holds_lots: write true or false")
    return faults + _set_faults(content, sets) + _own_faults(content, pollutants)


def _set_faults(content: Said, sets: Collection[str]) -> list[str]:
    applied, faults = _listed(content, "sets")
    for i, one in enumerate(applied):
        where = f"sets[{i}]."
        faults += _unknown(where, one, {"set", "operations"})
        faults += [f"{where}{fault}" for fault in shape_faults(one, {"operations": TEXTS})]
        if one.get("set") not in sets:
            faults.append(f"{where}set: write one of {', '.join(sorted(sets))}")
    if not applied and not content.get("limits") and not faults:
        faults.append("sets: an outlet without a limit judges nothing; name a set or write limits")
    return faults


def _own_faults(content: Said, pollutants: Mapping[str, Said]) -> list[str]:
    own, faults = _listed({"limits": [], **content}, "limits")
    for i, one in enumerate(own):
        faults += _limit_faults(f"limits[{i}].", one, pollutants)
    keys = [(str(one.get("pollutant")), str(one.get("averaging"))) for one in own]
    if len(set(keys)) != len(keys):
        faults.append("limits: write each pollutant and averaging once")
    return faults


def _limit_faults(where: str, one: Said, pollutants: Mapping[str, Said]) -> list[str]:
    faults = _unknown(where, one, _LIMIT)
    known = pollutants.get(str(one.get("pollutant")))
    if known is None:
        return [*faults, f"{where}pollutant: write one of {', '.join(sorted(pollutants))}"]
    if one.get("unit") != known["unit"]:
        faults.append(f"{where}unit: write {known['unit']}: nothing is converted")
    if one.get("averaging") not in AVERAGINGS:
        faults.append(f"{where}averaging: write one of {', '.join(AVERAGINGS)}")
    given = {name: figure_or_none(one[name]) for name in ("low", "high") if name in one}
    if not given or None in given.values():
        faults.append(f'{where}high: write low, high, or both as texts, such as "0.5"')
    elif len(given) == 2 and given["low"] > given["high"]:  # type: ignore[operator]  # both are figures
        faults.append(f"{where}low: it is above high")
    return faults
