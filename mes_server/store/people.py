"""People, their roles and qualifications. Who leaves is disabled, never deleted: records keep the name."""

from collections.abc import Iterable

from sqlalchemy import Connection, Row
from sqlmodel import Field, SQLModel

from mes_server.domain.people import Person
from mes_server.store.tables import run, wide, wide_or_null

_COLUMNS = "badge, name, language, roles, pin_hash, disabled_ms"


class PersonRow(SQLModel, table=True):
    """One person; `roles` is comma-separated, sorted."""

    __tablename__ = "person"

    badge: str = Field(primary_key=True)
    name: str
    language: str
    roles: str
    pin_hash: str | None = None
    added_ms: int = wide()
    disabled_ms: int | None = wide_or_null()


class QualificationRow(SQLModel, table=True):
    """Until when a person may do a kind of work."""

    __tablename__ = "qualification"

    badge: str = Field(foreign_key="person.badge", primary_key=True)
    name: str = Field(primary_key=True)
    until_ms: int = wide()


def anybody(conn: Connection) -> bool:
    """Whether a person was ever added."""
    return run(conn, "SELECT 1 FROM person LIMIT 1").first() is not None


def count_pins(conn: Connection) -> int:
    """How many people have a PIN."""
    return int(run(conn, "SELECT count(pin_hash) FROM person").scalar_one())


def _person(row: Row[tuple[object, ...]], held: Iterable[tuple[str, int]]) -> Person:
    return Person(
        row.badge, row.name, row.language, roles_from(row.roles), dict(held),
        row.pin_hash is not None, row.disabled_ms,
    )  # fmt: skip


def roles_from(text: str) -> frozenset[str]:
    """Roles (or scopes) as a column keeps them."""
    return frozenset(text.split(",")) if text else frozenset()


def text_of(roles: Iterable[str]) -> str:
    """Roles (or scopes) for a column."""
    return ",".join(sorted(roles))


def load_person(conn: Connection, badge: str) -> Person | None:
    """The person with a badge, with qualifications (those that ran out, too)."""
    row = run(conn, f"SELECT {_COLUMNS} FROM person WHERE badge = ?", (badge,)).first()  # noqa: S608
    return None if row is None else _person(row, _held(conn, badge))


def lock_person(conn: Connection, badge: str) -> Person | None:
    """The same in a transaction that writes: nobody else changes or records them until it ends."""
    if conn.dialect.name != "sqlite":
        run(conn, "SELECT 1 FROM person WHERE badge = ? FOR UPDATE", (badge,))
    return load_person(conn, badge)


def _held(conn: Connection, badge: str) -> list[tuple[str, int]]:
    query = "SELECT name, until_ms FROM qualification WHERE badge = ? ORDER BY name"
    return [(row.name, row.until_ms) for row in run(conn, query, (badge,))]


def list_people(
    conn: Connection, limit: int = 200, after: str = "", asked: str = ""
) -> list[Person]:
    """People by badge behind `after`; `asked`: only those whose badge or name holds it."""
    sign = asked.lower().replace("!", "!!").replace("%", "!%").replace("_", "!_")
    rows = run(
        conn,
        f"SELECT {_COLUMNS} FROM person WHERE badge > ? AND "  # noqa: S608
        "(lower(badge) LIKE ? ESCAPE '!' OR lower(name) LIKE ? ESCAPE '!') ORDER BY badge LIMIT ?",
        (after, f"%{sign}%", f"%{sign}%", limit),
    ).fetchall()
    held: dict[str, list[tuple[str, int]]] = {row.badge: [] for row in rows}
    if held:
        marks = ", ".join("?" * len(held))
        query = f"SELECT badge, name, until_ms FROM qualification WHERE badge IN ({marks}) ORDER BY name"  # noqa: S608
        for found in run(conn, query, tuple(held)):
            held[found.badge].append((found.name, found.until_ms))
    return [_person(row, held[row.badge]) for row in rows]


def pin_hash_of(conn: Connection, badge: str) -> str | None:
    """What a PIN is compared with; None: unknown, disabled, or without one."""
    query = "SELECT pin_hash FROM person WHERE badge = ? AND disabled_ms IS NULL"
    found: str | None = run(conn, query, (badge,)).scalar()
    return found


def insert_person(conn: Connection, person: Person, now_ms: int) -> bool:
    """Add somebody; False: the badge is taken."""
    values = (person.badge, person.name, person.language, text_of(person.roles), now_ms)
    query = (
        "INSERT INTO person (badge, name, language, roles, added_ms) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING"
    )
    return run(conn, query, values).rowcount == 1


def set_roles(conn: Connection, badge: str, roles: Iterable[str]) -> None:
    """Replace the roles."""
    run(conn, "UPDATE person SET roles = ? WHERE badge = ?", (text_of(roles), badge))


def set_pin_hash(conn: Connection, badge: str, pin_hash: str) -> None:
    """Replace what PINs are compared with."""
    run(conn, "UPDATE person SET pin_hash = ? WHERE badge = ?", (pin_hash, badge))


def set_disabled(conn: Connection, badge: str, at_ms: int | None) -> None:
    """Since when somebody is gone; None: is back."""
    run(conn, "UPDATE person SET disabled_ms = ? WHERE badge = ?", (at_ms, badge))


def set_qualification(conn: Connection, badge: str, name: str, until_ms: int | None) -> None:
    """Give a qualification until then; None: take it."""
    run(conn, "DELETE FROM qualification WHERE badge = ? AND name = ?", (badge, name))
    if until_ms is not None:
        query = "INSERT INTO qualification (badge, name, until_ms) VALUES (?, ?, ?)"
        run(conn, query, (badge, name, until_ms))
