"""What was seen on the wire between clients and a broker, in order, and how checks look at it."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from google.protobuf.message import DecodeError

from schemas.topics import NAMESPACE, NODE_VERBS, STATION_VERBS
from tests.conformance.definition import Payload
from tests.conformance.packets import Closed, Connect, Packet, Publish

T = TypeVar("T")


class NotSeen(AssertionError):
    """A check looks for something that never happened in the recording: nothing is proved."""


@dataclass(frozen=True, slots=True)
class Event:
    """A packet that passed. `at_ms`: Unix ms UTC; `connection` counts from 1."""

    at_ms: int
    connection: int
    from_client: bool
    packet: Packet

    @property
    def topic(self) -> str:
        assert isinstance(self.packet, Publish)
        return self.packet.topic

    @property
    def verb(self) -> str | None:
        """NBIRTH … STATE for a Sparkplug message, else None."""
        return verb_of(self.packet.topic) if isinstance(self.packet, Publish) else None

    @property
    def levels(self) -> list[str]:
        return self.topic.split("/")

    @property
    def node(self) -> tuple[str, str]:
        """Group and node of a Sparkplug message."""
        return self.levels[1], self.levels[3]

    def __str__(self) -> str:
        what = self.topic if isinstance(self.packet, Publish) else type(self.packet).__name__
        return f"connection {self.connection}, {what}"


def verb_of(topic: str) -> str | None:
    """The Sparkplug verb in a topic of any number of levels."""
    levels = topic.split("/")
    if levels[0] != NAMESPACE or len(levels) < 3:
        return None
    if levels[1] == "STATE":
        return "STATE"
    return levels[2] if levels[2] in NODE_VERBS + STATION_VERBS else None


def message(packet: Packet) -> Any:
    """The Sparkplug payload of a Publish, by the official definition; raises NotSeen for others."""
    assert isinstance(packet, Publish)
    try:
        return Payload.FromString(packet.payload)
    except DecodeError as error:
        raise NotSeen(f"{packet.topic} carries no Sparkplug payload: {error}") from error


@dataclass(frozen=True)
class Session:
    """One connection of a client, from CONNECT to its end."""

    number: int
    events: tuple[Event, ...]

    @property
    def connect(self) -> Connect:
        first = self.events[0].packet
        assert isinstance(first, Connect)
        return first

    @property
    def opened_ms(self) -> int:
        return self.events[0].at_ms

    @property
    def closed_ms(self) -> int | None:
        """When it ended, None while it lasts."""
        ends = (event.at_ms for event in self.events if isinstance(event.packet, Closed))
        return next(ends, None)

    def published(self, *verbs: str) -> list[Event]:
        """Messages of the client with one of these verbs; all of its messages without."""
        mine = [e for e in self.events if e.from_client and isinstance(e.packet, Publish)]
        return [e for e in mine if e.verb in verbs] if verbs else mine

    def index(self, event: Event) -> int:
        """Where an event is in this session."""
        return next(i for i, e in enumerate(self.events) if e is event)


@dataclass(frozen=True)
class Recording:
    """All that passed, in order, and what was observed beside the wire (in the store, say)."""

    events: tuple[Event, ...]
    facts: dict[str, Any] = field(default_factory=dict)

    def sessions(self) -> list[Session]:
        """Connections that began with a CONNECT, in the order of their beginning."""
        by_number: dict[int, list[Event]] = {}
        for event in self.events:
            by_number.setdefault(event.connection, []).append(event)
        return [
            Session(number, tuple(events))
            for number, events in by_number.items()
            if isinstance(events[0].packet, Connect)
        ]

    def published(self, *verbs: str) -> list[Event]:
        """Messages of clients with one of these verbs; raises NotSeen when there are none."""
        found = [e for s in self.sessions() for e in s.published(*verbs)]
        return some(found, f"no {' or '.join(verbs) or 'message'} was sent")

    def delivered(self, *verbs: str) -> list[Event]:
        """Messages that the broker handed to clients; raises NotSeen when there are none."""
        found = [e for e in self.events if not e.from_client and e.verb in verbs]
        return some(found, f"no {' or '.join(verbs)} was delivered")

    def fact(self, name: str) -> Any:
        """What was observed under this name; raises NotSeen."""
        if name not in self.facts:
            raise NotSeen(f"{name!r} was not observed")
        return self.facts[name]

    def with_packet(self, event: Event, packet: Packet) -> "Recording":
        """The same recording with another packet in the place of an event's."""
        swapped = tuple(replace(e, packet=packet) if e is event else e for e in self.events)
        return replace(self, events=swapped)

    def without(self, *events: Event) -> "Recording":
        """The same recording as if these had never passed."""
        gone = {id(event) for event in events}
        return replace(self, events=tuple(e for e in self.events if id(e) not in gone))


def story(recording: Recording) -> str:
    """What passed, a line for each connection: for people who ask why a scenario went wrong."""
    lines = []
    for session in recording.sessions():
        words = [
            (e.verb or type(e.packet).__name__.lower()) + ("" if e.from_client else "<")
            for e in session.events
        ]
        lines.append(f"{session.number} {session.connect.client_id}: {' '.join(words)}")
    return "\n".join(lines)


def some(found: Iterable[T], otherwise: str) -> list[T]:
    """The list itself; raises NotSeen when it is empty, so that no check passes by seeing nothing."""
    listed = list(found)
    if not listed:
        raise NotSeen(otherwise)
    return listed
