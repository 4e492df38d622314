"""A release goes to one board, to a share, to all; and what happens when a board does not take it.

Played through the fold, with what boards tell: mes_server.actions.roll_out, mes_server.store.firmware.
"""

import threading
from pathlib import Path

import pytest
from sqlalchemy import Engine

from mes_server.actions.act_once import Ask, act_once
from mes_server.actions.answer_scan import ACCEPTED, REFUSED, Answer
from mes_server.actions.record_events import Act
from mes_server.actions.roll_out import (
    begin,
    offer_again,
    offer_for,
    resume,
    standings,
    stop,
    widen,
    withdraw,
)
from mes_server.domain.rules import Worker
from mes_server.store.engine import reading
from mes_server.store.firmware import list_offers, list_roll_outs, list_withdrawn
from schemas import journal_metrics as names
from tests.mes_server.actions.fleet import Fleet

FIRST = "sintering/ctl-1"
MINUTE_MS = 60_000


@pytest.fixture
def fleet(engine: Engine, tmp_path: Path) -> Fleet:
    return Fleet(engine, tmp_path).with_release(10)


def started(fleet: Fleet) -> str:
    (code,) = fleet.act(begin, "0.2.0-esp32_s3", FIRST)
    return str(code)


def offered(fleet: Fleet) -> set[str]:
    with reading(fleet.engine) as conn:
        return {node.partition("/")[2] for node in list_offers(conn)}


def standing(fleet: Fleet, code: str, node: str = FIRST) -> tuple[str, str]:
    with reading(fleet.engine) as conn:
        return standings(conn, fleet.roll_out(code), fleet.now_ms)[node]


def test_a_release_goes_to_one_then_to_a_share_then_to_all(fleet: Fleet) -> None:
    """Anna offers it to ctl-1, looks, offers it to 30 %, to all; later two more boards come."""
    code = started(fleet)
    assert offered(fleet) == {"ctl-1"}
    assert standing(fleet, code)[0] == "waiting"
    assert fleet.rules(widen, code, 30) == ["first_node_is_done"]
    fleet.updates(FIRST)
    assert (fleet.nodes(code), offered(fleet)) == ({"ctl-1": "done"}, set())
    assert fleet.act(widen, code, 30) == []
    share = offered(fleet)
    assert len(share) == 2, "30 % of ten are three, with the first"
    for node in sorted(share):
        fleet.updates(f"sintering/{node}")
    assert fleet.rules(widen, code, 20) == ["roll_out_grows"]
    assert fleet.rules(widen, code, 101) == ["roll_out_grows"]
    assert fleet.act(widen, code, 100) == []
    rest = offered(fleet)
    assert len(rest) == 7
    assert rest.isdisjoint(share | {"ctl-1"})
    for node in sorted(rest):
        fleet.updates(f"sintering/{node}")
    assert set(fleet.nodes(code).values()) == {"done"}
    assert not fleet.roll_out(code).is_open
    fleet.add(2)
    assert fleet.act(widen, code, 100) == []
    assert offered(fleet) == {"ctl-11", "ctl-12"}
    fleet.check()


def test_it_stands_as_the_board_tells(fleet: Fleet) -> None:
    code = started(fleet)
    seen = []
    for told in ("fetching 7", "fetching 93", "ready"):
        fleet.says(FIRST, state=told)
        seen.append(standing(fleet, code))
    fleet.boots(FIRST, image="0.2.0 b", state="trying")
    seen.append(standing(fleet, code))
    assert seen == [("fetching", "7"), ("fetching", "93"), ("ready", ""), ("trying", "")]
    fleet.says(FIRST, state="idle")
    assert fleet.nodes(code) == {"ctl-1": "done"}


def test_a_board_that_refuses_stops_it_and_is_offered_again_by_a_person(fleet: Fleet) -> None:
    code = started(fleet)
    fleet.says(FIRST, state="fetching 2")
    fleet.says(FIRST, state="refused: its manifest is not signed")
    assert fleet.nodes(code) == {"ctl-1": "failed refused: its manifest is not signed"}
    found = fleet.roll_out(code)
    assert (found.state, "its manifest is not signed" in found.reason) == ("stopped", True)
    assert fleet.rules(widen, code, 50) == ["roll_out_runs"]
    assert fleet.rules(offer_again, code, FIRST) == ["roll_out_runs"]
    assert fleet.act(resume, code, "") == []
    assert offered(fleet) == set(), "a node that failed stays out"
    assert fleet.rules(widen, code, 50) == ["first_node_is_done"]
    assert fleet.act(offer_again, code, FIRST) == []
    assert fleet.rules(offer_again, code, FIRST) == ["node_has_failed"]
    fleet.boots(FIRST)
    assert standing(fleet, code)[0] == "waiting", "a refusal of before is not one of this offer"
    fleet.updates(FIRST)
    assert fleet.nodes(code) == {"ctl-1": "done"}
    fleet.check()


