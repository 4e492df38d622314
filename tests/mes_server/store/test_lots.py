"""Lots and edges as the store keeps them, beside the ledger."""

from dataclasses import replace

import pytest
from sqlalchemy import Engine

from mes_server.domain.amounts import Amount
from mes_server.domain.codes import parse_code
from mes_server.domain.genealogy import BACK, FORWARD, Edge
from mes_server.domain.lots import Lot
from mes_server.store.engine import reading
from mes_server.store.lots import (
    append_edges,
    drop_edges,
    drop_lot,
    list_edges,
    list_lots,
    load_lot,
    load_lots,
    lots_in_run,
    save_lots,
)
from mes_server.store.numbering import next_code
from mes_server.store.transaction import writing
from tests.mes_server.domain.lot_making import T0, History

AMOUNT = Amount(10, 5_000_000_000_000, 7, {"Dy": 3, "Nd": 300})


def lot(code: str, **changes: object) -> Lot:
    return replace(History(code).created(AMOUNT).lot, **changes)


def test_a_lot_comes_back_as_it_was_and_as_it_was_last_kept(engine: Engine) -> None:
    full = lot("L1", done=("a", "b"), holds={"h": "氧高"}, reworks={"a": 2}, expires_ms=5)
    with writing(engine) as conn:
        save_lots(conn, [full, lot("L2")])
        save_lots(conn, [replace(full, place="rack")])
        assert load_lot(conn, "L1") == replace(full, place="rack")
        assert load_lot(conn, "L9") is None
        many = load_lots(conn, ["L1", "L2", *[f"X{i}" for i in range(1200)]])
        assert set(many) == {"L1", "L2"}
        drop_lot(conn, "L2")
        assert load_lot(conn, "L2") is None


def test_lots_are_listed_in_parts_by_what_they_are(engine: Engine) -> None:
    with writing(engine) as conn:
        save_lots(conn, [lot(f"L{i}", grade="N52" if i % 2 else "N42") for i in range(9)])
        save_lots(conn, [lot("R1", run="CH1", part="100%_x")])
    with reading(engine) as conn:
        assert [v.code for v in list_lots(conn, limit=2, grade="N52")] == ["L1", "L3"]
        assert [v.code for v in list_lots(conn, "L3", 2, grade="N52")] == ["L5", "L7"]
        assert [v.code for v in list_lots(conn, status="running")] == ["R1"]
        assert [v.code for v in lots_in_run(conn, "CH1")] == ["R1"]
        with pytest.raises(KeyError, match="colour"):
            list_lots(conn, colour="red")


def test_edges_are_found_from_both_ends_and_dropped_by_what_they_lead_to(engine: Engine) -> None:
    edges = [Edge("A", "B", "split", "a1", T0, AMOUNT), Edge("A", "C", "split", "a1", T0, AMOUNT)]
    more = Edge("C", "D", "run", "a2", T0 + 1, Amount(1, 2))
    with writing(engine) as conn:
        append_edges(conn, [*edges, more])
        assert list_edges(conn, ["A"], FORWARD) == edges
        assert list_edges(conn, ["B", "D", *"XYZ" * 300], BACK) == [edges[0], more]
        drop_edges(conn, "B")
        assert list_edges(conn, ["A"], FORWARD) == edges[1:]
        assert list_edges(conn, ["C"], FORWARD) == [more]


def test_codes_are_given_once_and_count_anew_each_year(engine: Engine) -> None:
    with writing(engine) as conn:
        given = [next_code(conn, "parts", T0), next_code(conn, "parts", T0)]
        given += [next_code(conn, "block", T0), next_code(conn, "parts", T0 + 86_400_000 * 60)]
    assert [parse_code(code)[:3] for code in given] == [
        ("parts", 26, 1),
        ("parts", 26, 2),
        ("block", 26, 1),
        ("parts", 27, 1),
    ]
