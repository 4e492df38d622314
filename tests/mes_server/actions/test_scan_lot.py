"""A worker's scan: loaded once, or every reason why not; two workers, old scans, strange codes."""

import threading
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine

from mes_server.actions.release_route import release_route
from mes_server.actions.run_charge import Outcome, unload
from mes_server.actions.scan_lot import (
    ACCEPTED,
    LATE_MS,
    REFUSED,
    REVIEW,
    Answer,
    Scan,
    scan_lot,
)
from mes_server.domain.amounts import Amount
from mes_server.domain.codes import Code
from mes_server.domain.routes import Operation
from mes_server.domain.rules import Worker
from mes_server.store.engine import reading
from mes_server.store.ledger import head, load_stream
from mes_server.store.lots import lots_in_run
from mes_server.store.nodes import ensure_node
from mes_server.store.routes import list_routes, load_route
from mes_server.store.stations import ensure_station, set_station_online
from mes_server.store.transaction import writing
from tests.mes_server.actions.lot_floor import Floor
from tests.mes_server.domain.test_routes import content

LIGHT = Amount(10, 1_000_000, elements={"Nd": 300_000})
HEAVY = Amount(10, 1_000_000, elements={"Nd": 280_000, "Tb": 20_000})
ANNA = Worker("P1", frozenset({"operator"}), {})
BEN = Worker("P2", frozenset({"operator"}), {})


@pytest.fixture
def floor(engine: Engine) -> Floor:
    floor = Floor(engine)
    whole = content()
    whole["operations"]["age"]["line_clearance"] = True
    assert floor.act(release_route, whole) == []
    with writing(engine) as conn:
        node = ensure_node(conn, "g", "n")
        for station, kind in (("sinter-1", "sinterer"), ("age-1", "ageer"), ("pack-1", "packer")):
            key = ensure_station(conn, node, station, kind, "a")
            set_station_online(conn, key, station != "pack-1", floor.now_ms)
    return floor


def scan(floor: Floor, code: str, station: str = "sinter-1", **more: Any) -> Answer:
    worker = more.pop("worker", ANNA)
    floor.now_ms += 1000
    floor.actions.append("scan")
    made = {"id": f"scan-{len(floor.actions)}", "at_ms": floor.now_ms} | more
    made = Scan(code=code, station=station, **made)
    return scan_lot(floor.engine, made, worker, floor.now_ms)


def rules(answer: Answer) -> list[str]:
    return [refusal.rule for refusal in answer.refusals]


def test_the_next_operation_of_the_route_begins_where_it_may(floor: Floor) -> None:
    code = floor.receive(LIGHT)
    answer = scan(floor, code.lower(), facts={"recipe": "S-42", "resources": {"tc": "TC-1"}})
    assert (answer.outcome, answer.operation, answer.refusals) == (ACCEPTED, "sinter", ())
    with reading(floor.engine) as conn:
        assert [lot.code for lot in lots_in_run(conn, answer.run)] == [code]
        (event,) = load_stream(conn, "scans:sinter-1")
    assert (event.person, event.facts()["scanned"]) == ("P1", code.lower())
    floor.check()


def test_a_scan_that_comes_again_gets_its_first_answer_and_does_nothing(floor: Floor) -> None:
    code = floor.receive(LIGHT)
    first = scan(floor, code, id="tablet-7-1")
    with reading(floor.engine) as conn:
        length = head(conn, 0).number
    assert scan(floor, code, id="tablet-7-1") == replace(first, again=True)
    refused = scan(floor, code, id="tablet-7-2")
    assert scan(floor, code, id="tablet-7-2") == replace(refused, again=True)
    with reading(floor.engine) as conn:
        assert head(conn, 0).number == length + 1


def test_every_reason_is_told_at_once_and_the_refusal_is_kept(floor: Floor) -> None:
    code = floor.receive(LIGHT)
    answer = scan(floor, code, "pack-1", operation="pack")
    assert (answer.outcome, answer.run) == (REFUSED, "")
    assert rules(answer) == ["operation_is_next", "station_is_ready"]
    with reading(floor.engine) as conn:
        (event,) = load_stream(conn, "scans:pack-1")
    assert [r["rule"] for r in event.facts()["refusals"]] == rules(answer)
    assert floor.lot(code).status == "active"


