"""The book of sludge, reagents and manifests, computed from the ledger."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Index, Row
from sqlmodel import Field, SQLModel

from mes_server.domain.seal import Event
from mes_server.domain.water_records import (
    CONFIRMED,
    HANDED_OVER,
    MANIFEST,
    MANIFEST_CONFIRMED,
    MANIFEST_HANDED,
    MANIFEST_PREPARED,
    PREPARED,
    REAGENT_RECEIVED,
    REAGENT_USED,
    RECEIVED,
    SLUDGE,
    USED,
    WASTE_VOIDED,
    WEIGHED,
    WasteRecord,
)
from mes_server.store.tables import CLUSTERED, run, wide

STREAMS = ("waste:",)
_BEGUN = {
    WEIGHED: (SLUDGE, ""), REAGENT_RECEIVED: (RECEIVED, ""), REAGENT_USED: (USED, ""),
    MANIFEST_PREPARED: (MANIFEST, PREPARED),
}  # fmt: skip
_GOES_ON = {MANIFEST_HANDED: HANDED_OVER, MANIFEST_CONFIRMED: CONFIRMED}


class WasteRecordRow(SQLModel, table=True):
    """A record, as domain.water_records.WasteRecord; `content`: its facts as JSON."""

    __tablename__ = "waste_record"
    __table_args__ = (Index("waste_record_kind", "kind", "at_ms"), CLUSTERED)

    code: str = Field(primary_key=True)
    kind: str
    at_ms: int = wide()
    person: str
    place: str
    kg: str
    state: str
    content: str
    voided: str


def follow(conn: Connection, event: Event) -> None:
    """Bring the table up to an event of a record of waste."""
    facts, code = event.facts(), event.stream.removeprefix("waste:")
    if event.kind == WASTE_VOIDED:
        run(conn, "UPDATE waste_record SET voided = ? WHERE code = ?", (event.reason, code))
    elif event.kind in _BEGUN:
        kind, state = _BEGUN[event.kind]
        query = (
            "INSERT INTO waste_record (code, kind, at_ms, person, place, kg, state, content, voided) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, '')"
        )
        content = json.dumps(facts, sort_keys=True, ensure_ascii=False)
        where = (facts["at_ms"], event.person, facts.get("place", ""))
        run(conn, query, (code, kind, *where, facts["kg"], state, content))
    else:
        query = "SELECT content FROM waste_record WHERE code = ?"
        said = json.loads(run(conn, query, (code,)).scalar_one()) | facts
        said[f"{_GOES_ON[event.kind]}_by"] = event.person
        content = json.dumps(said, sort_keys=True, ensure_ascii=False)
        query = "UPDATE waste_record SET content = ?, state = ? WHERE code = ?"
        run(conn, query, (content, _GOES_ON[event.kind], code))


def drop_all(conn: Connection) -> None:
    """Forget what is computed; only to compute it anew in the same transaction."""
    run(conn, "DELETE FROM waste_record")


_RECORD = "code, kind, at_ms, person, place, kg, state, content, voided"


def _record(row: Row[Any]) -> WasteRecord:
    said = json.loads(row.content)
    return WasteRecord(
        row.code, row.kind, row.at_ms, row.person, row.place, Decimal(row.kg), said, row.state, row.voided,
    )  # fmt: skip


def load_waste(conn: Connection, code: str) -> WasteRecord | None:
    """A record by its number."""
    row = run(conn, f"SELECT {_RECORD} FROM waste_record WHERE code = ?", (code,)).first()  # noqa: S608
    return None if row is None else _record(row)


def list_waste(conn: Connection, kinds: Sequence[str], limit: int = 100) -> list[WasteRecord]:
    """The newest first, voided ones with them."""
    marks = ", ".join("?" * len(kinds))
    query = (
        f"SELECT {_RECORD} FROM waste_record WHERE kind IN ({marks}) "  # noqa: S608
        "ORDER BY at_ms DESC, code DESC LIMIT ?"
    )
    return [_record(row) for row in run(conn, query, (*kinds, limit))]


def waste_between(
    conn: Connection, kinds: Sequence[str], from_ms: int, to_ms: int
) -> list[WasteRecord]:
    """Those of [from, to) that count, in their order."""
    marks = ", ".join("?" * len(kinds))
    query = (
        f"SELECT {_RECORD} FROM waste_record WHERE kind IN ({marks}) AND voided = '' "  # noqa: S608
        "AND at_ms >= ? AND at_ms < ? ORDER BY at_ms, code"
    )
    return [_record(row) for row in run(conn, query, (*kinds, from_ms, to_ms))]
