"""Samples of water, computed from the ledger, and what was refused when people wrote about water."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Index, Row
from sqlmodel import Field, SQLModel

from mes_server.domain.decimals import figure_or_none
from mes_server.domain.seal import Event
from mes_server.domain.water_samples import (
    REPORTED,
    TAKEN,
    VOIDED,
    WITHDRAWN,
    Custody,
    Result,
    WaterSample,
)
from mes_server.store.tables import CLUSTERED, run, wide, wide_key

STREAMS = ("water_sample:", "scans:")
REFUSALS = ("scan_refused", "scan_to_review")
_ACTS = "water_"  # so the acts upon water are called


class WaterSampleRow(SQLModel, table=True):
    """A sample; `content`: lab, note, custody, results and withdrawn results as JSON."""

    __tablename__ = "water_sample"
    __table_args__ = (Index("water_sample_place", "place", "from_ms"), CLUSTERED)

    code: str = Field(primary_key=True)
    place: str
    kind: str
    from_ms: int = wide()
    to_ms: int = wide()
    state: str
    content: str
    voided: str


class WaterRefusedRow(SQLModel, table=True):
    """Something about water was refused; `content`: the refusals as JSON; `number`: of the event."""

    __tablename__ = "water_refused"
    __table_args__ = (Index("water_refused_about", "about"), CLUSTERED)

    number: int = wide_key()
    what: str
    about: str
    at_ms: int = wide()
    person: str
    content: str


@dataclass(frozen=True, slots=True)
class Refused:
    """What was refused, of what (a sample, a place, a meter, or ""), and why: rules with their facts."""

    number: int
    what: str
    about: str
    at_ms: int
    person: str
    reasons: tuple[tuple[str, Mapping[str, str]], ...]


def follow(conn: Connection, event: Event) -> None:
    """Bring the tables up to an event of a sample, or to a refusal."""
    if event.stream.startswith("scans:"):
        if event.kind in REFUSALS:
            _follow_refusal(conn, event)
        return
    facts, code = event.facts(), event.stream.removeprefix("water_sample:")
    if event.kind == TAKEN:
        said = {name: facts[name] for name in ("lab", "note")} | {"asked": facts.get("asked", [])}
        said |= {"custody": [], "results": [], "out": []}
        query = (
            "INSERT INTO water_sample (code, place, kind, from_ms, to_ms, state, content, voided) "
            "VALUES (?, ?, ?, ?, ?, ?, '', '')"
        )
        span = (facts["from_ms"], facts["to_ms"])
        run(conn, query, (code, facts["place"], facts["kind"], *span, TAKEN))
    else:
        query = "SELECT content FROM water_sample WHERE code = ?"
        said = json.loads(run(conn, query, (code,)).scalar_one())
    state = _went_on(said, event, facts)
    content = json.dumps(said, sort_keys=True, ensure_ascii=False)
    run(conn, "UPDATE water_sample SET content = ? WHERE code = ?", (content, code))
    if state:
        run(conn, "UPDATE water_sample SET state = ? WHERE code = ?", (state, code))
    if event.kind == VOIDED:
        run(conn, "UPDATE water_sample SET voided = ? WHERE code = ?", (event.reason, code))


def _went_on(said: dict[str, Any], event: Event, facts: Mapping[str, Any]) -> str:
    """Write an event of a sample into its content; the state that the sample is in now, "": as before."""
    if event.kind == WITHDRAWN:
        out = [one for one in said["results"] if one["pollutant"] == facts["pollutant"]]
        said["out"] += [one | {"refused": event.reason} for one in out]
        said["results"] = [one for one in said["results"] if one not in out]
        return ""
    note = event.reason or facts.get("note", "")
    said["custody"].append([event.kind, facts["at_ms"], facts["person"], note])
    said["lab"] = facts.get("lab") or said["lab"]
    if event.kind == REPORTED:
        said["results"] += [one | {"report": facts["report"]} for one in facts["results"]]
    return event.kind


def _follow_refusal(conn: Connection, event: Event) -> None:
    facts = event.facts()
    if not str(facts.get("what", "")).startswith(_ACTS):
        return
    query = (
        "INSERT INTO water_refused (number, what, about, at_ms, person, content) "
        "VALUES (?, ?, ?, ?, ?, ?)"
    )
    content = json.dumps(facts["refusals"], sort_keys=True, ensure_ascii=False)
    about = facts.get("lot", "")
    run(conn, query, (event.number, facts["what"], about, event.at_ms, event.person, content))


def drop_all(conn: Connection) -> None:
    """Forget what is computed; only to compute it anew in the same transaction."""
    run(conn, "DELETE FROM water_sample")
    run(conn, "DELETE FROM water_refused")


_SAMPLE = "code, place, kind, from_ms, to_ms, content, voided"


def _sample(row: Row[Any], told: Iterable[Refused] = ()) -> WaterSample:
    said = json.loads(row.content)
    results = tuple(_result(one) for one in said["results"])
    reports = dict.fromkeys(one.report for one in results if one.report)
    bad = [_result(one) for one in said["out"]]
    bad += [figure for one in told for figure in _figures(one)]
    return WaterSample(
        row.code, row.place, row.kind, row.from_ms, row.to_ms, said["lab"], ", ".join(reports), results,
        tuple(Custody(*one) for one in said["custody"]), row.voided, said["note"], tuple(bad), tuple(said["asked"]),
    )  # fmt: skip


def _result(said: Mapping[str, str]) -> Result:
    return Result(
        said["pollutant"], Decimal(said["value"]), said["unit"], said["qualifier"], said["method"],
        figure_or_none(said["lod"]), said.get("refused", ""), said.get("report", ""),
    )  # fmt: skip


def _figures(told: Refused) -> list[Result]:
    """The figures among what was refused. What is no figure at all is only in the list of refusals."""
    found = []
    for rule, facts in told.reasons:
        value = figure_or_none(facts.get("value"))
        if value is not None and facts.get("pollutant"):
            one = Result(facts["pollutant"], value, facts.get("unit", ""), "", "", None, rule)
            found.append(one)
    return found


def load_sample(conn: Connection, code: str) -> WaterSample | None:
    """A sample by its number."""
    row = run(conn, f"SELECT {_SAMPLE} FROM water_sample WHERE code = ?", (code,)).first()  # noqa: S608
    return None if row is None else _sample(row, refused_about(conn, row.code))


def samples_of(conn: Connection, place: str, from_ms: int, to_ms: int) -> list[WaterSample]:
    """Those whose drawing began in [from, to), in their order, voided ones too. A composite that is drawn over two
    days counts for the one on which it began."""
    query = (
        f"SELECT {_SAMPLE} FROM water_sample WHERE place = ? AND from_ms >= ? AND from_ms < ? "  # noqa: S608
        "ORDER BY from_ms, code"
    )
    rows = run(conn, query, (place, from_ms, to_ms)).all()
    return [_sample(row, refused_about(conn, row.code)) for row in rows]


@dataclass(frozen=True, slots=True)
class Sought:
    """Which samples a list is of; "" and None: whichever. Times: when their drawing began, [from, to)."""

    place: str = ""
    states: tuple[str, ...] = ()
    from_ms: int | None = None
    to_ms: int | None = None


def list_samples(conn: Connection, sought: Sought, limit: int = 200) -> list[WaterSample]:
    """The newest first, voided ones too; without what was refused of them."""
    where, values = ["1 = 1"], []
    for clause, value in (
        ("place = ?", sought.place), ("from_ms >= ?", sought.from_ms), ("from_ms < ?", sought.to_ms),
    ):  # fmt: skip
        if value not in ("", None):
            where.append(clause)
            values.append(value)
    if sought.states:
        where.append(f"state IN ({', '.join('?' * len(sought.states))})")
    query = (
        f"SELECT {_SAMPLE} FROM water_sample WHERE {' AND '.join(where)} "  # noqa: S608
        "ORDER BY from_ms DESC, code DESC LIMIT ?"
    )
    return [_sample(row) for row in run(conn, query, (*values, *sought.states, limit)).all()]


_REFUSED = "number, what, about, at_ms, person, content"


def _refused(row: Row[Any]) -> Refused:
    reasons = tuple((one["rule"], one["facts"]) for one in json.loads(row.content))
    return Refused(row.number, row.what, row.about, row.at_ms, row.person, reasons)


def refused_about(conn: Connection, about: str) -> list[Refused]:
    """What was refused of a sample, a place or a meter, in its order."""
    query = f"SELECT {_REFUSED} FROM water_refused WHERE about = ? ORDER BY number"  # noqa: S608
    return [_refused(row) for row in run(conn, query, (about,)).all()]


def list_refused(conn: Connection, limit: int = 50) -> list[Refused]:
    """The newest first."""
    query = f"SELECT {_REFUSED} FROM water_refused ORDER BY number DESC LIMIT ?"  # noqa: S608
    return [_refused(row) for row in run(conn, query, (limit,)).all()]


def count_refused(conn: Connection, since_ms: int = 0) -> int:
    """How many times something about water was refused since then."""
    query = "SELECT count(*) FROM water_refused WHERE at_ms >= ?"
    return int(run(conn, query, (since_ms,)).scalar_one())
