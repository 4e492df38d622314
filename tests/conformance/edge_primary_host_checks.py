"""An edge that was given a primary host: it waits for that host and leaves when it is gone."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace

from tests.conformance import doctor
from tests.conformance.common_checks import first
from tests.conformance.edge_session_checks import connected, nodes
from tests.conformance.packets import Disconnect, Publish, Subscribe
from tests.conformance.recording import Event, Recording, Session, some
from tests.conformance.registry import EDGE, Finding, check

DAY_MS = 86_400_000


@dataclass
class Believed:
    """What a correct edge believes of its primary host after the STATE messages it got."""

    host: str
    online: bool = False
    timestamp: int = -1

    def hear(self, event: Event) -> bool:
        """Take a STATE message; whether it counts (of this host, readable, not older).

        A time more than a day ahead is not remembered: whatever is true comes before it.
        """
        assert isinstance(event.packet, Publish)
        if event.levels[-1] != self.host:
            return False
        try:
            state = json.loads(event.packet.payload)
            online, timestamp = state["online"], state["timestamp"]
        except (ValueError, KeyError, TypeError):
            return False
        if not isinstance(online, bool) or timestamp < self.timestamp:
            return False
        self.online = online
        if timestamp <= event.at_ms + DAY_MS:
            self.timestamp = timestamp
        return True


def _waiting(recording: Recording) -> list[Session]:
    """The sessions of the node that has a primary host."""
    node = tuple(recording.fact("node with primary host"))
    return some(nodes(recording).get(node, []), f"{node} never connected")


def _steps(recording: Recording) -> Iterator[tuple[Session, Event, Believed, bool]]:
    """Every event of these sessions with what is believed then, and whether it was a STATE that counts."""
    host = recording.fact("primary host")
    for session in _waiting(recording):
        believed = Believed(host)  # a new session waits for a STATE of its own
        for event in session.events:
            counts = not event.from_client and event.verb == "STATE" and believed.hear(event)
            yield session, event, believed, counts


def _said(text: bytes) -> doctor.Which:
    return lambda event: isinstance(event.packet, Publish) and text in event.packet.payload


def _online_state(recording: Recording) -> Event:
    found = (
        event for _, event, believed, counts in _steps(recording) if counts and believed.online
    )
    return some(found, "no STATE online of the primary host was delivered")[0]


def _old(payload: bytes) -> bytes:
    return json.dumps({**json.loads(payload), "timestamp": 5}).encode()


def _offline(payload: bytes) -> bytes:
    return json.dumps({**json.loads(payload), "online": False}).encode()


def _last_online_made_old(recording: Recording) -> Recording:
    found = [e for _, e, believed, counts in _steps(recording) if counts and believed.online]
    last = some(found, "no STATE online was delivered")[-1]
    return recording.with_packet(last, replace(last.packet, payload=_old(last.packet.payload)))


@check(
    EDGE,
    "message-flow-edge-node-birth-publish-phid-wait",
    "message-flow-edge-node-birth-publish-phid-wait-id",
    "message-flow-edge-node-birth-publish-phid-wait-online",
    "message-flow-edge-node-birth-publish-phid-wait-timestamp",
    "operational-behavior-edge-node-birth-sequence-wait",
    broken_by=(
        doctor.dropped(_online_state),
        doctor.changed(_online_state, topic=doctor.level(2, "another")),
        doctor.changed(_online_state, payload=_offline),
        _last_online_made_old,
    ),
)
def births_wait_until_the_primary_host_is_online(recording: Recording) -> Finding:
    births = 0
    for _, event, believed, _ in _steps(recording):
        if event.from_client and event.verb == "NBIRTH":
            births += 1
            if not believed.online:
                return f"{event} although {believed.host} is not known to be online"
    return None if births else "the node with a primary host was never born"


def _filters(session: Session) -> set[str]:
    packets = [event.packet for event in session.events]
    return {name for p in packets if isinstance(p, Subscribe) for name, _ in p.filters}


@check(
    EDGE,
    "message-flow-edge-node-birth-publish-phid-offline",
    "operational-behavior-edge-node-termination-host-offline",
    "operational-behavior-edge-node-termination-host-offline-reconnect",
    broken_by=(
        lambda recording: recording.without(*_farewells(recording, "NDEATH")),
        lambda recording: recording.without(*_farewells(recording, "DISCONNECT")),
        lambda recording: recording.without(*_waiting(recording)[-1].events),
    ),
)
def leaves_when_the_primary_host_goes_and_comes_back(recording: Recording) -> Finding:
    left = 0
    for session, event, believed, counts in _steps(recording):
        birth = session.published("NBIRTH")
        if not counts or believed.online or not birth:
            continue
        if session.index(birth[0]) > session.index(event):
            continue  # it was still waiting
        left += 1
        after = [e for e in session.events[session.index(event) :] if e.from_client]
        verbs = [e.verb or type(e.packet).__name__ for e in after]
        if "NDEATH" not in verbs or "Disconnect" not in verbs[verbs.index("NDEATH") :]:
            return f"connection {session.number}: after STATE offline came {verbs[:9]}"
        later = [s for s in _waiting(recording) if s.number > session.number]
        if not any(s.published("NBIRTH") for s in later):
            return f"connection {session.number} ended, and no birth came after it"
    return None if left else "the primary host never went offline"


def _farewells(recording: Recording, what: str) -> list[Event]:
    events = [event for session in _waiting(recording) for event in session.events]
    if what == "NDEATH":
        return [event for event in events if event.from_client and event.verb == "NDEATH"]
    return [event for event in events if isinstance(event.packet, Disconnect)]


def _hasty(recording: Recording) -> Recording:
    """NDEATH right after an offline STATE that is older than the last online one."""
    ignored = _ignored(recording)[0]
    death = next(e for e in recording.published("NDEATH") if e.node == recording.fact(_NODE))
    return doctor.moved(lambda _: death, lambda _: ignored, after=True)(recording)


_NODE = "node with primary host"


def _ignored(recording: Recording) -> list[Event]:
    found = [
        event
        for _, event, believed, counts in _steps(recording)
        if not event.from_client
        and event.verb == "STATE"
        and event.levels[-1] == believed.host
        and not counts
        and _said(b"false")(event)
    ]
    return some(found, "no outdated STATE offline was delivered")


@check(
    EDGE,
    "operational-behavior-edge-node-termination-host-offline-timestamp",
    broken_by=_hasty,
)
def an_outdated_offline_of_the_host_is_ignored(recording: Recording) -> Finding:
    for event in _ignored(recording):
        session = next(s for s in _waiting(recording) if s.number == event.connection)
        after = session.events[session.index(event) + 1 :]
        said = [e for e in after if e.from_client and isinstance(e.packet, Publish)]
        if not said or said[0].verb == "NDEATH":
            return f"{event} made the node leave"
    return None


@check(
    EDGE,
    "message-flow-device-dcmd-subscribe",
    broken_by=doctor.subscribed(
        lambda filters: tuple((name.replace("NCMD", "DCMD"), qos) for name, qos in filters)
    ),
)
def no_device_commands_are_subscribed(recording: Recording) -> Finding:
    return first(
        f"connection {session.number} subscribes {name}"
        for session in connected(recording)
        for name in _filters(session)
        if "/DCMD/" in name or name.endswith("#")
    )
