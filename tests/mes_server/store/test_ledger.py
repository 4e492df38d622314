"""The ledger in a real database: appended to, and nothing else, whoever asks and however."""

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from mes_server.domain.seal import Anchor, Draft, first_break
from mes_server.store.engine import reading
from mes_server.store.faults import StoreFault
from mes_server.store.ledger import (
    Overtaken,
    append_events,
    head,
    iter_events,
    list_action,
    list_events,
    load_stream,
    stream_length,
)
from mes_server.store.transaction import writing

T0 = 1_795_500_000_000


def draft(number: int, stream: str = "lot:A", **content: object) -> Draft:
    return Draft(
        stream, number, "moved", f"a{number}", T0 + number, "P1", "sinter-1", "", dict(content)
    )


@pytest.fixture
def filled(engine: Engine) -> Engine:
    with writing(engine) as conn:
        append_events(conn, [draft(1), draft(2), draft(1, "lot:B", 品位="N42")], T0)
    with writing(engine) as conn:
        append_events(conn, [draft(3), draft(2, "lot:B")], T0 + 1)
    return engine


def test_events_come_back_as_they_were_sealed(filled: Engine) -> None:
    with reading(filled) as conn:
        events = list(iter_events(conn))
        assert [e.number for e in events] == [1, 2, 3, 4, 5]
        assert first_break(events, [head(conn, T0)]) is None
        assert [e.number for e in load_stream(conn, "lot:B")] == [3, 5]
        assert events[2].facts() == {"品位": "N42"}
        assert list_events(conn, 3, 1) == [events[3]]
        assert [e.number for e in list_action(conn, "a1")] == [1, 3]
        assert (stream_length(conn, "lot:A"), stream_length(conn, "lot:Z")) == (3, 0)
        assert head(conn, T0) == Anchor(5, events[-1].hash, T0)


def test_who_writes_to_a_stream_that_has_moved_on_is_told_and_nothing_is_kept(
    filled: Engine,
) -> None:
    with pytest.raises(Overtaken, match="lot:A: 3 is taken"), writing(filled) as conn:
        append_events(conn, [draft(3, "lot:B"), draft(3)], T0)
    with reading(filled) as conn:
        assert head(conn, T0).number == 5


INSERT = (
    "INTO ledger (number, stream, stream_number, kind, action, at_ms, noted_ms, person, place, reason, "
    "content, previous, hash) VALUES ({}, '{}', {}, 'x', 'a', 1, 1, '', '', '', '{{}}', '', '')"
)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger SET person = 'P2' WHERE number = 2",
        "UPDATE ledger SET number = 9 WHERE number = 5",
        "DELETE FROM ledger WHERE number = 5",
        "DELETE FROM ledger",
        "INSERT " + INSERT.format(3, "lot:C", 1),
        "INSERT " + INSERT.format(9, "lot:C", 1),
        "INSERT " + INSERT.format(6, "lot:A", 2),
        "INSERT OR REPLACE " + INSERT.format(3, "lot:C", 1),
        "INSERT OR REPLACE " + INSERT.format(6, "lot:A", 2),
        "REPLACE " + INSERT.format(3, "lot:C", 1),
        "UPDATE OR REPLACE ledger SET number = 1 WHERE number = 5",
        "INSERT OR IGNORE " + INSERT.format(9, "lot:C", 1),
        "INSERT " + INSERT.format(3, "lot:C", 1)
        + " ON CONFLICT (number) DO UPDATE SET person = 'P2'",
        "TRUNCATE ledger",
    ],
)  # fmt: skip
def test_no_statement_changes_what_is_there(filled: Engine, statement: str) -> None:
    only = {
        "TRUNCATE": "postgresql",
        "INSERT OR": "sqlite",
        "REPLACE": "sqlite",
        "UPDATE OR": "sqlite",
    }
    for word, dialect in only.items():
        if statement.startswith(word) and filled.dialect.name != dialect:
            return
    with reading(filled) as conn:
        before = list(iter_events(conn))
    with pytest.raises((DBAPIError, StoreFault)), writing(filled) as conn:
        conn.exec_driver_sql(statement)
    with reading(filled) as conn:
        assert list(iter_events(conn)) == before
