"""The lots that a lot was put together from by splitting and merging alone: each was born in a run, or received."""

from collections.abc import Sequence

from sqlalchemy import Connection

from mes_server.domain.genealogy import BACK, Edge, walk
from mes_server.domain.lots import Lot
from mes_server.store.lots import list_edges, load_lots

_DIVIDED = ("split", "merge")


def origins_of(conn: Connection, lots: Sequence[Lot]) -> dict[str, int]:
    """The codes of these origins, with the time each was born: what limits of merging count."""

    def divided(codes: Sequence[str]) -> list[Edge]:
        return [edge for edge in list_edges(conn, codes, BACK) if edge.why in _DIVIDED]

    trace = walk([lot.code for lot in lots], BACK, divided)
    divided_off = {edge.child for edge in trace.edges}
    origins = [code for code in trace.depths if code not in divided_off]
    return {code: lot.born_ms for code, lot in load_lots(conn, origins).items()}
