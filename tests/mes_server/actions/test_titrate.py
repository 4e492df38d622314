"""A titration that is out locks the bath and finds its lots exactly; a good one lets nothing go by itself.

The whole of titrate, keep_baths, gather_baths and store/baths.
"""

import pytest
from sqlalchemy import Engine

from mes_server.actions.handle_lots import release_lot, ship_lots
from mes_server.actions.keep_baths import add, dump
from mes_server.actions.make_lots import split_off, take_coupons
from mes_server.actions.ready_station import mount
from mes_server.actions.record_events import rebuild_lots
from mes_server.actions.titrate import recall_of, void_titration
from mes_server.domain.baths import MISSING
from mes_server.store.baths import tanks_of
from mes_server.store.engine import reading
from tests.mes_server.actions.bath_floor import HOUR_MS, BathFloor
from tests.mes_server.actions.lot_floor import rules
from tests.mes_server.actions.plan_floor import LIGHT


@pytest.fixture
def floor(engine: Engine) -> BathFloor:
    return BathFloor(engine).open()


def test_a_titration_that_is_out_stops_the_line_and_finds_the_lots_since_the_last_good_one(
    floor: BathFloor,
) -> None:
    floor.good()
    before = floor.through()
    floor.now_ms += HOUR_MS
    floor.good()
    first, second = floor.through(), floor.through()
    (part,) = floor.act(split_off, second, [(4, 0)])
    elsewhere = floor.receive(floor.lot(first).amount)
    code = floor.titrate(fa_points="3.10", ta_points="24.0")
    found = floor.load(code)
    assert (found.verdict, found.out) == ("out", ["fa_points", "ta_fa_ratio"])
    assert list(found.suspects) == sorted([first, second, part])
    why = [f"{code} {floor.bath}: fa_points, ta_fa_ratio"]
    assert [floor.holds(one) for one in (floor.bath, first, second, part)] == [why] * 4
    assert [floor.holds(one) for one in (before, elsewhere)] == [[], []], "good before and after"
    answer = floor.scan(elsewhere)
    assert [one.rule for one in answer.refusals] == ["resources_are_good", "bath_is_titrated"]
    assert "fa_points:out" in answer.refusals[1].facts["baths"]
    floor.check()


def test_a_titration_within_the_spec_holds_nothing(floor: BathFloor) -> None:
    floor.good()
    lot = floor.through()
    code = floor.titrate(fa_points="2.30", ta_points="36.0")
    assert floor.load(code).verdict == "action", "it warns: the negative control"
    assert floor.holds(lot) == floor.holds(floor.bath) == []
    floor.through()


def test_a_good_one_afterwards_releases_nothing_by_itself(floor: BathFloor) -> None:
    floor.good()
    lot = floor.through()
    floor.titrate(fa_points="3.10", ta_points="32.0")
    again = floor.titrate(fa_points="3.00", ta_points="32.0")
    assert len(floor.holds(lot)) == 1, "one hold because of one bath, however often it is out"
    assert floor.load(again).suspects == (lot,), "it still says whom it concerns"
    floor.good()
    assert floor.told(floor.receive(floor.lot(lot).amount)) == ["resources_are_good"]
    (hold,) = floor.lot(floor.bath).holds
    assert floor.act(release_lot, floor.bath, hold, "brought back, titrated good") == []
    assert floor.holds(lot), "the lot waits for quality"
    floor.through()


def test_who_releases_a_bath_that_is_out_still_cannot_load(floor: BathFloor) -> None:
    floor.good()
    floor.titrate(fa_points="3.10", ta_points="32.0")
    (hold,) = floor.lot(floor.bath).holds
    floor.act(release_lot, floor.bath, hold, "looks good")
    lot = floor.receive(floor.lot(floor.bath).amount)
    assert floor.told(floor.receive(floor.lot(lot).amount)) == ["bath_is_titrated"]


