"""Become the one process that stores and acknowledges, stay it, and stop being it."""

from sqlalchemy import Engine

from mes_server.actions.boundary import LeaseLost
from mes_server.store.leases import release_lease, renew_lease, take_lease
from mes_server.store.transaction import writing

LEASE_MS = 5_000


def hold_lease(engine: Engine, holder: str, now_ms: int, dead: tuple[str, ...] = ()) -> str:
    """Try to take the lease; who holds it now. `dead`: holders that are known to have ended."""
    with writing(engine) as conn:
        return take_lease(conn, holder, now_ms, now_ms + LEASE_MS, dead)


def keep_lease(engine: Engine, holder: str, now_ms: int) -> None:
    """Renew the lease; raises LeaseLost."""
    with writing(engine) as conn:
        if renew_lease(conn, holder, now_ms + LEASE_MS) is None:
            raise LeaseLost


def drop_lease(engine: Engine, holder: str) -> None:
    """Let the next one take it at once."""
    with writing(engine) as conn:
        release_lease(conn, holder)
