"""A working day of an outlet is judged from what was heard, sampled and coated, and nothing else."""

import numpy as np
import pytest
from sqlalchemy import Engine

from mes_server.actions.assess_discharge import assess_day, assess_month
from mes_server.actions.gather_waterworks import working_day
from mes_server.store.engine import reading
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


@pytest.fixture
def floor(engine: Engine) -> OutletFloor:
    return OutletFloor(engine).build()


def test_an_outlet_that_is_not_there_has_no_day(floor: OutletFloor) -> None:
    with reading(floor.engine) as conn:
        assert assess_day(conn, "o-none", DAY, ZONE, TO_MS) is None


def test_the_mean_is_weighted_by_flow_and_the_load_is_by_the_totaliser(floor: OutletFloor) -> None:
    rate = np.where(np.arange(DAY_MIN) < 720, 1.0, 3.0)
    value = np.where(np.arange(DAY_MIN) < 720, around(0.1), around(0.3))
    floor.water(rate=rate, metrics={NI: value})
    floor.coat(100, FROM_MS + 20 * HOUR_MS)
    day = floor.day()
    ni = next(one for one in day.pollutants if one.pollutant == "ni")
    assert ni.mean == pytest.approx((12 * 0.1 + 36 * 0.3) / 48)  # not 0.2
    assert day.volume_m3 == pytest.approx(48, rel=2e-3)
    assert ni.load_kg == pytest.approx(ni.mean * day.volume_m3 / 1000)
    assert (ni.low, ni.high, ni.count, ni.covered) == (0.099, 0.301, 1440, 1.0)
    assert day.over
    assert ni.status == "ok"
    assert day.area_m2 == {"multi": 100.0}
    assert day.ratio == pytest.approx(0.96, rel=2e-3)
    assert len(ni.hours) == 24
    assert ni.hours[0].volume_m3 == pytest.approx(1)


def test_more_water_than_the_coated_area_allows_turns_a_good_day_into_an_exceedance(
    floor: OutletFloor,
) -> None:
    floor.water(rate=100 / 24, metrics={NI: around(0.4)})
    floor.coat(100, FROM_MS + 20 * HOUR_MS)
    ni = floor.pollutant()
    assert ni.mean == pytest.approx(0.4)
    assert ni.converted == pytest.approx(0.8, rel=1e-3)
    assert ni.status == "exceed"
    assert ni.worst is not None
    assert (ni.worst.limit.averaging, ni.worst.limit.origin) == ("daily", "gb21900_t2")


def test_water_without_production_warns(floor: OutletFloor) -> None:
    floor.water(metrics={NI: around(0.1)})
    day = floor.day()
    assert day.status == "no_production"
    assert ("note_no_production", {"volume_m3": "47.97"}) in [(k, dict(f)) for k, f in day.notes]


def test_water_of_a_line_without_a_benchmark_is_no_water_without_production(engine: Engine) -> None:
    permit = permit_content("o-plant")
    floor = OutletFloor(engine).build(permit)
    floor.water("o-plant", metrics={"copper_mg_l": around(0.1)})
    assert floor.day("o-plant").status == "no_production"
    floor.coat(40, FROM_MS + 6 * HOUR_MS, line="ph-1")
    day = floor.day("o-plant")
    assert day.status == "ok"
    assert day.ratio is None


def test_a_day_on_which_nothing_was_discharged_is_said_to_be_so(floor: OutletFloor) -> None:
    floor.water(rate=0.0, metrics={NI: around(0.1)})
    assert floor.day().status == "no_discharge"


def test_a_day_of_which_nothing_was_heard_is_no_day_without_discharge(floor: OutletFloor) -> None:
    floor.water(rate=np.full(DAY_MIN, np.nan), metrics={NI: around(0.1)})
    assert floor.day().status == "no_data"


def test_what_the_analyser_gave_while_it_was_calibrated_is_left_out_and_listed(
    floor: OutletFloor,
) -> None:
    value = around(0.2)
    value[600:605] = 4.0
    state = ["measuring"] * DAY_MIN
    state[600:605] = ["calibrating"] * 5
    floor.water(metrics={NI: value, "analyser_state": state})
    floor.coat(200, FROM_MS + 20 * HOUR_MS)
    ni = floor.pollutant()
    assert ni.mean == pytest.approx(0.2)
    assert ni.high == 0.201
    (gone,) = ni.excluded
    assert (gone.reason, gone.from_ms) == ("calibrating", FROM_MS + 600 * MINUTE_MS)
    assert gone.count in (5, 6)  # the minute in which it began to measure again is touched, too