@pytest.mark.parametrize("told", ["idle", "refused: went back from counter 2"])
def test_a_board_that_comes_back_with_its_old_image_stops_it(fleet: Fleet, told: str) -> None:
    code = started(fleet)
    fleet.says(FIRST, state="fetching 99")
    fleet.says(FIRST, state="ready")
    fleet.dies(FIRST)
    fleet.boots(FIRST, image="0.1.0 a", state=told)
    assert fleet.nodes(code)["ctl-1"].startswith("failed fell_back")
    assert fleet.roll_out(code).state == "stopped"
    fleet.check()


def test_a_board_that_falls_back_later_is_seen_too(fleet: Fleet) -> None:
    code = started(fleet)
    fleet.says(FIRST, state="ready")
    fleet.boots(FIRST, image="0.2.0 b", state="trying")
    fleet.boots(FIRST, image="0.1.0 a", state="refused: went back from counter 2")
    assert fleet.nodes(code) == {"ctl-1": "failed fell_back: went back from counter 2"}


def test_a_board_that_went_back_from_a_release_does_not_wait_for_it_for_ever(fleet: Fleet) -> None:
    """It takes that release no more, and has nothing new to say when it is offered again."""
    code = started(fleet)
    fleet.says(FIRST, state="ready")
    fleet.boots(FIRST, state="refused: went back from counter 2")
    fleet.act(resume, code, "")
    fleet.act(offer_again, code, FIRST)
    fleet.watch()
    assert fleet.nodes(code) == {"ctl-1": "failed fell_back: went back from counter 2"}
    fleet.act(withdraw, code, "no good")
    fleet.take_in(version="0.2.1", counter=3)
    (newer,) = fleet.act(begin, "0.2.1-esp32_s3", FIRST)
    assert standing(fleet, newer) == ("waiting", ""), "another release it takes"


def test_a_board_that_never_returns_stops_it_after_its_time(fleet: Fleet) -> None:
    code = started(fleet)
    fleet.says(FIRST, state="ready")
    fleet.dies(FIRST)
    fleet.now_ms += 29 * MINUTE_MS
    assert fleet.watch() == 0
    fleet.now_ms += 2 * MINUTE_MS
    assert fleet.watch() == 1
    assert fleet.watch() == 0
    assert fleet.nodes(code) == {"ctl-1": "failed lost"}
    assert fleet.roll_out(code).state == "stopped"
    fleet.check()


def test_a_board_that_is_switched_off_before_it_has_anything_only_waits(fleet: Fleet) -> None:
    code = started(fleet)
    fleet.dies(FIRST)
    fleet.now_ms += 1_000 * MINUTE_MS
    assert fleet.watch() == 0
    assert standing(fleet, code) == ("waiting", "")


def test_stopped_and_withdrawn_nobody_is_offered_it(fleet: Fleet) -> None:
    code = started(fleet)
    assert fleet.rules(stop, code, " ") == ["reason_is_given"]
    assert fleet.act(stop, code, "audit") == []
    assert offered(fleet) == set()
    with reading(fleet.engine) as conn:
        assert list_withdrawn(conn) == {FIRST}
    assert fleet.rules(stop, code, "again") == ["roll_out_runs"]
    assert fleet.act(resume, code, "audit is over") == []
    assert fleet.rules(resume, code, "") == ["roll_out_is_stopped"]
    assert offered(fleet) == {"ctl-1"}
    assert fleet.act(withdraw, code, "a better one comes") == []
    assert offered(fleet) == set()
    for acting in (withdraw, resume, stop):
        assert fleet.rules(acting, code, "once more") != []
    fleet.check()


def test_one_whose_last_board_failed_is_not_over_until_a_person_says_so(fleet: Fleet) -> None:
    fleet.take_in(version="0.3.0", counter=3)
    code = started(fleet)
    fleet.updates(FIRST)
    fleet.act(widen, code, 100)
    *rest, last = sorted(offered(fleet))
    for node in rest:
        fleet.updates(f"sintering/{node}")
    last = f"sintering/{last}"
    fleet.says(last, state="refused: the disk is full")
    assert (fleet.roll_out(code).state, fleet.roll_out(code).is_open) == ("stopped", True)
    fleet.act(resume, code, "")
    assert fleet.rules(begin, "0.3.0-esp32_s3", last) == ["roll_out_is_alone"]
    assert fleet.act(offer_again, code, last) == []
    fleet.updates(last)
    assert not fleet.roll_out(code).is_open
    assert isinstance(fleet.act(begin, "0.3.0-esp32_s3", last)[0], str)
    fleet.check()


