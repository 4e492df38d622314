"""What a broker must do for Sparkplug: QoS 0 and 1, Wills, retained messages (chapter 10)."""

from collections.abc import Callable

from tests.conformance import doctor
from tests.conformance.packets import Disconnect, Publish
from tests.conformance.recording import Event, Recording, some
from tests.conformance.registry import BROKER, Finding, check

PUBACK = 4


def _handed_on(recording: Recording, topic: str) -> list[Publish]:
    """Messages with this topic that the broker gave to clients."""
    packets = [e.packet for e in recording.events if not e.from_client]
    found = [p for p in packets if isinstance(p, Publish) and p.topic == topic]
    return some(found, f"{topic} was not handed on")


def _is_to(event: Event, topic: str) -> bool:
    return (
        not event.from_client and isinstance(event.packet, Publish) and event.packet.topic == topic
    )


def _to_subscriber(topic: str, nth: int = 0) -> Callable[[Recording], Event]:
    def pick(recording: Recording) -> Event:
        found = [event for event in recording.events if _is_to(event, topic)]
        return some(found, f"{topic} was not handed on")[nth]

    return pick


def _never_handed_on(topic: str) -> doctor.Mutation:
    return lambda recording: recording.without(
        *[event for event in recording.events if _is_to(event, topic)]
    )


@check(BROKER, "conformance-mqtt-qos0", broken_by=_never_handed_on("probe/qos0"))
def broker_hands_on_qos_0(recording: Recording) -> Finding:
    found = _handed_on(recording, "probe/qos0")
    return None if [p.qos for p in found] == [0] else f"QoS {[p.qos for p in found]}"


@check(
    BROKER,
    "conformance-mqtt-qos1",
    broken_by=(
        doctor.changed(_to_subscriber("probe/qos1"), qos=0),
        doctor.dropped(
            lambda recording: next(
                e for e in recording.events if _is_puback(e) and not e.from_client
            )
        ),
    ),
)
def broker_acknowledges_and_hands_on_qos_1(recording: Recording) -> Finding:
    found = _handed_on(recording, "probe/qos1")
    asked = sum(event.packet.qos == 1 for event in recording.published())
    given = sum(_is_puback(event) and not event.from_client for event in recording.events)
    if asked != given:
        return f"{asked} messages at QoS 1, {given} PUBACK"
    return None if found[0].qos == 1 else f"handed on at QoS {found[0].qos}"


def _is_puback(event: Event) -> bool:
    return getattr(event.packet, "type", None) == PUBACK


@check(
    BROKER,
    "conformance-mqtt-will-messages",
    broken_by=(
        _never_handed_on("probe/will"),
        doctor.changed(_to_subscriber("probe/will"), qos=0),
    ),
)
def broker_publishes_the_will_of_a_client_that_breaks_off(recording: Recording) -> Finding:
    found = _handed_on(recording, "probe/will")
    if found[0].qos != 1 or found[0].payload != b"gone":
        return f"the Will came as {found[0]}"
    ended = [s for s in recording.sessions() if s.connect.will and s.closed_ms]
    polite = any(isinstance(e.packet, Disconnect) for s in ended for e in s.events)
    return "the client said goodbye: nothing is proved" if polite or not ended else None


@check(
    BROKER,
    "conformance-mqtt-retained",
    broken_by=(
        _never_handed_on("probe/retained"),
        doctor.changed(_to_subscriber("probe/retained", -1), retain=False),
        doctor.changed(_to_subscriber("probe/will", -1), retain=False),
    ),
)
def broker_keeps_retained_messages_and_retained_wills(recording: Recording) -> Finding:
    kept = _handed_on(recording, "probe/retained")
    will = _handed_on(recording, "probe/will")
    if not kept[-1].retain or not will[-1].retain:
        return "a later subscriber did not get the retained message"
    return None
