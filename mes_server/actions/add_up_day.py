"""A working day added up: what each meter counted and each stream carried, shared out among runs and lots."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection

from mes_server.actions.gather_meters import comparison_row, is_read_by_hand, meter_curve
from mes_server.actions.gather_outlet_loads import outlet_loads
from mes_server.actions.gather_sludge import weighed_sludge
from mes_server.actions.gather_water_day import (
    RunThen,
    Span,
    load_mg,
    runs_of_day,
    strengths_of,
    volumes_of,
)
from mes_server.actions.gather_waterworks import pollutants_on, waterworks_at
from mes_server.domain.allocation import BY_AREA, Shared, Stint, share_by, share_meter, weights_of
from mes_server.domain.footprints import (
    AFTER,
    BEFORE,
    DRAINED,
    SETTLED,
    FootprintDay,
    Remark,
    RunDay,
    stint_of,
)
from mes_server.domain.pollutant_loads import (
    Carried,
    DayWater,
    drained,
    lines_of_stream,
    loads_after,
    loads_before,
)
from mes_server.domain.waterworks import BY_LOAD, BY_RUN, BY_VOLUME, WATER, Meter, Waterworks


@dataclass(slots=True)
class _Sums:
    """What was found so far; `known`: kinds by line of which all is known, `unknown`: of which something is not."""

    stints: list[Stint]
    figures: dict[str, dict[str, int]]
    totals: dict[str, int] = field(default_factory=dict)
    unallocated: dict[str, int] = field(default_factory=dict)
    known: dict[str, set[str]] = field(default_factory=dict)
    unknown: dict[str, set[str]] = field(default_factory=dict)
    missing: list[Remark] = field(default_factory=list)
    notes: list[Remark] = field(default_factory=list)

    def put(self, key: str, shared: Shared) -> None:
        """Keep how something was shared."""
        self.totals[key] = shared.whole
        if shared.unallocated:
            self.unallocated[key] = shared.unallocated
        for run, part in shared.runs.items():
            self.figures[run][key] = part

    def mark(self, lines: tuple[str, ...], kind: str, is_known: bool) -> None:
        """All of a kind is known of these lines, or something is not."""
        for line in lines:
            (self.known if is_known else self.unknown).setdefault(line, set()).add(kind)

    def knows(self, line: str) -> tuple[str, ...]:
        """The kinds of which nothing is missing."""
        return tuple(sorted(self.known.get(line, set()) - self.unknown.get(line, set())))


def add_up_day(conn: Connection, span: Span) -> FootprintDay | None:
    """As all is known now; None: there were no waterworks yet."""
    _from_ms, to_ms = span.ends
    works = waterworks_at(conn, min(to_ms - 1, span.now_ms))
    if works is None:
        return None
    runs = runs_of_day(conn, works, span)
    stints = [stint_of(r.run.code, r.run.station, r.run.operation, (r.from_ms, r.to_ms), r.lots) for r in runs]  # fmt: skip
    sums = _Sums(stints, {one.run: {} for one in stints})
    fresh = _own_meters(conn, works, span, sums)
    water, samples = _water(conn, works, span, (fresh, stints))
    _drain(works, water, sums)
    loads = _carry(works, water, span, sums)
    _shared_meters(conn, works, span, (sums, loads))
    days = tuple(_run_day(one, sums) for one in runs)
    names = {one.code: one.name for one in works.meters if one.name}
    return FootprintDay(
        span.day, works.name, days, sums.totals, sums.unallocated, tuple(sums.missing),
        tuple(sums.notes), samples, names,
    )  # fmt: skip


def _run_day(one: RunThen, sums: _Sums) -> RunDay:
    mine = [stint for stint in sums.stints if stint.station == one.run.station]
    return RunDay(
        one.run.code, one.run.station, one.run.operation, one.from_ms, one.to_ms, one.lots,
        sums.figures[one.run.code], sums.knows(one.run.station), weights_of(mine)[1],
    )  # fmt: skip


def _own_meters(
    conn: Connection, works: Waterworks, span: Span, sums: _Sums
) -> dict[str, int | None]:
    """The meters of single lines; mL of fresh water by line, None: not metered or not heard."""
    fresh: dict[str, int | None] = {one.station: None for one in works.lines}
    for meter in works.meters:
        if meter.share != BY_RUN:
            continue
        mine = [one for one in sums.stints if one.station in meter.serves]
        curve = meter_curve(conn, meter, *span.ends)
        shared = share_meter(curve, span.ends, mine)
        _judge(meter, shared, sums)
        if (curve.gone(*span.ends) or (0, 0))[1]:
            by_hand = is_read_by_hand(conn, meter)
            rule = "meter_is_read_by_hand" if by_hand else "meter_has_a_gap"
            sums.notes.append((rule, {"meter": meter.code}))
        if shared is not None and meter.kind == WATER and len(meter.serves) == 1:
            (line,) = meter.serves
            fresh[line] = (fresh.get(line) or 0) + shared.whole
    return fresh


def _judge(meter: Meter, shared: Shared | None, sums: _Sums) -> None:
    sums.mark(meter.serves, meter.kind, shared is not None)
    if shared is None:
        sums.missing.append(("meter_is_silent", {"meter": meter.code}))
    else:
        sums.put(f"{meter.kind}:{meter.code}", shared)


def _water(
    conn: Connection,
    works: Waterworks,
    span: Span,
    known: tuple[Mapping[str, int | None], list[Stint]],
) -> tuple[DayWater, dict[str, int]]:
    fresh, stints = known
    areas = {one.station: 0 for one in works.lines}
    for one in stints:
        areas[one.station] += one.area_mm2
    volumes = volumes_of(conn, works, span)
    loads: dict[tuple[str, str], int] = {}
    samples: dict[str, int] = {}
    for place in works.streams:
        if place.code not in volumes:
            continue
        for pollutant, (strength, count) in strengths_of(conn, place.code, span).items():
            loads[place.code, pollutant] = load_mg(volumes[place.code], strength)
            samples[f"{place.code}/{pollutant}"] = count
    for outlet in works.outlets:
        for pollutant, mg in outlet_loads(conn, outlet, span, volumes.get(outlet.code)).items():
            loads[outlet.code, pollutant] = mg
    return DayWater(volumes, loads, fresh, areas), samples


def _drain(works: Waterworks, water: DayWater, sums: _Sums) -> None:
    for line, by_stream in drained(works, water).items():
        drains = next(one.drains for one in works.lines if one.station == line)
        sums.mark((line,), DRAINED, set(drains) <= set(water.volumes))
        for stream, ml in by_stream.items():
            _add(sums, f"{DRAINED}:{stream}", share_by(ml, {line: 1}, sums.stints))
    for place in works.streams:
        volume = water.volumes.get(place.code)
        if volume is None:
            sums.missing.append(("stream_is_silent", {"stream": place.code}))
            continue
        _rest(sums, f"{DRAINED}:{place.code}", volume)
        if sum(place.code in one.drains for one in works.lines) > 1:
            by = lines_of_stream(works, water, place.code)[1]
            sums.notes.append(("stream_is_split", {"stream": place.code, "by": by}))


def _add(sums: _Sums, key: str, shared: Shared) -> None:
    """Like put, of something that several lines have a part of."""
    sums.totals[key] = sums.totals.get(key, 0) + shared.whole
    if shared.unallocated:
        sums.unallocated[key] = sums.unallocated.get(key, 0) + shared.unallocated
    for run, part in shared.runs.items():
        sums.figures[run][key] = sums.figures[run].get(key, 0) + part


def _rest(sums: _Sums, key: str, whole: int) -> None:
    """What no line had a part of is nobody's."""
    left = whole - sums.totals.get(key, 0)
    if left:
        sums.totals[key] = whole
        sums.unallocated[key] = sums.unallocated.get(key, 0) + left


