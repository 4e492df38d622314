"""Housekeeping while nothing more urgent waits: a bounded piece of it at a time."""

from sqlalchemy import Engine

from mes_server.store.inbox import trim_positions
from mes_server.store.telemetry import merge_due
from mes_server.store.transaction import writing

POSITION_DAYS = 1
_DAY_MS = 86_400_000
_TRIM_MAX = 2_000


def merge_series(engine: Engine, now_ms: int, chunks_max: int) -> int:
    """Merge chunks of hours that are over; how much was done, 0: nothing is due."""
    with writing(engine) as conn:
        return merge_due(conn, now_ms, chunks_max)


def trim_journal_positions(engine: Engine, now_ms: int) -> int:
    """Forget positions older than POSITION_DAYS that lie below their watermark; how many."""
    with writing(engine) as conn:
        return trim_positions(conn, now_ms - POSITION_DAYS * _DAY_MS, _TRIM_MAX)
