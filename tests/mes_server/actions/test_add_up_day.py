"""A working day of the lines is added up to the last millilitre, and again when anything of it changed.

The whole of gather_meters, gather_water_day, gather_outlet_loads, pollutant_loads, footprints and their store.
"""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from sqlalchemy import Engine

from mes_server.actions.add_up_day import add_up_day
from mes_server.actions.append_history import merge_all
from mes_server.actions.close_days import close_days, mark_of_day
from mes_server.actions.gather_meters import meter_span
from mes_server.actions.gather_outlet_loads import outlet_loads
from mes_server.actions.gather_sludge import came_between, weighed_sludge
from mes_server.actions.gather_water_day import Span
from mes_server.actions.gather_waterworks import waterworks_at
from mes_server.domain.footprints import FootprintDay, as_content, day_from
from mes_server.domain.water_records import waste_stream
from mes_server.store.engine import reading
from mes_server.store.footprints import days_between
from tests.mes_server.actions.coating_floor import (
    COAT,
    DAY0_MS,
    DAY_MS,
    MIN,
    PLATE,
    STRIP,
    CoatingFloor,
)

DAY = "2026-02-16"
SPAN = Span(DAY, "UTC", DAY0_MS + 2 * DAY_MS)
M2 = 1_000_000


@pytest.fixture
def floor(engine: Engine) -> CoatingFloor:
    """Two runs on each line, water while they last, a little at night."""
    floor = CoatingFloor(engine).open()
    busy = np.zeros((2, 1440))
    for line, (begun, ended) in ((0, (480, 600)), (0, (700, 800)), (1, (480, 540)), (1, (900, 940))):  # fmt: skip
        busy[line, begun:ended] = 1
    for line, station, stream, per_minute in ((0, "pl-1", "s-ni", 0.006), (1, "ph-1", "s-ph", 0.004)):  # fmt: skip
        flow = busy[line] * per_minute + 0.0001
        floor.flow(station, "water_m3", flow)
        floor.flow(stream, "total_m3", flow)
        floor.flow(station, "energy_kwh", busy[line] * 0.5 + 0.1)
    floor.flow("t-ni", "energy_kwh", np.full(1440, 0.05))
    floor.flow("t-ni", "sludge_kg", np.full(1440, 0.01))
    floor.flow("o-shop", "total_m3", busy[0] * 0.006 + 0.0001)
    floor.flow("o-plant", "total_m3", busy.sum(axis=0) * 0.005 + 0.0002)
    floor.coat("pl-1", PLATE, (480, 600), 3 * M2)
    floor.coat("pl-1", PLATE, (700, 800), 1 * M2)
    floor.coat("ph-1", COAT, (480, 540), 5 * M2)
    floor.coat("ph-1", COAT, (900, 940), 5 * M2)
    floor.sample("s-ni", DAY0_MS + 500 * MIN, ni=40.0, tp=0.5)
    floor.sample("s-ph", DAY0_MS + 500 * MIN, ni=0.0, tp=30.0)
    floor.sample("o-shop", DAY0_MS + 500 * MIN, ni=0.2)
    floor.sample("o-plant", DAY0_MS + 500 * MIN, ni=0.1, tp=0.4)
    return floor


def day(floor: CoatingFloor, span: Span = SPAN) -> FootprintDay:
    with reading(floor.engine) as conn:
        found = add_up_day(conn, span)
    assert found is not None
    return found


def test_every_figure_adds_up_to_its_meter(floor: CoatingFloor) -> None:
    found = day(floor)
    assert [one.operation for one in found.runs] == ["electroplating"] * 2 + ["phosphating"] * 2
    assert found.missing == ()
    for key, whole in found.totals.items():
        of_runs = sum(one.figures.get(key, 0) for one in found.runs)
        assert of_runs + found.unallocated.get(key, 0) == whole, key
        for one in found.runs:
            lots = [one.of_lot(lot.lot).get(key, 0) for lot in one.lots]
            assert sum(lots) == one.figures.get(key, 0), (key, "of the lots")
    assert found.totals["water:w-pl-1"] == pytest.approx(1_464_000, abs=2)
    assert found.totals["electricity:e-t"] == 72_000
    assert found.unallocated == {}
    first = found.runs[0]
    assert first.figures["water:w-pl-1"] == 732_000 + 122_000 * 3 // 4
    assert day_from(as_content(found)) == found


