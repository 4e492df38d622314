"""A message as it came, and as much of it as storing and acknowledging needs."""

from functools import lru_cache
from typing import NamedTuple

from mes_server.domain.nodes import NodeBirth, NodeId, UnreadableError, node_birth
from mes_server.domain.records import Heads, read_heads
from schemas.sparkplug import decode_payload
from schemas.topics import Topic, TopicError, parse_topic

BYTES_MAX = 256 * 1024
LARGE = "too large"
TOPIC = "topic"
PAYLOAD = "payload"
LEVEL_MAX = 200


class Message(NamedTuple):
    """One message from the broker."""

    topic: str
    payload: bytes
    received_ms: int


class Read(NamedTuple):
    """A message whose node and records are known. `told`: what NBIRTH or NDATA say of the node."""

    message: Message
    node: NodeId
    verb: str
    heads: Heads
    told: NodeBirth | None


@lru_cache(maxsize=8192)
def topic_of(text: str) -> Topic:
    """The Topic a string names; raises UnreadableError."""
    try:
        topic = parse_topic(text)
    except TopicError as error:
        raise UnreadableError(TOPIC, str(error)) from error
    for level in (topic.group, topic.node, topic.station):
        if level is not None and (len(level) > LEVEL_MAX or not level.isprintable()):
            raise UnreadableError(TOPIC, f"{level!r:.80} cannot be an id")
    return topic


def read_message(message: Message) -> Read:
    """The node and the records of a message; raises UnreadableError or PayloadError."""
    topic = topic_of(message.topic)
    if len(message.payload) > BYTES_MAX:
        raise UnreadableError(LARGE, f"{len(message.payload)} bytes; {BYTES_MAX} are allowed")
    told = None
    if topic.verb in ("NBIRTH", "NDATA"):
        payload = decode_payload(message.payload)
        told = node_birth(payload)
        heads = Heads((), payload.seq)
    elif topic.verb == "DDATA":
        heads = read_heads(message.payload)
    else:
        heads = Heads((), decode_payload(message.payload).seq)
    return Read(message, (topic.group, topic.node), topic.verb, heads, told)
