"""Between runs: a bath is mounted, a line is cleared, a station is locked; each scan hears of it."""

import pytest
from sqlalchemy import Engine

from mes_server.actions import ready_station as ready
from mes_server.actions.handle_lots import correct_action, hold_lots
from mes_server.actions.print_label import print_label
from mes_server.actions.release_route import release_route
from mes_server.actions.run_charge import load_lot_into
from mes_server.actions.scan_lot import Scan, scan_lot
from mes_server.domain.amounts import Amount
from mes_server.domain.routes import Operation
from mes_server.domain.rules import Worker
from mes_server.store.engine import reading
from mes_server.store.lines import load_line
from mes_server.store.nodes import ensure_node
from mes_server.store.runs import resources_of_run, runs_with
from mes_server.store.stations import ensure_station, set_station_online
from mes_server.store.transaction import writing
from tests.mes_server.actions.lot_floor import Floor, rules
from tests.mes_server.domain.test_routes import content

ANNA = Worker("P1", frozenset({"operator"}), {})
LIGHT = Amount(10, 1_000_000, elements={"Nd": 300_000})


@pytest.fixture
def floor(engine: Engine) -> Floor:
    floor = Floor(engine)
    whole = content()
    whole["operations"]["sinter"] |= {"resources": ["getter"], "charge_mass_mg_max": 1_500_000}
    assert floor.act(release_route, whole) == []
    with writing(engine) as conn:
        key = ensure_station(conn, ensure_node(conn, "g", "n"), "sinter-1", "sinterer", "a")
        set_station_online(conn, key, True, floor.now_ms)
    return floor


def scanned(floor: Floor, code: str, **more: object) -> list[str]:
    floor.now_ms += 1000
    floor.actions.append("scan")
    made = Scan(f"scan-{len(floor.actions)}", code, "sinter-1", floor.now_ms, **more)  # type: ignore[arg-type]
    return [r.rule for r in scan_lot(floor.engine, made, ANNA, floor.now_ms).refusals]


def test_each_run_uses_what_is_mounted_and_what_is_mounted_while_it_goes_on(floor: Floor) -> None:
    code = floor.receive(LIGHT)
    assert scanned(floor, code) == ["resources_are_mounted"]
    assert floor.act(ready.mount, "sinter-1", "getter", "G-1", place="sinter-1") == []
    assert scanned(floor, code) == []
    run = floor.lot(code).run
    floor.act(ready.mount, "sinter-1", "getter", "G-2", place="sinter-1")
    with reading(floor.engine) as conn:
        assert resources_of_run(conn, run) == [("getter", "G-1"), ("getter", "G-2")]
        assert runs_with(conn, "G-2") == [run]
        assert load_line(conn, "sinter-1").mounted == {"getter": "G-2"}
    floor.check()


def test_a_held_or_expired_bath_is_not_mounted_and_stops_the_line_it_is_on(floor: Floor) -> None:
    bath = floor.receive(Amount(0, 500), "bath", expires_ms=floor.now_ms + 10**9)
    old = floor.receive(Amount(0, 500), "bath", expires_ms=floor.now_ms)
    assert rules(floor.act(ready.mount, "sinter-1", "getter", old)) == ["resources_are_good"]
    assert rules(floor.act(ready.mount, "sinter-1", "getter", "BM26-999999-XX")) == [
        "code_is_misread"
    ]
    floor.act(ready.mount, "sinter-1", "getter", bath, place="sinter-1")
    floor.act(hold_lots, [bath], "zinc")
    assert scanned(floor, floor.receive(LIGHT)) == ["resources_are_good"]


def test_nothing_is_loaded_at_a_locked_station(floor: Floor) -> None:
    code = floor.receive(LIGHT)
    floor.act(ready.mount, "sinter-1", "getter", "G-1", place="sinter-1")
    assert rules(floor.act(ready.lock_station, "sinter-1", " ")) == ["reason_is_given"]
    floor.act(ready.lock_station, "sinter-1", "leak", place="sinter-1")
    assert scanned(floor, code) == ["station_is_unlocked"]
    floor.act(ready.unlock_station, "sinter-1", "sealed", place="sinter-1")
    assert rules(floor.act(ready.unlock_station, "sinter-1", "again")) == ["station_is_locked"]
    assert scanned(floor, code) == []


