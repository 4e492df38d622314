"""What the lots behind a lot went through: the runs of each of them until it became something else."""

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from mes_server.domain.charges import Run
from mes_server.store.tables import run

_IN_MAX = 500


class Work(NamedTuple):
    """A lot was in a run since then."""

    lot: str
    run: Run
    loaded_ms: int


def works_of(conn: Connection, until: Mapping[str, int], most: int) -> list[Work]:
    """The runs that each of these lots went into until its moment, the last `most` of them by time."""
    pairs = (
        "SELECT key, value FROM json_each(?)"
        if conn.dialect.name == "sqlite"
        else "SELECT key, value::text::bigint FROM json_each(?::json)"
    )
    query = (
        f"WITH asked(lot, at_ms) AS ({pairs}) SELECT a.lot, l.from_ms, r.code, r.station, r.operation, "  # noqa: S608
        "r.recipe, r.opened_ms, r.closed_ms FROM asked a JOIN run_lot l ON l.lot = a.lot "
        "AND l.from_ms <= a.at_ms JOIN run r ON r.code = l.run "
        "ORDER BY r.opened_ms DESC, r.code, a.lot LIMIT ?"
    )
    rows = run(conn, query, (json.dumps(dict(until)), most)).all()
    return [
        Work(r.lot, Run(r.code, r.station, r.operation, r.opened_ms, r.recipe, r.closed_ms), r.from_ms)
        for r in reversed(rows)
    ]  # fmt: skip


def resources_of_runs(conn: Connection, runs: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    """Role and name of what each of these runs used."""
    found: dict[str, list[tuple[str, str]]] = {code: [] for code in runs}
    for start in range(0, len(runs), _IN_MAX):
        part = tuple(runs[start : start + _IN_MAX])
        marks = ", ".join("?" * len(part))
        query = f"SELECT run, role, resource FROM run_resource WHERE run IN ({marks}) ORDER BY run, role, resource"  # noqa: S608
        for row in run(conn, query, part):
            found[row.run].append((row.role, row.resource))
    return found
