"""Sparkplug topics: spBv1.0/<group>/<verb>/<node>[/<station>] and the host's STATE topic."""

from collections import namedtuple

NAMESPACE = "spBv1.0"
NODE_VERBS = ("NBIRTH", "NDATA", "NDEATH", "NCMD")
STATION_VERBS = ("DBIRTH", "DDATA", "DDEATH", "DCMD")
_OURS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

# station is None for the verbs of a node.
Topic = namedtuple("Topic", ("group", "verb", "node", "station"))


class TopicError(ValueError):
    """A topic that Sparkplug does not allow; the message says which part."""


def is_id(text: str) -> bool:
    """Whether `text` may be an id of ours: nats-server refuses blanks and dots."""
    return 0 < len(text) <= 64 and all(c in _OURS for c in text)


def topic(group: str, verb: str, node: str, station: "str | None" = None) -> str:
    """The topic string of a verb; raises TopicError when verb and station do not fit."""
    if (verb in STATION_VERBS) != (station is not None):
        raise TopicError(f"{verb} {'needs' if station is None else 'takes no'} station")
    for part in (group, node, station):
        if part is not None and (not part or "/" in part or "+" in part or "#" in part):
            raise TopicError(f"{part!r} cannot be a level of a topic")
    tail = "" if station is None else "/" + station
    return f"{NAMESPACE}/{group}/{verb}/{node}{tail}"


def parse_topic(text: str) -> Topic:
    """The Topic a string names; raises TopicError. STATE is not parsed here."""
    parts = text.split("/")
    if parts[0] != NAMESPACE or len(parts) < 4 or len(parts) > 5:
        raise TopicError(f"{text!r} is not a Sparkplug B topic")
    group, verb, node = parts[1], parts[2], parts[3]
    station = parts[4] if len(parts) == 5 else None
    if verb not in NODE_VERBS and verb not in STATION_VERBS:
        raise TopicError(f"{verb!r} is not a Sparkplug verb")
    if topic(group, verb, node, station) != text:
        raise TopicError(f"{text!r} is not a Sparkplug B topic")
    return Topic(group, verb, node, station)


def state_topic(host: str) -> str:
    """Where the host `host` says whether it is there (retained, QoS 1)."""
    return f"{NAMESPACE}/STATE/{host}"
