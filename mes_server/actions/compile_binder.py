"""Gather the binder: every clause with the records that prove it, from one state of the store."""

from sqlalchemy import Connection

from mes_server.actions.binder_evidence import EVIDENCE
from mes_server.actions.binder_quality import QUALITY
from mes_server.domain.binder import Binder, clauses_at
from mes_server.domain.days import utc_day
from mes_server.store.ledger import head

FINDERS = EVIDENCE | QUALITY


def compile_binder(conn: Connection, now_ms: int, site: str, software: str) -> Binder:
    """The binder as it is now."""
    clauses = clauses_at(utc_day(now_ms))
    names = dict.fromkeys(name for clause in clauses for name in clause.proved_by)
    found = {name: FINDERS[name](conn, now_ms) for name in names}
    return Binder(now_ms, site, software, head(conn, now_ms), clauses, found)
