"""Lots are found by a part of their texts and by what they are, the newest first, a part at a time."""

from contextlib import AbstractContextManager
from dataclasses import replace

import pytest
from sqlalchemy import Connection, Engine, event

from mes_server.domain.amounts import Amount
from mes_server.domain.lots import Lot
from mes_server.domain.seal import Draft
from mes_server.store.engine import reading
from mes_server.store.ledger import append_events
from mes_server.store.lot_search import Sought, find_lots, iter_lots
from mes_server.store.lots import save_lots
from mes_server.store.transaction import writing
from tests.mes_server.domain.lot_making import T0, History


def lot(code: str, born_ms: int, **changes: object) -> Lot:
    made = History(code).created(Amount(1, 1000)).lot
    return replace(made, born_ms=T0 + born_ms, **changes)


@pytest.fixture
def kept(engine: Engine) -> Engine:
    with writing(engine) as conn:
        save_lots(
            conn,
            [
                *[lot(f"L{i}", i // 2, grade="N52" if i % 2 else "N42") for i in range(7)],
                lot("R1", 99, run="CH1", part="100%_x"),
                lot("H1", 98, holds={"a": "odd"}, shipment="SH9", supplier_lot="NP-77"),
            ],
        )
        told = ("shipment:SH9", 1, "shipped", "a1", T0, "Q-1", "", "", {"customer": "Motoren %"})
        done = ("lot:L3", 1, "lot_held", "a2", T0, "W-7", "", "why", {})
        append_events(conn, [Draft(*told), Draft(*done)], T0)
    return engine


def codes(engine: Engine, sought: Sought, limit: int = 50) -> list[str]:
    with reading(engine) as conn:
        return [found.code for found in find_lots(conn, sought, limit)]


@pytest.mark.parametrize(
    ("text", "same", "found"),
    [
        ("l3", {}, ["L3"]),
        ("%_", {}, ["R1"]),
        ("n52", {}, ["L5", "L3", "L1"]),
        ("sh9", {}, ["H1"]),
        ("np-7", {}, ["H1"]),
        ("motor", {}, ["H1"]),
        ("w-7", {}, ["L3"]),
        ("w-", {}, []),
        ("", {"customer": "en %"}, ["H1"]),
        ("", {"customer": "en _"}, []),
        ("", {"person": "W-7"}, ["L3"]),
        ("", {"person": "W-7", "grade": "N42"}, []),
        ("", {"supplier_lot": "NP-77"}, ["H1"]),
        ("", {"supplier_lot": "NP-7"}, []),
        ("", {"status": "running"}, ["R1"]),
        ("", {"status": "held"}, ["H1"]),
        ("L", {"grade": "N52", "kind": "block"}, ["L5", "L3", "L1"]),
        ("'; DROP TABLE lot; --", {}, []),
    ],
)
def test_lots_are_found(kept: Engine, text: str, same: dict[str, str], found: list[str]) -> None:
    assert codes(kept, Sought(text, same)) == found


def test_every_lot_comes_once_over_all_parts(kept: Engine) -> None:
    seen: list[str] = []
    after = None
    while True:
        with reading(kept) as conn:
            part = find_lots(conn, Sought(after=after), 2)
        if not part:
            break
        seen += [found.code for found in part]
        after = (part[-1].born_ms, part[-1].code)
    assert seen == ["R1", "H1", "L6", "L4", "L5", "L2", "L3", "L0", "L1"]


def test_all_lots_come_in_parts(kept: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mes_server.store.lot_search.PART", 2)
    reads = []

    def read() -> AbstractContextManager[Connection]:
        reads.append(1)
        return reading(kept)

    found = [lot.code for lot in iter_lots(read, Sought(same={"grade": "N52"}))]
    assert found == ["L5", "L3", "L1"]
    assert len(reads) == 2, "no reader lasts as long as all of them"


def test_the_next_part_begins_where_the_index_does(sqlite_engine: Engine) -> None:
    asked: list[str] = []
    event.listen(sqlite_engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    with reading(sqlite_engine) as conn:
        find_lots(conn, Sought(after=(T0, "L1")), 2)
        plan = conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked[-1]}", (T0, T0, "L1", 2)).all()
    assert "SEARCH lot USING INDEX lot_born (born_ms<?)" in str(plan)


def test_a_column_nobody_knows_is_a_bug(kept: Engine) -> None:
    with pytest.raises(KeyError, match="colour"):
        codes(kept, Sought(same={"colour": "red"}))
