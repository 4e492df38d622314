"""Keep what is to be told by HJ 212: minutes, hours and days of every outlet whose permit has a monitoring point.

What changes later, because data came late or a sample was voided, is told again with what holds now.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo
from functools import cache
from typing import Any

from sqlalchemy import Connection, Engine

from mes_server.actions.assess_discharge import assess_day
from mes_server.actions.assess_parts import assess_parts
from mes_server.actions.gather_waterworks import day_of, permits_at, pollutants_on, working_day
from mes_server.domain import hj212
from mes_server.domain.discharge import OutletDay
from mes_server.domain.permits import Permit
from mes_server.domain.uplink import (
    HOUR_MS,
    Parts,
    Telling,
    day_telling,
    due_parts,
    number_of,
    part_telling,
)
from mes_server.store import hj212_outbox as outbox
from mes_server.store.engine import reading
from mes_server.store.transaction import writing
from schemas.limit_rows import load_rows

Assess = Callable[[Connection, str, str, str, int], OutletDay | None]
AssessParts = Callable[[Connection, str, str, Mapping[str, int], tuple[str, int]], list[Parts]]
_MINUTE_MS = 60_000


@cache
def profile_of(name: str) -> dict[str, Any]:
    """The rules of a version of the standard, "2017" or "2025"."""
    found: dict[str, Any] = next(row for row in load_rows("hj212") if row["profile"] == name)
    return found


@dataclass(frozen=True, slots=True)
class Teller:
    """By what is told: the profile and the plant's zone. `assess`: judges a day; `assess_parts`: its hours and minutes."""

    profile: Mapping[str, Any]
    zone: tzinfo
    assess: Assess = assess_day
    assess_parts: AssessParts = assess_parts


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
        sizes = {hj212.HOUR: HOUR_MS // _MINUTE_MS, hj212.MINUTE: int(teller.profile["minute_min"])}
        days = {
            command: _days(conn, permit, teller, now_ms, command)
            for command, size in sizes.items()
            if size
        }
        for day in sorted({day for some in days.values() for day in some}):
            wanted = {command: sizes[command] for command, some in days.items() if day in some}
            of = (str(teller.zone), now_ms)
            for parts in teller.assess_parts(conn, outlet, day, wanted, of):
                yield from _of_parts(parts, day, permit.mn, teller, now_ms)
            if hj212.HOUR in wanted:
                yield from _of_day(conn, permit, day, teller, now_ms)


def _of_parts(parts: Parts, day: str, mn: str, teller: Teller, now_ms: int) -> Iterable[Telling]:
    """Hours and minutes that are over; minutes that began longer ago than the profile says are told no more."""
    settle, oldest = "settle_min", 0
    if parts.command == hj212.MINUTE:
        settle, oldest = (
            "minute_settle_min",
            now_ms - int(teller.profile["minute_look_back_h"]) * HOUR_MS,
        )
    until = now_ms - int(teller.profile[settle]) * _MINUTE_MS
    for at_ms in due_parts(parts, until):
        if at_ms >= oldest:
            yield part_telling(parts, at_ms, (mn, teller.profile), (_codes(day), teller.zone))


def _codes(day: str) -> dict[str, str]:
    return {name: one["hj212"] for name, one in pollutants_on(day).items()}


def _of_day(
    conn: Connection, permit: Permit, day: str, teller: Teller, now_ms: int
) -> Iterable[Telling]:
    """The whole day, when it is over."""
    zone = str(teller.zone)
    until = now_ms - int(teller.profile["settle_min"]) * _MINUTE_MS
    if working_day(day, zone, permit.day_starts_min)[1] > until:
        return
    judged = teller.assess(conn, permit.outlet, day, zone, now_ms)
    if judged is not None and judged.pollutants:
        yield day_telling(judged, (permit.mn, teller.profile), (_codes(day), teller.zone))


def _days(conn: Connection, permit: Permit, teller: Teller, now_ms: int, command: str) -> list[str]:  # fmt: skip
    """From the day before the last one that was told of until today; nothing older than the profile says, and nothing
    from before the first day that was ever told of."""
    today = date.fromisoformat(day_of(now_ms, str(teller.zone), permit.day_starts_min))
    first = today
    told = outbox.days_told(conn, permit.mn, command)
    if told is not None:
        back = timedelta(days=int(teller.profile["look_back_days"]))
        if command == hj212.MINUTE:
            back = timedelta(days=-(-int(teller.profile["minute_look_back_h"]) // 24))
        oldest = today - back
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
