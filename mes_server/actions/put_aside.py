"""Quarantine a message that cannot be taken, and say so."""

from dataclasses import replace

from sqlalchemy import Connection

from mes_server.actions.boundary import Trouble
from mes_server.domain.messages import BYTES_MAX, Message
from mes_server.domain.nodes import NodeId
from mes_server.store.alarms import raise_alarm, times_raised
from mes_server.store.nodes import node_name
from mes_server.store.quarantine import Unread, quarantine

QUARANTINED = "quarantined"
WHOLE_MAX = 1_000  # of 256 KB at most: 256 MB
BEGINNINGS_MAX = 20_000
_BEGINNING = 1_000
_TOPIC_MAX = 1000
_DETAIL_MAX = 500


def put_aside(
    conn: Connection,
    message: Message,
    trouble: Trouble,
    node: tuple[int, NodeId] | None = None,
    records: bytes | None = None,
) -> None:
    """Keep its bytes and raise the alarm of its node (of nobody, where that is not known).

    `records`: which of its journalled records are meant, as `bits` writes them; None: all of it.
    """
    subject = "" if node is None else node_name(*node[1])
    unread = _unread(message, trouble, BYTES_MAX + 1)
    quarantine(conn, replace(unread, node=None if node is None else node[0], records=records))
    _raise(conn, message, trouble, subject)


def put_refuse_aside(conn: Connection, message: Message, trouble: Trouble) -> None:
    """The same for what nobody will miss: no position could be read, nothing is acknowledged.

    A flood of it must not fill the disk: from some number on the beginning is kept, then the count
    alone, until a person settles the alarm.
    """
    before = times_raised(conn, QUARANTINED, "")
    if before < WHOLE_MAX:
        quarantine(conn, _unread(message, trouble, BYTES_MAX + 1))
    elif before < BEGINNINGS_MAX:
        quarantine(conn, _unread(message, trouble, _BEGINNING))
    _raise(conn, message, trouble, "")


def _unread(message: Message, trouble: Trouble, size: int) -> Unread:
    # What is cut at BYTES_MAX + 1 is still seen to be too large when it is tried again.
    return Unread(
        message.received_ms,
        _storable(message.topic, _TOPIC_MAX),
        message.payload[:size],
        trouble.reason,
        _storable(trouble.detail, _DETAIL_MAX),
    )


def _raise(conn: Connection, message: Message, trouble: Trouble, subject: str) -> None:
    facts = {
        "reason": trouble.reason,
        "detail": _storable(trouble.detail, _DETAIL_MAX),
        "topic": _storable(message.topic, _TOPIC_MAX),
    }
    raise_alarm(conn, QUARANTINED, subject, facts, message.received_ms)


def _storable(text: str, size: int) -> str:
    """A text every database takes: no zero bytes, no halves of surrogate pairs."""
    return text[:size].replace("\0", "\\0").encode(errors="backslashreplace").decode()
