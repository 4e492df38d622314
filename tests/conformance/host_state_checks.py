"""How a host says that it is there: its STATE, the Will of it, the order after CONNECT, the end."""

import json
from collections.abc import Iterator
from typing import Any

from tests.conformance import doctor
from tests.conformance.common_checks import CLOCK_SLACK_MS, first
from tests.conformance.packets import Connect, Publish, Suback, Subscribe
from tests.conformance.recording import Event, NotSeen, Recording, Session, some
from tests.conformance.registry import HOST, Finding, check


def state(packet: Any) -> dict[str, Any]:
    """The JSON of a STATE message; raises NotSeen when it is none."""
    try:
        said = json.loads(packet.payload)
    except (AttributeError, ValueError) as error:
        raise NotSeen(f"a STATE cannot be read: {error}") from error
    if not isinstance(said, dict) or set(said) != {"online", "timestamp"}:
        raise NotSeen(f"a STATE holds {said!r:.80}")
    if type(said["online"]) is not bool or type(said["timestamp"]) is not int:
        raise NotSeen(f"a STATE holds {said!r:.80}")
    return said


def state_with(**fields: Any) -> Any:
    """For `changed(payload=…)`: other fields in the JSON of a STATE; None takes one away."""

    def rewrite(payload: bytes) -> bytes:
        said = json.loads(payload) | fields
        return json.dumps({key: value for key, value in said.items() if value is not None}).encode()

    return rewrite


def sessions(recording: Recording) -> list[Session]:
    """Connections of the host."""
    return some(recording.sessions(), "the host never connected")


def states_of(session: Session, online: bool) -> list[Event]:
    """What a session said of the host itself."""
    return [e for e in session.published("STATE") if state(e.packet)["online"] is online]


def births(recording: Recording) -> list[tuple[Session, Event]]:
    """Each session with its first STATE online; raises NotSeen for a session without."""
    found = []
    for session in sessions(recording):
        told = some(states_of(session, True), f"connection {session.number} has no STATE online")
        found.append((session, told[0]))
    return found


def is_state(online: bool) -> doctor.Which:
    """For pickers: a STATE that says so."""
    return lambda event: state(event.packet)["online"] is online


BIRTH = doctor.sent("STATE", which=is_state(True))


@check(
    HOST,
    "message-flow-phid-sparkplug-clean-session-311",
    broken_by=doctor.changed(doctor.packet(Connect), clean=False),
)
def host_connects_with_a_clean_session(recording: Recording) -> Finding:
    return first(
        f"connection {session.number} is not clean, or not MQTT 3.1.1"
        for session in sessions(recording)
        if not session.connect.clean or session.connect.level != 4
    )


def _will_faults(recording: Recording) -> Iterator[str]:
    topic = f"spBv1.0/STATE/{recording.fact('host id')}"
    for session in sessions(recording):
        will = session.connect.will
        if will is None:
            yield f"connection {session.number} has no Will"
        elif (will.topic, will.qos, will.retain) != (topic, 1, True):
            yield f"connection {session.number}: Will {will.topic}, {will.qos}, {will.retain}"
        elif state(will)["online"]:
            yield f"connection {session.number}: the Will says online"


@check(
    HOST,
    "host-topic-phid-death-required",
    "host-topic-phid-death-topic",
    "host-topic-phid-death-qos",
    "host-topic-phid-death-retain",
    "host-topic-phid-death-payload",
    "operational-behavior-host-application-connect-will",
    "operational-behavior-host-application-connect-will-topic",
    "operational-behavior-host-application-connect-will-payload",
    "operational-behavior-host-application-connect-will-qos",
    "operational-behavior-host-application-connect-will-retained",
    "payloads-state-will-message",
    "payloads-state-will-message-qos",
    "payloads-state-will-message-retain",
    "payloads-state-will-message-payload",
    broken_by=(
        doctor.changed(doctor.packet(Connect), will=None),
        doctor.will(topic="STATE/lodestone"),
        doctor.will(qos=0),
        doctor.will(retain=False),
        doctor.will(payload=b"OFFLINE"),
        doctor.will(payload=state_with(online=True)),
        doctor.will(payload=state_with(timestamp="now")),
    ),
)
def the_will_of_the_host_is_its_state_offline(recording: Recording) -> Finding:
    return first(_will_faults(recording))


