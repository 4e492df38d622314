"""Lots are split, merged, held, scrapped, sent back, shipped and corrected; nothing appears or vanishes."""

import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from mes_server.actions import handle_lots as handle
from mes_server.actions.release_route import release_route
from mes_server.domain.amounts import Amount, total
from mes_server.domain.genealogy import BACK, FORWARD
from mes_server.domain.lots import Lot
from mes_server.store.engine import reading
from mes_server.store.ledger import head
from mes_server.store.lots import list_edges
from tests.mes_server.actions.lot_floor import Floor, rules
from tests.mes_server.domain.test_routes import content as route_content

TEN = Amount(10, 1_000_000, 500, {"Dy": 100, "Nd": 3000})


@pytest.fixture
def floor(engine: Engine) -> Floor:
    return Floor(engine)


def test_a_lot_is_split_and_what_is_left_keeps_its_code(floor: Floor) -> None:
    code = floor.receive(TEN)
    one, two = floor.act(handle.split_lot, code, [TEN.share(3, 10), TEN.share(2, 10)])
    assert floor.lot(one).amount == Amount(3, 300_000, 150, {"Dy": 30, "Nd": 900})
    assert floor.lot(code).amount == Amount(5, 500_000, 250, {"Dy": 50, "Nd": 1500})
    assert floor.lot(two).grade == "N42SH"
    with reading(floor.engine) as conn:
        assert [e.child for e in list_edges(conn, [code], FORWARD)] == [one, two]
    floor.check()


def test_lots_that_are_alike_become_one_and_each_is_a_parent(floor: Floor) -> None:
    codes = [floor.receive(TEN.share(i, 10)) for i in (2, 3, 5)]
    (merged,) = floor.act(handle.merge_lots, codes)
    assert floor.lot(merged).amount == TEN
    assert {floor.lot(code).status for code in codes} == {"used_up"}
    with reading(floor.engine) as conn:
        assert [e.parent for e in list_edges(conn, [merged], BACK)] == codes
    floor.check()


def test_what_may_not_be_merged_is_refused_with_every_reason(floor: Floor) -> None:
    good, other = floor.receive(TEN), floor.receive(TEN, grade="N52")
    held = floor.receive(TEN)
    floor.act(handle.hold_lots, [held], "oxygen")
    assert rules(floor.act(handle.merge_lots, [good, held])) == ["lot_is_free"]
    assert rules(floor.act(handle.merge_lots, [good, other])) == ["lots_are_alike"]
    assert rules(floor.act(handle.merge_lots, [good, good])) == ["lots_may_mix"]
    assert rules(floor.act(handle.merge_lots, [good, "L26-999999-XX"]))[0] == "lot_is_known"
    assert floor.lot(good).amount == TEN
    floor.check()


@pytest.mark.parametrize(
    ("acting", "args", "rule"),
    [
        (handle.split_lot, [[Amount(11)]], "amount_is_there"),
        (handle.scrap, [Amount(11), "broken"], "amount_is_there"),
        (handle.scrap, [Amount(1), " "], "reason_is_given"),
        (handle.hold_lots, [""], "reason_is_given"),
        (handle.release_lot, ["h1", "measured again"], "hold_is_known"),
        (handle.send_back, ["slicing", "too thick"], "operation_was_done"),
    ],
)
def test_a_refusal_names_its_rule_and_leaves_no_trace(
    floor: Floor, acting: Any, args: list[Any], rule: str
) -> None:
    code = floor.receive(TEN)
    with reading(floor.engine) as conn:
        before = head(conn, 0)
    many = acting is handle.hold_lots
    assert rules(floor.act(acting, [code] if many else code, *args)) == [rule]
    with reading(floor.engine) as conn:
        assert head(conn, 0) == before


def test_a_hold_keeps_everything_from_a_lot_until_it_is_released_by_name(floor: Floor) -> None:
    code = floor.receive(TEN)
    assert floor.act(handle.hold_lots, [code, code], "oxygen") == []
    (hold,) = floor.lot(code).holds
    assert rules(floor.act(handle.split_lot, code, [Amount(1)])) == ["lot_is_free"]
    assert rules(floor.act(handle.ship_lots, [code], {"customer": "C1"})) == ["lot_is_free"]
    assert floor.act(handle.release_lot, code, hold, "measured again, 800 ppm") == []
    shipment = floor.act(handle.ship_lots, [code], {"customer": "C1"})
    assert floor.lot(code).shipment == shipment
    assert rules(floor.act(handle.scrap, code, Amount(1), "lost")) == ["lot_is_here"]
    floor.check()


def test_scrap_becomes_a_waste_lot_with_its_origin(floor: Floor) -> None:
    code = floor.receive(TEN)
    (waste,) = floor.act(handle.scrap, code, TEN.share(1, 10), "chipped")
    assert (floor.lot(waste).kind, floor.lot(waste).amount.mass_mg) == ("waste", 100_000)
    assert floor.lot(code).amount.pieces == 9
    floor.check()