def test_loads_before_after_and_in_sludge_are_those_of_streams_and_outlets(
    floor: CoatingFloor,
) -> None:
    found = day(floor)
    plating, coating = found.runs[:2], found.runs[2:]
    ni = sum(one.total("before:ni") for one in plating)
    assert ni == pytest.approx(40 * 1464, abs=2)
    assert sum(one.total("after:ni") for one in plating) == pytest.approx(0.2 * 1464, abs=1)
    assert sum(one.total("settled:ni") for one in plating) == pytest.approx(39.8 * 1464, abs=2)
    assert [one.total("before:ni") for one in coating] == [0, 0]
    assert "before:ni" in coating[0].known, "a result of none is a result"
    tp = found.totals["after:tp"]
    plant_m3 = 1.6 + 0.288
    assert tp == pytest.approx(0.4 * plant_m3 * 1000, abs=2), "what is not judged first counts where it leaves"  # fmt: skip
    part = sum(one.total("after:tp") for one in coating) / tp
    before = {"pl": 0.5 * 1464, "ph": 30 * 544}
    assert part == pytest.approx(before["ph"] / sum(before.values()), abs=0.001)
    assert sum(one.total("sludge") for one in coating) == 0, "sludge goes by the load of nickel"
    assert "before:cod" not in plating[0].known


def test_an_outlet_is_known_as_its_day_was_judged_or_by_the_laboratory(floor: CoatingFloor) -> None:
    with reading(floor.engine) as conn:
        works = waterworks_at(conn, SPAN.now_ms)
        assert works is not None
        outlet = works.place("o-plant")
        assert outlet is not None
        found = outlet_loads(conn, outlet, SPAN, 1_888_000)
        assert found["tp"] == pytest.approx(0.4 * 1888, abs=2)
        assert outlet_loads(conn, replace(outlet, code="o-no", station="no"), SPAN, None) == {}


def test_a_silent_meter_is_missing_and_no_zero(floor: CoatingFloor) -> None:
    with reading(floor.engine) as conn:
        works = waterworks_at(conn, SPAN.now_ms)
        assert works is not None
        (meter,) = [one for one in works.meters if one.code == "w-pl-1"]
        silent = replace(meter, metric="nothing")
        assert meter_span(conn, silent, *SPAN.ends).amount is None
        told = meter_span(conn, meter, SPAN.ends[0] + 480 * MIN, SPAN.ends[0] + 600 * MIN)
        assert told.amount == pytest.approx(Decimal("0.732"), abs=Decimal("0.001"))
    later = Span("2026-02-18", "UTC", DAY0_MS + 5 * DAY_MS)
    found = day(floor, later)
    silent_meters = {facts["meter"] for rule, facts in found.missing if rule == "meter_is_silent"}
    assert silent_meters == {"w-pl-1", "e-pl-1", "w-ph-1", "e-ph-1", "e-t", "sludge"}
    assert found.totals == {}


def test_a_meter_that_people_read_is_shared_by_area_and_said(engine: Engine) -> None:
    floor = CoatingFloor(engine).open()
    floor.coat("pl-1", PLATE, (480, 600), 3 * M2)
    for at_min, kind, said in (
        (-1440, "meter_read", {"after": "100"}), (720, "meter_exchanged", {"before": "101", "after": "7"}),
        (1440 + 720, "meter_read", {"after": "8"}),
    ):  # fmt: skip
        facts = {"station": "pl-1", "metric": "water_m3", "at_ms": DAY0_MS + at_min * MIN, "person": "E-1"}  # fmt: skip
        with floor.book("office") as book:
            book.note("meter:w-pl-1", kind, "", **facts, **said)
    found = day(floor)
    assert found.totals["water:w-pl-1"] == pytest.approx(1_000_000 / 3 + 1_000_000 / 2, abs=30)
    assert found.unallocated == {}
    assert ("meter_is_read_by_hand", {"meter": "w-pl-1"}) in found.notes