def test_a_bath_is_titrated_first_and_then_in_time(floor: BathFloor) -> None:
    lot = floor.receive(floor.lot(floor.bath).amount)
    answer = floor.scan(lot)
    assert [one.rule for one in answer.refusals] == ["bath_is_titrated"]
    assert f"ta_points:{MISSING}" in answer.refusals[0].facts["baths"]
    floor.good()
    floor.now_ms += 4 * HOUR_MS + 60_000
    assert floor.told(lot) == ["bath_is_titrated"]
    floor.titrate(accelerator_points="2.5")
    assert floor.told(lot) == ["bath_is_titrated"], "each parameter by itself"
    floor.good()
    assert floor.told(lot) == []


def test_a_lot_that_is_in_the_bath_is_held_where_it_is(floor: BathFloor) -> None:
    floor.good()
    lot = floor.receive(LIGHT)
    run = floor.scan(lot).run
    floor.now_ms += HOUR_MS
    floor.good()
    floor.titrate(fa_points="3.10", ta_points="32.0")
    assert (floor.lot(lot).run, len(floor.holds(lot))) == (run, 1), "it went in before the good one"
    other = floor.receive(LIGHT)
    assert "resources_are_good" in floor.told(other), "nothing joins it"


def test_a_titration_told_late_concerns_what_ran_until_the_next_good_one(floor: BathFloor) -> None:
    floor.good()
    lot = floor.through()
    floor.now_ms += HOUR_MS
    floor.good()
    after = floor.through()
    told_ms, floor.now_ms = floor.now_ms, floor.now_ms - HOUR_MS
    code = floor.titrate(fa_points="3.10", ta_points="32.0")
    floor.now_ms = told_ms
    assert floor.load(code).suspects == (lot,)
    assert floor.holds(after) == []


def test_what_was_shipped_is_listed_with_its_customer(floor: BathFloor) -> None:
    floor.good()
    lot = floor.through()
    (coupon,) = floor.act(take_coupons, lot, 2, 0)
    shipment = floor.act(ship_lots, [coupon], {"customer": "ACME"})
    found = floor.load(floor.titrate(fa_points="0.30", ta_points="24.0"))
    assert (found.shipped, found.suspects) == ((coupon,), (lot,))
    with reading(floor.engine) as conn:
        assert recall_of(conn, found).customers == {shipment: "ACME"}