def test_a_part_of_a_lot_is_loaded_where_all_of_it_is_too_much(floor: Floor) -> None:
    floor.act(ready.mount, "sinter-1", "getter", "G-1", place="sinter-1")
    code = floor.receive(Amount(20, 2_000_000, elements={"Nd": 600_000}))
    assert scanned(floor, code) == ["charge_fits"]
    assert scanned(floor, code, part=(15, 0)) == []
    assert (floor.lot(code).amount.pieces, floor.lot(code).status) == (5, "active")
    (part,) = [lot for lot in floor.lots() if lot.run]
    assert part.amount == Amount(15, 1_500_000, 0, {"Nd": 450_000})
    assert scanned(floor, code, part=(6, 0))[0] == "amount_is_there"
    floor.check()


def test_what_is_not_known_is_refused(floor: Floor) -> None:
    for acting in (ready.clear_line, ready.lock_station):
        assert rules(floor.act(acting, "nowhere", "why")) == ["station_is_known"]
    assert "role_is_given" in rules(floor.act(ready.mount, "sinter-1", " ", "G-1"))
    assert rules(floor.act(ready.mount, "sinter-1", "jig", "")) == ["resource_is_mounted"]


def test_a_resource_is_called_the_same_however_it_was_scanned(floor: Floor) -> None:
    bath = floor.receive(Amount(0, 500), "bath")
    old = floor.act(print_label, bath)
    label = floor.act(print_label, bath, "wet")
    for text in (bath.lower(), f"*{bath}*", label.id, f"[)>\x1e06\x1d1T{bath}\x1e\x04"):
        assert floor.act(ready.mount, "sinter-1", "getter", text) == []
        with reading(floor.engine) as conn:
            assert load_line(conn, "sinter-1").mounted == {"getter": bath}
    assert rules(floor.act(ready.mount, "sinter-1", "getter", old.id)) == ["label_is_good"]
    assert rules(floor.act(ready.mount, "sinter-1", "getter", "DO-SCRAP")) == ["code_is_of_kind"]
    assert rules(floor.act(ready.mount, "sinter-1", "jig", "=1+1")) == ["code_is_no_script"]
    assert floor.act(ready.mount, "sinter-1", "jig", "挂具 7") == []
    run = floor.receive(LIGHT)
    facts = {"resources": {"mask": bath.lower()}}
    assert scanned(floor, run, facts=facts) == []
    with reading(floor.engine) as conn:
        assert dict(resources_of_run(conn, floor.lot(run).run))["mask"] == bath
    again = floor.receive(LIGHT.share(1, 10))
    assert scanned(floor, again, facts={"resources": {"mask": old.id}}) == ["label_is_good"]
    floor.check()


def test_a_line_is_not_clear_while_something_is_in_it(floor: Floor) -> None:
    floor.act(ready.mount, "sinter-1", "getter", "G-1")
    assert scanned(floor, floor.receive(LIGHT)) == []
    assert rules(floor.act(ready.clear_line, "sinter-1", "swept")) == ["station_is_empty"]


def test_what_was_mounted_is_taken_off_and_not_corrected_by_half(floor: Floor) -> None:
    floor.act(ready.mount, "sinter-1", "getter", "G-1")
    assert scanned(floor, code := floor.receive(LIGHT)) == []
    floor.act(ready.mount, "sinter-1", "getter", "G-2", place="sinter-1")
    mounted = floor.actions[-1]
    assert rules(floor.act(correct_action, mounted, "wrong one")) == ["action_is_of_lots"]
    with reading(floor.engine) as conn:
        assert len(resources_of_run(conn, floor.lot(code).run)) == 2
    floor.check()


def test_a_cleared_line_has_no_last_lots(floor: Floor) -> None:
    floor.act(ready.clear_line, "sinter-1", "swept", place="sinter-1")
    with reading(floor.engine) as conn:
        assert load_line(conn, "sinter-1").cleared_ms == floor.now_ms
    load = (load_lot_into, floor.receive(LIGHT), Operation("sinter", {}, ()), {})
    floor.act(*load, place="sinter-1")
    floor.check()
