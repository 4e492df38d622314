"""Numbers that are given once: of changes a page may want to hear of, and of the codes of lots."""

from datetime import UTC, datetime

from sqlalchemy import Connection
from sqlmodel import Field, SQLModel

from mes_server.domain.codes import Code
from mes_server.store.tables import run, wide


class ChangeRow(SQLModel, table=True):
    """The one row with the number of the latest change."""

    __tablename__ = "change"

    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    number: int = wide()


def next_change(conn: Connection) -> int:
    """The number for what this transaction changes. Writers stand in line here until they commit."""
    number = run(
        conn,
        "INSERT INTO change (id, number) VALUES (1, 1)"
        " ON CONFLICT (id) DO UPDATE SET number = change.number + 1 RETURNING number",
    ).scalar_one()
    return int(number)


class CodeNumberRow(SQLModel, table=True):
    """The last number given to a code of a kind in a year."""

    __tablename__ = "code_number"

    kind: str = Field(primary_key=True)
    year: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    number: int


def next_code(conn: Connection, kind: str, at_ms: int) -> str:
    """A code of a lot (or charge, shipment …) that nobody has; its year is that of `at_ms`, UTC."""
    year = datetime.fromtimestamp(at_ms / 1000, UTC).year % 100
    number = run(
        conn,
        "INSERT INTO code_number (kind, year, number) VALUES (?, ?, 1) "
        "ON CONFLICT (kind, year) DO UPDATE SET number = code_number.number + 1 RETURNING number",
        (kind, year),
    ).scalar_one()
    return str(Code(kind, year, number))
