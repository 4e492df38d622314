"""What edges remember of the ledger comes back with births and data, and a cut ledger is named by them."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from mes_server.domain.amounts import Amount
from mes_server.domain.seal import Anchor, Break
from mes_server.store.engine import reading
from mes_server.store.ledger import head
from mes_server.store.nodes import list_edge_anchors
from mes_server.store.transaction import writing
from mes_server.store.verifying import gather_anchors, verify_ledger
from tests.mes_server.actions.lot_floor import Floor
from tests.mes_server.edge import NOW_MS, Edge
from tests.mes_server.mes import Mes

# What an owner of the database does; on PostgreSQL the guards stand again afterwards, as if nothing had been.
CUT = {
    "sqlite": ("DROP TRIGGER ledger_no_delete", "DELETE FROM ledger WHERE number > 3"),
    "postgresql": (
        "ALTER TABLE ledger DISABLE TRIGGER ledger_rows",
        "DELETE FROM ledger WHERE number > 3",
        "ALTER TABLE ledger ENABLE TRIGGER ledger_rows",
    ),
}


def told(engine: Engine) -> list[Anchor]:
    with reading(engine) as conn:
        return list_edge_anchors(conn)


def said(anchor: Anchor) -> str:
    return f"{anchor.number} {anchor.hash} {NOW_MS}"


def test_an_edge_names_what_was_cut_off_and_an_older_one_goes_on(
    engine: Engine, tmp_path: Path
) -> None:
    floor, mes = Floor(engine), Mes(engine)
    for _ in range(5):
        floor.receive(Amount(1, 1000))
    with reading(engine) as conn:
        last = head(conn, 0)
    edge, old = Edge(anchors=said(last)), Edge(node="ctl-0", serial="chip-0")
    mes.take(old.nbirth(), old.dbirth("mill-1"), old.live({"step_no": 4}, "mill-1"))
    mes.take(edge.nbirth(), edge.dbirth(), edge.live({"step_no": 3}))
    assert told(engine) == [Anchor(last.number, last.hash, NOW_MS, "sintering/ctl-1")]
    assert (mes.values("step_no"), mes.values("step_no", "mill-1")) == ([3], [4])
    assert mes.reasons() == []
    anchors, _ = gather_anchors(engine, tmp_path)
    assert verify_ledger(engine, anchors, 0).broken is None, "the negative control"
    with writing(engine) as conn:
        for statement in CUT[engine.dialect.name]:
            conn.execute(text(statement))
    verdict = verify_ledger(engine, anchors, 0)
    assert (verdict.broken, verdict.unknown) == (Break(4, "cut_off"), tuple(anchors))


def test_what_is_told_later_takes_the_place_of_what_was_told_before(sqlite_engine: Engine) -> None:
    mes, edge = Mes(sqlite_engine), Edge(anchors="")
    mes.take(edge.nbirth(), edge.dbirth())
    assert told(sqlite_engine) == []
    first, second = Anchor(3, "ab" * 32, NOW_MS), Anchor(9, "cd" * 32, NOW_MS)
    edge.anchors = said(first)
    mes.take(edge.ndata())
    assert [anchor.number for anchor in told(sqlite_engine)] == [3]
    edge.anchors = f"{said(first)},{said(second)}"
    mes.take(edge.ndata(), edge.nbirth())
    assert [anchor.number for anchor in told(sqlite_engine)] == [3, 9]
    assert mes.samples("Journal/Anchors") == mes.samples("Journal/Anchors", "ctl-1") == []


@pytest.mark.parametrize(
    "text_", ["rubbish", "0 " + "ab" * 32 + " 5", ",,,", "x" * 100_000, "7 x\0" + "ab" * 32 + " 5"]
)
def test_what_is_no_anchor_stops_nothing(sqlite_engine: Engine, text_: str) -> None:
    mes, edge = Mes(sqlite_engine), Edge(anchors=text_)
    mes.take(edge.nbirth(), edge.dbirth(), edge.live({"step_no": 3}), edge.ndata())
    assert told(sqlite_engine) == []
    assert mes.values("step_no") == [3]
    (kept,) = mes.rows("SELECT length(anchors) FROM node")
    assert int(kept[0]) <= 2000
