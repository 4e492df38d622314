"""What a tablet sends is answered once: ids, unloading with what follows from the lot, undoing whole."""

from dataclasses import replace

import pytest
from sqlalchemy import Engine

from mes_server.actions.answer_scan import ACCEPTED, REFUSED, REVIEW, Answer
from mes_server.actions.handle_lots import hold_lots
from mes_server.actions.release_route import release_route
from mes_server.actions.scan_lot import Scan, scan_lot
from mes_server.actions.scan_unload import LotTold, Told, Unloading, scan_unload
from mes_server.actions.undo_scan import Undo, undo_scan
from mes_server.domain.amounts import Amount
from mes_server.domain.rules import Worker
from mes_server.store.engine import reading
from mes_server.store.ledger import list_action
from mes_server.store.lots import Standing, lots_waiting, waiting_states
from mes_server.store.nodes import ensure_node
from mes_server.store.runs import load_run, open_run_at, what_is_inside
from mes_server.store.stations import ensure_station, set_station_online
from mes_server.store.transaction import writing
from tests.mes_server.actions.lot_floor import Floor
from tests.mes_server.domain.test_routes import content

GREEN = Amount(10, 1_000_000, 5_000, {"Nd": 300_000})
ANNA = Worker("P1", frozenset({"operator"}), {})
HOUR = 3_600_000


@pytest.fixture
def floor(engine: Engine) -> Floor:
    floor = Floor(engine)
    whole = content()
    whole["operations"]["sinter"]["makes"] = "block"
    assert floor.act(release_route, whole) == []
    with writing(engine) as conn:
        node = ensure_node(conn, "g", "n")
        for station, kind in (("sinter-1", "sinterer"), ("age-1", "ageer")):
            key = ensure_station(conn, node, station, kind, "a")
            set_station_online(conn, key, True, floor.now_ms)
    return floor


def scan(floor: Floor, code: str, id_: str, station: str = "sinter-1") -> Answer:
    floor.now_ms += 1000
    return scan_lot(floor.engine, Scan(id_, code, station, floor.now_ms), ANNA, floor.now_ms)


def unload(floor: Floor, run: str, id_: str, *told: LotTold, station: str = "sinter-1") -> Answer:
    floor.now_ms += 1000
    made = Unloading(id_, run, station, floor.now_ms, told)
    return scan_unload(floor.engine, made, ANNA, floor.now_ms)


def undo(floor: Floor, scan_id: str, id_: str, worker: Worker = ANNA) -> Answer:
    floor.now_ms += 1000
    return undo_scan(floor.engine, Undo(id_, scan_id, floor.now_ms), worker, floor.now_ms)


def rules(answer: Answer) -> list[str]:
    return [refusal.rule for refusal in answer.refusals]


def test_a_run_of_two_lots_is_unloaded_and_the_unloading_undone_whole(floor: Floor) -> None:
    codes = [floor.receive(GREEN) for _ in range(2)]
    (run,) = {scan(floor, code, f"scan-{code}").run for code in codes}
    before = floor.lots()
    told = [
        LotTold(codes[0], Told(9, 900_000), scrap=Told(1, 100_000)),
        LotTold(codes[1], Told(9, 900_000), coupons=Told(1, 98_000)),
    ]
    done = unload(floor, run, "unload-1", *told)
    assert (done.outcome, len(done.made), done.held) == (ACCEPTED, 2, ())
    made = [floor.lot(code) for code in done.made]
    assert [lot.amount for lot in made] == [Amount(9, 900_000, 4_500, {"Nd": 270_000})] * 2
    assert sorted(lot.kind for lot in floor.lots()) == ["block"] * 4 + ["coupon", "waste"]
    assert unload(floor, run, "unload-1") == replace(done, again=True)
    floor.check()
    assert undo(floor, "unload-1", "undo-1").outcome == ACCEPTED
    assert [lot.run for lot in floor.lots()] == [run, run]
    assert [lot.amount for lot in floor.lots()] == [lot.amount for lot in before]
    with reading(floor.engine) as conn:
        assert open_run_at(conn, "sinter-1") is not None
    floor.check()
    assert unload(floor, run, "unload-2", *told).outcome == ACCEPTED
    floor.check()