def _carry(works: Waterworks, water: DayWater, span: Span, sums: _Sums) -> dict[str, dict[str, int]]:  # fmt: skip
    """Loads before and after treatment and in sludge; mg before treatment by pollutant and line."""
    row = comparison_row(span.ends[0])
    said = pollutants_on(span.day)
    found = {}
    for pollutant in sorted({*row["pollutants"], *(name for _, name in water.loads)}):
        first = bool(said.get(pollutant, {}).get("first_class"))
        before = loads_before(works, water, pollutant)
        after = loads_after(works, water, pollutant, first)
        found[pollutant] = dict(before.lines)
        _loads(works, sums, f"{BEFORE}:{pollutant}", before)
        _loads(works, sums, f"{AFTER}:{pollutant}", after)
        if pollutant in row["settles_in_sludge"]:
            both = before.lines.keys() & after.lines.keys()
            rest = {line: before.lines[line] - after.lines[line] for line in sorted(both)}
            _loads(works, sums, f"{SETTLED}:{pollutant}", Carried(rest, sum(rest.values())))
    return found


def _loads(works: Waterworks, sums: _Sums, key: str, carried: Carried) -> None:
    for line in (one.station for one in works.lines):
        sums.mark((line,), key, line in carried.lines)
        if line in carried.lines:
            _add(sums, key, share_by(carried.lines[line], {line: 1}, sums.stints))
    _rest(sums, key, carried.whole)


def _shared_meters(
    conn: Connection,
    works: Waterworks,
    span: Span,
    known: tuple[_Sums, Mapping[str, Mapping[str, int]]],
) -> None:
    """The meters of several lines: by what they drained, or by their load of a pollutant."""
    sums, loads = known
    for meter in works.meters:
        if meter.share not in (BY_VOLUME, BY_LOAD):
            continue
        told = meter_curve(conn, meter, *span.ends).gone(*span.ends)
        _share(meter, None if told is None else sum(told), sums, loads)
    for meter, mg in weighed_sludge(conn, works, span):
        _share(meter, mg, sums, loads)


def _share(
    meter: Meter, amount: int | None, sums: _Sums, loads: Mapping[str, Mapping[str, int]]
) -> None:
    shared = None
    if amount is not None:
        weights, by = _weights(meter, sums, loads)
        shared = share_by(amount, weights, sums.stints)
        sums.notes.append(("meter_is_shared", {"meter": meter.code, "by": by}))
    _judge(meter, shared, sums)


def _weights(
    meter: Meter, sums: _Sums, loads: Mapping[str, Mapping[str, int]]
) -> tuple[dict[str, int], str]:
    told = loads.get(meter.by, {})
    if meter.share == BY_LOAD and set(meter.serves) <= set(told):
        return {line: told[line] for line in meter.serves}, meter.by
    volumes = dict.fromkeys(meter.serves, 0)
    for one in sums.stints:
        if one.station in volumes:
            figures = sums.figures[one.run].items()
            volumes[one.station] += sum(n for key, n in figures if key.startswith(f"{DRAINED}:"))
    if any(volumes.values()):
        return volumes, "volume"
    mine = [one for one in sums.stints if one.station in volumes]
    return {line: sum(one.area_mm2 for one in mine if one.station == line) for line in volumes}, BY_AREA  # fmt: skip
