"""Quarantine a message that cannot be taken, and say so."""

from collections import Counter
from collections.abc import Mapping

from sqlalchemy import Connection

from mes_server.actions.boundary import Trouble, attempt
from mes_server.domain.messages import BYTES_MAX, Message, Read, read_message
from mes_server.domain.nodes import NodeId
from mes_server.store.alarms import open_facts, open_subjects, raise_alarm, settle_alarm
from mes_server.store.nodes import load_node_keys, node_name
from mes_server.store.quarantine import Unread, nodes_waiting, quarantine

QUARANTINED = "quarantined"
WHOLE_MAX = 1_000  # of 256 KB at most: 256 MB
BEGINNINGS_MAX = 20_000
_BEGINNING = 1_000
_TOPIC_MAX = 1000
_DETAIL_MAX = 500
# How many messages without a position came since the alarm of their node is open; how many of them
# are there with their beginning only, and how many not at all. The alarm's facts keep the count.
PLAIN, CUT, COUNTED = "without_position", "only_beginning", "only_counted"


def put_aside(
    conn: Connection,
    message: Message,
    trouble: Trouble,
    node: tuple[int, NodeId] | None = None,
    records: bytes | None = None,
) -> None:
    """Keep its bytes and raise the alarm of its node (of nobody, where that is not known).

    `records`: which of its journalled records are meant, as `bits` writes them; None: all of it.
    A message with positions was acknowledged and is always kept whole. A flood of others must not
    fill the disk: from some number of a node on the beginning is kept, then the count alone, until
    nothing of the node waits any more or a person settles what does.
    """
    subject = "" if node is None else node_name(*node[1])
    counts = _counts(open_facts(conn, QUARANTINED, subject) or {})
    size: int | None = BYTES_MAX + 1  # what is cut there is still seen to be too large when retried
    if records is None and not _has_positions(message):
        counts[PLAIN] += 1
        if counts[PLAIN] > BEGINNINGS_MAX:
            counts[COUNTED] += 1
            size = None
        elif counts[PLAIN] > WHOLE_MAX:
            counts[CUT] += len(message.payload) > _BEGINNING
            size = _BEGINNING
    if size is not None:
        quarantine(
            conn, _unread(message, trouble, size, None if node is None else node[0], records)
        )
    _raise(conn, message, trouble, subject, counts)


def put_refuse_aside(conn: Connection, message: Message, trouble: Trouble) -> None:
    """The same for what nobody will miss: no position could be read, nothing is acknowledged."""
    put_aside(conn, message, trouble)


def settle_alarms(conn: Connection, now_ms: int) -> None:
    """The alarm of a node ends when nothing of it waits any more; the rows stay as evidence."""
    waiting = nodes_waiting(conn)
    names = {node_name(*node) for node, key in load_node_keys(conn).items() if key in waiting}
    if None in waiting:
        names.add("")
    for subject in open_subjects(conn, QUARANTINED):
        if subject not in names:
            settle_alarm(conn, QUARANTINED, subject, now_ms)


def _has_positions(message: Message) -> bool:
    read = attempt(read_message, message)
    return isinstance(read, Read) and bool(read.heads.records)


def _counts(facts: Mapping[str, object]) -> Counter[str]:
    found = {name: facts.get(name) for name in (PLAIN, CUT, COUNTED)}
    return Counter({name: count for name, count in found.items() if isinstance(count, int)})


def _unread(
    message: Message, trouble: Trouble, size: int, node: int | None, records: bytes | None
) -> Unread:
    return Unread(
        message.received_ms,
        _storable(message.topic, _TOPIC_MAX),
        message.payload[:size],
        trouble.reason,
        _storable(trouble.detail, _DETAIL_MAX),
        node,
        records,
        len(message.payload) if len(message.payload) > size else None,
    )


def _raise(
    conn: Connection, message: Message, trouble: Trouble, subject: str, counts: Counter[str]
) -> None:
    facts: dict[str, str | int] = {
        "reason": trouble.reason,
        "detail": _storable(trouble.detail, _DETAIL_MAX),
        "topic": _storable(message.topic, _TOPIC_MAX),
        **{name: count for name, count in counts.items() if count},
    }
    raise_alarm(conn, QUARANTINED, subject, facts, message.received_ms)


def _storable(text: str, size: int) -> str:
    """A text every database takes: no zero bytes, no halves of surrogate pairs."""
    return text[:size].replace("\0", "\\0").encode(errors="backslashreplace").decode()
