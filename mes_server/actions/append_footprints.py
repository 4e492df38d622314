"""Store days as if they had been added up: filling a store for a benchmark."""

from collections.abc import Iterable

from sqlalchemy import Engine

from mes_server.domain.footprints import FootprintDay
from mes_server.store.footprints import save_day
from mes_server.store.transaction import writing


def append_footprints(engine: Engine, days: Iterable[FootprintDay], now_ms: int) -> None:
    """All in one transaction; each is added up anew as soon as anything of it is known."""
    with writing(engine) as conn:
        for day in days:
            save_day(conn, day, "appended", now_ms)
