"""What is asked is done once, answered the same for ever, and recorded also where it is refused."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, event

from mes_server.actions import make_lots as make
from mes_server.actions.act_once import Ask, act_once
from mes_server.actions.answer_scan import ACCEPTED, LATE_MS, REFUSED, REVIEW, Answer
from mes_server.actions.handle_lots import hold_lots, merge_lots
from mes_server.actions.record_events import Act, Book
from mes_server.domain.amounts import Amount
from mes_server.domain.rules import Worker
from mes_server.store.engine import reading, writer_of
from mes_server.store.ledger import head, load_stream
from tests.mes_server.actions.lot_floor import Floor

ANNA = Worker("P1", frozenset({"operator"}), {})
TEN = Amount(10, 10_000)


@pytest.fixture
def floor(engine: Engine) -> Floor:
    return Floor(engine)


def split(book: Book, codes: list[str]) -> Any:
    return make.split_off(book, codes[0], [(4, 0)])


def ask(floor: Floor, act_id: str, code: str, worker: Worker = ANNA, late_ms: int = 0) -> Answer:
    floor.now_ms += 1000
    act = Act(act_id, worker.badge, "bench-1", floor.now_ms - late_ms, floor.now_ms)
    return act_once(floor.engine, act, Ask("split", (code,), "", "boxes"), worker, split)


def test_a_repetition_gets_the_first_answer_and_does_nothing(floor: Floor) -> None:
    code = floor.receive(TEN)
    first = ask(floor, "act-1", code.lower())
    assert (first.outcome, first.lot, len(first.made)) == (ACCEPTED, code, 1)
    with reading(floor.engine) as conn:
        length = head(conn, 0).number
    assert ask(floor, "act-1", code) == replace(first, again=True)
    with reading(floor.engine) as conn:
        assert head(conn, 0).number == length
    assert floor.lot(code).amount.pieces == 6
    floor.check()


def test_every_reason_is_told_and_the_refusal_recorded(floor: Floor) -> None:
    code = floor.receive(TEN)
    floor.act(hold_lots, [code], "crack")
    refused = ask(floor, "act-1", code)
    assert (refused.outcome, [r.rule for r in refused.refusals]) == (REFUSED, ["lot_is_free"])
    for text, rule in (("=1+1", "code_is_no_script"), ("DO-SCRAP", "code_is_of_kind")):
        assert [r.rule for r in ask(floor, f"act-{rule}", text).refusals] == [rule]
    nobody = ask(floor, "act-2", code, Worker("", frozenset(), {}))
    assert [r.rule for r in nobody.refusals] == ["person_is_signed_in"]
    with reading(floor.engine) as conn:
        kinds = [e.kind for e in load_stream(conn, "scans:bench-1")]
    assert kinds == [REFUSED] * 4
    floor.check()


def test_an_answer_is_recorded_without_reading_all_answers_of_the_station(floor: Floor) -> None:
    code = floor.receive(TEN)
    ask(floor, "act-1", code)
    asked: list[Any] = []

    def look(_c: Any, _d: Any, query: str, values: Any, *_more: Any) -> None:
        asked.append((query, values))

    event.listen(writer_of(floor.engine), "before_cursor_execute", look)
    ask(floor, "act-2", code)
    rows = [q for q, values in asked if "scans:bench-1" in str(values) and q.startswith("SELECT")]
    assert len(rows) == 2, "once to number it, once to see that nobody was quicker"
    assert not [query for query in rows if "content" in query]
    lots = [q for q, v in asked if f"lot:{code}" in str(v) and "content" in q]
    assert lots, "the history of the lot is read whole"
    floor.check()


def test_what_comes_late_and_cannot_be_goes_to_a_person(floor: Floor) -> None:
    code = floor.receive(TEN)
    floor.act(hold_lots, [code], "crack")
    assert ask(floor, "act-1", code, late_ms=LATE_MS + 1).outcome == REVIEW


def test_what_is_made_and_held_is_told(floor: Floor) -> None:
    codes = tuple(floor.receive(TEN) for _ in range(2))

    def merge_and_hold(book: Book, codes: list[str]) -> Any:
        made = merge_lots(book, codes)
        assert hold_lots(book, [str(made[0])], "look") == []
        return made

    act = Act("act-1", "P1", "bench-1", floor.now_ms, floor.now_ms)
    done = act_once(floor.engine, act, Ask("merge", codes), ANNA, merge_and_hold)
    assert done.made == done.held != ()
