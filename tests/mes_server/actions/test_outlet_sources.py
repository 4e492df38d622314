"""What a day of an outlet is gathered from: coated lots, mixed streams, samples, checks, meters, permits with hours."""

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, text

from mes_server.actions.assess_discharge import assess_day
from mes_server.actions.gather_outlet import Day, coated_on, contract_at, effluent_rules, hold_min
from mes_server.actions.gather_waterworks import Rules, rules_on, working_day
from mes_server.actions.judge_pollutant import judge_pollutant
from mes_server.actions.mixed_limits import limits_on
from mes_server.actions.record_events import Act, Book
from mes_server.domain.meters import JUMPED
from mes_server.domain.water_samples import analyser_stream, sample_stream
from mes_server.store.engine import reading
from mes_server.store.transaction import writing
from tests.mes_server.actions.outlet_floor import (
    DAY,
    DAY_MIN,
    FROM_MS,
    HOUR_MS,
    MINUTE_MS,
    NI,
    TO_MS,
    ZONE,
    OutletFloor,
    around,
)
from tests.mes_server.domain.water_making import permit_content

SPAN = (FROM_MS, TO_MS)
US = [{"set": "us433_pses", "operations": ["electroplating"]}]


@pytest.fixture
def floor(engine: Engine) -> OutletFloor:
    return OutletFloor(engine).build()


def note(engine: Engine, stream: str, what: str, /, **facts: Any) -> None:
    """One event of E-1, as the room of records writes it."""
    with writing(engine) as conn:
        count = conn.execute(text("SELECT count(*) FROM ledger")).scalar_one()
        book = Book(conn, Act(f"w-{count}", "E-1", "lab", TO_MS, TO_MS))
        book.note(stream, what, "", **facts)
        book.close()


def drawn(engine: Engine, code: str, kind: str, value: str, at_ms: int = FROM_MS + 1000) -> None:
    """A sample of the workshop outlet with its nickel."""
    note(engine, sample_stream(code), "sample_taken", place="o-shop", kind=kind, from_ms=at_ms, to_ms=at_ms,
         lab="", note="", at_ms=at_ms, person="E-2")  # fmt: skip
    result = {"pollutant": "ni", "value": value, "unit": "mg/L", "qualifier": "", "method": "HJ 776", "lod": None}  # fmt: skip
    note(engine, sample_stream(code), "sample_reported", report="R", at_ms=at_ms, person="lab", results=[result])  # fmt: skip


def checked(engine: Engine, code: str, at_ms: int, passed: str) -> None:
    """A span check of the nickel analyser."""
    note(engine, analyser_stream("o-shop", "ni"), "analyser_checked", check=code, kind="span", at_ms=at_ms,
         to_ms=None, person="E-1", expected="1.0", read="1.0", tolerance="0.1", note="", passed=passed)  # fmt: skip


def rules(floor: OutletFloor, outlet: str = "o-shop") -> Rules:
    with reading(floor.engine) as conn:
        found = rules_on(conn, outlet, DAY, SPAN)
    assert found is not None
    return found


def test_only_runs_that_were_closed_that_day_count_and_only_on_lines_that_drain_here(
    floor: OutletFloor,
) -> None:
    first = floor.coat(10, FROM_MS - 2 * HOUR_MS)
    lots = [floor.coat(10, FROM_MS + n * HOUR_MS) for n in (1, 5)]
    floor.coat(40, FROM_MS + 6 * HOUR_MS, line="ph-1")
    with reading(floor.engine) as conn:
        found = coated_on(conn, rules(floor), SPAN, TO_MS)
    assert (found.area_m2, found.lots) == ({"multi": 20.0}, sorted(lots))
    assert first not in found.lots
    assert found.ran
    assert floor.day().lots == tuple(sorted(lots))


def test_dilution_lowers_the_limit_by_what_the_streams_really_carried(engine: Engine) -> None:
    permit = permit_content("o-plant", discharge="indirect", sets=US, dilution=["s-ph"])
    floor = OutletFloor(engine).build(permit)
    floor.water("s-ni", rate=1.0)
    floor.water("s-ph", rate=3.0)
    notes: Any = []
    day = Day(*SPAN, TO_MS, effluent_rules(DAY))
    with reading(engine) as conn:
        limits = limits_on(conn, rules(floor, "o-plant"), day, (DAY, notes))
    told = limits["ni", "daily"]
    assert told.high == pytest.approx(Decimal("0.995"))  # 3.98 x 24 / 96
    assert told.source.endswith("40 CFR 403.6(e)")
    assert notes == []


