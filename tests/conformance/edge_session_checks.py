"""The life of an edge's session: CONNECT and Will, bdSeq, subscriptions, the order of births, the end."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from tests.conformance import doctor
from tests.conformance.common_checks import first
from tests.conformance.definition import INT64
from tests.conformance.packets import Connack, Connect, Disconnect, Subscribe
from tests.conformance.recording import Event, Recording, Session, message, some, verb_of
from tests.conformance.registry import EDGE, Finding, check

BD_SEQ = "bdSeq"


def nodes(recording: Recording) -> dict[tuple[str, ...], list[Session]]:
    """Sessions by group and node, as their Wills name them."""
    found: dict[tuple[str, ...], list[Session]] = {}
    for session in some(recording.sessions(), "no edge connected"):
        will = session.connect.will
        levels = tuple(will.topic.split("/")) if will else ("", "", "", "")
        found.setdefault((levels[1], levels[-1]), []).append(session)
    return found


def connected(recording: Recording) -> list[Session]:
    """All sessions; raises NotSeen when there are none."""
    return some(recording.sessions(), "no edge connected")


def bd_seq(payload: Any) -> Any:
    """The bdSeq metric of a payload, None without one."""
    return next((metric for metric in payload.metrics if metric.name == BD_SEQ), None)


def born(recording: Recording) -> list[Session]:
    """Sessions in which an NBIRTH was sent."""
    return some(
        (s for s in recording.sessions() if s.published("NBIRTH")), "no session with NBIRTH"
    )


@check(
    EDGE,
    "principles-persistence-clean-session-311",
    broken_by=doctor.changed(doctor.packet(Connect), clean=False),
)
def connects_with_a_clean_session(recording: Recording) -> Finding:
    return first(
        f"connection {session.number} is not clean, or not MQTT 3.1.1"
        for session in connected(recording)
        if not session.connect.clean or session.connect.level != 4
    )


@check(
    EDGE,
    "message-flow-edge-node-birth-publish-will-message",
    "message-flow-edge-node-birth-publish-will-message-topic",
    "payloads-ndeath-will-message",
    "topics-ndeath-topic",
    broken_by=(
        doctor.changed(doctor.packet(Connect), will=None),
        doctor.will(topic=doctor.level(3, "another")),
        doctor.will(topic=doctor.level(2, "DDEATH")),
        doctor.changed(doctor.sent("NDEATH"), topic=doctor.level(1, "another")),
    ),
)
def the_will_is_the_death_of_the_own_node(recording: Recording) -> Finding:
    for session in connected(recording):
        will = session.connect.will
        if will is None or verb_of(will.topic) != "NDEATH":
            return f"connection {session.number} has no NDEATH as Will"
        own = {event.node for event in session.published()}
        if own - {tuple(will.topic.split("/")[1:4:2])}:
            return f"connection {session.number} leaves {will.topic} but speaks as {own}"
        deaths = {event.topic for event in session.published("NDEATH")}
        if deaths - {will.topic}:
            return f"connection {session.number}: {deaths} is not {will.topic}"
    return None


def _deaths(recording: Recording) -> Iterator[tuple[str, Any]]:
    for session in connected(recording):
        if session.connect.will:
            yield f"Will of connection {session.number}", message(session.connect.will)
        for event in session.published("NDEATH"):
            yield str(event), message(event.packet)


def _with_seq(payload: Any) -> None:
    payload.seq = 3


@check(
    EDGE,
    "message-flow-edge-node-birth-publish-will-message-payload",
    "topics-ndeath-payload",
    "topics-ndeath-seq",
    "payloads-ndeath-seq",
    broken_by=(
        doctor.will(payload=b"offline"),
        doctor.will_payload(_with_seq),
        doctor.will_payload(lambda payload: payload.metrics.add(name="Node/Heap")),
        doctor.rewritten(doctor.sent("NDEATH"), _with_seq),
    ),
)
def a_death_holds_bdseq_and_nothing_else(recording: Recording) -> Finding:
    return first(
        f"{where}: seq {payload.HasField('seq')}, metrics {[m.name for m in payload.metrics]}"
        for where, payload in _deaths(recording)
        if payload.HasField("seq") or [m.name for m in payload.metrics] != [BD_SEQ]
    )


@check(
    EDGE,
    "message-flow-edge-node-birth-publish-will-message-qos",
    "message-flow-edge-node-birth-publish-will-message-will-retained",
    "payloads-ndeath-will-message-qos",
    "payloads-ndeath-will-message-retain",
    broken_by=(doctor.will(qos=0), doctor.will(retain=True)),
)
def the_will_is_sent_at_qos_1_and_not_retained(recording: Recording) -> Finding:
    wills = [(s, s.connect.will) for s in recording.sessions() if s.connect.will]
    return first(
        f"connection {session.number}: QoS {will.qos}, retain {will.retain}"
        for session, will in some(wills, "no Will")
        if will.qos != 1 or will.retain
    )


def _jump(payload: Any) -> None:
    bd_seq(payload).long_value += 5


def _later(recording: Recording) -> Recording:
    """All numbers of the node that connects first are 5 higher: right among themselves."""
    for session in next(iter(nodes(recording).values())):
        opened = [e for e in recording.events if isinstance(e.packet, Connect)]
        spoil = doctor.will_payload(_jump, opened.index(session.events[0]))
        recording = spoil(recording)
    return recording


def _as_uint64(payload: Any) -> None:
    bd_seq(payload).datatype = 8


@check(
    EDGE,
    "message-flow-edge-node-birth-publish-will-message-payload-bdSeq",
    "topics-nbirth-bdseq-increment",
    broken_by=(doctor.will_payload(_jump, -1), doctor.will_payload(_as_uint64), _later),
)
def bdseq_begins_at_0_and_goes_up_by_one_with_every_connect(recording: Recording) -> Finding:
    repeated = 0
    for node, sessions in nodes(recording).items():
        metrics = [bd_seq(message(s.connect.will)) for s in sessions if s.connect.will]
        for before, after in zip([None, *metrics], metrics, strict=False):
            if after is None or after.datatype != INT64 or not 0 <= after.long_value < 256:
                return f"{node}: bdSeq is {after}"
            expected = 0 if before is None else (before.long_value + 1) % 256
            repeated += before is not None
            if after.long_value != expected:
                return f"{node}: bdSeq is {after.long_value}, not {expected}"
    return None if repeated else "no node connected twice"


@check(
    EDGE,
    "topics-nbirth-bdseq-included",
    "topics-nbirth-bdseq-matching",
    "payloads-nbirth-bdseq",
    "payloads-nbirth-bdseq-repeat",
    "payloads-ndeath-bdseq",
    "message-flow-edge-node-birth-publish-nbirth-payload-bdSeq",
    broken_by=(
        doctor.rewritten(doctor.sent("NBIRTH"), _jump),
        doctor.rewritten(doctor.sent("NBIRTH"), _as_uint64),
        doctor.rewritten(doctor.sent("NBIRTH"), lambda payload: payload.ClearField("metrics")),
        doctor.rewritten(doctor.sent("NDEATH"), _jump),
    ),
)
def births_and_deaths_repeat_the_bdseq_of_the_will(recording: Recording) -> Finding:
    for session in born(recording):
        promised = bd_seq(message(session.connect.will)) if session.connect.will else None
        for event in session.published("NBIRTH", "NDEATH"):
            told = bd_seq(message(event.packet))
            if told is None or promised is None or told.long_value != promised.long_value:
                return f"{event}: bdSeq {told} is not that of the Will"
            if told.datatype != INT64:
                return f"{event}: bdSeq has datatype {told.datatype}"
    return None


def _before(session: Session, event: Event, kind: type) -> list[Event]:
    at = session.index(event)
    return [e for e in session.events[:at] if isinstance(e.packet, kind)]


@check(
    EDGE,
    "message-flow-edge-node-ncmd-subscribe",
    broken_by=(
        doctor.subscribed(lambda filters: tuple((name, 0) for name, _ in filters)),
        doctor.subscribed(lambda filters: tuple((name + "x", qos) for name, qos in filters)),
        doctor.dropped(doctor.packet(Subscribe)),
    ),
)
def subscribes_to_its_commands_at_qos_1_before_the_birth(recording: Recording) -> Finding:
    for session in born(recording):
        birth = session.published("NBIRTH")[0]
        filters = [
            wanted
            for event in _before(session, birth, Subscribe)
            if isinstance(event.packet, Subscribe)
            for wanted in event.packet.filters
        ]
        if (birth.topic.replace("/NBIRTH/", "/NCMD/"), 1) not in filters:
            return f"{birth}: only {filters} was asked for before"
    return None


@check(
    EDGE,
    "message-flow-edge-node-birth-publish-connect",
    broken_by=doctor.dropped(doctor.packet(Connack)),
)
def births_wait_for_the_welcome_of_the_broker(recording: Recording) -> Finding:
    return first(
        f"connection {session.number}: no CONNACK before the birth"
        for session in born(recording)
        if not any(
            isinstance(e.packet, Connack) and e.packet.code == 0
            for e in _before(session, session.published("NBIRTH")[0], Connack)
        )
    )


@check(
    EDGE,
    "principles-birth-certificates-order",
    "message-flow-device-birth-publish-nbirth-wait",
    broken_by=(
        doctor.moved(doctor.sent("DDATA"), doctor.sent("NBIRTH")),
        doctor.moved(doctor.sent("DBIRTH"), doctor.sent("NBIRTH")),
    ),
)
def nbirth_is_the_first_word_of_a_session(recording: Recording) -> Finding:
    return first(
        f"connection {session.number} begins with {session.published()[0]}"
        for session in some((s for s in recording.sessions() if s.published()), "no session spoke")
        if session.published()[0].verb != "NBIRTH"
    )


@check(
    EDGE,
    "intro-edge-node-id-uniqueness",
    "topic-structure-namespace-unique-edge-node-descriptor",
    "payloads-nbirth-edge-node-descriptor",
    broken_by=doctor.second_life,
)
def a_node_has_one_session_at_a_time(recording: Recording) -> Finding:
    for node, sessions in nodes(recording).items():
        for earlier, later in pairwise(sessions):
            if earlier.closed_ms is None or earlier.closed_ms > later.opened_ms:
                return f"{node}: connections {earlier.number} and {later.number} overlap"
    return None


@check(
    EDGE,
    "operational-behavior-edge-node-intentional-disconnect-ndeath",
    "operational-behavior-edge-node-intentional-disconnect-packet",
    "payloads-ndeath-will-message-publisher",
    "payloads-ndeath-will-message-publisher-disconnect-mqtt311",
    broken_by=(
        doctor.all_dropped("NDEATH"),
        doctor.moved(doctor.sent("NDEATH"), doctor.goodbye(), after=True),
        doctor.moved(doctor.sent("DDATA"), doctor.goodbye()),
    ),
)
def its_death_is_its_last_word_before_a_goodbye(recording: Recording) -> Finding:
    ended = [s for s in recording.sessions() if any(_is_goodbye(e) for e in s.events)]
    for session in some(ended, "no session ended on purpose"):
        goodbye = next(e for e in session.events if _is_goodbye(e))
        said = [e for e in session.published() if session.index(e) < session.index(goodbye)]
        if said and said[-1].verb != "NDEATH":
            return f"connection {session.number} ends with {said[-1]}"
    return None


def _is_goodbye(event: Event) -> bool:
    return isinstance(event.packet, Disconnect)
