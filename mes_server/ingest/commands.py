"""What this host tells edge nodes: how far their journal is stored, that their birth is missing, and now
and then the head of the ledger, for them to remember.

NCMD at QoS 0, not retained, without seq, every metric with its datatype (some clients cannot read a
command without). Both may get lost: acknowledgements are cumulative and repeated, rebirths asked again.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from mes_server.domain.nodes import NodeId
from mes_server.domain.seal import Anchor
from mes_server.domain.sessions import REBIRTH_JITTER_MS, Rebirths
from schemas.journal_metrics import ACK, ANCHORS, REBIRTH
from schemas.sparkplug import Payload, encode_payload, metric
from schemas.topics import topic

EVERY_MS = 10  # no node is acknowledged more often
EVERY_MS_MAX = 200
PER_SECOND = 5_000  # with so many nodes that this would be exceeded, each of them less often
REPEAT_MS = 5_000
SILENT_MS = 60_000  # a node not heard for so long is not told again
ANCHOR_EVERY_MS = 3_600_000

Messages = list[tuple[str, bytes]]
Publish = Callable[[Messages], bool]


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


_NAME = b"\x0a" + bytes((len(ACK),)) + ACK.encode() + b"\x18"


def acknowledgement(position: int, at_ms: int) -> bytes:
    """The NCMD payload that says: everything up to this position is stored.

    The bytes of `encode_payload`, made faster: thousands of them go out in a second.
    """
    time = _varint(at_ms)
    body = _NAME + time + b"\x20\x08\x58" + _varint(position)
    return b"\x08" + time + b"\x12" + bytes((len(body),)) + body


def rebirth_request(at_ms: int) -> bytes:
    """The NCMD payload that asks for all births."""
    return encode_payload(Payload(at_ms, [metric(REBIRTH, "boolean", True, at_ms)], None))


def anchor_message(head: Anchor, at_ms: int) -> bytes:
    """The NCMD payload that says: this is the head of the ledger."""
    told = metric(ANCHORS, "string", f"{head.number} {head.hash}", at_ms)
    return encode_payload(Payload(at_ms, [told], None))


@lru_cache(maxsize=8192)
def _topic(node: NodeId) -> str:
    return topic(node[0], "NCMD", node[1])


@dataclass(slots=True)
class _Told:
    """`position` is stored; it was last said at `sent_ms`, and the node last heard at `heard_ms`.

    At `anchored_ms` it was told the head of the ledger.
    """

    position: int
    heard_ms: int
    sent_ms: int = -REPEAT_MS
    anchored_ms: int = -ANCHOR_EVERY_MS


class Commands:
    """Says what is due, when it is due. All times but those on the wire never jump (`tick_ms`)."""

    def __init__(self, publish: Publish) -> None:
        self._publish = publish
        self._told: dict[NodeId, _Told] = {}
        self._due: set[NodeId] = set()
        self._repeat_ms = 0
        self._rebirths = Rebirths(lambda: random.randrange(REBIRTH_JITTER_MS))  # noqa: S311
        self.head: Anchor | None = None  # of the ledger
        self.said = 0

    def stored(self, acks: Mapping[NodeId, int], tick_ms: int) -> None:
        """These positions are durable; called after the commit and only then."""
        for node, position in acks.items():
            told = self._told.get(node)
            if told is None:
                self._told[node] = _Told(position, tick_ms)
            else:
                told.position, told.heard_ms = position, tick_ms
        self._due |= acks.keys()

    def born(self, node: NodeId) -> None:
        """A birth is answered at once."""
        self._rebirths.born(node)
        if node in self._told:
            self._told[node].sent_ms = -REPEAT_MS

    def want_birth(self, node: NodeId, tick_ms: int) -> None:
        """The node is to be asked for its births, soon and not too often."""
        self._rebirths.want(node, tick_ms)

    def flush(self, tick_ms: int, now_ms: int) -> None:
        """Publish what is due."""
        messages: Messages = []
        if tick_ms >= self._repeat_ms:
            messages += [(_topic(node), payload) for node, payload in self._repeat(tick_ms, now_ms)]
        every_ms = min(max(EVERY_MS, len(self._told) * 1000 // PER_SECOND), EVERY_MS_MAX)
        for node in list(self._due):
            told = self._told[node]
            if tick_ms - told.sent_ms >= every_ms:
                self._due.discard(node)
                told.sent_ms = tick_ms
                messages.append((_topic(node), acknowledgement(told.position, now_ms)))
        for node in self._rebirths.take_due(tick_ms):
            messages.append((_topic(node), rebirth_request(now_ms)))
        if messages and self._publish(messages):
            self.said += len(messages)

    def _repeat(self, tick_ms: int, now_ms: int) -> list[tuple[NodeId, bytes]]:
        """Whom to acknowledge once more; the anchors that are due."""
        anchors = []
        self._repeat_ms = tick_ms + REPEAT_MS // 4
        for node, told in list(self._told.items()):
            if tick_ms - told.heard_ms > SILENT_MS:
                del self._told[node]
                self._due.discard(node)
                continue
            if tick_ms - told.sent_ms >= REPEAT_MS:
                self._due.add(node)
            if self.head is not None and tick_ms - told.anchored_ms >= ANCHOR_EVERY_MS:
                told.anchored_ms = tick_ms
                anchors.append((node, anchor_message(self.head, now_ms)))
        return anchors
