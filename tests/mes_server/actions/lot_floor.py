"""A shop floor of a test: actions on lots, each in a transaction of its own, then everything checked."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine

from mes_server.actions.make_lots import receive_lot
from mes_server.actions.record_events import Act, Book, rebuild_lots
from mes_server.domain.amounts import Amount
from mes_server.domain.genealogy import FORWARD, leads_to
from mes_server.domain.lots import Lot
from mes_server.domain.rules import Refusal
from mes_server.domain.seal import first_break
from mes_server.store.engine import reading
from mes_server.store.ledger import head, iter_events
from mes_server.store.lots import list_edges, list_lots, load_lot
from mes_server.store.transaction import writing
from tests.mes_server.domain.lot_making import T0

Acting = Callable[..., Any]


@dataclass
class Floor:
    """`now_ms` goes on by a minute with every action."""

    engine: Engine
    now_ms: int = T0
    actions: list[str] = field(default_factory=list)

    @contextmanager
    def book(self, place: str = "", person: str = "P1") -> Iterator[Book]:
        """The book of one action; closed at the end."""
        self.now_ms += 60_000
        action = f"s{len(self.actions) + 1}"
        self.actions.append(action)
        with writing(self.engine) as conn:
            book = Book(conn, Act(action, person, place, self.now_ms, self.now_ms))
            yield book
            book.close()

    def act(self, acting: Acting, *args: Any, place: str = "") -> Any:
        """What an action answers."""
        with self.book(place) as book:
            return acting(book, *args)

    def receive(self, amount: Amount, kind: str = "block", **facts: Any) -> str:
        """A new lot of grade N42SH."""
        with self.book("stock") as book:
            facts = {"part": "P-1", "grade": "N42SH", "route": "R1/B"} | facts
            return receive_lot(book, kind, amount, **facts)

    def lot(self, code: str) -> Lot:
        """As the store has it."""
        with reading(self.engine) as conn:
            lot = load_lot(conn, code)
        assert lot is not None
        return lot

    def lots(self) -> list[Lot]:
        """All of them."""
        with reading(self.engine) as conn:
            return list_lots(conn, limit=100_000)

    def check(self) -> None:
        """The ledger is whole, nothing was made from itself, and a replay makes what is there."""
        with reading(self.engine) as conn:
            events = list(iter_events(conn))
            assert first_break(events, [head(conn, 0)]) is None
            before = list_lots(conn, limit=100_000)
            codes = [lot.code for lot in before]
            edges = list_edges(conn, codes, FORWARD)
            rows = now_tables(conn)
            for edge in edges:
                assert not leads_to(edge.child, edge.parent, lambda c: list_edges(conn, c, FORWARD))
        assert rebuild_lots(self.engine) == len(before)
        with reading(self.engine) as conn:
            assert list_lots(conn, limit=100_000) == before
            assert list_edges(conn, codes, FORWARD) == edges
            assert now_tables(conn) == rows


def now_tables(conn: Connection) -> dict[str, list[tuple[Any, ...]]]:
    """All that is computed from the ledger, row by row: lots, edges, runs, what stands at stations."""
    names = ("lot", "lot_edge", "run", "run_lot", "run_resource", "line")
    return {
        name: sorted(tuple(row) for row in conn.exec_driver_sql(f"SELECT * FROM {name}"))
        for name in names
    }


def rules(answer: object) -> list[str]:
    """The names of what refused."""
    assert isinstance(answer, list)
    assert all(isinstance(refusal, Refusal) for refusal in answer)
    return [refusal.rule for refusal in answer]