def test_an_undone_unloading_cannot_open_a_run_beside_another(floor: Floor) -> None:
    first, second = floor.receive(GREEN), floor.receive(GREEN)
    run = scan(floor, first, "scan-1").run
    unload(floor, run, "unload-1", LotTold(first, Told(10, 1_000_000)))
    following = scan(floor, second, "scan-2").run
    refused = undo(floor, "unload-1", "undo-1")
    assert (rules(refused), refused.refusals[0].facts["detail"]) == (
        ["nothing_rests_on_it"],
        following,
    )
    floor.check()


def test_an_undone_scan_leaves_no_run_and_no_trace_but_in_the_ledger(floor: Floor) -> None:
    first, second = floor.receive(GREEN), floor.receive(GREEN)
    run = scan(floor, first, "scan-1").run
    assert undo(floor, "scan-1", "undo-1").outcome == ACCEPTED
    with reading(floor.engine) as conn:
        assert load_run(conn, run) is None
        assert [e.kind for e in list_action(conn, "scan-1")] == [
            "run_opened", "lot_loaded", "run_loaded", "scan_accepted",
        ]  # fmt: skip
    run = scan(floor, first, "scan-2").run
    scan(floor, second, "scan-3")
    assert undo(floor, "scan-3", "undo-3").outcome == ACCEPTED
    with reading(floor.engine) as conn:
        assert [inside.lot for inside in what_is_inside(conn, run)] == [first]
    assert rules(undo(floor, "scan-3", "undo-4")) == ["scan_is_not_undone"]
    assert rules(undo(floor, "undo-1", "undo-5")) == ["scan_is_known"]
    floor.check()


def test_a_refused_scan_cannot_be_undone(floor: Floor) -> None:
    code = floor.receive(GREEN)
    assert scan(floor, code, "scan-1", "age-1").outcome == REFUSED
    assert rules(undo(floor, "scan-1", "undo-1")) == ["scan_was_accepted"]
    assert rules(undo(floor, "scan-1", "undo-2", Worker("", frozenset(), {}))) == [
        "person_is_signed_in",
        "scan_was_accepted",
    ]


def test_an_id_of_somebody_elses_action_is_refused_and_that_action_stands(floor: Floor) -> None:
    code, other = floor.receive(GREEN), floor.receive(GREEN)
    floor.act(hold_lots, [code], "oxygen")
    hold = floor.actions[-1]
    assert rules(scan(floor, other, hold)) == ["id_is_new"]
    assert rules(undo(floor, hold, "undo-1")) == ["scan_was_accepted"]
    assert list(floor.lot(code).holds.values()) == ["oxygen"]
    floor.check()


def test_a_late_unloading_that_cannot_be_goes_to_a_person(floor: Floor) -> None:
    code = floor.receive(GREEN)
    run = scan(floor, code, "scan-1").run
    made = Unloading("unload-1", run, "sinter-1", floor.now_ms + 1, [])
    late = scan_unload(floor.engine, made, ANNA, floor.now_ms + HOUR)
    assert (late.outcome, rules(late)) == (REVIEW, ["every_lot_is_told"])
    assert floor.lot(code).run == run


def test_what_waits_is_found_by_route_and_work_done(floor: Floor) -> None:
    young, held = floor.receive(GREEN), floor.receive(GREEN)
    sintered = floor.receive(GREEN, done=["sinter"])
    floor.act(hold_lots, [held], "crack")
    with reading(floor.engine) as conn:
        assert sorted(waiting_states(conn)) == [
            (("R1/B", (), ""), 2),
            (("R1/B", ("sinter",), ""), 1),
        ]
        found = lots_waiting(conn, Standing("R1/B", ("sinter",), ""), 10)
        assert [lot.code for lot in found] == [sintered]
        assert [lot.code for lot in lots_waiting(conn, Standing("R1/B", (), ""), 1)] == [young]
