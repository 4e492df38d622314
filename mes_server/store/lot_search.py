"""Lots found by a text, by what they are and by who had to do with them, a part at a time, the newest first."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from mes_server.domain.lots import Lot
from mes_server.store.lots import lots_where

TEXTS = ("code", "part", "grade", "shipment", "supplier_lot")
_COLUMNS = ("kind", "part", "grade", "route", "status", "place", "shipment", "supplier_lot")
SAME = frozenset((*_COLUMNS, "customer", "person"))
_PERSON = "code IN (SELECT substr(stream, 5) FROM ledger WHERE person = ? AND substr(stream, 1, 4) = 'lot:')"
PART = 1_000
Reading = Callable[[], AbstractContextManager[Connection]]
HELD = "held"  # in place of a status: whatever a lot's status is, a hold stands


@dataclass(frozen=True, slots=True)
class Sought:
    """`text`: held by one of TEXTS or a customer's name, or a whole badge.

    `same`: values of SAME. `after`: born_ms and code of the last shown."""

    text: str = ""
    same: dict[str, str] = field(default_factory=dict)
    after: tuple[int, str] | None = None


def find_lots(conn: Connection, sought: Sought, limit: int) -> list[Lot]:
    """So many lots of those sought. Raises KeyError for a column that is not in SAME."""
    unknown = set(sought.same) - SAME
    if unknown:
        raise KeyError(", ".join(sorted(unknown)))
    where, given = ["1 = 1"], []
    for name, value in sought.same.items():
        condition, holds = _is(conn, name, value)
        where.append(condition)
        given += holds
    if sought.text:
        held = [f"upper({name}) LIKE upper(?) ESCAPE '\\'" for name in TEXTS]
        where.append(f"({' OR '.join([*held, _customer(conn), _PERSON])})")
        given += [_like(sought.text)] * (len(TEXTS) + 1) + [sought.text.upper()]
    values: list[str | int] = [*given]
    if sought.after is not None:
        born_ms, code = sought.after
        where.append("born_ms <= ? AND (born_ms < ? OR code > ?)")  # a range of lot_born
        values += [born_ms, born_ms, code]
    order = "ORDER BY born_ms DESC, code LIMIT ?"
    return lots_where(conn, f"{' AND '.join(where)} {order}", (*values, limit))


def iter_lots(reading: Reading, sought: Sought) -> Iterator[Lot]:
    """All of those sought, in parts of which one is in memory, each read for itself: a store with a hundred
    thousand takes longer than one reader may."""
    while True:
        with reading() as conn:
            part = find_lots(conn, sought, PART)
        yield from part
        if len(part) < PART:
            return
        sought = replace(sought, after=(part[-1].born_ms, part[-1].code))


def _is(conn: Connection, name: str, value: str) -> tuple[str, list[str]]:
    """A condition, and the values that it names."""
    if (name, value) == ("status", HELD):
        return "holds <> '{}'", []
    if name == "person":
        return _PERSON, [value]
    if name == "customer":
        return _customer(conn), [_like(value)]
    return f"{name} = ?", [value]


def _customer(conn: Connection) -> str:
    """Left in a shipment whose customer's name holds a text."""
    sqlite = conn.dialect.name == "sqlite"
    name = "json_extract(content, '$.customer')" if sqlite else "content::json ->> 'customer'"
    return (
        "shipment IN (SELECT substr(stream, 10) FROM ledger WHERE kind = 'shipped' "  # noqa: S608
        f"AND upper({name}) LIKE upper(?) ESCAPE '\\')"
    )


def _like(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
