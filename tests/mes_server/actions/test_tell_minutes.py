"""What is kept to be told by HJ 212 of every ten minutes: once each, by what counts in the day, and again on change."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from sqlalchemy import Engine

from mes_server.actions.assess_parts import assess_parts
from mes_server.actions.gather_waterworks import pollutants_on
from mes_server.actions.tell_authority import Teller, acknowledged, keep_tellings, profile_of
from mes_server.domain.hj212 import HOUR, MINUTE, read_groups
from mes_server.store.engine import reading
from mes_server.store.hj212_outbox import Kept, list_newest
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

MN = "010000A8900016F000169DC0"
PROFILE = profile_of("2017")
TELLER = Teller(PROFILE, ZoneInfo(ZONE))
SETTLE_MS = PROFILE["minute_settle_min"] * MINUTE_MS
CODE = pollutants_on(DAY)["ni"]["hj212"]


def floor_of(engine: Engine) -> OutletFloor:
    floor = OutletFloor(engine)
    return floor.build(permit_content("o-shop", mn=MN))


def kept(floor: OutletFloor, command: str = MINUTE) -> list[Kept]:
    with reading(floor.engine) as conn:
        found = list_newest(conn, 1000)[::-1]
    return [one for one in found if one.told.command == command]


def said(floor: OutletFloor) -> dict[str, dict[str, str]]:
    return {one.told.label[8:12]: read_groups(one.told.cp) for one in kept(floor)}


def test_ten_minutes_are_kept_once_when_they_are_over_and_not_before(engine: Engine) -> None:
    floor = floor_of(engine)
    floor.water(rate=2.0, metrics={NI: around(0.3)})
    over = FROM_MS + 30 * MINUTE_MS + SETTLE_MS
    assert keep_tellings(engine, TELLER, over - 1) == 2
    assert keep_tellings(engine, TELLER, over) == 1
    assert keep_tellings(engine, TELLER, over) == 0
    assert [one.told.label for one in kept(floor)] == ["20261120000000", "20261120001000", "20261120002000"]  # fmt: skip
    keep_tellings(engine, TELLER, TO_MS + HOUR_MS)
    labels = [one.told.label for one in kept(floor)]
    assert (
        len(labels) == len(set(labels)) == 144 + 5
    )  # and what has begun of the next day, of which nothing is heard


def test_they_are_weighted_by_flow_as_the_hour_is_and_add_up_to_it(engine: Engine) -> None:
    floor = floor_of(engine)
    rates = np.where(np.arange(DAY_MIN) % 10 < 5, 1.0, 3.0)
    values = np.where(np.arange(DAY_MIN) % 10 < 5, 0.1, 0.5) + around(0.0)
    floor.water(rate=rates, metrics={NI: values})
    keep_tellings(engine, TELLER, FROM_MS + HOUR_MS + 10 * MINUTE_MS)
    first = said(floor)["0000"]
    assert float(first[f"{CODE}-Avg"]) == pytest.approx((0.1 + 3 * 0.5) / 4, abs=0.002)  # not 0.3
    assert (float(first[f"{CODE}-Min"]), float(first[f"{CODE}-Max"])) == pytest.approx((0.1, 0.5), abs=0.002)  # fmt: skip
    assert first[f"{CODE}-Flag"] == first["w00000-Flag"] == "N"
    water = sum(float(one["w00000-Cou"]) for label, one in said(floor).items() if label < "0100")
    (hour,) = (read_groups(one.told.cp) for one in kept(floor, HOUR))
    assert water == pytest.approx(float(hour["w00000-Cou"]), abs=0.005)


def test_each_says_by_its_mark_why_it_has_no_figure(engine: Engine) -> None:
    floor = floor_of(engine)
    at = np.arange(60)
    values = around(0.3, 60)
    values[10:20] = 5000.0  # more than any rinse could hold
    states = np.select([at < 20, at < 30, at < 40, at < 50], ["run", "maintenance", "calibrating", "fault"], "run")  # fmt: skip
    times = (at * MINUTE_MS + FROM_MS + 30_000).tolist()
    floor.record("o-shop", {"flow_m3_h": 2 + around(0, 60), NI: values, "analyser_state": states.tolist()}, times)  # fmt: skip
    keep_tellings(engine, TELLER, FROM_MS + 3 * HOUR_MS)
    told = said(floor)
    marks = [told[f"00{n}0"][f"{CODE}-Flag"] for n in range(6)]
    assert marks == ["N", "T", "M", "C", "D", "N"]
    assert [f"{CODE}-Avg" in told[f"00{n}0"] for n in range(6)] == [True, *[False] * 4, True]
    # Of what nobody heard nothing is said, least of all that no water flowed.
    assert (told["0200"][f"{CODE}-Flag"], told["0200"]["w00000-Flag"]) == ("B", "B")
    assert "w00000-Cou" not in told["0200"]


def test_where_no_water_flows_the_mark_says_so_and_the_water_is_none(engine: Engine) -> None:
    floor = floor_of(engine)
    floor.water(rate=np.where(np.arange(DAY_MIN) < 10, 2.0, 0.0), metrics={NI: around(0.3)})
    keep_tellings(engine, TELLER, FROM_MS + HOUR_MS)
    told = said(floor)
    assert (told["0000"][f"{CODE}-Flag"], told["0010"][f"{CODE}-Flag"]) == ("N", "F")
    assert (told["0010"]["w00000-Cou"], told["0010"]["w00000-Flag"]) == ("0.000", "N")


def test_what_changed_is_told_again_and_what_did_not_is_not(engine: Engine) -> None:
    floor = floor_of(engine)
    floor.water(rate=2.0, metrics={NI: around(0.3)})
    at = FROM_MS + 20 * MINUTE_MS + SETTLE_MS
    assert keep_tellings(engine, TELLER, at) == 2
    acknowledged(engine, kept(floor)[0].number, at)
    late = np.arange(10) * MINUTE_MS + FROM_MS + 15_000
    floor.record("o-shop", {NI: around(0.4, 10)}, late)
    floor.merge()
    assert keep_tellings(engine, TELLER, at) == 1
    assert [(one.told.label[8:12], one.state) for one in kept(floor)] == [
        ("0000", "acknowledged"), ("0010", "waiting"), ("0000", "waiting"),
    ]  # fmt: skip


def test_after_a_long_outage_no_more_is_judged_than_the_row_says(engine: Engine) -> None:
    floor = floor_of(engine)
    floor.water(rate=2.0, metrics={NI: around(0.3)})
    keep_tellings(engine, TELLER, FROM_MS + 20 * MINUTE_MS + SETTLE_MS)
    judged: list[str] = []

    def watched(conn, outlet, day, sizes, of):  # type: ignore[no-untyped-def]
        judged.append(day)
        return assess_parts(conn, outlet, day, sizes, of)

    year_later = FROM_MS + 365 * 24 * HOUR_MS + 8 * HOUR_MS
    short = PROFILE | {"minute_look_back_h": 26, "look_back_days": 1}
    keep_tellings(engine, replace(TELLER, profile=short, assess_parts=watched), year_later)
    assert judged == ["2027-11-18", "2027-11-19", "2027-11-20"]
    labels = [one.told.label for one in kept(floor)]
    assert labels[:3] == ["20261120000000", "20261120001000", "20271119060000"]


def test_an_outage_within_the_look_back_leaves_no_gap(engine: Engine) -> None:
    floor = floor_of(engine)
    floor.water(rate=2.0, metrics={NI: around(0.3)})
    keep_tellings(engine, TELLER, FROM_MS + 20 * MINUTE_MS + SETTLE_MS)
    keep_tellings(engine, TELLER, FROM_MS + 20 * HOUR_MS + SETTLE_MS)
    assert len(kept(floor)) == 20 * 6


def test_an_interval_of_nothing_switches_them_off(engine: Engine) -> None:
    floor = floor_of(engine)
    floor.water(rate=2.0, metrics={NI: around(0.3)})
    off = replace(TELLER, profile=PROFILE | {"minute_min": 0})
    assert keep_tellings(engine, off, FROM_MS + 2 * HOUR_MS) == 1  # the hour
    assert kept(floor) == []
    five = replace(TELLER, profile=PROFILE | {"minute_min": 5})
    keep_tellings(engine, five, FROM_MS + 20 * MINUTE_MS + SETTLE_MS)
    assert [one.told.label[8:12] for one in kept(floor)] == ["0000", "0005", "0010", "0015"]
