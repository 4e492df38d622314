"""Lots found by a text and by what they are, a part at a time, the newest first."""

from dataclasses import dataclass, field

from sqlalchemy import Connection

from mes_server.domain.lots import Lot
from mes_server.store.lots import lots_where

TEXTS = ("code", "part", "grade", "shipment")
SAME = frozenset(("kind", "part", "grade", "route", "status", "place", "shipment"))
HELD = "held"  # in place of a status: whatever a lot's status is, a hold stands


@dataclass(frozen=True, slots=True)
class Sought:
    """`text`: held by one of TEXTS. `same`: values of these columns. `after`: born_ms and code of the last shown."""

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
        if (name, value) == ("status", HELD):
            where.append("holds <> '{}'")
        else:
            where.append(f"{name} = ?")
            given.append(value)
    if sought.text:
        where.append(
            "(" + " OR ".join(f"upper({n}) LIKE upper(?) ESCAPE '\\'" for n in TEXTS) + ")"
        )
        given += [_like(sought.text)] * len(TEXTS)
    values: list[str | int] = [*given]
    if sought.after is not None:
        born_ms, code = sought.after
        where.append("(born_ms < ? OR (born_ms = ? AND code > ?))")
        values += [born_ms, born_ms, code]
    order = "ORDER BY born_ms DESC, code LIMIT ?"
    return lots_where(conn, f"{' AND '.join(where)} {order}", (*values, limit))


def _like(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