@pytest.mark.parametrize(
    ("values", "refused"),
    [
        ({"fa_points": "1,20"}, ["figure_has_a_point"]),
        ({"fa_points": "-1.2"}, ["titration_is_possible"]),
        ({"fa_points": "0"}, ["titration_is_possible"]),
        ({"fa_points": "0.0012"}, ["titration_is_possible"]),
        ({"fa_points": "12.0", "ta_points": "3.0"}, ["total_holds_its_part"]),
        ({"ph": "3.0"}, ["parameter_is_of_bath"]),
        ({}, ["titration_is_whole"]),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    floor: BathFloor, values: dict[str, str], refused: list[str]
) -> None:
    floor.good()
    lot = floor.through()
    assert floor.titrate(**values) == refused
    assert floor.holds(lot) == floor.holds(floor.bath) == []


def test_a_voided_titration_counts_for_nothing(floor: BathFloor) -> None:
    code = floor.good()
    assert rules(floor.act(void_titration, floor.bath, code, "")) == ["reason_is_given"]
    assert floor.act(void_titration, floor.bath, code, "another bath's") == []
    assert floor.load(code).voided == "another bath's"
    assert rules(floor.act(void_titration, floor.bath, code, "again")) == ["titration_counts"]
    assert rules(floor.act(void_titration, floor.bath, "TI26-9", "x")) == ["titration_is_known"]
    assert floor.told(floor.receive(floor.lot(floor.bath).amount)) == ["bath_is_titrated"]


def test_what_is_out_besides_holds_for_itself_when_the_first_is_mended(floor: BathFloor) -> None:
    floor.good()
    lot = floor.through()
    first = floor.titrate(fa_points="3.10", ta_points="32.0")
    floor.now_ms += HOUR_MS
    second = floor.titrate(fa_points="3.20", ta_points="62.0")
    why = [f"{first} {floor.bath}: fa_points", f"{second} {floor.bath}: ta_points"]
    assert floor.holds(lot) == floor.holds(floor.bath) == why
    floor.now_ms += HOUR_MS
    again = floor.titrate(fa_points="1.20", ta_points="64.0", accelerator_points="0.2")
    assert floor.holds(lot) == [*why, f"{again} {floor.bath}: accelerator_points, ta_fa_ratio"]


def test_voiding_the_good_one_holds_what_it_had_cleared(floor: BathFloor) -> None:
    floor.good()
    early = floor.through()
    floor.now_ms += HOUR_MS
    wrong = floor.good()
    late = floor.through()
    floor.now_ms += HOUR_MS
    code = floor.titrate(fa_points="3.10", ta_points="32.0")
    assert (floor.holds(early), floor.load(code).suspects) == ([], (late,))
    assert floor.act(void_titration, floor.bath, wrong, "another bath's sample") == []
    assert floor.holds(early) == [f"{code} {floor.bath}: fa_points"]
    assert len(floor.holds(late)) == 1, "held once"
    with reading(floor.engine) as conn:
        known = {one.code for one in recall_of(conn, floor.load(code)).lots}
    assert {early, late} <= known
    floor.check()


def test_suspects_end_at_the_make_up_and_no_sample_is_older_than_its_bath(floor: BathFloor) -> None:
    floor.titrate(fa_points="1.20", ta_points="24.0")
    before = floor.through()
    old, made_ms = floor.bath, floor.now_ms
    floor.now_ms += HOUR_MS
    assert floor.act(mount, "sinter-1", "bath", "") == []
    floor.act(dump, old, "sludge")
    floor.bath = floor.make_up()
    floor.act(mount, "sinter-1", "bath", floor.bath)
    floor.good()
    lot = floor.through()
    now, floor.now_ms = floor.now_ms, made_ms - 1
    assert floor.titrate(fa_points="3.10", ta_points="32.0") == ["bath_was_made_up_then"]
    floor.now_ms = now + HOUR_MS
    code = floor.titrate(fa_points="3.10", ta_points="32.0")
    assert floor.load(code).suspects == (lot,)
    assert floor.titrate(old, fa_points="3.10", ta_points="32.0") == ["bath_is_in_use"]
    floor.now_ms = made_ms + 1000
    late = floor.titrate(old, fa_points="3.10", ta_points="32.0")
    assert floor.load(late).suspects == (before,), "its sample was taken before it was dumped"
    assert floor.holds(old) == []
    floor.now_ms = now + 2 * HOUR_MS
    floor.check()


def test_what_follows_the_ledger_is_made_anew_from_it(floor: BathFloor) -> None:
    floor.act(void_titration, floor.bath, floor.good(), "another bath's")
    floor.good()
    floor.through()
    floor.titrate(fa_points="3.10", ta_points="32.0")
    floor.act(add, floor.bath, ("replenisher", "340", "mL", ""))
    second = floor.make_up()
    floor.act(mount, "sinter-1", "bath", second)
    floor.act(dump, second, "sludge")
    before = followed(floor)
    assert all(before.values()), "every table has rows"
    rebuild_lots(floor.engine)
    assert followed(floor) == before
    with reading(floor.engine) as conn:
        (tank,) = tanks_of(conn, floor.bath)
    assert (tank.station, tank.role, tank.to_ms is not None) == ("sinter-1", "bath", True)


def followed(floor: BathFloor) -> dict[str, list[tuple[object, ...]]]:
    names = ("bath", "titration", "titration_value", "bath_addition", "bath_tank")
    with reading(floor.engine) as conn:
        return {
            name: sorted(map(tuple, conn.exec_driver_sql(f"SELECT * FROM {name}")), key=str)
            for name in names
        }
