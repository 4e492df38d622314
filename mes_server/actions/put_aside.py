"""Quarantine a message that cannot be taken, and say so."""

from sqlalchemy import Connection

from mes_server.actions.boundary import Trouble
from mes_server.domain.messages import BYTES_MAX, Message
from mes_server.domain.nodes import NodeId
from mes_server.store.alarms import raise_alarm
from mes_server.store.nodes import node_name
from mes_server.store.quarantine import Unread, quarantine

QUARANTINED = "quarantined"
_KEEP_BYTES = BYTES_MAX + 1  # what was cut is still seen to be too large when it is tried again
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
    topic = _storable(message.topic, _TOPIC_MAX)
    detail = _storable(trouble.detail, _DETAIL_MAX)
    number = None if node is None else node[0]
    kept = message.payload[:_KEEP_BYTES]
    quarantine(
        conn, Unread(message.received_ms, topic, kept, trouble.reason, detail, number, records)
    )
    subject = "" if node is None else node_name(*node[1])
    facts = {"reason": trouble.reason, "detail": detail, "topic": topic}
    raise_alarm(conn, QUARANTINED, subject, facts, message.received_ms)


def _storable(text: str, size: int) -> str:
    """A text every database takes: no zero bytes, no halves of surrogate pairs."""
    return text[:size].replace("\0", "\\0").encode(errors="backslashreplace").decode()
