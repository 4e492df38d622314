"""Alarms of the system itself: what is wrong, with whom, since when, how often."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select, update
from sqlmodel import Field, SQLModel

from mes_server.store.tables import partial_index, run, table_of, wide, wide_or_null

Facts = Mapping[str, str | int | float | bool | None]


class AlarmRow(SQLModel, table=True):
    """One alarm; only one of a kind and subject is open at a time."""

    __tablename__ = "alarm"
    __table_args__ = (
        partial_index("alarm_open", "kind", "subject", where="settled_ms IS NULL", unique=True),
    )

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    subject: str
    facts: str
    opened_ms: int = wide()
    last_ms: int = wide()
    count: int = wide()
    settled_ms: int | None = wide_or_null()


ALARM = table_of(AlarmRow)


@dataclass(frozen=True, slots=True)
class Alarm:
    """`facts` are those of the last time it was raised; `settled_ms` is None while it is open."""

    id: int
    kind: str
    subject: str
    facts: Facts
    opened_ms: int
    last_ms: int
    count: int
    settled_ms: int | None


def raise_alarm(conn: Connection, kind: str, subject: str, facts: Facts, at_ms: int) -> None:
    """Open the alarm, or count once more the one that is open already."""
    run(
        conn,
        "INSERT INTO alarm (kind, subject, facts, opened_ms, last_ms, count) VALUES (?, ?, ?, ?, ?, 1)"
        " ON CONFLICT (kind, subject) WHERE settled_ms IS NULL DO UPDATE"
        " SET facts = excluded.facts, last_ms = excluded.last_ms, count = alarm.count + 1",
        (kind, subject, json.dumps(dict(facts)), at_ms, at_ms),
    )


def open_facts(conn: Connection, kind: str, subject: str) -> Facts | None:
    """The facts of the open alarm of this kind and subject; None: there is none."""
    opened = (ALARM.c.kind == kind) & (ALARM.c.subject == subject) & ALARM.c.settled_ms.is_(None)
    found = conn.scalar(select(ALARM.c.facts).where(opened))
    return None if found is None else json.loads(found)


def open_subjects(conn: Connection, kind: str) -> list[str]:
    """With whom alarms of this kind are open."""
    opened = (ALARM.c.kind == kind) & ALARM.c.settled_ms.is_(None)
    return list(conn.scalars(select(ALARM.c.subject).where(opened)))


def open_of_kinds(conn: Connection, kinds: Sequence[str]) -> list[tuple[str, str, Facts]]:
    """Subject, kind and facts of the open alarms of these kinds."""
    query = select(ALARM.c.subject, ALARM.c.kind, ALARM.c.facts)
    opened = conn.execute(query.where(ALARM.c.kind.in_(kinds) & ALARM.c.settled_ms.is_(None)))
    return [(row.subject, row.kind, json.loads(row.facts)) for row in opened]


def settle_alarm(conn: Connection, kind: str, subject: str, at_ms: int) -> bool:
    """Close the open alarm of this kind and subject; whether there was one."""
    opened = (ALARM.c.kind == kind) & (ALARM.c.subject == subject) & ALARM.c.settled_ms.is_(None)
    return conn.execute(update(ALARM).where(opened).values(settled_ms=at_ms)).rowcount > 0


def list_alarms(conn: Connection, open_only: bool = True, limit: int = 10_000) -> list[Alarm]:
    """Alarms, the last raised first."""
    query = select(ALARM).order_by(ALARM.c.last_ms.desc(), ALARM.c.id.desc()).limit(limit)
    if open_only:
        query = query.where(ALARM.c.settled_ms.is_(None))
    return [
        Alarm(**{**row, "facts": json.loads(row["facts"])})
        for row in conn.execute(query).mappings()
    ]