def test_a_day_is_the_same_merged_or_not(floor: OutletFloor) -> None:
    rng = np.random.default_rng(5)
    value = np.round(rng.uniform(0.1, 0.3, DAY_MIN), 3)
    value[77] = np.nan
    floor.water(rate=np.round(rng.uniform(1, 3, DAY_MIN), 2), metrics={NI: value})
    before = floor.day()
    floor.merge()
    assert floor.day() == before
    ni = next(one for one in before.pollutants if one.pollutant == "ni")
    assert [(one.reason, one.count) for one in ni.excluded] == [("not_good", 1)]


def test_without_a_permit_nothing_is_limited_and_the_day_says_so(engine: Engine) -> None:
    floor = OutletFloor(engine).build(permit_content("o-plant"))
    floor.water(metrics={NI: around(0.2)})
    day = floor.day()
    assert day.status == "no_limit"
    assert "note_no_permit" in dict(day.notes)


def test_a_month_is_the_mean_of_its_days_against_limits_of_a_month(engine: Engine) -> None:
    us = permit_content("o-plant", discharge="indirect", sets=[{"set": "us413"}, {"set": "us433_pses"}])  # fmt: skip
    floor = OutletFloor(engine).build(us)
    times = np.arange(3 * DAY_MIN) * MINUTE_MS + FROM_MS - 24 * HOUR_MS + 30_000
    value = np.concatenate([around(mean) for mean in (1.0, 2.0, 4.2)])
    floor.record("o-plant", {"flow_m3_h": 2.0, "copper_mg_l": value}, times.tolist())
    with reading(engine) as conn:
        month = assess_month(conn, "o-plant", "2026-11", ZONE, TO_MS + 30 * HOUR_MS)
        assert assess_month(conn, "o-none", "2026-11", ZONE, TO_MS) is None
    assert month is not None
    (copper,) = [one for one in month.pollutants if one.pollutant == "cu"]
    assert [day for day, _ in copper.values] == ["2026-11-19", "2026-11-20", "2026-11-21"]
    assert copper.mean == pytest.approx(7.2 / 3, rel=1e-4)
    told = {one.limit.averaging: one.status for one in copper.verdicts}
    assert told == {"monthly": "exceed", "four_day": "no_data"}
    assert copper.status == "exceed"
    assert month.status == "exceed"
    assert not month.over
    assert month.volume_m3 == pytest.approx(144, rel=0.01)


@pytest.mark.parametrize(("starts", "ends_h"), [("08:00", 8), ("00:00", 0)])
def test_a_month_is_over_with_its_last_working_day(
    engine: Engine, starts: str, ends_h: int
) -> None:
    """The day that begins on the 30th at 08:00 ends on the 1st at 08:00, and its values are of the month."""
    floor = OutletFloor(engine).build(permit_content("o-shop", day_starts=starts))
    ends_ms = working_day("2026-11-30", ZONE)[1] + ends_h * HOUR_MS
    with reading(floor.engine) as conn:
        for at_ms, over in ((ends_ms - MINUTE_MS, False), (ends_ms, True)):
            month = assess_month(conn, "o-shop", "2026-11", ZONE, at_ms)
            assert month is not None
            assert month.over is over


@pytest.mark.parametrize("averaging", ["spot", "monthly"])
@pytest.mark.parametrize(("good", "status"), [(False, "no_data"), (True, "ok")])
def test_a_day_that_no_limit_speaks_of_is_good_only_where_something_counts(
    engine: Engine, averaging: str, good: bool, status: str
) -> None:
    own = [{"pollutant": "ni", "high": "0.5", "unit": "mg/L", "averaging": averaging}]
    floor = OutletFloor(engine).build(permit_content("o-shop", limits=own, sets=[]))
    floor.water(metrics={NI: around(0.1) if good else np.full(DAY_MIN, np.nan)})
    assert floor.day().status == status
