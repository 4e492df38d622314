"""Grams by line on a day: before treatment by stream, after it by outlet, and what must have settled in between.

A stream that several lines drain into is split by the water each took in, where all of them are metered; else by
area. A pollutant of a stream without a result is not known, and then neither is it of the lines that drain into it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from mes_server.domain.allocation import split
from mes_server.domain.waterworks import Waterworks

BY_WATER, BY_AREA = "water", "area"


@dataclass(frozen=True, slots=True)
class DayWater:
    """What is known of a day. `volumes`: mL by place; `loads`: mg by (place, pollutant), of streams and outlets.

    `fresh`: mL by line, None: not metered; `areas`: mm² by line.
    """

    volumes: Mapping[str, int]
    loads: Mapping[tuple[str, str], int]
    fresh: Mapping[str, int | None]
    areas: Mapping[str, int]

    def load(self, place: str, pollutant: str) -> int | None:
        """mg; of a place through which no water went 0."""
        return 0 if self.volumes.get(place) == 0 else self.loads.get((place, pollutant))


@dataclass(frozen=True, slots=True)
class Carried:
    """mg. `lines`: of those all of whose streams are known; `whole`: of all streams that are known."""

    lines: Mapping[str, int]
    whole: int


def lines_of_stream(works: Waterworks, water: DayWater, stream: str) -> tuple[dict[str, int], str]:
    """What the lines of a stream share it by, and how that was found."""
    lines = [one.station for one in works.lines if stream in one.drains]
    taken = {one: water.fresh.get(one) for one in lines}
    known = {one: ml for one, ml in taken.items() if ml is not None}
    if len(known) == len(taken) and sum(known.values()) > 0:
        return known, BY_WATER
    return {one: water.areas.get(one, 0) for one in lines}, BY_AREA


def drained(works: Waterworks, water: DayWater) -> dict[str, dict[str, int]]:
    """mL by line and stream."""
    found: dict[str, dict[str, int]] = {one.station: {} for one in works.lines}
    for place in works.streams:
        volume = water.volumes.get(place.code)
        if volume is None:
            continue
        weights, _ = lines_of_stream(works, water, place.code)
        for line, part in split(volume, weights).items():
            found[line][place.code] = part
    return found


def _shared(works: Waterworks, water: DayWater, amounts: Mapping[str, int]) -> dict[str, int]:
    """mg by line, of mg by stream."""
    found: dict[str, int] = {}
    for stream, amount in amounts.items():
        for line, part in split(amount, lines_of_stream(works, water, stream)[0]).items():
            found[line] = found.get(line, 0) + part
    return found


def loads_before(works: Waterworks, water: DayWater, pollutant: str) -> Carried:
    """As it came to treatment."""
    told = {one.code: water.load(one.code, pollutant) for one in works.streams}
    return _carried(works, water, {code: mg for code, mg in told.items() if mg is not None})


def _carried(works: Waterworks, water: DayWater, amounts: Mapping[str, int]) -> Carried:
    """Of mg by stream."""
    shared = _shared(works, water, amounts)
    lines = [one.station for one in works.lines if set(one.drains) <= set(amounts)]
    return Carried({line: shared.get(line, 0) for line in lines}, sum(amounts.values()))


def loads_after(works: Waterworks, water: DayWater, pollutant: str, first: bool) -> Carried:
    """What outlets discharged. `first`: judged at the first outlet on the way, else at the last.

    An outlet's load is shared by its streams as they came in; what another outlet answers for is taken off before.
    """
    streams = {one.code: water.load(one.code, pollutant) for one in works.streams}
    outlet = {code: _outlet(works, water, (code, pollutant), first) for code in streams}
    amounts: dict[str, int] = {}
    for name in sorted(set(outlet.values()) - {""}):
        mine = {code: streams[code] for code in streams if outlet[code] == name}
        known = {code: mg for code, mg in mine.items() if mg is not None}
        if len(known) == len(mine):
            left = _own_load(works, water, (name, pollutant), set(outlet.values()))
            amounts |= split(left, known) or dict.fromkeys(known, 0)
    return _carried(works, water, amounts)


def _outlet(works: Waterworks, water: DayWater, of: tuple[str, str], first: bool) -> str:
    """The outlet that answers for a stream, "": none that was measured."""
    stream, pollutant = of
    codes = {one.code for one in works.outlets}
    found = [code for code in works.way(stream) if code in codes]
    measured = [code for code in found if water.load(code, pollutant) is not None]
    return (measured[0] if first else measured[-1]) if measured else ""


def _own_load(works: Waterworks, water: DayWater, of: tuple[str, str], answering: set[str]) -> int:
    """What an outlet discharged, less what outlets before it answer for; never below nothing."""
    name, pollutant = of
    earlier = [code for code in answering - {name, ""} if name in works.way(code)]
    whole = (water.load(name, pollutant) or 0) - sum(
        water.load(code, pollutant) or 0 for code in earlier
    )
    return max(whole, 0)


def shared_streams(works: Waterworks) -> list[str]:
    """The streams that lines of several operations drain into: their loads are split, not measured, by line."""
    found: dict[str, set[str]] = {}
    for line in works.lines:
        for code in line.drains:
            found.setdefault(code, set()).add(line.operation)
    return sorted(code for code, operations in found.items() if len(operations) > 1)
