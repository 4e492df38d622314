"""Messages that could not be understood: their bytes, the reason, and the way back."""

from dataclasses import asdict, dataclass

from sqlalchemy import Connection, LargeBinary, func, select, update
from sqlmodel import Field, SQLModel

from mes_server.store.tables import partial_index, run, table_of, wide, wide_or_null


class QuarantineRow(SQLModel, table=True):
    """One message, exactly as it came. `retry_ms`: somebody asked to try it again.

    `records`: which of its journalled records are meant, a bit each from the lowest; None: all.
    `size`: how many bytes it had, where only its beginning is kept; `discarded`: why it was given up.
    """

    __tablename__ = "quarantine"
    __table_args__ = (partial_index("quarantine_open", "node", "id", where="settled_ms IS NULL"),)

    id: int | None = Field(default=None, primary_key=True)
    received_ms: int = wide()
    node: int | None = Field(default=None, foreign_key="node.id")
    topic: str
    payload: bytes = Field(sa_type=LargeBinary)
    reason: str
    detail: str
    records: bytes | None = Field(default=None, sa_type=LargeBinary)
    attempts: int = 0
    retry_ms: int | None = wide_or_null()
    settled_ms: int | None = wide_or_null()
    size: int | None = None
    discarded: str | None = None


QUARANTINE = table_of(QuarantineRow)


@dataclass(frozen=True, slots=True)
class Unread:
    """A message to put aside. `reason` is one of a few words, `detail` a sentence."""

    received_ms: int
    topic: str
    payload: bytes
    reason: str
    detail: str
    node: int | None = None
    records: bytes | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A message that was put aside. `attempts`: how often it was tried again in vain."""

    id: int
    received_ms: int
    node: int | None
    topic: str
    payload: bytes
    reason: str
    detail: str
    records: bytes | None
    attempts: int
    retry_ms: int | None
    settled_ms: int | None
    size: int | None
    discarded: str | None


def quarantine(conn: Connection, message: Unread) -> int:
    """Keep the message; the key under which it can be tried again."""
    texts = {name: getattr(message, name).replace("\0", "") for name in ("topic", "detail")}
    values = asdict(message) | texts | {"attempts": 0}
    insert = QUARANTINE.insert().values(values).returning(QUARANTINE.c.id)
    return int(conn.execute(insert).scalar_one())


def list_quarantine(
    conn: Connection, open_only: bool = True, limit: int = 100, before: int | None = None
) -> list[Quarantined]:
    """Messages put aside, the latest first; those with keys below `before`."""
    query = select(QUARANTINE).order_by(QUARANTINE.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(QUARANTINE.c.id < before)
    if open_only:
        query = query.where(QUARANTINE.c.settled_ms.is_(None))
    return [Quarantined(**row) for row in conn.execute(query).mappings()]


def load_quarantined(conn: Connection, key: int) -> Quarantined | None:
    """One message."""
    row = conn.execute(select(QUARANTINE).where(QUARANTINE.c.id == key)).mappings().first()
    return None if row is None else Quarantined(**row)


def count_quarantine(conn: Connection) -> int:
    """How many messages wait to be understood."""
    open_ones = select(func.count()).where(QUARANTINE.c.settled_ms.is_(None))
    return conn.scalar(open_ones) or 0


def ask_retry(conn: Connection, keys: list[int], at_ms: int) -> int:
    """Mark messages to be tried again; how many there were."""
    waiting = QUARANTINE.c.id.in_(keys) & QUARANTINE.c.settled_ms.is_(None)
    return conn.execute(update(QUARANTINE).where(waiting).values(retry_ms=at_ms)).rowcount


def ask_retry_of(conn: Connection, node_pk: int, topic: str, reason: str, at_ms: int) -> int:
    """Mark the messages of a topic that were put aside for one reason; how many there were."""
    asked = run(
        conn,
        "UPDATE quarantine SET retry_ms = ?"
        " WHERE node = ? AND topic = ? AND reason = ? AND settled_ms IS NULL",
        (at_ms, node_pk, topic, reason),
    )
    return asked.rowcount


def list_retries(conn: Connection, limit: int = 100) -> list[Quarantined]:
    """Messages somebody asked to try again, the oldest first."""
    asked = QUARANTINE.c.retry_ms.is_not(None) & QUARANTINE.c.settled_ms.is_(None)
    query = select(QUARANTINE).where(asked).order_by(QUARANTINE.c.id).limit(limit)
    return [Quarantined(**row) for row in conn.execute(query).mappings()]


def settle_quarantined(conn: Connection, key: int, at_ms: int) -> None:
    """The message was understood at last; its bytes stay as evidence."""
    values = {"settled_ms": at_ms, "retry_ms": None}
    conn.execute(update(QUARANTINE).where(QUARANTINE.c.id == key).values(values))


def discard_quarantined(conn: Connection, keys: list[int], reason: str, at_ms: int) -> int:
    """Nobody will ever understand these messages; how many waited. Their bytes stay."""
    waiting = QUARANTINE.c.id.in_(keys) & QUARANTINE.c.settled_ms.is_(None)
    values = {"settled_ms": at_ms, "retry_ms": None, "discarded": reason}
    return conn.execute(update(QUARANTINE).where(waiting).values(values)).rowcount


def nodes_waiting(conn: Connection) -> set[int | None]:
    """The nodes that messages in quarantine are of; None: nobody knows of whom some are."""
    waiting = select(QUARANTINE.c.node).where(QUARANTINE.c.settled_ms.is_(None)).distinct()
    return set(conn.scalars(waiting))


def note_failed_retry(conn: Connection, key: int, reason: str, detail: str) -> None:
    """The message was tried again in vain."""
    values = {
        "attempts": QUARANTINE.c.attempts + 1,
        "retry_ms": None,
        "reason": reason,
        "detail": detail,
    }
    conn.execute(update(QUARANTINE).where(QUARANTINE.c.id == key).values(values))
