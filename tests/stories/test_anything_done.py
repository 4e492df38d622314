"""Whatever is done to lots, allowed or not: nothing is made from nothing, nothing is lost untold, and what is
computed is what the ledger says. Hypothesis does random things by the real actions and looks after each."""

import graphlib
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import Engine

from mes_server.actions import handle_lots as handle
from mes_server.actions import ready_station as ready
from mes_server.actions.answer_scan import Answer
from mes_server.actions.record_events import rebuild_lots
from mes_server.actions.scan_lot import Scan, scan_lot
from mes_server.actions.scan_unload import LotTold, Told, Unloading, scan_unload
from mes_server.actions.undo_scan import Undo, undo_scan
from mes_server.domain.lots import Lot, corrected_actions
from mes_server.domain.route_content import route_from
from mes_server.domain.routes import next_operations
from mes_server.domain.seal import first_break
from mes_server.store.engine import open_engine, reading
from mes_server.store.ledger import head, iter_events
from mes_server.store.lots import list_edges, lots_in_run
from mes_server.store.runs import open_run_at
from mes_server.store.schema import upgrade
from mes_server.store.transaction import writing
from tests.mes_server.actions.lot_floor import now_tables
from tests.postgres import Cluster
from tests.stories.anything import ANNA, counted, part_of
from tests.stories.handled import Handled, share, which
from tests.stories.plant import OPERATIONS, STATIONS, route

WORKED = ("press-1", "furnace-1", "ageing-1", "slicer-1", "sputter-1", "plating-1", "gauge-1")
PHASES = (Phase.reuse, Phase.generate)  # to make a long story short takes hours
ROUTE = route_from(route())


class Anything(Handled):
    """… and worked on at stations; and anything of it is undone or corrected."""

    has_lots = precondition(lambda self: bool(self.works.lots()))
    has_done = precondition(lambda self: bool(self.works.accepted))

    @has_lots
    @rule(
        lot=which,
        other=st.sampled_from(("",) * 20 + WORKED),
        of_12=st.sampled_from([0, 12, 12, 5]),
        why=st.booleans(),
    )
    def load(self, lot: int, other: str, of_12: int, why: bool) -> None:
        chosen, works, at_ms = self.pick(lot), self.works, self.moment()
        station = other or _station_for(chosen, lot)
        part = None if of_12 == 12 else part_of(chosen, of_12)
        used = {role: f"{role}-1" for role in ("thermocouple", "target", "bath")}
        unplanned = "burrs" if why and lot % 3 == 0 else ""

        def send(action: str) -> Answer:
            scan = Scan(
                action, chosen.code, station, at_ms, "", unplanned, {"resources": used}, part
            )
            return scan_lot(works.engine, scan, ANNA, works.now_ms)

        self.done("load", at_ms, send)

    @has_lots
    @rule(lot=which, bad=share)
    def work(self, lot: int, bad: int) -> None:
        """The next operation of a lot from its beginning to its end."""
        self.load(lot, "", 12, False)
        if any(one.run for one in self.works.lots()):
            self.unload(lot, bad, 10 - bad, 1)

    has_run = precondition(lambda self: any(lot.run for lot in self.works.lots()))

    @has_run
    @rule(which=which, bad=share, change=st.integers(-30, 50), whole=st.sampled_from([1, 1, 1, 0]))
    def unload(self, which: int, bad: int, change: int, whole: int) -> None:
        works, at_ms = self.works, self.moment()
        places = sorted({lot.place for lot in works.lots() if lot.run})
        station = places[which % len(places)]
        with reading(works.engine) as conn:
            run = open_run_at(conn, station)
            inside = [] if run is None else lots_in_run(conn, run.code)
        if run is None:
            return
        cut = bool(OPERATIONS[run.operation].get("makes"))
        told = [_told(lot, bad % 6, change, cut) for lot in inside[: None if whole else 1]]

        def send(action: str) -> Answer:
            made = Unloading(action, run.code, station, at_ms, told)
            return scan_unload(works.engine, made, ANNA, works.now_ms)

        self.done("unload", at_ms, send)

    @rule(
        station=st.sampled_from(WORKED[-2:]),
        what=st.sampled_from(["clear", "clear", "lock", "unlock", "mount"]),
    )
    def ready(self, station: str, what: str) -> None:
        acting = {
            "clear": lambda book, _codes: ready.clear_line(book, station, ""),
            "lock": lambda book, _codes: ready.lock_station(book, station, "leak"),
            "unlock": lambda book, _codes: ready.unlock_station(book, station, "mended"),
            "mount": lambda book, _codes: ready.mount(book, station, "jig", "J-1"),
        }
        self.act(what, acting[what])

    @has_done
    @rule(back=st.integers(0, 2))
    def undo(self, back: int) -> None:
        works = self.works
        scans = [one for one in works.accepted if one[0] in ("load", "unload")] or works.accepted
        _, scan, at_ms = scans[-1 - back % len(scans)]

        def send(action: str) -> Answer:
            return undo_scan(works.engine, Undo(action, scan, at_ms + 5_000), ANNA, works.now_ms)

        self.done("undo", at_ms, send)

    @has_done
    @rule(back=st.integers(0, 8))
    def correct(self, back: int) -> None:
        _, action, _ = self.works.accepted[-1 - back % len(self.works.accepted)]
        self.act("correct", lambda book, _codes: handle.correct_action(book, action, "wrong"))

    @invariant()
    def all_is_there(self) -> None:
        """What came in, less what runs lost and told of, is what there is; what was corrected never was."""
        with reading(self.works.engine) as conn:
            events = list(iter_events(conn))
            assert first_break(events, [head(conn, 0)]) is None
            there = counted(conn)
        gone = corrected_actions(events)
        kept: Counter[str] = Counter()
        for action, gained in self.works.gained.items():
            if action not in gone and not self.is_correction(action):
                kept.update(gained)
        assert {k: v for k, v in kept.items() if v} == dict(there)

    def is_correction(self, action: str) -> bool:
        """Its gain is the loss of another, which is not counted any more."""
        return action in {a for w, a, _ in self.works.accepted if w in ("correct", "undo")}

    @invariant()
    def nothing_is_made_of_itself(self) -> None:
        """Edges lead on in time: whatever went into a lot did so before anything left it."""
        with reading(self.works.engine) as conn:
            edges = list_edges(conn, [lot.code for lot in self.works.lots()], "forward")
        sorter = graphlib.TopologicalSorter[str]()
        born = {edge.child: edge.at_ms for edge in edges}
        for edge in edges:
            sorter.add(edge.child, edge.parent)
            assert born.get(edge.parent, 0) <= edge.at_ms
        sorter.prepare()  # raises CycleError

    @invariant()
    def a_replay_makes_what_is_there(self) -> None:
        """Lots, edges, runs and lines."""
        with reading(self.works.engine) as conn:
            before = now_tables(conn)
        rebuild_lots(self.works.engine)
        with reading(self.works.engine) as conn:
            assert now_tables(conn) == before

    def teardown(self) -> None:
        """The store is of no more use."""
        if hasattr(self, "works"):
            self.works.engine.dispose()


