"""The whole ledger is read, in parts, and the first event that is not as sealed is named."""

import pytest
from sqlalchemy import Engine, text

import mes_server.store.verifying as verifying
from mes_server.domain.amounts import Amount
from mes_server.domain.seal import Anchor, Break
from mes_server.store.engine import reading
from mes_server.store.ledger import head, load_stream
from mes_server.store.transaction import writing
from mes_server.store.verifying import unsealed, verify_ledger
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


def test_the_events_of_one_lot_are_checked_by_themselves(floor: Floor) -> None:
    code = floor.lots()[3].code
    with reading(floor.engine) as conn:
        events = load_stream(conn, f"lot:{code}")
        assert unsealed(conn, events) == []
        assert unsealed(conn, []) == []
    tamper(floor, f"UPDATE ledger SET reason = 'x' WHERE number = {events[0].number}")
    with reading(floor.engine) as conn:
        assert unsealed(conn, load_stream(conn, f"lot:{code}")) == [events[0].number]
