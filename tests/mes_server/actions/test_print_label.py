"""Labels are minted once; a reprint has a reason and voids the one before; all of it is in the ledger."""

import threading
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from mes_server.actions.handle_lots import hold_lots, scrap
from mes_server.actions.one_action import carry_out
from mes_server.actions.print_label import Paper, print_label, rebuild_labels, void_label
from mes_server.actions.record_events import Act
from mes_server.domain.amounts import Amount
from mes_server.domain.labels import PRINTED, VOIDED, Label, Standing, good_ones, label_id
from mes_server.domain.seal import first_break
from mes_server.store.engine import reading
from mes_server.store.labels import labels_of, load_label, load_standing
from mes_server.store.ledger import iter_events, load_stream
from tests.mes_server.actions.lot_floor import Floor, rules

TEN = Amount(10, 12_500_000)


@pytest.fixture
def floor(engine: Engine) -> Floor:
    return Floor(engine)


def labels(floor: Floor, code: str) -> list[Standing]:
    with reading(floor.engine) as conn:
        return labels_of(conn, code)


def test_a_label_says_what_the_lot_is_and_is_recorded(floor: Floor) -> None:
    code = floor.receive(TEN, "parts", part="P\n1", expires_ms=floor.now_ms + 86_400_000)
    paper = Paper(ZoneInfo("Asia/Shanghai"), "http://mes.plant")
    label = floor.act(print_label, code, "", paper)
    assert isinstance(label, Label)
    assert label.id == label_id(code, 1)
    assert label.link == f"http://mes.plant/lots/{code}#{label.id}"
    said = dict(label.lines)
    made = said.pop("made")
    assert said.pop("use_by") > made
    assert said == {
        "kind": "parts",
        "part": "P 1",
        "grade": "N42SH",
        "pieces": "10",
        "mass": "12.5 kg",
    }
    with reading(floor.engine) as conn:
        (event,) = load_stream(conn, f"label:{code}")
        assert (event.kind, event.person) == (PRINTED, "P1")
        assert load_label(conn, label.id) == label
        assert load_label(conn, label_id(code, 2)) is None
        assert load_label(conn, code) is None
    floor.check()


def test_the_dates_are_those_of_the_plant(floor: Floor) -> None:
    code = floor.receive(TEN)
    east, west = ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Pacific/Pago_Pago")
    one = floor.act(print_label, code, "", Paper(east))
    two = floor.act(print_label, code, "x", Paper(west))
    assert dict(one.lines)["made"] > dict(two.lines)["made"]


def test_a_reprint_without_a_reason_is_refused_and_nothing_is_recorded(floor: Floor) -> None:
    code = floor.receive(TEN)
    first = floor.act(print_label, code)
    for reason in ("", "  "):
        assert rules(floor.act(print_label, code, reason)) == ["reprint_has_a_reason"]
    assert labels(floor, code) == [Standing(first.id, code, 1, first.printed_ms)]


def test_a_reprint_voids_the_label_before_and_says_which_replaced_it(floor: Floor) -> None:
    code = floor.receive(TEN)
    made = [floor.act(print_label, code, reason) for reason in ("", "printer jam", "torn")]
    assert [label.number for label in made] == [1, 2, 3]
    assert [label.is_reprint for label in made] == [False, True, True]
    found = labels(floor, code)
    assert [(s.why, s.instead) for s in found] == [
        ("printer jam", made[1].id),
        ("torn", made[2].id),
        ("", ""),
    ]
    assert [s.id for s in good_ones(found)] == [made[2].id]
    with reading(floor.engine) as conn:
        kinds = [event.kind for event in load_stream(conn, f"label:{code}")]
        assert kinds == [PRINTED, VOIDED, PRINTED, VOIDED, PRINTED]
        assert first_break(iter_events(conn)) is None


def test_a_label_that_was_lost_is_voided_and_the_next_one_needs_a_reason(floor: Floor) -> None:
    code = floor.receive(TEN)
    label = floor.act(print_label, code)
    assert rules(floor.act(void_label, label.id, " ")) == ["reason_is_given"]
    assert floor.act(void_label, label.id, "fell into the bath") == []
    assert rules(floor.act(void_label, label.id, "again")) == ["label_is_good"]
    assert rules(floor.act(void_label, label_id(code, 7), "x")) == ["label_is_known"]
    assert good_ones(labels(floor, code)) == []
    assert rules(floor.act(print_label, code)) == ["reprint_has_a_reason"]
    assert floor.act(print_label, code, "lost").number == 2


def test_what_is_no_more_gets_no_label_and_what_is_held_does(floor: Floor) -> None:
    code = floor.receive(TEN)
    floor.act(hold_lots, [code], "oxygen")
    assert isinstance(floor.act(print_label, code), Label)
    floor.act(scrap, code, TEN, "broken")
    assert rules(floor.act(print_label, code, "again")) == ["lot_is_here"]
    assert rules(floor.act(print_label, "L26-000000-00")) == ["lot_is_known"]


def test_labels_can_be_made_anew_from_the_ledger(floor: Floor) -> None:
    code = floor.receive(TEN)
    for reason in ("", "torn"):
        floor.act(print_label, code, reason)
    before = labels(floor, code)
    rebuild_labels(floor.engine)
    assert labels(floor, code) == before
    with reading(floor.engine) as conn:
        assert load_standing(conn, before[0].id) == before[0]
        assert load_standing(conn, label_id(code, 9)) is None


def test_two_who_print_at_once_get_one_label_and_one_refusal(floor: Floor) -> None:
    code = floor.receive(TEN)
    answers: list[object] = []
    start = threading.Barrier(2)

    def printing(name: str) -> None:
        act = Act(name, name, "", floor.now_ms, floor.now_ms)
        start.wait(30)
        answers.append(carry_out(floor.engine, act, print_label, code))

    threads = [threading.Thread(target=printing, args=(name,)) for name in ("P1", "P2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    minted = [answer for answer in answers if isinstance(answer, Label)]
    (refused,) = [answer for answer in answers if not isinstance(answer, Label)]
    assert len(minted) == 1
    assert rules(refused) == ["reprint_has_a_reason"]
    assert [standing.id for standing in labels(floor, code)] == [minted[0].id]
