"""Housekeeping while nothing more urgent waits: a bounded piece of it at a time."""

from sqlalchemy import Engine

from mes_server.store.positions import pack_positions, trim_positions
from mes_server.store.telemetry import merge_due
from mes_server.store.transaction import writing

POSITION_DAYS = 30
PACK_RECORDS = 20_000
_DAY_MS = 86_400_000


def merge_series(engine: Engine, now_ms: int, chunks_max: int) -> int:
    """Merge chunks of hours that are over; how much was done, 0: nothing is due."""
    with writing(engine) as conn:
        return merge_due(conn, now_ms, chunks_max)


def pack_journal_positions(engine: Engine, records_min: int = PACK_RECORDS) -> int:
    """Sort what the log of positions holds into blocks, if it is enough; how many records."""
    with writing(engine) as conn:
        return pack_positions(conn, records_min)


def trim_journal_positions(engine: Engine, now_ms: int) -> int:
    """Forget positions older than POSITION_DAYS; how many blocks of them."""
    with writing(engine) as conn:
        return trim_positions(conn, now_ms - POSITION_DAYS * _DAY_MS)