def _station_for(lot: Lot, number: int) -> str:
    """Where a lot may go next."""
    following = next_operations(ROUTE, lot.done, lot.first) or ("sandblasting",)
    types = ROUTE.operations[following[number % len(following)]].station_types
    return next(station for station, kind in STATIONS.items() if kind in types)


def _told(lot: Lot, bad: int, change: int, cut: bool) -> LotTold:
    """What came out: mostly about what went in, as more and smaller pieces where it is cut."""
    pieces, mass_mg = lot.amount.pieces, lot.amount.mass_mg
    scrap = Told(pieces * bad // 12, mass_mg * bad // 12)
    left = Told(pieces - scrap.pieces, (mass_mg - scrap.mass_mg) * (1000 + change) // 1000)
    return LotTold(lot.code, Told(left.pieces * (3 if cut else 1), left.mass_mg), scrap)


@pytest.fixture
def fresh_sqlite(tmp_path: Path) -> Any:
    """Makes stores without rows, as many as are wanted."""
    empty = tmp_path / "empty.db"
    engine = open_engine(f"sqlite:///{empty}")
    upgrade(engine)
    engine.dispose()

    def fresh() -> Engine:
        copy = Path(tempfile.mkdtemp(dir=tmp_path)) / "lodestone.db"
        copy.write_bytes(empty.read_bytes())
        return open_engine(f"sqlite:///{copy}")

    return fresh


def play(fresh: Any, examples: int, steps: int) -> None:
    machine = type("Machine", (Anything,), {"fresh": staticmethod(fresh)})
    run_state_machine_as_test(
        machine, settings=settings(max_examples=examples, stateful_step_count=steps, phases=PHASES)
    )


def test_whatever_is_done_all_is_there_and_a_replay_agrees(fresh_sqlite: Any) -> None:
    play(fresh_sqlite, 15, 40)


def test_whatever_is_done_on_postgresql_all_is_there_and_a_replay_agrees(
    postgres: Cluster, upgraded_database: str
) -> None:
    play(lambda: open_engine(postgres.like(upgraded_database)), 3, 30)


@pytest.mark.parametrize("column", ["mass_mg", "pieces"])
def test_what_comes_from_nowhere_is_seen(fresh_sqlite: Any, column: str) -> None:
    """The control: a row that somebody changed by hand is found by both who count and who replay."""
    machine: Any = type("Machine", (Anything,), {"fresh": staticmethod(fresh_sqlite)})()
    machine.open()
    machine.all_is_there()
    with writing(machine.works.engine) as conn:
        conn.exec_driver_sql(f"UPDATE lot SET {column} = {column} + 1 WHERE kind = 'parts'")
    for look in (machine.all_is_there, machine.a_replay_makes_what_is_there):
        with pytest.raises(AssertionError):
            look()
    machine.teardown()