def test_a_stream_without_a_meter_leaves_the_limit_and_the_day_says_so(engine: Engine) -> None:
    permit = permit_content("o-plant", discharge="indirect", sets=US, dilution=["s-ph"])
    floor = OutletFloor(engine).build(permit)
    floor.water("s-ni", rate=1.0)
    floor.water("o-plant", metrics={"copper_mg_l": around(0.1)})
    day = floor.day("o-plant")
    assert ("note_streams_unmetered", {"streams": "s-ph"}) in day.notes
    (copper,) = [one for one in day.pollutants if one.pollutant == "cu"]
    assert [str(one.limit.high) for one in copper.verdicts] == ["3.38"]


def test_a_grab_above_the_limit_is_an_exceedance_though_the_mean_is_good(
    floor: OutletFloor,
) -> None:
    floor.water(metrics={NI: around(0.1)})
    floor.coat(200, FROM_MS + HOUR_MS)
    drawn(floor.engine, "WS-1", "grab", "0.7")
    ni = floor.pollutant()
    assert (ni.status, ni.samples) == ("exceed", ("WS-1",))
    assert ni.worst is not None
    assert (ni.worst.sample, ni.worst.limit.averaging) == ("WS-1", "spot")
    assert ni.mean == pytest.approx(0.1)


def test_what_only_the_lab_measures_is_judged_by_its_samples(floor: OutletFloor) -> None:
    floor.water()
    floor.coat(200, FROM_MS + HOUR_MS)
    drawn(floor.engine, "WS-1", "grab", "0.2")
    drawn(floor.engine, "WS-2", "composite", "0.3")
    ni = floor.pollutant()
    assert (ni.mean, ni.by, ni.count) == (0.3, "composite", 2)
    assert [one.status for one in ni.verdicts] == ["ok", "ok"]


def test_a_failed_check_takes_the_values_since_the_last_good_one(floor: OutletFloor) -> None:
    value = around(0.1)
    value[300:600] += 0.9
    floor.water(metrics={NI: value})
    floor.coat(200, FROM_MS + HOUR_MS)
    checked(floor.engine, "AC-1", FROM_MS + 300 * MINUTE_MS, "yes")
    checked(floor.engine, "AC-2", FROM_MS + 500 * MINUTE_MS, "no")
    checked(floor.engine, "AC-3", FROM_MS + 600 * MINUTE_MS, "yes")
    ni = floor.pollutant()
    (gone,) = ni.excluded
    assert (gone.reason, gone.count) == ("span_failed", 300)
    assert ni.mean == pytest.approx(0.1)
    assert ni.valid_h == 19


def test_a_check_that_failed_a_day_later_changes_the_day_and_its_digest(floor: OutletFloor) -> None:
    floor.water(metrics={NI: around(0.1)})
    before = floor.day()
    assert floor.day(now_ms=TO_MS + 99 * HOUR_MS) == before  # looking later changes nothing
    checked(floor.engine, "AC-1", TO_MS + 5 * HOUR_MS, "no")
    later = floor.day(now_ms=TO_MS + 9 * HOUR_MS)
    assert later.digest != before.digest
    assert later.status == "no_data"


def test_a_late_sample_that_matters_changes_the_digest(floor: OutletFloor) -> None:
    floor.water(metrics={NI: around(0.1)})
    before = floor.day().digest
    floor.record("o-shop", {NI: [0.5]}, [FROM_MS + 5 * HOUR_MS + 1], late=True)
    assert floor.day().digest != before


def test_a_totaliser_that_jumps_is_noted_and_the_flow_disagrees(floor: OutletFloor) -> None:
    total = 100 + np.arange(DAY_MIN) / 60.0
    total[700:] += 5000
    floor.record("o-shop", {"flow_m3_h": 2.0, "total_m3": total, NI: around(0.1)})
    day = floor.day()
    names = [name for name, _ in day.notes]
    assert f"note_meter_{JUMPED}" in names
    assert "note_flow_differs" in names
    assert day.volume_m3 == pytest.approx(24, rel=0.01)


def test_without_a_totaliser_the_volume_is_that_of_the_flow_and_the_day_says_so(
    floor: OutletFloor,
) -> None:
    floor.record("o-shop", {"flow_m3_h": 2.0, NI: around(0.1)})
    day = floor.day()
    assert day.volume_m3 == pytest.approx(48, rel=0.01)
    assert day.methods["volume"] == "flow"
    assert "note_volume_by_flow" in dict(day.notes)


def test_samples_of_the_future_are_left_out(floor: OutletFloor) -> None:
    value = around(0.1)
    value[1000:] = around(5.0)[1000:]
    floor.water(metrics={NI: value})
    now_ms = FROM_MS + 900 * MINUTE_MS
    ni = floor.pollutant(now_ms=now_ms)
    assert ni.mean == pytest.approx(0.1)
    assert [one.reason for one in ni.excluded] == ["future"]
    assert ni.high == pytest.approx(0.101)