def test_sludge_that_is_weighed_where_no_counter_stands_is_shared_by_volume(
    floor: CoatingFloor,
) -> None:
    facts = {"kg": "12.5", "dry_percent": "30", "at_ms": DAY0_MS + 900 * MIN, "person": "E-1"}
    with floor.book("t-all") as book:
        book.note(waste_stream("WR-1"), "sludge_weighed", "", place="t-all", **facts)
    found = day(floor)
    assert found.totals["sludge:weighed-t-all"] == 12_500_000
    assert [one.operation for one in found.runs if one.figures.get("sludge:weighed-t-all")] == ["phosphating"] * 2  # fmt: skip
    with reading(floor.engine) as conn:
        works = waterworks_at(conn, SPAN.now_ms)
        assert works is not None
        ((meter, mg),) = weighed_sludge(conn, works, SPAN)
        assert (meter.serves, mg) == (("ph-1",), 12_500_000)
        ((_, before),) = weighed_sludge(conn, works, replace(SPAN, day="2026-02-15"))
        assert before == 0


def test_what_was_weighed_came_evenly_since_the_weighing_before() -> None:
    week = [(0, 5_000), (7 * DAY_MS, 70_001), (8 * DAY_MS, 9_000)]
    days = [came_between(week, n * DAY_MS, (n + 1) * DAY_MS) for n in range(-1, 9)]
    assert sum(days) == 84_001
    assert days[:3] == [0, 15_000, 10_000]


def test_what_was_used_without_a_run_stays_unallocated(engine: Engine) -> None:
    floor = CoatingFloor(engine).open()
    for station, metric in (("pl-1", "water_m3"), ("s-ni", "total_m3")):
        floor.flow(station, metric, np.full(1440, 0.001))
    floor.sample("s-ni", DAY0_MS + 500 * MIN, ni=40.0)
    found = day(floor)
    assert found.unallocated["water:w-pl-1"] == found.totals["water:w-pl-1"] == 1_440_000
    assert found.unallocated["drained:s-ni"] == 1_440_000
    assert found.unallocated["before:ni"] == 57_600


def test_a_run_over_midnight_has_its_water_by_day_and_its_area_by_length(
    floor: CoatingFloor,
) -> None:
    floor.flow("pl-1", "water_m3", np.full(1440, 0.002), DAY0_MS + DAY_MS + MIN)
    run, _lot = floor.coat("pl-1", PLATE, (1380, 1440 + 180), 4 * M2)
    first = {one.run: one for one in day(floor).runs}[run]
    second = {one.run: one for one in day(floor, replace(SPAN, day="2026-02-17")).runs}[run]
    areas = [sum(one.area_mm2 for one in half.lots) for half in (first, second)]
    assert sum(areas) == 4 * M2
    assert areas[0] == pytest.approx(1 * M2, rel=0.02)
    assert first.to_ms == second.from_ms == DAY0_MS + DAY_MS


def test_a_lot_that_is_stripped_or_comes_again_counts_its_water_and_not_its_area(
    floor: CoatingFloor,
) -> None:
    _, _lot = floor.coat("pl-1", STRIP, (1000, 1040), 2 * M2)
    found = {one.operation: one for one in day(floor).runs}
    assert [one.again for one in found["stripping"].lots] == [True]
    assert not any(lot.again for lot in found["electroplating"].lots)


def test_a_day_is_computed_once_and_again_when_something_of_it_changed(floor: CoatingFloor) -> None:
    now_ms = DAY0_MS + DAY_MS + 1000
    merge_all(floor.engine, now_ms + DAY_MS)
    assert close_days(floor.engine, "UTC", now_ms) == [DAY]
    assert close_days(floor.engine, "UTC", now_ms) == [], "nothing changed"
    floor.sample("s-ni", DAY0_MS + 900 * MIN, ni=60.0)
    assert close_days(floor.engine, "UTC", now_ms, newest=3) == [DAY]
    with reading(floor.engine) as conn:
        (kept,) = days_between(conn, DAY, DAY)
        mark = mark_of_day(conn, replace(SPAN, now_ms=now_ms))
    assert kept.day.totals["before:ni"] == pytest.approx(50 * 1464, abs=2)
    assert kept.day.samples == {"s-ni/ni": 2, "s-ni/tp": 1, "s-ph/ni": 1, "s-ph/tp": 1}
    floor.write("pl-1", "water_m3", [DAY0_MS + 610 * MIN + 5], [1000.9])
    merge_all(floor.engine, now_ms + DAY_MS)
    with reading(floor.engine) as conn:
        assert mark_of_day(conn, replace(SPAN, now_ms=now_ms)) != mark
    assert close_days(floor.engine, "UTC", now_ms) == [DAY], "a reading came late"
