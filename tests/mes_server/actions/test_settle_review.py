"""What came late: checked against its own time, kept word for word, carried out or set aside, once."""

import json

import pytest
from sqlalchemy import Engine

from mes_server.actions.answer_scan import ACCEPTED, REVIEW, Answer
from mes_server.actions.own_time import out_of_its_time
from mes_server.actions.record_events import Act
from mes_server.actions.release_route import release_route
from mes_server.actions.scan_lot import Scan, scan_lot
from mes_server.actions.scan_unload import LotTold, Told, Unloading, scan_unload
from mes_server.actions.settle_review import conclude, decide, keep_request, set_aside
from mes_server.domain.amounts import Amount
from mes_server.domain.reviews import SETTLED, since
from mes_server.domain.rules import Worker
from mes_server.store.engine import reading
from mes_server.store.ledger import list_kind, load_stream
from mes_server.store.nodes import ensure_node
from mes_server.store.reviews import count_open, list_open, list_settled, load_review
from mes_server.store.stations import ensure_station, set_station_online
from mes_server.store.transaction import writing
from tests.mes_server.actions.lot_floor import Floor, rules
from tests.mes_server.domain.test_routes import content

GREEN = Amount(10, 1_000_000, 5_000, {"Nd": 300_000})
ANNA = Worker("P1", frozenset({"operator"}), {})
HOUR = 3_600_000


@pytest.fixture
def floor(engine: Engine) -> Floor:
    floor = Floor(engine)
    assert floor.act(release_route, content()) == []
    with writing(engine) as conn:
        node = ensure_node(conn, "g", "n")
        key = ensure_station(conn, node, "sinter-1", "sinterer", "a")
        set_station_online(conn, key, True, floor.now_ms)
    return floor


def scan(floor: Floor, code: str, id_: str, late_ms: int = 0) -> Answer:
    """Made `late_ms` before it comes."""
    floor.now_ms += 1000
    made = Scan(id_, code, "sinter-1", floor.now_ms - late_ms)
    return scan_lot(floor.engine, made, ANNA, floor.now_ms)


def unload(floor: Floor, run: str, code: str) -> None:
    floor.now_ms += 1000
    told = Unloading(f"unload-{run}", run, "sinter-1", floor.now_ms, [LotTold(code, Told(10, 1_000_000))])  # fmt: skip
    assert scan_unload(floor.engine, told, ANNA, floor.now_ms).outcome == ACCEPTED


def lead(floor: Floor) -> Act:
    floor.now_ms += 1000
    floor.actions.append("lead")
    return Act(f"lead-{len(floor.actions)}", "LEAD", "", floor.now_ms, floor.now_ms)


