"""How a host ends: a late STATE offline of its own is contradicted, a true one is its last word."""

from tests.conformance import doctor
from tests.conformance.common_checks import CLOCK_SLACK_MS, first
from tests.conformance.host_state_checks import (
    births,
    is_state,
    sessions,
    state,
    state_faults,
    state_with,
    states_of,
)
from tests.conformance.packets import Disconnect
from tests.conformance.recording import Event, Recording, Session, some
from tests.conformance.registry import HOST, Finding, check

DEATH = doctor.sent("STATE", which=is_state(False))


def deaths(recording: Recording) -> list[tuple[Session, Event]]:
    """Each STATE offline that the host itself published, with its session."""
    found = [(s, event) for s in sessions(recording) for event in states_of(s, False)]
    return some(found, "the host never published a STATE offline")


def _late_offline(recording: Recording) -> list[tuple[Session, Event]]:
    """STATE offline of the host itself that reached it while it was online."""
    topic = f"spBv1.0/STATE/{recording.fact('host id')}"
    found = []
    for session, birth in births(recording):
        own_deaths = states_of(session, False)
        for event in session.events[session.index(birth) :]:
            heard = not event.from_client and event.verb == "STATE" and event.topic == topic
            stopping = any(session.index(death) < session.index(event) for death in own_deaths)
            if heard and not stopping and not state(event.packet)["online"]:
                found.append((session, event))
    return some(found, "no late STATE offline reached the host")


def _answers(recording: Recording) -> list[Event]:
    session, late = _late_offline(recording)[-1]
    after = [e for e in states_of(session, True) if session.index(e) > session.index(late)]
    return some(after, "no answer to a late STATE offline")


def _answer(recording: Recording) -> Event:
    return _answers(recording)[0]


@check(
    HOST,
    "message-flow-hid-sparkplug-state-message-delivered",
    broken_by=(
        lambda recording: recording.without(*_answers(recording)),
        doctor.changed(_answer, payload=state_with(timestamp=1_800_000_000_000)),
    ),
)
def host_contradicts_a_late_offline_of_its_own(recording: Recording) -> Finding:
    for session, late in _late_offline(recording):
        after = [e for e in states_of(session, True) if session.index(e) > session.index(late)]
        if not after:
            return f"connection {session.number}: no STATE online followed a late STATE offline"
        promised = state(session.connect.will)["timestamp"]
        if state(after[0].packet)["timestamp"] != promised:
            return f"{after[0]} does not repeat the time of the Will"
    return None


@check(
    HOST,
    "host-topic-phid-death-topic",
    "host-topic-phid-death-qos",
    "host-topic-phid-death-retain",
    "host-topic-phid-death-payload",
    "host-topic-phid-death-payload-timestamp-disconnect-clean",
    "host-topic-phid-death-payload-timestamp-disconnect-with-no-disconnect-packet",
    "operational-behavior-host-application-termination",
    "operational-behavior-host-application-death-topic",
    "operational-behavior-host-application-death-payload",
    "operational-behavior-host-application-death-qos",
    "operational-behavior-host-application-death-retained",
    "operational-behavior-host-application-disconnect-intentional",
    "intro-sparkplug-host-state",
    "components-ph-state",
    "conformance-primary-host",
    broken_by=(
        doctor.dropped(DEATH),
        doctor.changed(DEATH, qos=0),
        doctor.changed(DEATH, retain=False),
        doctor.changed(DEATH, topic="spBv1.0/STATE/another"),
        doctor.changed(DEATH, payload=state_with(timestamp=1_700_000_000_000)),
        doctor.moved(DEATH, doctor.goodbye(), after=True),
    ),
)
def host_says_offline_with_the_time_before_it_leaves(recording: Recording) -> Finding:
    topic = f"spBv1.0/STATE/{recording.fact('host id')}"
    fault = first(state_faults([death for _, death in deaths(recording)], topic))
    if fault:
        return fault
    ended = [
        (session, event)
        for session in sessions(recording)
        for event in session.events
        if isinstance(event.packet, Disconnect)
    ]
    for session, goodbye in some(ended, "the host never said goodbye"):
        last = some(session.published("STATE"), "a session without STATE")[-1]
        if state(last.packet)["online"]:
            return f"connection {session.number} leaves without a STATE offline"
        if session.index(last) > session.index(goodbye):
            return f"connection {session.number} says offline after its goodbye"
        if abs(state(last.packet)["timestamp"] - last.at_ms) > CLOCK_SLACK_MS:
            return f"{last} does not tell the time of the end"
    return None
