"""Keep what is to be told by HJ 212: hours and days of every outlet whose permit has a monitoring point.

An hour that changes later, because data came late or a sample was voided, is told again with what holds now.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo
from functools import cache
from typing import Any

from sqlalchemy import Connection, Engine

from mes_server.actions.assess_discharge import assess_day
from mes_server.actions.gather_waterworks import day_of, permits_at, pollutants_on
from mes_server.domain import hj212
from mes_server.domain.discharge import OutletDay
from mes_server.domain.permits import Permit
from mes_server.domain.uplink import Telling, day_telling, due_hours, hour_telling, number_of
from mes_server.store import hj212_outbox as outbox
from mes_server.store.engine import reading
from mes_server.store.transaction import writing
from schemas.limit_rows import load_rows

Assess = Callable[[Connection, str, str, str, int], OutletDay | None]
_MINUTE_MS = 60_000


@cache
def profile_of(name: str) -> dict[str, Any]:
    """The rules of a version of the standard, "2017" or "2025"."""
    found: dict[str, Any] = next(row for row in load_rows("hj212") if row["profile"] == name)
    return found


@dataclass(frozen=True, slots=True)
class Teller:
    """By what is told: the profile and the plant's zone. `assess`: judges a day."""

    profile: Mapping[str, Any]
    zone: tzinfo
    assess: Assess = assess_day


def keep_tellings(engine: Engine, teller: Teller, now_ms: int) -> int:
    """Keep what is new or has changed; how many requests. Raises StoreFault: nothing was kept, do it again."""
    with reading(engine) as conn:
        found = list(_tellings(conn, teller, now_ms))
        new = [one for one in found if outbox.last_told(conn, one) != one.cp]
    if not new:
        return 0
    kept = 0
    with writing(engine) as conn:
        for one in new:
            if outbox.last_told(conn, one) == one.cp:
                continue  # another process was quicker
            at_ms = max(now_ms, outbox.last_qn_ms(conn) + 1)
            outbox.put(conn, one, (number_of(at_ms, teller.zone), at_ms), now_ms)
            kept += 1
    return kept


def _tellings(conn: Connection, teller: Teller, now_ms: int) -> Iterable[Telling]:
    for outlet, permit in sorted(permits_at(conn, now_ms).items()):
        if not permit.mn:
            continue
        for day in _days(conn, permit, teller, now_ms):
            judged = teller.assess(conn, outlet, day, str(teller.zone), now_ms)
            if judged is not None:
                yield from _of_day(judged, permit.mn, teller, now_ms)


def _of_day(day: OutletDay, mn: str, teller: Teller, now_ms: int) -> Iterable[Telling]:
    until = now_ms - int(teller.profile["settle_min"]) * _MINUTE_MS
    facts = ({name: one["hj212"] for name, one in pollutants_on(day.day).items()}, teller.zone)
    of = (mn, teller.profile)
    for at_ms in due_hours(day, until):
        yield hour_telling(day, at_ms, of, facts)
    if day.to_ms <= until and day.pollutants:
        yield day_telling(day, of, facts)


def _days(conn: Connection, permit: Permit, teller: Teller, now_ms: int) -> list[str]:
    """From the day before the last one that was told of until today; nothing older than the profile says, and nothing
    from before the first day that was ever told of."""
    today = date.fromisoformat(day_of(now_ms, str(teller.zone), permit.day_starts_min))
    first = today
    told = outbox.days_told(conn, permit.mn, hj212.HOUR)
    if told is not None:
        oldest = today - timedelta(days=int(teller.profile["look_back_days"]))
        first = max(told[0], told[1] - timedelta(days=1), oldest)
    return [(first + timedelta(days=n)).isoformat() for n in range((today - first).days + 1)]


def acknowledged(engine: Engine, number: int, now_ms: int) -> None:
    """The authority has it. Raises StoreFault: it is sent again, under the same number."""
    with writing(engine) as conn:
        outbox.acknowledge(conn, number, now_ms)


def put_off(engine: Engine, number: int, next_ms: int, trouble: str) -> None:
    """It is tried again at that time."""
    with writing(engine) as conn:
        outbox.put_off(conn, number, next_ms, trouble)
