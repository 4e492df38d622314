"""Zero and span checks of online analysers and the work on them, computed from the ledger."""

import json
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Index, Row
from sqlmodel import Field, SQLModel

from mes_server.domain.decimals import figure_or_none
from mes_server.domain.seal import Event
from mes_server.domain.water_samples import (
    CHECK_VOIDED,
    CHECKED,
    ENDED,
    MAINTENANCE,
    SPAN,
    ZERO,
    AnalyserCheck,
)
from mes_server.store.tables import CLUSTERED, run, wide, wide_or_null

STREAMS = ("analyser:",)


class AnalyserCheckRow(SQLModel, table=True):
    """A check, a maintenance or a repair; `content`: expected, read, tolerance and note as JSON."""

    __tablename__ = "analyser_check"
    __table_args__ = (Index("analyser_check_place", "place", "pollutant", "at_ms"), CLUSTERED)

    code: str = Field(primary_key=True)
    place: str
    pollutant: str
    kind: str
    at_ms: int = wide()
    to_ms: int | None = wide_or_null()
    person: str
    passed: int | None
    content: str
    voided: str


def follow(conn: Connection, event: Event) -> None:
    """Bring the table up to an event of an analyser."""
    facts = event.facts()
    if event.kind == CHECKED:
        place, _, pollutant = event.stream.removeprefix("analyser:").rpartition("/")
        names = ("expected", "read", "tolerance", "full_scale", "note")
        said = {name: facts.get(name, "") for name in names}
        passed = {"yes": 1, "no": 0}.get(facts["passed"])
        query = (
            "INSERT INTO analyser_check (code, place, pollutant, kind, at_ms, to_ms, person, passed, content, voided) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, '')"
        )
        when = (facts["at_ms"], facts["to_ms"], facts["person"])
        content = json.dumps(said, sort_keys=True, ensure_ascii=False)
        row = (facts["check"], place, pollutant, facts["kind"], *when, passed, content)
        run(conn, query, row)
    elif event.kind == ENDED:
        query = "UPDATE analyser_check SET to_ms = ? WHERE code = ?"
        run(conn, query, (facts["to_ms"], facts["check"]))
    elif event.kind == CHECK_VOIDED:
        query = "UPDATE analyser_check SET voided = ? WHERE code = ?"
        run(conn, query, (event.reason, facts["check"]))


def drop_all(conn: Connection) -> None:
    """Forget what is computed; only to compute it anew in the same transaction."""
    run(conn, "DELETE FROM analyser_check")


_CHECK = "code, place, pollutant, kind, at_ms, to_ms, person, passed, content, voided"


def _check(row: Row[Any]) -> AnalyserCheck:
    said = json.loads(row.content)
    expected, read, tolerance = (
        figure_or_none(said[name]) for name in ("expected", "read", "tolerance")
    )
    passed = None if row.passed is None else bool(row.passed)
    return AnalyserCheck(
        row.code, row.place, row.pollutant, row.kind, row.at_ms, row.to_ms, row.person, expected, read, passed,
        said["note"], tolerance, row.voided, figure_or_none(said["full_scale"]),
    )  # fmt: skip


def checks_of(conn: Connection, place: str, from_ms: int, to_ms: int) -> list[AnalyserCheck]:
    """What must be known to judge [from, to), in its order; voided ones are not among it.

    The checks and the work of that time; work that reaches in; of each pollutant all since the last zero and the last
    span check that passed before it, these with them; and the next zero and span check after it, because one that
    fails makes doubtful what was before.
    """
    query = (
        "SELECT pollutant, kind, max(CASE WHEN passed = 1 AND at_ms < ? THEN at_ms END) AS good, "
        "min(CASE WHEN at_ms >= ? THEN at_ms END) AS later FROM analyser_check "
        "WHERE place = ? AND voided = '' GROUP BY pollutant, kind"
    )
    found: list[AnalyserCheck] = []
    for row in run(conn, query, (from_ms, to_ms, place)).all():
        about = (place, row.pollutant, row.kind)
        if row.kind in (ZERO, SPAN):
            until = to_ms - 1 if row.later is None else row.later
            found += _between(conn, about, row.good or 0, until)
        else:
            work = _between(conn, about, 0, to_ms - 1)
            found += [one for one in work if _reaches(one, from_ms)]
    return sorted(found, key=lambda one: (one.at_ms, one.code))


def _between(
    conn: Connection, about: tuple[str, str, str], from_ms: int, to_ms: int
) -> list[AnalyserCheck]:
    query = (
        f"SELECT {_CHECK} FROM analyser_check WHERE place = ? AND pollutant = ? AND kind = ? "  # noqa: S608
        "AND voided = '' AND at_ms BETWEEN ? AND ?"
    )
    return [_check(row) for row in run(conn, query, (*about, from_ms, to_ms)).all()]


def _reaches(work: AnalyserCheck, from_ms: int) -> bool:
    """Whether work that began before reaches into what begins then; a repair is at its moment."""
    until = work.to_ms if work.kind == MAINTENANCE else work.at_ms + 1
    return until is None or until > from_ms


def open_work(conn: Connection, place: str, pollutant: str) -> AnalyserCheck | None:
    """The maintenance of an analyser that goes on."""
    query = (
        f"SELECT {_CHECK} FROM analyser_check WHERE place = ? AND pollutant = ? AND kind = ? "  # noqa: S608
        "AND voided = '' AND to_ms IS NULL ORDER BY at_ms DESC, code DESC LIMIT 1"
    )
    row = run(conn, query, (place, pollutant, MAINTENANCE)).first()
    return None if row is None else _check(row)


def list_checks_of(
    conn: Connection, place: str, pollutant: str, limit: int = 60
) -> list[AnalyserCheck]:
    """Of one analyser the newest first, voided ones with them."""
    query = (
        f"SELECT {_CHECK} FROM analyser_check WHERE place = ? AND pollutant = ? "  # noqa: S608
        "ORDER BY at_ms DESC, code DESC LIMIT ?"
    )
    return [_check(row) for row in run(conn, query, (place, pollutant, limit)).all()]


def load_analyser_check(conn: Connection, code: str) -> AnalyserCheck | None:
    """A check, maintenance or repair by its number."""
    row = run(conn, f"SELECT {_CHECK} FROM analyser_check WHERE code = ?", (code,)).first()  # noqa: S608
    return None if row is None else _check(row)


def last_passed(
    conn: Connection, place: str, pollutant: str, kind: str, before_ms: int
) -> AnalyserCheck | None:
    """The newest check of a kind that passed before a moment."""
    query = (
        f"SELECT {_CHECK} FROM analyser_check WHERE place = ? AND pollutant = ? AND kind = ? "  # noqa: S608
        "AND passed = 1 AND voided = '' AND at_ms < ? ORDER BY at_ms DESC, code DESC LIMIT 1"
    )
    row = run(conn, query, (place, pollutant, kind, before_ms)).first()
    return None if row is None else _check(row)


def difference(one: AnalyserCheck) -> Decimal | None:
    """Read less expected; None for what is no check."""
    return None if one.read is None or one.expected is None else one.read - one.expected
