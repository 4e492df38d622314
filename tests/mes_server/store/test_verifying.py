"""The whole ledger is read, in parts, and the first event that is not as sealed is named."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, text

import mes_server.store.verifying as verifying
from mes_server.domain.amounts import Amount
from mes_server.domain.seal import Anchor, Break
from mes_server.store.anchors import append_anchor
from mes_server.store.engine import reading
from mes_server.store.ledger import head, load_stream
from mes_server.store.nodes import ensure_node, note_node
from mes_server.store.transaction import writing
from mes_server.store.verifying import gather_anchors, unsealed, verify_ledger
from tests.mes_server.actions.lot_floor import Floor

GUARDS = ("ledger_no_update", "ledger_no_delete", "ledger_append")


@pytest.fixture
def floor(sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Floor:
    """Nine events, read two at a time."""
    monkeypatch.setattr(verifying, "_PAGE", 2)
    floor = Floor(sqlite_engine)
    for _ in range(9):
        floor.receive(Amount(1, 1000))
    return floor


def tamper(floor: Floor, statement: str) -> None:
    with writing(floor.engine) as conn:
        for guard in GUARDS:
            conn.execute(text(f"DROP TRIGGER IF EXISTS {guard}"))
        conn.execute(text(statement))


def broken(floor: Floor, *anchors: Anchor) -> Break | None:
    return verify_ledger(floor.engine, anchors, 0).broken


def test_a_whole_ledger_keeps_its_anchors(floor: Floor) -> None:
    with reading(floor.engine) as conn:
        last = head(conn, 5)
    verdict = verify_ledger(floor.engine, [last], 5)
    assert (verdict.head, verdict.anchors, verdict.broken) == (last, 1, None)


@pytest.mark.parametrize(
    ("statement", "number", "why"),
    [
        ("UPDATE ledger SET person = 'X' WHERE number = 4", 4, "changed"),
        ("UPDATE ledger SET at_ms = 1.5 WHERE number = 4", 4, "changed"),
        ("UPDATE ledger SET content = x'00ff' WHERE number = 5", 5, "changed"),
        ("DELETE FROM ledger WHERE number = 4", 4, "missing"),
        ("UPDATE ledger SET number = -number WHERE number = 1", 1, "added"),
        ("DELETE FROM ledger WHERE number > 7", 8, "cut_off"),
    ],
)
def test_the_first_broken_event_is_named(
    floor: Floor, statement: str, number: int, why: str
) -> None:
    with reading(floor.engine) as conn:
        last = head(conn, 5)
    tamper(floor, statement)
    assert broken(floor, last) == Break(number, why)


def test_without_an_anchor_a_cut_tail_is_not_seen(floor: Floor) -> None:
    tamper(floor, "DELETE FROM ledger WHERE number > 7")
    assert broken(floor) is None, "that is what anchors are for"


def test_every_anchor_that_is_not_in_the_ledger_is_named_with_who_remembers_it(
    floor: Floor,
) -> None:
    with reading(floor.engine) as conn:
        last = head(conn, 5)
    edge, paper = last._replace(source="sintering/ctl-1"), Anchor(9, last.hash[:12], 0, "paper")
    early = Anchor(3, _hash_of(floor, 3), 1)
    tamper(floor, "DELETE FROM ledger WHERE number > 7")
    verdict = verify_ledger(floor.engine, [early, last, edge, paper], 0)
    assert verdict.broken == Break(8, "cut_off")
    assert verdict.unknown == (last, edge, paper)
    liar = Anchor(3, "0" * 64, 0, "sintering/ctl-2")
    verdict = verify_ledger(floor.engine, [early, liar], 0)
    assert (verdict.broken, verdict.unknown) == (Break(3, "sealed_anew"), (liar,))


def _hash_of(floor: Floor, number: int) -> str:
    with reading(floor.engine) as conn:
        found = conn.exec_driver_sql(f"SELECT hash FROM ledger WHERE number = {number}")
        return str(found.scalar_one())


@pytest.mark.parametrize(
    "more",
    [
        "SELECT * FROM kept WHERE number = 6",
        "SELECT * FROM kept WHERE number = 2",
        "SELECT NULL, 'lot:X', 1, 'k', 'a', 1, 1, '', '', '', '{}', '', ''",
    ],
)
def test_rows_that_no_walk_by_number_meets_are_found(floor: Floor, more: str) -> None:
    """Somebody has made the table anew without its keys; the walk reads two rows at a time."""
    tamper(floor, "ALTER TABLE ledger RENAME TO kept")
    tamper(floor, "CREATE TABLE ledger AS SELECT * FROM kept ORDER BY number")
    assert broken(floor) is None
    tamper(floor, f"INSERT INTO ledger {more}")
    found = broken(floor)
    assert found is not None
    assert found.why == "added"


def test_the_anchors_are_those_of_the_file_and_of_the_nodes(floor: Floor, tmp_path: Path) -> None:
    in_file = Anchor(3, "ab" * 32, 7)
    append_anchor(tmp_path, in_file)
    with writing(floor.engine) as conn:
        told = {1: f"3 {'ab' * 32} 8,rubbish,9 {'cd' * 32} 9", 2: "", 3: None}
        for number, text_ in told.items():
            key = ensure_node(conn, "sintering", f"ctl-{number}")
            note_node(conn, key, anchors=text_)
    anchors, unread = gather_anchors(floor.engine, tmp_path)
    edge = "sintering/ctl-1"
    assert anchors == [in_file, Anchor(3, "ab" * 32, 8, edge), Anchor(9, "cd" * 32, 9, edge)]
    assert unread == 0


def test_the_events_of_one_lot_are_checked_by_themselves(floor: Floor) -> None:
    code = floor.lots()[3].code
    with reading(floor.engine) as conn:
        events = load_stream(conn, f"lot:{code}")
        assert unsealed(conn, events) == []
        assert unsealed(conn, []) == []
    tamper(floor, f"UPDATE ledger SET reason = 'x' WHERE number = {events[0].number}")
    with reading(floor.engine) as conn:
        assert unsealed(conn, load_stream(conn, f"lot:{code}")) == [events[0].number]