def late_one(floor: Floor) -> tuple[str, str]:
    """A load that came an hour late, after another run had come and gone: its lot and its id."""
    code, other = floor.receive(GREEN), floor.receive(GREEN)
    floor.now_ms += HOUR
    run = scan(floor, other, "scan-other").run
    floor.now_ms += HOUR
    unload(floor, run, other)
    answer = scan(floor, code, "scan-late", late_ms=HOUR // 2)
    assert answer.outcome == REVIEW
    assert [r.rule for r in answer.refusals] == ["run_is_still_open"]
    keep_request(
        floor.engine, lead(floor), "scan-late", "/api/v1/scans", json.dumps({"code": code})
    )
    return code, "scan-late"


def open_now(floor: Floor) -> list[str]:
    with reading(floor.engine) as conn:
        found = [review.scan.action for review in list_open(conn, 0, 100)]
        assert count_open(conn) == count_open(conn, "sinter-1") == len(found)
        assert count_open(conn, "elsewhere") == 0
    return found


def test_a_late_load_is_placed_in_its_own_time_where_that_is_still_as_it_was(floor: Floor) -> None:
    code = floor.receive(GREEN)
    floor.now_ms += 3 * HOUR
    answer = scan(floor, code, "scan-late", late_ms=2 * HOUR)
    assert answer.outcome == ACCEPTED
    with reading(floor.engine) as conn:
        assert load_stream(conn, f"charge:{answer.run}")[0].at_ms == floor.now_ms - 2 * HOUR
    second = floor.receive(GREEN)
    floor.now_ms += HOUR
    joined = scan(floor, second, "scan-later", late_ms=HOUR // 2)
    assert joined.run == answer.run, "the run that was open then and is open still"
    floor.check()


def test_a_late_load_into_a_run_that_began_after_it_or_of_a_lot_that_moved_on_waits(
    floor: Floor,
) -> None:
    code, other = floor.receive(GREEN), floor.receive(GREEN)
    floor.now_ms += 2 * HOUR
    scan(floor, other, "scan-other")
    late = scan(floor, code, "scan-late", late_ms=HOUR)
    assert [r.rule for r in late.refusals] == ["run_was_open"]
    with reading(floor.engine) as conn:
        moved = out_of_its_time(conn, other, "elsewhere", floor.now_ms - HOUR, floor.now_ms)
        assert [r.rule for r in moved] == ["lot_is_as_it_was"]
        assert moved[0].facts["by"] == "P1"
        assert out_of_its_time(conn, other, "sinter-1", floor.now_ms - 1000, floor.now_ms) == []
    assert open_now(floor) == ["scan-late"]
    floor.check()


def test_what_is_carried_out_is_done_once_and_settled(floor: Floor) -> None:
    code, late = late_one(floor)
    assert rules(decide(floor.engine, lead(floor), late, " ")) == ["reason_is_given"]
    made = decide(floor.engine, lead(floor), late, "it was in the tray")
    assert isinstance(made, str)
    # Whoever died on the way: the next try goes on under the same id.
    assert decide(floor.engine, lead(floor), late, "again") == made
    assert rules(set_aside(floor.engine, lead(floor), late, "no")) == ["review_is_not_begun"]
    assert scan(floor, code, made).outcome == ACCEPTED
    assert rules(set_aside(floor.engine, lead(floor), late, "no")) == ["review_is_not_begun"]
    assert open_now(floor) == [late]
    assert conclude(floor.engine, lead(floor), late, "it was in the tray") == []
    assert conclude(floor.engine, lead(floor), late, "twice") == []
    assert open_now(floor) == []
    assert rules(decide(floor.engine, lead(floor), late, "more")) == ["review_is_open"]
    with reading(floor.engine) as conn:
        (event,) = list_kind(conn, SETTLED, 10)
        (review,) = list_settled(conn, 10)
    assert (event.person, event.reason, event.facts()) == (
        "LEAD", "it was in the tray", {"outcome": "carried_out", "as": made},
    )  # fmt: skip
    assert review.settled == event
    assert floor.lot(code).run
    floor.check()


def test_a_try_that_is_refused_leaves_it_open_and_waits_for_nobody_itself(floor: Floor) -> None:
    code, late = late_one(floor)
    made = decide(floor.engine, lead(floor), late, "try")
    assert isinstance(made, str)
    assert scan(floor, code, made, late_ms=HOUR // 2).outcome == REVIEW
    assert rules(conclude(floor.engine, lead(floor), late, "try")) == ["run_is_still_open"]
    assert open_now(floor) == [late]
    again = decide(floor.engine, lead(floor), late, "once more")
    assert again != made
    assert scan(floor, code, str(again)).outcome == ACCEPTED
    assert conclude(floor.engine, lead(floor), late, "once more") == []
    assert open_now(floor) == []
    floor.check()


def test_what_is_set_aside_is_settled_with_who_and_why(floor: Floor) -> None:
    code, late = late_one(floor)
    assert rules(set_aside(floor.engine, lead(floor), late, "")) == ["reason_is_given"]
    assert rules(set_aside(floor.engine, lead(floor), "unknown", "x")) == ["review_is_known"]
    assert set_aside(floor.engine, lead(floor), late, "a practice scan") == []
    refused = set_aside(floor.engine, lead(floor), late, "twice")
    assert (rules(refused), refused[0].facts["by"]) == (["review_is_open"], "LEAD")
    assert open_now(floor) == []
    assert floor.lot(code).run == ""
    floor.check()


def test_what_was_asked_is_kept_once_and_without_it_nothing_is_carried_out(floor: Floor) -> None:
    _, late = late_one(floor)
    keep_request(floor.engine, lead(floor), late, "/api/v1/other", "{}")
    with reading(floor.engine) as conn:
        kept = load_review(conn, late)
        assert load_review(conn, "unknown") is None
    assert kept is not None
    assert kept.path == "/api/v1/scans"
    code = floor.receive(GREEN)
    floor.now_ms += HOUR
    assert scan(floor, code, "scan-old", late_ms=2 * HOUR).outcome == REVIEW
    assert rules(decide(floor.engine, lead(floor), "scan-old", "x")) == ["review_is_whole"]
    assert rules(conclude(floor.engine, lead(floor), "scan-old", "x")) == ["review_is_known"]
    assert open_now(floor) == [late, "scan-old"]


def test_of_events_the_last_counts() -> None:
    assert since([], 0) is None