@check(
    HOST,
    "host-topic-phid-death-payload-timestamp-connect",
    broken_by=doctor.will(payload=state_with(timestamp=1_700_000_000_000)),
)
def the_will_tells_the_time_of_its_connect(recording: Recording) -> Finding:
    for session in sessions(recording):
        told = state(session.connect.will)["timestamp"]
        if abs(told - session.opened_ms) > CLOCK_SLACK_MS:
            return f"connection {session.number}: Will of {told}, CONNECT at {session.opened_ms}"
    stamps = [state(session.connect.will)["timestamp"] for session in sessions(recording)]
    return None if len(set(stamps)) == len(stamps) else f"two connections share a Will: {stamps}"


@check(
    HOST,
    "host-topic-phid-birth-sub-required",
    "message-flow-phid-sparkplug-subscription",
    "payloads-state-subscribe",
    broken_by=(
        doctor.dropped(doctor.packet(Subscribe)),
        doctor.subscribed(lambda filters: tuple(f for f in filters if "STATE" not in f[0])),
        doctor.subscribed(lambda filters: tuple(f for f in filters if "STATE" in f[0])),
        doctor.moved(doctor.packet(Subscribe), BIRTH, after=True),
    ),
)
def host_subscribes_its_state_and_all_of_sparkplug_first(recording: Recording) -> Finding:
    own = f"spBv1.0/STATE/{recording.fact('host id')}"
    for session, birth in births(recording):
        packets = [e.packet for e in session.events[: session.index(birth)]]
        filters = {name for p in packets if isinstance(p, Subscribe) for name, _ in p.filters}
        if own not in filters or "spBv1.0/#" not in filters:
            return f"connection {session.number} had subscribed {filters} before its STATE"
    return None


@check(
    HOST,
    "host-topic-phid-birth-message",
    "host-topic-phid-birth-required",
    "message-flow-phid-sparkplug-state-publish",
    "operational-behavior-host-application-connect-birth",
    "principles-birth-certificates-order",
    "payloads-state-birth",
    broken_by=(
        doctor.moved(doctor.sent("NCMD"), BIRTH),
        doctor.dropped(doctor.packet(Suback)),
        doctor.changed(BIRTH, payload=state_with(online=False)),
    ),
)
def host_says_online_as_soon_as_it_has_subscribed(recording: Recording) -> Finding:
    for session, birth in births(recording):
        before = session.events[: session.index(birth)]
        if session.published()[0] is not birth:
            return f"connection {session.number} begins with {session.published()[0]}"
        if not any(isinstance(e.packet, Suback) for e in before):
            return f"{birth} comes before the subscription is granted"
    return None


def state_faults(events: list[Event], topic: str) -> Iterator[str]:
    """STATE messages that do not go to `topic` at QoS 1, retained."""
    for event in events:
        sent = event.packet
        assert isinstance(sent, Publish)
        if (sent.topic, sent.qos, sent.retain) != (topic, 1, True):
            yield f"{event}: QoS {sent.qos}, retain {sent.retain}"


@check(
    HOST,
    "host-topic-phid-birth-topic",
    "host-topic-phid-birth-qos",
    "host-topic-phid-birth-retain",
    "operational-behavior-host-application-connect-birth-topic",
    "operational-behavior-host-application-connect-birth-qos",
    "operational-behavior-host-application-connect-birth-retained",
    "payloads-state-birth",
    broken_by=(
        doctor.changed(BIRTH, topic="spBv1.0/STATE/another"),
        doctor.changed(BIRTH, qos=0),
        doctor.changed(BIRTH, retain=False),
    ),
)
def state_online_goes_to_its_topic_at_qos_1_and_stays(recording: Recording) -> Finding:
    topic = f"spBv1.0/STATE/{recording.fact('host id')}"
    return first(state_faults([birth for _, birth in births(recording)], topic))


@check(
    HOST,
    "host-topic-phid-birth-payload",
    "host-topic-phid-birth-payload-timestamp",
    "message-flow-phid-sparkplug-state-publish-payload",
    "message-flow-phid-sparkplug-state-publish-payload-timestamp",
    "operational-behavior-host-application-connect-birth-payload",
    "payloads-state-birth-payload",
    broken_by=(
        doctor.changed(BIRTH, payload=b"ONLINE"),
        doctor.changed(BIRTH, payload=state_with(timestamp=None)),
        doctor.changed(BIRTH, payload=state_with(timestamp=1_700_000_000_000)),
    ),
)
def state_online_repeats_the_time_of_the_will(recording: Recording) -> Finding:
    for session, birth in births(recording):
        promised = state(session.connect.will)["timestamp"]
        if state(birth.packet)["timestamp"] != promised:
            return f"{birth} is of {state(birth.packet)['timestamp']}, its Will of {promised}"
    return None
