"""Labels as they stand: computed from the ledger, in its transactions, like lots."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Index, Row
from sqlmodel import Field, SQLModel

from mes_server.domain.labels import (
    PRINTED,
    VOIDED,
    Label,
    Standing,
    label_from,
    parse_label_id,
    standings,
    stream_of,
)
from mes_server.domain.seal import Event
from mes_server.store.ledger import load_stream
from mes_server.store.tables import CLUSTERED, run, run_many, wide, wide_or_null


class LabelRow(SQLModel, table=True):
    """One label, as domain.labels.Standing."""

    __tablename__ = "label"
    __table_args__ = (Index("label_lot", "lot", "number"), CLUSTERED)

    id: str = Field(primary_key=True)
    lot: str
    number: int
    printed_ms: int = wide()
    voided_ms: int | None = wide_or_null()
    why: str
    instead: str


_COLUMNS = "id, lot, number, printed_ms, voided_ms, why, instead"


def follow_labels(conn: Connection, events: Iterable[Event]) -> None:
    """Bring the table up to these events."""
    for event in events:
        if event.kind == PRINTED:
            (new,) = standings([event])
            row = (new.id, new.lot, new.number, new.printed_ms, None, "", "")
            run(conn, f"INSERT INTO label ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", row)  # noqa: S608
        elif event.kind == VOIDED:
            facts = event.facts()
            update = "UPDATE label SET voided_ms = ?, why = ?, instead = ? WHERE id = ?"
            row_of = (event.at_ms, event.reason, facts["instead"], facts["label"])
            run_many(conn, update, [row_of])


def drop_labels(conn: Connection) -> None:
    """Forget what is computed; only to compute it anew in the same transaction."""
    run(conn, "DELETE FROM label")


def _standing(row: Row[Any]) -> Standing:
    return Standing(
        row.id, row.lot, row.number, row.printed_ms, row.voided_ms, row.why, row.instead
    )


def load_standing(conn: Connection, label: str) -> Standing | None:
    """What became of a label; None: it was never printed here."""
    row = run(conn, f"SELECT {_COLUMNS} FROM label WHERE id = ?", (label,)).first()  # noqa: S608
    return None if row is None else _standing(row)


def labels_of(conn: Connection, lot: str) -> list[Standing]:
    """All labels of a lot, the oldest first."""
    query = f"SELECT {_COLUMNS} FROM label WHERE lot = ? ORDER BY number"  # noqa: S608
    return [_standing(row) for row in run(conn, query, (lot,))]


def load_label(conn: Connection, label: str) -> Label | None:
    """A label as it was printed, to be set again to the letter; raises codes.BadCode."""
    parsed = parse_label_id(label)
    if parsed is None:
        return None
    printed = (e for e in load_stream(conn, stream_of(parsed[0])) if e.kind == PRINTED)
    return next((one for event in printed if (one := label_from(event)).id == label), None)
