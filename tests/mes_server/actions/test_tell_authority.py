"""What is kept to be told by HJ 212: hours and days that are over, once each, and again when they change."""

from zoneinfo import ZoneInfo

import numpy as np
import pytest
from sqlalchemy import Engine

from mes_server.actions.gather_waterworks import pollutants_on
from mes_server.actions.tell_authority import (
    Teller,
    acknowledged,
    keep_tellings,
    profile_of,
    put_off,
)
from mes_server.domain.hj212 import DAY, HOUR, read_groups
from mes_server.domain.uplink import mark_of
from mes_server.store.engine import reading
from mes_server.store.hj212_outbox import Kept, list_newest, load_due, standings
from tests.mes_server.actions.outlet_floor import (
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

MN = "010000A8900016F000169DC0"
TELLER = Teller(profile_of("2017") | {"minute_min": 0}, ZoneInfo(ZONE))


def built(engine: Engine) -> OutletFloor:
    floor = OutletFloor(engine)
    floor.build(permit_content("o-shop", mn=MN))
    floor.water(rate=2.0, metrics={NI: around(0.3)})
    return floor


def kept(floor: OutletFloor) -> list[Kept]:
    with reading(floor.engine) as conn:
        return list_newest(conn)[::-1]


def test_hours_and_the_day_are_kept_once_when_they_are_over(engine: Engine) -> None:
    floor = built(engine)
    settled = FROM_MS + 3 * HOUR_MS + 10 * MINUTE_MS
    assert keep_tellings(engine, TELLER, settled - 1) == 2
    assert keep_tellings(engine, TELLER, settled) == 1
    assert [one.told.label for one in kept(floor)] == ["20261120000000", "20261120010000", "20261120020000"]  # fmt: skip
    assert keep_tellings(engine, TELLER, TO_MS + HOUR_MS) == 22
    assert keep_tellings(engine, TELLER, TO_MS + HOUR_MS) == 0
    by_command = [one.told.command for one in kept(floor)]
    assert (by_command.count(HOUR), by_command.count(DAY)) == (24, 1)
    assert len({one.qn for one in kept(floor)}) == 25


def test_an_hour_tells_mean_extremes_load_and_water(engine: Engine) -> None:
    floor = built(engine)
    keep_tellings(engine, TELLER, FROM_MS + HOUR_MS + 10 * MINUTE_MS)
    said = read_groups(kept(floor)[0].told.cp)
    code = pollutants_on("2026-11-20")["ni"]["hj212"]
    assert said["DataTime"] == "20261120000000"
    assert said[f"{code}-Avg"] == "0.300"
    assert said[f"{code}-Flag"] == "N"
    assert float(said[f"{code}-Min"]) <= 0.3 <= float(said[f"{code}-Max"])
    assert float(said["w00000-Cou"]) == pytest.approx(2.0, rel=0.02)
    assert float(said[f"{code}-Cou"]) == pytest.approx(0.001, abs=0.0005)  # kg: 0.3 mg/L in 2 m³


def test_an_hour_that_does_not_count_is_told_by_its_mark_and_without_a_figure(
    engine: Engine,
) -> None:
    floor = OutletFloor(engine)
    floor.build(permit_content("o-shop", mn=MN))
    values = around(0.3)
    values[60:120] = np.float64(5000)  # more than any rinse could hold
    floor.water(rate=2.0, metrics={NI: values})
    keep_tellings(engine, TELLER, FROM_MS + 3 * HOUR_MS)
    code = pollutants_on("2026-11-20")["ni"]["hj212"]
    first, second = (read_groups(one.told.cp) for one in kept(floor)[:2])
    assert first[f"{code}-Flag"] == "N"
    assert second[f"{code}-Flag"] == "T"
    assert f"{code}-Avg" not in second
    assert f"{code}-Cou" not in second
    of = floor.pollutant()
    assert mark_of(of, of.hours[0], TELLER.profile["marks"]) == "N"


def test_of_an_hour_that_nobody_heard_it_is_not_said_that_no_water_flowed(engine: Engine) -> None:
    """Beside it the control: an hour of which it is known that nothing flowed."""
    floor = OutletFloor(engine)
    floor.build(permit_content("o-shop", mn=MN))
    rate = np.full(DAY_MIN, 2.0)
    rate[60:120], rate[120:180] = np.nan, 0.0
    floor.water(rate=rate, metrics={NI: around(0.3)})
    keep_tellings(engine, TELLER, FROM_MS + 4 * HOUR_MS)
    code = pollutants_on("2026-11-20")["ni"]["hj212"]
    _, unknown, still = (read_groups(one.told.cp) for one in kept(floor)[:3])
    assert (unknown["w00000-Flag"], unknown[f"{code}-Flag"]) == ("B", "B")
    assert "w00000-Cou" not in unknown
    assert (still["w00000-Flag"], still["w00000-Cou"], still[f"{code}-Flag"]) == ("N", "0.000", "F")


def test_what_changed_is_told_again_and_what_waited_is_superseded(engine: Engine) -> None:
    floor = built(engine)
    at = FROM_MS + 2 * HOUR_MS + 10 * MINUTE_MS
    assert keep_tellings(engine, TELLER, at) == 2
    first, second = kept(floor)
    acknowledged(engine, first.number, at)
    late = np.arange(60) * MINUTE_MS + FROM_MS + 15_000
    floor.record("o-shop", {NI: np.full(60, 0.4) + 0.001 * (-1.0) ** np.arange(60)}, late)
    more = np.arange(60) * MINUTE_MS + FROM_MS + HOUR_MS + 15_000
    floor.record("o-shop", {NI: np.full(60, 0.4) + 0.001 * (-1.0) ** np.arange(60)}, more)
    floor.merge()
    assert keep_tellings(engine, TELLER, at) == 2
    states = [(one.told.label, one.state) for one in kept(floor)]
    assert states == [
        (first.told.label, "acknowledged"), (second.told.label, "superseded"),
        (first.told.label, "waiting"), (second.told.label, "waiting"),
    ]  # fmt: skip


def test_what_was_put_off_waits_and_says_why(engine: Engine) -> None:
    floor = built(engine)
    at = FROM_MS + HOUR_MS + 10 * MINUTE_MS
    keep_tellings(engine, TELLER, at)
    number = kept(floor)[0].number
    put_off(engine, number, at + 300_000, "away")
    with reading(engine) as conn:
        assert load_due(conn, at + 299_999) == []
        assert [one.number for one in load_due(conn, at + 300_000)] == [number]
        (standing,) = standings(conn)
    assert (standing.mn, standing.waiting, standing.acknowledged, standing.trouble) == (MN, 1, 0, "away")  # fmt: skip


def test_an_outlet_without_a_monitoring_point_is_told_of_to_nobody(engine: Engine) -> None:
    floor = OutletFloor(engine)
    floor.build()
    floor.water(metrics={NI: around(0.3)})
    assert keep_tellings(engine, TELLER, TO_MS + HOUR_MS) == 0
