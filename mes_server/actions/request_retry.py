"""Somebody asks for messages in quarantine to be tried again; ingest does it with its next turn."""

from collections.abc import Sequence

from sqlalchemy import Engine

from mes_server.store.quarantine import ask_retry
from mes_server.store.transaction import writing


def request_retry(engine: Engine, keys: Sequence[int], now_ms: int) -> int:
    """Mark them; how many there were that wait. Raises StoreFault."""
    with writing(engine) as conn:
        return ask_retry(conn, list(keys), now_ms)
