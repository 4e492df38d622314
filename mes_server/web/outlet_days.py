"""The outlets of today, judged and kept for a few seconds for all pages that are open; the words for a judged day."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import current_app
from sqlalchemy import Connection

from mes_server.actions.assess_discharge import assess_day
from mes_server.actions.gather_waterworks import day_of, permits_at, pollutants_on, waterworks_at
from mes_server.domain.discharge import ORDER, OutletDay, PollutantDay
from mes_server.domain.waterworks import Place
from mes_server.store.ledger import head
from mes_server.web import formats
from mes_server.web.page import words
from mes_server.web.site import this_site

KEEP_MS = 10_000
EXTENSION = "lodestone-outlets"
SIGNS = {
    "ok": "ok", "warn": "warn", "exceed": "alarm", "no_data": "unknown", "no_production": "warn",
    "no_discharge": "idle", "no_limit": "idle",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shown:
    """An outlet and its running day."""

    place: Place
    day: OutletDay

    @property
    def pollutants(self) -> Sequence[PollutantDay]:
        """The worst first."""
        return worst_first(self.day.pollutants)


def worst_first(pollutants: Sequence[PollutantDay]) -> list[PollutantDay]:
    """By status, then by how much of the limit is reached."""
    return sorted(pollutants, key=lambda one: (ORDER.index(one.status), -share_of(one)))


def share_of(one: PollutantDay) -> float:
    """How much of its limit a pollutant reaches, in %; 0: nobody can say."""
    worst = one.worst
    return 0.0 if worst is None or worst.share is None else worst.share


class TodayCache:
    """The days of all outlets with the moment they were judged."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: tuple[tuple[int, int], list[Shown]] | None = None

    def load(self, conn: Connection, now_ms: int) -> list[Shown]:
        """All outlets, the worst first."""
        key = (now_ms // KEEP_MS, head(conn, 0).number)
        with self._lock:
            if self._kept is None or self._kept[0] != key:
                self._kept = (key, _judged(conn, now_ms))
            return self._kept[1]


def today_of(conn: Connection, now_ms: int) -> list[Shown]:
    """All outlets today, the worst first; none: no waterworks are released."""
    cache: TodayCache = current_app.extensions.setdefault(EXTENSION, TodayCache())
    return cache.load(conn, now_ms)


def _judged(conn: Connection, now_ms: int) -> list[Shown]:
    works = waterworks_at(conn, now_ms)
    permits = permits_at(conn, now_ms)
    zone = this_site().settings.zone.key
    found = []
    for place in () if works is None else works.outlets:
        permit = permits.get(place.code)
        today = day_of(now_ms, zone, 0 if permit is None else permit.day_starts_min)
        day = assess_day(conn, place.code, today, zone, now_ms)
        if day is not None:
            found.append(Shown(place, day))
    return sorted(found, key=_rank)


def _rank(one: Shown) -> tuple[int, float]:
    return ORDER.index(one.day.status), -max(map(share_of, one.day.pollutants), default=0.0)


def note_texts(day: OutletDay) -> list[str]:
    """What a reader must know, in sentences."""
    return [_note(key, facts, day.day) for key, facts in day.notes]


def _note(key: str, facts: Mapping[str, str], day: str) -> str:
    t = words()
    told: dict[str, str] = dict(facts)
    if "at_ms" in told:
        told["at"] = formats.time_text(t, int(told["at_ms"]), this_site().settings.zone)
    if "pollutants" in told:
        known = pollutants_on(day)
        codes = told["pollutants"].split(", ")
        told["pollutants"] = ", ".join(t.one_of(known[code]["title"]) for code in codes)
    return t(f"outlet.{key}", **told)
