"""Asking for a retry marks what waits, and nothing else (mes_server.actions.request_retry)."""

from sqlalchemy import Engine

from mes_server.actions.request_retry import request_retry
from mes_server.store.engine import reading
from mes_server.store.quarantine import Unread, list_retries, quarantine, settle_quarantined
from mes_server.store.transaction import writing


def test_only_messages_that_wait_are_marked(engine: Engine) -> None:
    with writing(engine) as conn:
        keys = [
            quarantine(conn, Unread(1, "spBv1.0/x", b"?", "payload", "cut off")) for _ in range(3)
        ]
        settle_quarantined(conn, keys[1], 2)
    assert request_retry(engine, [*keys[:2], 999], 5) == 1
    with reading(engine) as conn:
        marked = list_retries(conn)
    assert [(message.id, message.retry_ms) for message in marked] == [(keys[0], 5)]
