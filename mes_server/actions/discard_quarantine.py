"""A person settles what nobody will ever understand: marked with the reason, the bytes stay."""

from collections.abc import Sequence

from sqlalchemy import Engine

from mes_server.actions.put_aside import settle_alarms
from mes_server.store.quarantine import discard_quarantined
from mes_server.store.transaction import writing


def discard_quarantine(engine: Engine, keys: Sequence[int], reason: str, now_ms: int) -> int:
    """Discard the messages that wait; how many there were. Raises StoreFault."""
    with writing(engine) as conn:
        discarded = discard_quarantined(conn, list(keys), reason, now_ms)
        if discarded:
            settle_alarms(conn, now_ms)
    return discarded
