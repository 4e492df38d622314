"""Find exceedance episodes in judged days and keep them: opened once with a nonconformance, grown, ended, marked when later
data take their ground away. What is decided is decided on what the ledger holds in the same transaction.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, Engine

from mes_server.actions.assess_discharge import assess_day, assess_month
from mes_server.actions.contain_nonconformance import Opening, open_nonconformance
from mes_server.actions.gather_outlet import coated_on
from mes_server.actions.gather_waterworks import (
    Rules,
    day_of,
    known_pollutants,
    permits_at,
    rules_on,
    waterworks_at,
    working_day,
)
from mes_server.actions.one_action import carry_out
from mes_server.actions.record_events import Act, Book
from mes_server.domain import exceedances as ex
from mes_server.domain import nonconformance as nc
from mes_server.domain.discharge import OutletDay, OutletMonth
from mes_server.domain.discharge_rows import figure
from mes_server.domain.exceedances import Episode, Joined, Piece
from mes_server.domain.permits import MONTHLY
from mes_server.domain.rules import Refusal
from mes_server.store.baths import baths_at
from mes_server.store.engine import reading
from mes_server.store.exceedances import exceedances_in, open_exceedances
from mes_server.store.numbering import next_code
from mes_server.store.water import samples_of
from schemas.limit_rows import load_rows, row_at

Assess = Callable[[Connection, str, str, str, int], OutletDay | None]
SOURCE = "effluent"
_Change = tuple[str, Episode | None, Joined | None]  # an event, of which episode, by what was found
_MINUTE_MS = 60_000
_DAY_MS = 86_400_000
_NAMED_MAX = 60  # lots in the words of a nonconformance; all of them are in the episode


@cache
def _rows() -> list[dict[str, Any]]:
    return load_rows("exceedance_rules")


@dataclass(frozen=True, slots=True)
class Seen:
    """What was judged of an outlet: its episodes as they follow from its days and months, and these."""

    outlet: str
    rules: Rules
    found: Sequence[Joined]
    days: Sequence[OutletDay]
    months: Sequence[OutletMonth]
    gaps_ms: dict[str, int]
    now_ms: int

    def covers(self, one: Episode) -> bool:
        """Whether every day of an episode, or its month, was judged."""
        if one.averaging == MONTHLY:
            return any(each.days[0].from_ms == one.from_ms for each in self.months)
        at = one.from_ms
        for day in self.days:
            if day.from_ms <= at < day.to_ms:
                at = day.to_ms
        return at >= one.to_ms


def watch(engine: Engine, zone: str, now_ms: int, assess: Assess = assess_day) -> int:
    """Judge what may hold episodes, and keep what changed; how many episodes were opened or changed.

    Raises StoreFault: nothing of an outlet was kept, do it again.
    """
    with reading(engine) as conn:
        works = waterworks_at(conn, now_ms)
        seen = [_see(conn, one.code, (zone, now_ms), assess) for one in (works.outlets if works else ())]  # fmt: skip
    changed = 0
    for one in seen:
        if one is None or not _is_news(engine, one):
            continue
        act = Act(uuid.uuid4().hex, "", "", now_ms, now_ms)
        changed += carry_out(engine, act, keep_episodes, one)
    return changed


def _see(conn: Connection, outlet: str, at: tuple[str, int], assess: Assess) -> Seen | None:
    zone, now_ms = at
    permit = permits_at(conn, now_ms).get(outlet)
    starts = 0 if permit is None else permit.day_starts_min
    today = day_of(now_ms, zone, starts)
    rule = row_at(_rows(), today)
    recent = {(date.fromisoformat(today) - timedelta(days=n)).isoformat() for n in range(int(rule["look_back_days"]) + 1)}  # fmt: skip
    still = open_exceedances(conn, outlet)
    names = recent | _sampled(conn, outlet, (zone, starts, now_ms), rule)
    names |= {
        name for one in still if one.averaging != MONTHLY for name in _days_of(one, zone, starts)
    }
    ended = {day_of(one.from_ms, zone, starts)[:7] for one in still if one.averaging == MONTHLY}
    ended |= {name[:7] for name in recent if name[:7] < today[:7]}
    days = [assess(conn, outlet, name, zone, now_ms) for name in sorted(names)]
    judged = [day for day in days if day is not None]
    rules = rules_on(conn, outlet, today, working_day(today, zone, starts))
    if not judged or rules is None:
        return None
    months = (
        _months(conn, outlet, ended, at) if any(over == MONTHLY for _, over in rules.limits) else []
    )
    gaps = {name: int(minutes) * _MINUTE_MS for name, minutes in rule["joins_within_min"].items()}
    pieces = [piece for day in judged for piece in _pieces(conn, day)]
    pieces += [piece for month in months for piece in ex.pieces_of_month(month)]
    return Seen(outlet, rules, ex.join(pieces, gaps), judged, months, gaps, now_ms)


def _sampled(
    conn: Connection, outlet: str, at: tuple[str, int, int], rule: Mapping[str, Any]
) -> set[str]:
    """The days of samples of which something was told of late: a laboratory may take weeks."""
    zone, starts, now_ms = at
    told_ms = now_ms - int(rule["look_back_days"]) * _DAY_MS
    drawn = samples_of(conn, outlet, now_ms - int(rule["sample_days"]) * _DAY_MS, now_ms)
    return {day_of(one.from_ms, zone, starts) for one in drawn if one.last_ms >= told_ms}


def _days_of(one: Episode, zone: str, starts: int) -> Iterable[str]:
    at_ms = one.from_ms
    while at_ms < max(one.to_ms, one.from_ms + 1):
        name = day_of(at_ms, zone, starts)
        yield name
        at_ms = working_day(name, zone, starts)[1]


def _months(conn: Connection, outlet: str, names: set[str], at: tuple[str, int]) -> list[OutletMonth]:  # fmt: skip
    """Those that are over and have a day."""
    found = [assess_month(conn, outlet, name, *at) for name in sorted(names)]
    return [one for one in found if one is not None and one.over and one.days]


def _pieces(conn: Connection, day: OutletDay) -> list[Piece]:
    spans = {
        one.code: (one.from_ms, one.to_ms)
        for one in samples_of(conn, day.outlet, day.from_ms, day.to_ms)
    }
    return ex.pieces_of(day, spans)


def _is_news(engine: Engine, seen: Seen) -> bool:
    """Whether keeping would note anything: the ledger is not locked for nothing."""
    with reading(engine) as conn:
        return bool(_changes(conn, seen))


def keep_episodes(book: Book, seen: Seen) -> int:
    """Note what is new; how many episodes were opened or changed."""
    changes = _changes(book.conn, seen)
    for kind, one, found in changes:
        if kind == ex.OPENED and found is not None:
            _open(book, seen, found)
        elif one is not None:
            facts = {} if found is None or kind != ex.GREW else _facts(book.conn, seen, found, one)
            book.note(f"{ex.STREAM}{one.code}", kind, **facts)
    return len(changes)


def _changes(conn: Connection, seen: Seen) -> list[_Change]:
    first = min(day.from_ms for day in (*seen.days, *(one.days[0] for one in seen.months)))
    last = max(seen.now_ms, seen.days[-1].to_ms)
    reach = max(seen.gaps_ms.values())
    known = exceedances_in(conn, seen.outlet, first - reach, last + reach)
    changes: list[_Change] = []
    matched: set[str] = set()
    for found in seen.found:
        gap_ms = seen.gaps_ms[found.pieces[0].averaging]
        one = ex.pick(known, found, gap_ms)
        if one is None:
            changes.append((ex.OPENED, None, found))
        else:
            matched.add(one.code)
            changes += _goes_on(one, found, seen.now_ms - gap_ms)
    lost = (one for one in known if one.code not in matched and one.state in (ex.LASTS, ex.OVER))
    return changes + [(ex.LOST, one, None) for one in lost if seen.covers(one)]


def _goes_on(one: Episode, found: Joined, quiet_ms: int) -> list[_Change]:
    """What becomes of an episode that is found (again). `quiet_ms`: what ended before is over."""
    if one.state == ex.CLOSED:
        return []
    changes: list[_Change] = [(ex.FOUND, one, found)] if one.state == ex.GONE else []
    if _differs(one, found):
        changes.append((ex.GREW, one, found))
    elif one.state == ex.LASTS and found.to_ms < quiet_ms:
        changes.append((ex.ENDED, one, found))
    return changes


def _differs(one: Episode, found: Joined) -> bool:
    now = (found.from_ms, found.to_ms, figure(found.worst.value), len(found.pieces), found.samples)
    return now != (one.from_ms, one.to_ms, figure(one.worst), one.pieces, one.samples)


def _facts(conn: Connection, seen: Seen, found: Joined, before: Episode | None) -> dict[str, Any]:
    """What is noted of an episode; the lots and baths named before stay named."""
    span = found.from_ms, max(found.to_ms, found.from_ms + 1)
    lots = {*coated_on(conn, seen.rules, span, seen.now_ms).lots, *(before.lots if before else ())}
    stations = [line.station for line in seen.rules.works.lines_of(seen.outlet)]
    baths = {*baths_at(conn, stations, *span), *(before.baths if before else ())}
    return {
        "from_ms": found.from_ms, "to_ms": found.to_ms, "worst": figure(found.worst.value),
        "pieces": len(found.pieces), "limit": dict(found.worst.limit), "samples": list(found.samples),
        "lots": sorted(lots), "baths": sorted(baths),
    }  # fmt: skip


def _open(book: Book, seen: Seen, found: Joined) -> None:
    code = next_code(book.conn, "exceedance", book.act.now_ms)
    piece, facts = found.pieces[0], _facts(book.conn, seen, found, None)
    made = open_nonconformance(book, _opening(seen, code, found, facts))
    number = made[0] if made and not isinstance(made[0], Refusal) else ""
    book.note(
        f"{ex.STREAM}{code}", ex.OPENED, outlet=seen.outlet, pollutant=piece.pollutant, averaging=piece.averaging,
        nonconformance=str(number), **facts,
    )  # fmt: skip


def _opening(seen: Seen, code: str, found: Joined, facts: dict[str, Any]) -> Opening:
    """The lots are named; they are held only where the permit says so."""
    piece, limit = found.worst, found.worst.limit
    title = known_pollutants()[piece.pollutant]["title"]
    ends = "–".join(str(limit[end]) for end in ("low", "high") if limit[end] is not None)
    said = (
        f"{seen.outlet}: {title['en']} {title['zh']} {figure(piece.value)} / {ends} {limit['unit']}"
    )
    permit = seen.rules.permit
    if permit is not None and permit.holds_lots and facts["lots"]:
        return Opening(f"{code} {said}", SOURCE, tuple(facts["lots"]))
    named = ", ".join(facts["lots"][:_NAMED_MAX]) or "–"
    baths = ", ".join(facts["baths"]) or "–"
    told = f"{code} {said}; lots 批次: {named}; baths 槽液: {baths}"
    return Opening(f"{code} {said}", SOURCE, about=nc.UNIDENTIFIED, found=told)
