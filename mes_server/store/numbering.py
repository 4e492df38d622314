"""A number that grows with every write a page may want to hear of."""

from sqlalchemy import Connection
from sqlmodel import Field, SQLModel

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
