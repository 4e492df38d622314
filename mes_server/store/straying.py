"""Whether what is computed of the ledger still is what the ledger says: lots, edges, runs, lines of stations.

Scans decide by these tables. Somebody who changes them by hand does not break the chain of the ledger; it is seen here.
"""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, Engine

from mes_server.domain.charges import Run, replay_run
from mes_server.domain.genealogy import BACK, Edge, edges_of
from mes_server.domain.lines import replay_line
from mes_server.domain.lots import corrected_actions, replay
from mes_server.domain.seal import Event
from mes_server.store.engine import reading
from mes_server.store.ledger import load_stream
from mes_server.store.lines import load_line
from mes_server.store.lots import list_edges, load_lots
from mes_server.store.runs import load_run, resources_of_run, what_is_inside
from mes_server.store.tables import run

_PAGE = 200
# Tables that hold one row for each stream of a kind, and the column with its name.
_NOW = (("lot", "lot", "code"), ("charge", "run", "code"), ("line", "line", "station"))


def strayed(engine: Engine, most: int = 20) -> list[str]:
    """The first of the streams ("lot:…", "charge:…", "line:…") whose rows are not what their events make.

    In parts, each in a reading of its own: what is written meanwhile is written with its rows. Raises StoreFault.
    """
    found: list[str] = []
    for streams in _streams(engine):
        with reading(engine) as conn:
            found += _strayed_of(conn, streams)
        if len(found) >= most:
            return found[:most]
    with reading(engine) as conn:
        return (found + _without_events(conn, most))[:most]


def _streams(engine: Engine) -> Iterator[list[str]]:
    for kind, _, _ in _NOW:
        after = f"{kind}:"
        while True:
            query = (
                "SELECT DISTINCT stream FROM ledger WHERE stream > ? AND stream < ? "
                "ORDER BY stream LIMIT ?"
            )
            with reading(engine) as conn:
                page = [row.stream for row in run(conn, query, (after, f"{kind};", _PAGE))]
            if page:
                yield page
            if len(page) < _PAGE:
                break
            after = page[-1]


def _strayed_of(conn: Connection, streams: Sequence[str]) -> list[str]:
    histories = {stream: load_stream(conn, stream) for stream in streams}
    codes = [s.removeprefix("lot:") for s in streams if s.startswith("lot:")]
    lots = load_lots(conn, codes)
    into: dict[str, list[Edge]] = {}
    for edge in list_edges(conn, codes, BACK):
        into.setdefault(edge.child, []).append(edge)
    found = []
    for stream, history in histories.items():
        kind, _, name = stream.partition(":")
        if kind == "lot":
            kept = lots.get(name) == replay(history) and into.get(name, []) == _edges(history)
        elif kind == "charge":
            kept = _run(conn, name) == _sorted(replay_run(history))
        else:
            kept = load_line(conn, name) == replay_line(name, history)
        if not kept:
            found.append(stream)
    return found


def _edges(history: Sequence[Event]) -> list[Edge]:
    taken_back = corrected_actions(history)
    kept = (event for event in history if event.action not in taken_back)
    found = (edge for event in kept for edge in edges_of(event))
    return sorted(found, key=lambda edge: (edge.parent, edge.child, edge.action))


def _run(conn: Connection, code: str) -> Run | None:
    found = load_run(conn, code)
    if found is None:
        return None
    return _sorted(
        Run(
            found.code, found.station, found.operation, found.opened_ms, found.recipe,
            found.closed_ms, tuple(what_is_inside(conn, code)), tuple(resources_of_run(conn, code)),
        )
    )  # fmt: skip


def _sorted(found: Run | None) -> Run | None:
    if found is None:
        return None
    inside = tuple(sorted(found.lots, key=lambda one: (one.from_ms, one.lot)))
    return Run(
        found.code, found.station, found.operation, found.opened_ms, found.recipe,
        found.closed_ms, inside, tuple(sorted(found.resources)),
    )  # fmt: skip


def _without_events(conn: Connection, most: int) -> list[str]:
    """Rows of which no event tells."""
    found = []
    for kind, table, column in _NOW:
        query = (
            f"SELECT {column} AS name FROM {table} t WHERE NOT EXISTS "  # noqa: S608
            f"(SELECT 1 FROM ledger l WHERE l.stream = ? || t.{column}) ORDER BY {column} LIMIT ?"
        )
        found += [f"{kind}:{row.name}" for row in run(conn, query, (f"{kind}:", most))]
    return found
