"""mes_server.demo.history: days of a plant through the real API; then everything about them is checked."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from mes_server.actions.append_history import add_stations
from mes_server.actions.append_lots import append_lots
from mes_server.actions.record_events import rebuild_lots
from mes_server.actions.trace_lots import trace
from mes_server.actions.upgrade_store import upgrade_store
from mes_server.app import create_app
from mes_server.demo.checking import ASKS_FOR
from mes_server.demo.history import DAY_MS, NoHistory, make_history
from mes_server.demo.simulation import load_quality
from mes_server.domain.exposure import Exposure
from mes_server.domain.genealogy import FORWARD
from mes_server.domain.recalls import LOT, Suspicion
from mes_server.settings import Settings
from mes_server.store.anchors import read_anchors
from mes_server.store.engine import open_engine, reading
from mes_server.store.exposures import exposures_of, load_seen
from mes_server.store.ledger import list_events, load_stream
from mes_server.store.lots import list_edges, list_lots
from mes_server.store.runs import open_run_at, runs_at
from mes_server.store.verifying import verify_ledger
from tests.mes_server.demo.floors import lot
from tests.mes_server.demo.past import DAYS, NOW, Told, all_lots
from tests.mes_server.people_help import hire
from tests.mes_server.web.plant_data import make_settings

KINDS = {
    "receive", "blend", "clear", "mount", "load", "unload", "merge", "pack", "ship", "ship_waste",
    "hold", "release", "rework", "scrap", "coupon", "split", "correct", "undo", "mistake", "move",
    "regrade", "lock", "unlock", "return", "check", "acknowledge", "product_release", "make_up", "titrate",
    "addition", "golden", "report", "certificate",
    "water_take", "water_hand", "water_receive", "water_report", "water_zero", "water_span", "water_repaired",
    "water_sludge", "water_manifest", "water_hand_waste", "water_confirm", "day_closed", "exceedance_closed",
    "water_exchange",
}  # fmt: skip
STORY = {step["about"] for one in load_quality("troubles")["threads"] for step in one["steps"]}


def test_every_kind_of_act_occurs_and_none_is_refused_but_the_mistakes(told: Told) -> None:
    assert told.history.refused == []
    late = {"water_void", "exceedance_closed"}  # what the hour of NOW decides
    assert set(told.history.counts) - late == (KINDS | STORY) - late
    with reading(told.engine) as conn:
        events = list_events(conn, 0, 100_000)
    refused = [event for event in events if event.kind == "scan_refused"]
    by_plan = ASKS_FOR | {"lot_is_released", "bath_is_titrated"}
    stopped = [e for e in refused if {r["rule"] for r in e.facts()["refusals"]} <= by_plan]
    assert len(refused) - len(stopped) == told.history.counts["mistake"]
    assert stopped, "the control plan stopped somebody"
    assert all(event.facts()["refusals"] for event in refused)


def test_the_ledger_says_that_it_is_made_up_and_is_sealed(told: Told) -> None:
    with reading(told.engine) as conn:
        events = list_events(conn, 0, 100_000)
    confession = next(event for event in events if event.stream == "demo:history")
    assert confession.facts()["from_ms"] == NOW - DAYS * DAY_MS
    first = next(n for n, event in enumerate(events) if event.stream.startswith("lot:"))
    assert events.index(confession) < first
    anchors, _ = read_anchors(told.settings.data_dir)
    assert anchors
    verdict = verify_ledger(told.engine, anchors, NOW)
    assert verdict.broken is None
    assert verdict.head.number == len(events)
    assert all(NOW - DAYS * DAY_MS <= e.at_ms <= NOW + DAY_MS for e in events
               if e.stream.startswith("lot:"))  # fmt: skip


def test_a_replay_of_the_ledger_makes_the_same_lots_and_edges(told: Told) -> None:
    before = all_lots(told.engine)
    codes = [lot.code for lot in before]
    with reading(told.engine) as conn:
        edges = list_edges(conn, codes, FORWARD)
    assert rebuild_lots(told.engine) == len(before)
    assert all_lots(told.engine) == before
    with reading(told.engine) as conn:
        assert list_edges(conn, codes, FORWARD) == edges


def test_from_a_raw_lot_one_comes_to_a_customer(told: Told) -> None:
    lots = all_lots(told.engine)
    raw = min((lot for lot in lots if lot.kind == "raw" and not lot.route),
              key=lambda lot: lot.born_ms)  # fmt: skip
    with reading(told.engine) as conn:
        found = trace(conn, Suspicion(LOT, raw.code), FORWARD)
    assert any(lot.kind == "pack" and lot.shipment for lot in found.lots)
    assert set(found.customers.values()) - {""}
    assert {lot.kind for lot in found.lots} >= {
        "alloy", "coarse_powder", "powder", "green", "block", "parts", "finished", "pack",
        "waste", "coupon",
    }  # fmt: skip


def test_no_mass_is_lost_on_the_way_and_rare_earths_are_never_more_than_came_in(told: Told) -> None:
    lots = all_lots(told.engine)
    raw = [lot for lot in lots if lot.kind in ("raw", "recycled") and not lot.route]
    assert not [lot for lot in lots if "mass balance" in lot.holds.values()]
    with reading(told.engine) as conn:
        events = list_events(conn, 0, 100_000)
    received = sum(
        e.facts()["amount"]["elements"].get("Nd", 0)
        for e in events
        if e.kind == "lot_created" and e.facts()["why"] == "received"
    )
    now = sum(lot.amount.elements.get("Nd", 0) for lot in lots)
    returned = sum(
        e.facts()["amount"]["elements"].get("Nd", 0)
        for e in events
        if e.kind == "lot_created" and e.facts()["why"] == "return"
    )
    assert raw
    assert now - returned <= received
    assert now - returned >= received * 98 // 100


def test_two_coatings_of_one_route_and_optional_steps_were_taken(told: Told) -> None:
    done = {operation for lot in all_lots(told.engine) for operation in lot.done}
    assert {"phosphating", "ecoating", "electroplating", "stripping"} <= done
    assert {"hot_isostatic_pressing", "gbd_coating", "gbd_diffusion"} <= done


def test_a_lot_shows_the_curve_of_its_furnace_whole(told: Told) -> None:
    block = next(lot for lot in all_lots(told.engine) if "sintering" in lot.done)
    with reading(told.engine) as conn:
        found: list[Exposure] = []
        at = block.code
        while not found:
            windows = exposures_of(conn, at, NOW)
            found = [w for w in windows if w.operation == "sintering"]
            edges = list_edges(conn, [at], "back")
            at = edges[0].parent
        seen = load_seen(conn, found[0], "zone_1_temperature_c", 10_000)
    assert seen.covered_ppm is not None
    assert seen.covered_ppm > 999_000
    highs = [value for value in seen.series.highs if isinstance(value, float)]
    assert 1_040 < max(highs) < 1_095


def kinds_of_lots(engine: Engine) -> list[str]:
    """One lot for each kind, status and set of things that happened to it."""
    found: dict[tuple[str, str, frozenset[str]], str] = {}
    with reading(engine) as conn:
        for lot in list_lots(conn, limit=100_000):
            happened = frozenset(event.kind for event in load_stream(conn, f"lot:{lot.code}"))
            found.setdefault((lot.kind, lot.status, happened), lot.code)
    return list(found.values())


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_page_of_it_can_be_read(told: Told, language: str) -> None:
    app = create_app(told.settings, lambda: NOW)
    client = app.test_client()
    client.set_cookie("lang", language)
    person = told.history.door.headers  # hiring anew would give everybody another PIN
    codes = kinds_of_lots(told.engine)
    with reading(told.engine) as conn:
        runs = [run.code for s in ("sinter-1", "plating-1") for run in runs_at(conn, s, 0, NOW)]
    paths = ["/", "/recall", "/stations/sinter-1", "/station/plating-1/tablet"]
    paths += [f"/lots?kind={kind}" for kind in ("", "bath", "target", "waste", "pack")]
    paths += [f"/lots/{code}" for code in codes] + [f"/runs/{code}" for code in runs[:6]]
    assert len(codes) > 30
    for path in paths:
        assert client.get(path, headers=person).status_code == 200, path
    app.extensions["lodestone"].engine.dispose()


def test_a_second_time_it_says_what_is_there(told: Told) -> None:
    said: list[str] = []
    count = len(all_lots(told.engine))
    assert make_history(told.settings, DAYS, 3, NOW, said.append) is None
    assert "There is a history from" in said[0]
    assert len(all_lots(told.engine)) == count


def test_some_runs_are_still_open_for_the_workers_of_today(told: Told) -> None:
    with reading(told.engine) as conn:
        assert any(open_run_at(conn, stop) for stop in ("sinter-1", "sinter-2", "ageing-1"))


@pytest.fixture
def empty(tmp_path: Path) -> Settings:
    settings = make_settings(tmp_path)
    upgrade_store(settings.url)
    return settings


def test_a_plant_with_real_people_gets_no_history(empty: Settings) -> None:
    engine = open_engine(empty.url)
    hire(engine, "R-1", ["admin"])
    engine.dispose()
    with pytest.raises(NoHistory, match="People were added here by hand"):
        make_history(empty, 2, 1, NOW, print)


def test_a_plant_with_stations_of_its_own_gets_no_history(empty: Settings) -> None:
    engine = open_engine(empty.url)
    add_stations(engine, "real", "sinter_furnace", 1, ["zone_1_temperature_c"])
    engine.dispose()
    with pytest.raises(NoHistory, match="stations of a plant"):
        make_history(empty, 2, 1, NOW, print)


def test_where_lots_are_already_nothing_is_made_up(empty: Settings) -> None:
    engine = open_engine(empty.url)
    append_lots(engine, [lot("L26-000001-XX", "parts")], [])
    said: list[str] = []
    assert make_history(empty, 2, 1, NOW, said.append) is None
    assert "There are lots here already" in said[0]
    assert len(all_lots(engine)) == 1
    engine.dispose()


@pytest.mark.parametrize("days", [0, 301])
def test_a_history_is_neither_nothing_nor_a_year(empty: Settings, days: int) -> None:
    with pytest.raises(NoHistory, match="1 to 300 days"):
        make_history(empty, days, 1, NOW, print)
