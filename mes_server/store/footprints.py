"""Working days that were added up: what runs and lots used and sent away, with a mark of what that was computed from."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection
from sqlmodel import Field, SQLModel

from mes_server.domain.footprints import FootprintDay, as_content, day_from
from mes_server.store.rollup import HOUR_MS
from mes_server.store.series import series_key
from mes_server.store.tables import CLUSTERED, run, wide

_IN_MAX = 500
_SPLITS_MAX = 20  # a lot that was split off is followed so far


class FootprintDayRow(SQLModel, table=True):
    """A day. `mark`: of all it was computed from; `content`: domain.footprints.FootprintDay as JSON."""

    __tablename__ = "footprint_day"
    __table_args__ = (CLUSTERED,)

    day: str = Field(primary_key=True)
    mark: str
    computed_ms: int = wide()
    content: str


class Kept(NamedTuple):
    """A day as it was kept, and when it was computed (Unix ms)."""

    day: FootprintDay
    computed_ms: int


def save_day(conn: Connection, day: FootprintDay, mark: str, now_ms: int) -> None:
    """Keep a day as it is known now."""
    run(conn, "DELETE FROM footprint_day WHERE day = ?", (day.day,))
    content = json.dumps(as_content(day), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    query = "INSERT INTO footprint_day (day, mark, computed_ms, content) VALUES (?, ?, ?, ?)"
    run(conn, query, (day.day, mark, now_ms, content))


def marks_of(conn: Connection, first: str, last: str) -> dict[str, str]:
    """The marks of the days that are kept, both ends included."""
    query = "SELECT day, mark FROM footprint_day WHERE day BETWEEN ? AND ?"
    return {row.day: row.mark for row in run(conn, query, (first, last))}


def days_between(conn: Connection, first: str, last: str) -> list[Kept]:
    """The days that are kept, both ends included, by day."""
    query = "SELECT content, computed_ms FROM footprint_day WHERE day BETWEEN ? AND ? ORDER BY day"
    rows = run(conn, query, (first, last))
    return [Kept(day_from(json.loads(row.content)), row.computed_ms) for row in rows]


def samples_kept(conn: Connection, station: str, metric: str, span: tuple[int, int]) -> int:
    """How many samples of a series the chunks of a span's hours hold, merged or not. What came within the last ten
    minutes is in no chunk yet, and changes the number when it is."""
    key = series_key(conn, station, metric)
    if key is None:
        return 0
    hours = span[0] // HOUR_MS, span[1] // HOUR_MS
    merged = run(
        conn,
        "SELECT coalesce(sum(count + bad), 0) AS n FROM rollup WHERE series = ? AND level = ? AND t0 BETWEEN ? AND ?",
        (key[0], HOUR_MS, hours[0] * HOUR_MS, hours[1] * HOUR_MS),
    ).scalar_one()  # fmt: skip
    small = run(
        conn,
        "SELECT coalesce(sum(count), 0) AS n FROM chunk WHERE number > 0 AND series = ? AND hour BETWEEN ? AND ?",
        (key[0], *hours),
    ).scalar_one()  # fmt: skip
    return int(merged) + int(small)


def mark_of(facts: Any) -> str:
    """A short digest of what something was computed from."""
    text = json.dumps(facts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


class Scrapped(NamedTuple):
    """Pieces of a lot, or of what was split off it, that became scrap."""

    lot: str
    at_ms: int
    pieces: int


def scrapped_of(conn: Connection, lots: Iterable[str]) -> list[Scrapped]:
    """What became scrap of these lots and of what was split off them."""
    origin = {code: code for code in lots}
    found: list[Scrapped] = []
    level = sorted(origin)
    for _ in range(_SPLITS_MAX):
        children: list[str] = []
        for row in _edges(conn, level):
            if row.why == "scrap":
                found.append(Scrapped(origin[row.parent], row.at_ms, row.pieces))
            elif row.child not in origin:
                origin[row.child] = origin[row.parent]
                children.append(row.child)
        if not children:
            break
        level = children
    return found


def _edges(conn: Connection, lots: Sequence[str]) -> list[Any]:
    found: list[Any] = []
    for start in range(0, len(lots), _IN_MAX):
        part = tuple(lots[start : start + _IN_MAX])
        marks = ", ".join("?" * len(part))
        query = f"SELECT parent, child, why, at_ms, pieces FROM lot_edge WHERE parent IN ({marks}) AND why IN ('scrap', 'split')"  # noqa: S608
        found += run(conn, query, part).all()
    return found


def first_run_day(conn: Connection, stations: Sequence[str]) -> int | None:
    """When the first run of these stations was opened (Unix ms); None: there was none."""
    marks = ", ".join("?" * len(stations))
    query = f"SELECT min(opened_ms) AS at_ms FROM run WHERE station IN ({marks})"  # noqa: S608
    at_ms = run(conn, query, tuple(stations)).scalar() if stations else None
    return None if at_ms is None else int(at_ms)
