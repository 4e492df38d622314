"""Keep what gauges sent, once each and for ever; and let a check take some of it as its readings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine

from mes_server.domain.checks import Reading
from mes_server.domain.gauge_lines import SERIAL, Asked, GaugeLine, taken, without_line
from mes_server.domain.rules import Refusal
from mes_server.store.gauge_lines import (
    append_lines,
    known_ids,
    load_lines,
    lock_lines,
    newest_number,
)
from mes_server.store.transaction import writing
from schemas.line_protocols import read_line


@dataclass(frozen=True, slots=True)
class Heard:
    """A line with its end, as it came; `at_ms`: when."""

    id: str
    at_ms: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class Source:
    """Where lines come from. `protocol`: the row by which they are read; `badge`: in whose name they are given."""

    gauge: str
    station: str
    name: str
    protocol: Mapping[str, Any]
    badge: str


def keep_lines(engine: Engine, source: Source, heard: Sequence[Heard], now_ms: int) -> int:
    """How many of them are new; one whose id was given before is not kept again. Raises StoreFault: nothing is."""
    by_id = {one.id: one for one in heard}
    with writing(engine) as conn:
        lock_lines(conn)
        known = known_ids(conn, by_id)
        fresh = [one for one in by_id.values() if one.id not in known]
        last = newest_number(conn)
        append_lines(conn, [_line(source, one, last + i, now_ms) for i, one in enumerate(fresh, 1)])
    return len(fresh)


def _line(source: Source, heard: Heard, number: int, now_ms: int) -> GaugeLine:
    read = read_line(dict(source.protocol), heard.raw)
    return GaugeLine(
        number, heard.id, source.gauge, source.station, min(heard.at_ms, now_ms), now_ms, source.badge, source.name,
        heard.raw.hex(), read.text, read.value, read.unit, read.fault,
    )  # fmt: skip


def with_lines(
    conn: Connection, readings: Sequence[Reading], asked: Asked, source: str
) -> tuple[list[Reading], list[Refusal]]:
    """The readings with the gauge lines they name, and why that is not so; a line is taken once."""
    lines = load_lines(conn, [one.line for one in readings if one.line])
    found, refused = taken(readings, lines, asked)
    return found, refused + (without_line(found) if source == SERIAL else [])