def test_a_split_of_the_wrong_lot_is_taken_back_as_long_as_nothing_rests_on_it(
    floor: Floor,
) -> None:
    code = floor.receive(TEN)
    (child,) = floor.act(handle.split_lot, code, [TEN.share(4, 10)])
    split = floor.actions[-1]
    assert floor.act(handle.correct_action, split, "wrong lot scanned") == []
    assert floor.lot(code).amount == TEN
    assert [lot.code for lot in floor.lots()] == [code]
    with reading(floor.engine) as conn:
        assert list_edges(conn, [code], FORWARD) == []
    floor.check()
    correction = floor.actions[-1]
    assert floor.act(handle.correct_action, correction, "it was right after all") == []
    assert floor.lot(child).amount.pieces == 4
    floor.check()
    floor.act(handle.scrap, child, Amount(1), "chipped")
    refused = floor.act(handle.correct_action, split, "wrong after all")
    assert rules(refused) == ["nothing_rests_on_it"]
    assert rules(floor.act(handle.correct_action, "s999", "x")) == ["action_is_known"]
    assert rules(floor.act(handle.correct_action, split, "")) == ["reason_is_given"]


def test_a_correction_that_is_refused_for_one_lot_corrects_none(floor: Floor) -> None:
    code = floor.receive(Amount(9, 9000))
    floor.act(handle.split_lot, code, [Amount(2, 2000), Amount(4, 4000)])
    split = floor.actions[-1]
    child = next(lot.code for lot in floor.lots() if lot.amount.pieces == 4)
    floor.act(handle.scrap, child, Amount(1, 1000), "chipped")
    assert rules(floor.act(handle.correct_action, split, "wrong")) == ["nothing_rests_on_it"]
    assert total(lot.amount for lot in floor.lots()) == Amount(9, 9000)
    floor.check()


USED = itertools.count(0, 100)  # examples share a ledger: each needs ids of actions of its own
whole = st.integers(0, 9)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["receive", "split", "merge", "scrap", "hold", "correct"]),
        whole,
        whole,
        whole,
    ),
    max_size=25,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_whatever_is_done_nothing_appears_or_vanishes_and_a_replay_agrees(
    sqlite_engine: Engine, steps: list[tuple[str, int, int, int]]
) -> None:
    """Also corrections, allowed or refused: what was received is what all lots hold together."""
    floor = Floor(sqlite_engine, actions=["x"] * next(USED))
    old = {lot.code for lot in floor.lots()}
    received: dict[str, Amount] = {}
    mine: list[str] = []

    def pick(number: int) -> str:
        codes = sorted(lot.code for lot in floor.lots() if lot.code not in old)
        return codes[number % len(codes)] if codes else "L26-000000-XX"

    for what, a, b, c in steps:
        action = f"s{len(floor.actions) + 1}"
        if what == "receive":
            amount = Amount(a, 1000 * b, c, {"Nd": 100 * b})
            floor.receive(amount)
            received[action] = amount
        elif what == "split":
            parts = [_part(floor, pick(a), b), _part(floor, pick(a), c)]
            floor.act(handle.split_lot, pick(a), parts)
        elif what == "merge":
            floor.act(handle.merge_lots, [pick(a), pick(b)])
        elif what == "scrap":
            floor.act(handle.scrap, pick(a), _part(floor, pick(a), b), "broken")
        elif what == "hold":
            floor.act(handle.hold_lots, [pick(a)], "look")
        else:
            floor.act(handle.correct_action, mine[a % len(mine)] if mine else "none", "wrong")
        mine.append(action)
    there: list[Lot] = [lot for lot in floor.lots() if lot.code not in old]
    assert total(lot.amount for lot in there) == total(_still(floor, received))
    floor.check()


def _part(floor: Floor, code: str, number: int) -> Amount:
    lots = {lot.code: lot for lot in floor.lots()}
    return lots[code].amount.share(number, 12) if code in lots else Amount(number)


def _still(floor: Floor, received: dict[str, Amount]) -> list[Amount]:
    """What was received and not taken back."""
    with reading(floor.engine) as conn:
        query = "SELECT kind, action, content FROM ledger WHERE kind IN ('lot_created', 'lot_corrected')"
        events = conn.exec_driver_sql(query).all()
    corrections = [(e.action, e.content) for e in events if e.kind == "lot_corrected"]
    gone: set[str] = set()
    for action, content in reversed(corrections):
        if action not in gone:
            gone.update(a for a in [*received, *(c for c, _ in corrections)] if f'"{a}"' in content)
    return [amount for action, amount in received.items() if action not in gone]


def test_limits_of_merging_count_what_lots_were_put_together_from(floor: Floor) -> None:
    assert (
        floor.act(release_route, route_content() | {"merge": {"parents_max": 3, "days_max": 7}})
        == []
    )
    one, two, three, four = (floor.receive(TEN) for _ in range(4))
    (pair,) = floor.act(handle.merge_lots, [one, two])
    (other,) = floor.act(handle.merge_lots, [three, four])
    assert rules(floor.act(handle.merge_lots, [pair, other])) == ["lots_may_mix"]
    (part,) = floor.act(handle.split_lot, pair, [TEN.share(1, 2)])
    (whole,) = floor.act(handle.merge_lots, [pair, part])
    assert floor.lot(whole).amount == TEN + TEN, "two lots, however often divided"
    floor.now_ms += 30 * 86_400_000
    late = floor.receive(TEN)
    (young,) = floor.act(handle.split_lot, whole, [TEN.share(1, 2)])
    refused = floor.act(handle.merge_lots, [young, late])
    assert rules(refused) == ["lots_are_of_one_time"], "a part is as old as what it was part of"
    floor.check()