def test_a_working_day_begins_when_the_permit_says(engine: Engine) -> None:
    floor = OutletFloor(engine).build(permit_content("o-shop", day_starts="08:00"))
    day = floor.day()
    assert (day.from_ms, day.to_ms) == working_day(DAY, ZONE, 480)


def test_a_running_day_says_what_it_comes_to(floor: OutletFloor) -> None:
    value = np.concatenate((around(0.2, 720), around(0.6, 720)))
    floor.water(metrics={NI: value})
    floor.coat(200, FROM_MS + HOUR_MS)
    day = floor.day(now_ms=FROM_MS + 15 * HOUR_MS)
    (ni,) = [one for one in day.pollutants if one.pollutant == "ni"]
    assert not day.over
    assert ni.status == "ok"
    assert ni.mean == pytest.approx((12 * 0.2 + 3 * 0.6) / 15, rel=1e-3)
    assert (ni.forecast, ni.forecast_status) == (pytest.approx(0.4, rel=1e-3), "warn")
    assert day.forecast_m3 == pytest.approx(48, rel=1e-2)
    assert judge_pollutant is not None


def test_a_value_holds_for_as_long_as_its_contract_allows_silence(floor: OutletFloor) -> None:
    with reading(floor.engine) as conn:
        contract = contract_at(conn, "o-shop")
        assert contract_at(conn, "nowhere") == {}
    assert (hold_min(contract[NI]), hold_min(contract["flow_m3_h"]), hold_min(None)) == (10, 1, 1)
    times = list(range(FROM_MS - 5 * MINUTE_MS, TO_MS, 10 * MINUTE_MS))
    floor.record("o-shop", {"flow_m3_h": 2.0})
    floor.record("o-shop", {NI: around(0.2, len(times))}, times)
    ni = floor.pollutant()
    assert (ni.covered, ni.mean, ni.count) == (1.0, pytest.approx(0.2, rel=1e-3), 144)


def test_flow_that_no_pipe_carries_does_not_count_and_the_day_says_so(floor: OutletFloor) -> None:
    rate = np.full(DAY_MIN, 2.0)
    rate[100:150] = 500.0
    floor.water(metrics={NI: around(0.1)})
    floor.record("o-shop", {"flow_m3_h": rate}, (np.arange(DAY_MIN) * MINUTE_MS + FROM_MS + 40_000).tolist())  # fmt: skip
    day = floor.day()
    told = dict(day.notes)
    assert int(told["note_flow_odd"]["samples"]) == 100, "both samples of each of these minutes"
    assert "note_flow_unknown" in told
    assert day.flow_m3 == pytest.approx(48 - 50 / 30, rel=0.01)


def test_a_stream_is_no_outlet(floor: OutletFloor) -> None:
    with reading(floor.engine) as conn:
        assert assess_day(conn, "s-ni", DAY, ZONE, TO_MS) is None


def test_a_day_on_which_clocks_change_has_its_own_hours(floor: OutletFloor) -> None:
    zone, name = "Europe/Berlin", "2027-03-28"
    from_ms, to_ms = working_day(name, zone)
    times = np.arange(from_ms + 30_000, to_ms, MINUTE_MS)
    floor.record("o-shop", {"flow_m3_h": 2.0}, times.tolist())
    floor.record("o-shop", {NI: around(0.1, len(times))}, times.tolist())
    with reading(floor.engine) as conn:
        day = assess_day(conn, "o-shop", name, zone, to_ms + HOUR_MS)
    assert day is not None
    (ni,) = [one for one in day.pollutants if one.pollutant == "ni"]
    assert (len(ni.hours), ni.valid_h, ni.covered) == (23, 23, 1.0)
    assert day.volume_m3 == pytest.approx(46)


def test_a_meter_that_jumps_all_day_does_not_bury_the_rest(engine: Engine) -> None:
    """Five of its steps are told, and how many more there were; none of them counts."""
    floor = OutletFloor(engine).build()
    floor.water(rate=2.0, metrics={NI: around(0.1), "total_m3": np.arange(DAY_MIN) * 500.0})
    notes = floor.day().notes
    jumps = [facts for name, facts in notes if name == "note_meter_jumped"]
    (more,) = [facts for name, facts in notes if name == "note_meter_more"]
    assert len(jumps) == 5
    assert int(more["n"]) > 1000


def test_a_totaliser_that_only_stumbles_is_no_evidence_of_no_water(engine: Engine) -> None:
    """The water is that of the flow then."""
    floor = OutletFloor(engine).build()
    floor.water(rate=2.0, metrics={NI: around(0.1), "total_m3": 9e6 - np.arange(DAY_MIN) * 500.0})
    day = floor.day()
    assert "note_volume_by_flow" in [name for name, _ in day.notes]
    assert day.volume_m3 == pytest.approx(48.0, rel=0.01)
