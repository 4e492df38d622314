"""Releases of lots, computed from the ledger: the last of each lot."""

from collections.abc import Sequence

from sqlalchemy import Connection
from sqlmodel import Field, SQLModel

from mes_server.domain.releases import Release, release_from
from mes_server.domain.seal import Event
from mes_server.store.tables import CLUSTERED, run, wide

STREAMS = ("release:",)
_IN_MAX = 500


class ReleaseRow(SQLModel, table=True):
    """The last release of a lot; `by` is comma-separated."""

    __tablename__ = "release"
    __table_args__ = (CLUSTERED,)

    lot: str = Field(primary_key=True)
    plan: str
    digest: str
    at_ms: int = wide()
    by: str


def follow(conn: Connection, event: Event) -> None:
    """Bring the table up to a release."""
    one = release_from(event)
    run(conn, "DELETE FROM release WHERE lot = ?", (one.lot,))
    values = (one.lot, one.plan, one.digest, one.at_ms, ",".join(one.by))
    run(conn, 'INSERT INTO release (lot, plan, digest, at_ms, "by") VALUES (?, ?, ?, ?, ?)', values)


def drop_all(conn: Connection) -> None:
    """Forget what is computed; only to compute it anew in the same transaction."""
    run(conn, "DELETE FROM release")


def releases_of(conn: Connection, lots: Sequence[str]) -> dict[str, Release]:
    """The last release of each of these lots that has one."""
    found: dict[str, Release] = {}
    for start in range(0, len(lots), _IN_MAX):
        part = tuple(lots[start : start + _IN_MAX])
        marks = ", ".join("?" * len(part))
        query = f'SELECT lot, plan, digest, at_ms, "by" FROM release WHERE lot IN ({marks})'  # noqa: S608
        for row in run(conn, query, part):
            by = tuple(row.by.split(","))
            found[row.lot] = Release(row.lot, row.plan, row.digest, row.at_ms, by)
    return found
