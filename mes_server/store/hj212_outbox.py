"""What is to be told to the environmental authority by HJ 212: kept until it is acknowledged, and after that."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Index, Row
from sqlmodel import SQLModel

from mes_server.domain.uplink import ACKNOWLEDGED, SUPERSEDED, WAITING, Telling
from mes_server.store.numbering import next_change
from mes_server.store.tables import CLUSTERED, run, wide, wide_key, wide_or_null

_COLUMNS = "number, mn, outlet, command, label, cp, qn, qn_ms, made_ms, state, tries, next_ms, acked_ms, trouble"


class OutboxRow(SQLModel, table=True):
    """One request. `qn`: its number, the same however often it is sent; `next_ms`: not tried before that."""

    __tablename__ = "hj212_outbox"
    __table_args__ = (
        Index("hj212_outbox_label", "mn", "command", "label"),
        Index("hj212_outbox_state", "state", "next_ms"),
        CLUSTERED,
    )

    number: int = wide_key()
    mn: str
    outlet: str
    command: str
    label: str
    cp: str
    qn: str
    qn_ms: int = wide()
    made_ms: int = wide()
    state: str
    tries: int
    next_ms: int = wide()
    acked_ms: int | None = wide_or_null()
    trouble: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A request as it stands. `trouble`: why the last try failed, in a word of ours, "" for none."""

    number: int
    told: Telling
    qn: str
    made_ms: int
    state: str
    tries: int
    next_ms: int
    acked_ms: int | None
    trouble: str


def _kept(row: Row[Any]) -> Kept:
    told = Telling(row.mn, row.outlet, row.command, row.label, row.cp)
    return Kept(row.number, told, row.qn, row.made_ms, row.state, row.tries, row.next_ms, row.acked_ms, row.trouble)  # fmt: skip


def last_told(conn: Connection, one: Telling) -> str | None:
    """What was last to be told of the same hour or day; None: nothing yet."""
    query = (
        "SELECT cp FROM hj212_outbox WHERE mn = ? AND command = ? AND label = ? "
        "ORDER BY number DESC LIMIT 1"
    )
    return run(conn, query, (one.mn, one.command, one.label)).scalar()


def last_qn_ms(conn: Connection) -> int:
    """When the newest request was numbered, Unix ms; 0 before the first."""
    return int(run(conn, "SELECT max(qn_ms) FROM hj212_outbox").scalar() or 0)


def put(conn: Connection, one: Telling, qn: tuple[str, int], now_ms: int) -> None:
    """Keep a request. What waits to be told of the same hour or day need not be told any more."""
    query = (
        "UPDATE hj212_outbox SET state = ? WHERE mn = ? AND command = ? AND label = ? AND state = ?"
    )
    run(conn, query, (SUPERSEDED, one.mn, one.command, one.label, WAITING))
    values = (
        next_change(conn), one.mn, one.outlet, one.command, one.label, one.cp, *qn, now_ms, WAITING, 0, now_ms,
        None, "",
    )  # fmt: skip
    marks = ", ".join("?" * len(values))
    run(conn, f"INSERT INTO hj212_outbox ({_COLUMNS}) VALUES ({marks})", values)  # noqa: S608


def load_due(conn: Connection, now_ms: int, limit: int = 100) -> list[Kept]:
    """What waits and may be tried now, the oldest first."""
    query = f"SELECT {_COLUMNS} FROM hj212_outbox WHERE state = ? AND next_ms <= ? ORDER BY number LIMIT ?"  # noqa: S608
    return [_kept(row) for row in run(conn, query, (WAITING, now_ms, limit))]


def acknowledge(conn: Connection, number: int, now_ms: int) -> None:
    """The authority has it."""
    query = "UPDATE hj212_outbox SET state = ?, acked_ms = ?, trouble = '', tries = tries + 1 WHERE number = ?"
    run(conn, query, (ACKNOWLEDGED, now_ms, number))


def put_off(conn: Connection, number: int, next_ms: int, trouble: str) -> None:
    """It was tried in vain, and is tried again at that time."""
    query = "UPDATE hj212_outbox SET tries = tries + 1, next_ms = ?, trouble = ? WHERE number = ? AND state = ?"
    run(conn, query, (next_ms, trouble, number, WAITING))


def days_told(conn: Connection, mn: str, command: str) -> tuple[date, date] | None:
    """The first and the last day that was to be told of; None: nothing was yet."""
    query = "SELECT min(label) AS first, max(label) AS last FROM hj212_outbox WHERE mn = ? AND command = ?"
    row = run(conn, query, (mn, command)).one()
    if row.first is None:
        return None
    first, last = (datetime.strptime(one[:8], "%Y%m%d").date() for one in (row.first, row.last))  # noqa: DTZ007
    return first, last


@dataclass(frozen=True, slots=True)
class Standing:
    """How the outbox of a monitoring point stands. `since_ms`: when the oldest that waits was made."""

    mn: str
    outlet: str
    waiting: int
    acknowledged: int
    since_ms: int | None
    acked_ms: int | None
    trouble: str


def standings(conn: Connection) -> list[Standing]:
    """Of all monitoring points that anything was ever to be told of."""
    query = (
        "SELECT mn, max(outlet) AS outlet, sum(CASE WHEN state = 'waiting' THEN 1 ELSE 0 END) AS waiting, "
        "sum(CASE WHEN state = 'acknowledged' THEN 1 ELSE 0 END) AS acked, "
        "min(CASE WHEN state = 'waiting' THEN made_ms END) AS since_ms, max(acked_ms) AS acked_ms, "
        "max(CASE WHEN state = 'waiting' THEN trouble ELSE '' END) AS trouble "
        "FROM hj212_outbox GROUP BY mn ORDER BY mn"
    )
    return [
        Standing(row.mn, row.outlet, int(row.waiting), int(row.acked), row.since_ms, row.acked_ms, row.trouble)
        for row in run(conn, query)
    ]  # fmt: skip


def list_newest(conn: Connection, limit: int = 200) -> list[Kept]:
    """The newest requests, the last one first."""
    query = f"SELECT {_COLUMNS} FROM hj212_outbox ORDER BY number DESC LIMIT ?"  # noqa: S608
    return [_kept(row) for row in run(conn, query, (limit,))]


class Untold(NamedTuple):
    """How many requests wait, and since when the oldest does (Unix ms)."""

    requests: int
    since_ms: int


NOTHING_UNTOLD = Untold(0, 0)


def count_untold(conn: Connection) -> Untold:
    """What waits to be acknowledged."""
    query = "SELECT count(*) AS waiting, min(made_ms) AS since_ms FROM hj212_outbox WHERE state = ?"
    row = run(conn, query, (WAITING,)).one()
    return Untold(int(row.waiting), int(row.since_ms or 0))
