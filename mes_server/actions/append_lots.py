"""Store lots and edges that no ledger tells of: filling a store for a benchmark."""

from collections.abc import Sequence

from sqlalchemy import Engine

from mes_server.domain.genealogy import Edge
from mes_server.domain.lots import Lot
from mes_server.store.lots import append_edges, save_lots
from mes_server.store.transaction import writing


def append_lots(engine: Engine, lots: Sequence[Lot], edges: Sequence[Edge]) -> None:
    """Straight into the now tables, in one commit."""
    with writing(engine) as conn:
        save_lots(conn, lots)
        append_edges(conn, edges)