@pytest.mark.parametrize(
    ("scanned", "station", "rule"),
    [
        ("hello", "sinter-1", "code_is_unknown"),
        ("L26-000001-00", "sinter-1", "code_is_misread"),
        ("=1+1", "sinter-1", "code_is_no_script"),
        ("<b>" * 900, "sinter-1", "code_is_short"),
        ("DO-SCRAP", "sinter-1", "code_is_of_kind"),
        ("{absent}", "sinter-1", "lot_is_known"),
        ("{lot}", "nowhere", "station_is_known"),
        ("{old}", "sinter-1", "route_is_released"),
    ],
)
def test_what_means_nothing_is_refused_and_recorded(
    floor: Floor, scanned: str, station: str, rule: str
) -> None:
    known = {"{lot}": floor.receive(LIGHT), "{old}": floor.receive(LIGHT, route="R0/A")}
    known["{absent}"] = str(Code("parts", 26, 999_999))
    answer = scan(floor, known.get(scanned, scanned), station)
    assert (answer.outcome, rules(answer)) == (REFUSED, [rule])
    with reading(floor.engine) as conn:
        assert load_stream(conn, f"scans:{station}")[-1].kind == REFUSED


def test_of_two_workers_on_one_lot_one_wins_and_the_other_hears_who_and_when(floor: Floor) -> None:
    code = floor.receive(LIGHT)
    answers: list[Answer] = []
    ready = threading.Barrier(4)

    def work(number: int) -> None:
        worker = replace(ANNA, badge=f"P{number}")
        ready.wait()
        made = Scan(f"t{number}", code, "sinter-1", floor.now_ms)
        answers.append(scan_lot(floor.engine, made, worker, floor.now_ms))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(a.outcome for a in answers) == [ACCEPTED] + [REFUSED] * 3
    with reading(floor.engine) as conn:
        winner = load_stream(conn, f"lot:{code}")[-1].person
    for answer in answers:
        if answer.outcome == REFUSED:
            facts = next(r.facts for r in answer.refusals if r.rule == "lot_is_here")
            assert (facts["by"], facts["where"]) == (winner, "sinter-1")
    floor.check()


def test_an_old_scan_takes_its_own_time_or_goes_to_a_person(floor: Floor) -> None:
    code = floor.receive(LIGHT)
    made_ms = floor.now_ms
    floor.now_ms += LATE_MS + 60_000
    answer = scan(floor, code, at_ms=made_ms)
    assert answer.outcome == ACCEPTED
    with reading(floor.engine) as conn:
        event = load_stream(conn, f"lot:{code}")[-1]
    assert (event.at_ms, event.noted_ms) == (made_ms, floor.now_ms)
    late = scan(floor, code, worker=BEN, at_ms=made_ms)
    assert (late.outcome, rules(late)[0]) == (REVIEW, "lot_is_here")


def test_a_line_is_cleared_between_grades_with_and_without_heavy_rare_earths(floor: Floor) -> None:
    def aged(amount: Amount) -> tuple[str, Answer]:
        code = floor.receive(amount, done=["sinter"])
        return code, scan(floor, code, "age-1")

    ageing = Operation("age", {}, ("ageer",))
    code, answer = aged(HEAVY)
    assert answer.outcome == ACCEPTED
    floor.act(unload, answer.run, ageing, [Outcome(code, HEAVY)], place="age-1")
    code, answer = aged(LIGHT)
    assert rules(answer) == ["line_is_clear"]
    with floor.book("age-1") as book:
        book.note("line:age-1", "line_cleared", "swept and purged")
    assert scan(floor, code, "age-1").outcome == ACCEPTED


def test_a_revision_of_a_route_is_released_once_and_its_faults_are_told(floor: Floor) -> None:
    with reading(floor.engine) as conn:
        assert [route.name for route, _ in list_routes(conn)] == ["R1/B"]
        assert load_route(conn, "R1/B") is not None
        assert load_route(conn, "R1/Z") is None
    assert floor.act(release_route, content()) == [
        "revision: R1/B is released already; write a new one"
    ]
    assert floor.act(release_route, {"code": "R2"})[:2] == [
        "revision: write it",
        "title: write it in en and zh",
    ]
