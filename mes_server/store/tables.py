"""Small things every table module needs: wide integers, raw statements that both databases take."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, cast

from sqlalchemy import BigInteger, Connection, CursorResult, Index, Table, text
from sqlmodel import Field, SQLModel

# On SQLite the rows lie in the order of their key, without a second tree for it.
CLUSTERED = {"sqlite_with_rowid": False}


def table_of(row: type[SQLModel]) -> Table:
    """The SQLAlchemy table of a row class."""
    return cast(Table, row.__table__)  # type: ignore[attr-defined]  # made by the metaclass


def wide_key() -> Any:
    """A part of a primary key that needs more than 32 bits."""
    return Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})


def wide() -> Any:
    """A required integer of 64 bits."""
    return Field(sa_type=BigInteger, nullable=False)


def wide_or_null() -> Any:
    """An integer of 64 bits that may be absent."""
    return Field(default=None, sa_type=BigInteger, nullable=True)


def partial_index(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """An index over the rows for which `where` holds."""
    return Index(
        name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where)
    )


@cache
def _for_psycopg(statement: str) -> str:
    return statement.replace("%", "%%").replace("?", "%s")


def run(
    conn: Connection, statement: str, parameters: tuple[Any, ...] | Sequence[tuple[Any, ...]] = ()
) -> CursorResult[Any]:
    """Run a statement written with `?`; a list of tuples runs it once for each of them.

    For the paths where the ORM and even SQLAlchemy's compiler would cost more than the work.
    """
    if conn.dialect.name != "sqlite":
        statement = _for_psycopg(statement)
    given = parameters if isinstance(parameters, tuple) else list(parameters)
    return conn.exec_driver_sql(statement, given or None)


def set_columns(conn: Connection, table: str, key: int, facts: Mapping[str, Any]) -> None:
    """Set columns of the row with this `id`; table and columns are names of ours."""
    columns = ", ".join([f"{name} = ?" for name in facts])
    run(conn, f"UPDATE {table} SET {columns} WHERE id = ?", (*facts.values(), key))  # noqa: S608


def run_many(conn: Connection, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Run a statement written with `?` once for each row; for none, not at all."""
    if rows:
        run(conn, statement, rows)