def test_one_that_is_over_does_not_open_again_beside_another(fleet: Fleet) -> None:
    fleet.take_in(version="0.3.0", counter=3)
    code = started(fleet)
    fleet.updates(FIRST)
    fleet.act(widen, code, 100)
    for node in sorted(offered(fleet)):
        fleet.updates(f"sintering/{node}")
    (newer,) = fleet.act(begin, "0.3.0-esp32_s3", FIRST)
    fleet.add(1)
    assert fleet.rules(widen, code, 100) == ["roll_out_is_alone"]
    fleet.act(withdraw, newer, "later")
    assert fleet.act(widen, code, 100) == []
    assert offered(fleet) == {"ctl-11"}


def test_boards_of_another_kind_get_none_though_the_first_was_replaced_by_one(fleet: Fleet) -> None:
    fleet.add(2, "rp2350")
    code = started(fleet)
    fleet.updates(FIRST)
    fleet.edges[FIRST].facts[names.BOARD] = "rp2350"
    fleet.boots(FIRST)
    assert fleet.act(widen, code, 100) == []
    assert offered(fleet) == {f"ctl-{n}" for n in range(2, 11)}


def test_what_cannot_be_begun_is_refused_in_words(fleet: Fleet) -> None:
    fleet.add(1, "rp2350")
    fleet.take_in(version="0.3.0", counter=3)
    release = "0.2.0-esp32_s3"
    assert fleet.rules(begin, "9.9.9-esp32_s3", FIRST) == ["release_is_known"]
    assert fleet.rules(begin, release, "sintering/nobody") == ["node_is_known"]
    assert fleet.rules(begin, release, "sintering/ctl-11") == ["release_fits_board"]
    fleet.says(FIRST, image="0.2.0 a")
    assert fleet.rules(begin, release, FIRST) == ["node_lacks_release"]
    assert isinstance(fleet.act(begin, release, "sintering/ctl-2")[0], str)
    assert fleet.rules(begin, "0.3.0-esp32_s3", "sintering/ctl-3") == ["roll_out_is_alone"]
    assert fleet.rules(widen, "RO26-000099-00", 50) == ["roll_out_is_known"]


def test_a_node_that_tells_nothing_of_updates_gets_none(fleet: Fleet) -> None:
    plain = fleet.edges[FIRST]
    plain.facts = {}
    other = type(plain)(node="ctl-77", epoch=77, serial="chip-77")
    fleet.mes.take(other.nbirth(fleet.now_ms))
    assert fleet.rules(begin, "0.2.0-esp32_s3", "sintering/ctl-77") == ["node_takes_updates"]


def test_boards_that_tell_no_kind_follow_one_that_tells_none(
    engine: Engine, tmp_path: Path
) -> None:
    fleet = Fleet(engine, tmp_path)
    fleet.trust()
    fleet.add(2, None)
    fleet.add(2, "esp32_s3")
    fleet.add(2, "rp2350")
    fleet.take_in()
    code = started(fleet)
    fleet.updates(FIRST)
    assert fleet.act(widen, code, 100) == []
    assert offered(fleet) == {"ctl-2", "ctl-3", "ctl-4"}


def test_the_offer_names_version_counter_size_and_hash(fleet: Fleet) -> None:
    with reading(fleet.engine) as conn:
        assert offer_for(conn, ("sintering", "ctl-1")) == ""
    started(fleet)
    with reading(fleet.engine) as conn:
        told = offer_for(conn, ("sintering", "ctl-1")).split(" ")
    assert (told[:2], int(told[2]) > 100, len(told[3])) == (["0.2.0", "2"], True, 64)


def test_two_persons_who_begin_at_once_begin_one(fleet: Fleet) -> None:
    answers: list[Answer] = []

    def ask(number: int) -> None:
        act = Act(f"person-{number}-act", f"P{number}", "", fleet.now_ms, fleet.now_ms)
        worker = Worker(f"P{number}", frozenset({"admin"}), {})
        asked = Ask("roll_out", about=FIRST)
        answers.append(act_once(fleet.engine, act, asked, worker, lambda book, _codes: begin(book, "0.2.0-esp32_s3", FIRST)))  # fmt: skip

    threads = [threading.Thread(target=ask, args=(n,)) for n in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.outcome for answer in answers) == [ACCEPTED, REFUSED]
    with reading(fleet.engine) as conn:
        assert len(list_roll_outs(conn)) == 1
