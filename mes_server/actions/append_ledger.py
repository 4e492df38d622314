"""Seal many events at once that nothing follows: filling a ledger for a benchmark."""

from collections.abc import Sequence

from sqlalchemy import Engine

from mes_server.domain.seal import Draft
from mes_server.store.ledger import append_events
from mes_server.store.transaction import writing


def append_ledger(engine: Engine, drafts: Sequence[Draft], noted_ms: int) -> None:
    """In one commit; their streams are followed by no table."""
    with writing(engine) as conn:
        append_events(conn, drafts, noted_ms)
