"""Who may store and acknowledge: exactly one process, checked in the transaction that stores."""

from collections.abc import Collection

from sqlalchemy import Connection
from sqlmodel import Field, SQLModel

from mes_server.store.tables import run, wide

LEASE = "ingest"


class LeaseRow(SQLModel, table=True):
    """The holder and until when; `next_id` numbers what holders put into the inbox."""

    __tablename__ = "lease"
    name: str = Field(primary_key=True)
    holder: str
    until_ms: int = wide()
    next_id: int = wide()


def take_lease(
    conn: Connection, holder: str, now_ms: int, until_ms: int, dead: Collection[str] = ()
) -> str:
    """Try to become the holder; who holds it now. `dead`: holders that are known to have ended."""
    run(
        conn,
        "INSERT INTO lease (name, holder, until_ms, next_id) VALUES (?, '', 0, 1) "
        "ON CONFLICT DO NOTHING",
        (LEASE,),
    )
    lock = "" if conn.dialect.name == "sqlite" else " FOR UPDATE"
    row = run(conn, f"SELECT holder, until_ms FROM lease WHERE name = ?{lock}", (LEASE,)).one()  # noqa: S608
    if row.holder not in ("", holder, *dead) and row.until_ms > now_ms:
        return str(row.holder)
    run(
        conn,
        "UPDATE lease SET holder = ?, until_ms = ? WHERE name = ?",
        (holder, until_ms, LEASE),
    )
    return holder


def lease_holder(conn: Connection) -> str:
    """Who holds the lease, or '' when nobody does."""
    return str(run(conn, "SELECT holder FROM lease WHERE name = ?", (LEASE,)).scalar() or "")


def renew_lease(conn: Connection, holder: str, until_ms: int, messages: int = 0) -> int | None:
    """Keep the lease and reserve ids for `messages`; the first id, or None: it is not ours any more.

    Called in the transaction that stores: what a former holder tries to store is rolled back.
    """
    next_id = run(
        conn,
        "UPDATE lease SET until_ms = ?, next_id = next_id + ? WHERE name = ? AND holder = ? "
        "RETURNING next_id",
        (until_ms, messages, LEASE, holder),
    ).scalar()
    return None if next_id is None else int(next_id) - messages


def release_lease(conn: Connection, holder: str) -> None:
    """Give the lease up at once."""
    run(
        conn,
        "UPDATE lease SET holder = '', until_ms = 0 WHERE name = ? AND holder = ?",
        (LEASE, holder),
    )
