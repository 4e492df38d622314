"""Births of an edge: what they declare, the order they come in, rebirths, the running number seq."""

from collections.abc import Iterator
from typing import Any

from tests.conformance import doctor
from tests.conformance.common_checks import first, payloads
from tests.conformance.definition import BOOLEAN
from tests.conformance.edge_session_checks import bd_seq, born, nodes
from tests.conformance.recording import Event, Recording, Session, message, some
from tests.conformance.registry import EDGE, Finding, check

REBIRTH = "Node Control/Rebirth"
DATA = ("NDATA", "DDATA")
NUMBERED = ("NBIRTH", "DBIRTH", "NDATA", "DDATA", "DDEATH")


def _set_seq(value: int) -> Any:
    def change(payload: Any) -> None:
        payload.seq = value

    return change


def _skip_seq(payload: Any) -> None:
    payload.seq = (payload.seq + 3) % 256


def _no_seq(payload: Any) -> None:
    payload.ClearField("seq")


@check(
    EDGE,
    "topics-nbirth-seq-num",
    "payloads-nbirth-seq",
    "payloads-sequence-num-req-nbirth",
    "message-flow-edge-node-birth-publish-nbirth-payload-seq",
    broken_by=(
        doctor.rewritten(doctor.sent("NBIRTH"), _set_seq(1)),
        doctor.rewritten(doctor.sent("NBIRTH"), _no_seq),
    ),
)
def nbirth_has_seq_0(recording: Recording) -> Finding:
    return first(
        f"{event}: seq {payload.seq if payload.HasField('seq') else 'absent'}"
        for event, payload in payloads(recording, "NBIRTH")
        if not payload.HasField("seq") or payload.seq
    )


def _seq_faults(recording: Recording, verb: str) -> Iterator[str]:
    recording.published(verb)
    for session in born(recording):
        before: int | None = None
        for event in session.published(*NUMBERED):
            payload = message(event.packet)
            told = payload.seq if payload.HasField("seq") else None
            expected = 0 if event.verb == "NBIRTH" or before is None else (before + 1) % 256
            if event.verb == verb and told != expected:
                yield f"{event}: seq {told} where {expected} was due"
            before = told


_SEQ_IDS = {
    "NDATA": ("topics-ndata-seq-num", "payloads-ndata-seq", "payloads-ndata-seq-inc"),
    "DBIRTH": (
        "topics-dbirth-seq",
        "payloads-dbirth-seq",
        "payloads-dbirth-seq-inc",
        "message-flow-device-birth-publish-dbirth-payload-seq",
    ),
    "DDATA": (
        "topics-ddata-seq-num",
        "payloads-ddata-seq",
        "payloads-ddata-seq-inc",
        "payloads-sequence-num-always-included",
        "payloads-sequence-num-incrementing",
    ),
    "DDEATH": (
        "topics-ddeath-seq-num",
        "payloads-ddeath-seq",
        "payloads-ddeath-seq-inc",
        "payloads-ddeath-seq-number",
    ),
}


def _register_seq(verb: str, ids: tuple[str, ...]) -> None:
    def judge(recording: Recording) -> Finding:
        return first(_seq_faults(recording, verb))

    judge.__name__ = f"{verb.lower()}_takes_the_next_seq"
    spoiled = tuple(doctor.rewritten(doctor.sent(verb), how) for how in (_skip_seq, _no_seq))
    check(EDGE, *ids, broken_by=spoiled)(judge)


for _verb, _ids in _SEQ_IDS.items():
    _register_seq(_verb, _ids)


_TOPIC_IDS = {
    "NBIRTH": ("topics-nbirth-topic", "message-flow-edge-node-birth-publish-nbirth-topic"),
    "NDATA": ("topics-ndata-topic",),
    "DBIRTH": (
        "topics-dbirth-topic",
        "message-flow-device-birth-publish-dbirth-topic",
        "message-flow-device-birth-publish-dbirth-match-edge-node-topic",
    ),
    "DDATA": ("topics-ddata-topic",),
    "DDEATH": ("topics-ddeath-topic",),
}


def _register_topic(verb: str, ids: tuple[str, ...]) -> None:
    def judge(recording: Recording) -> Finding:
        recording.published(verb)
        for node, sessions in nodes(recording).items():
            for session in sessions:
                for event in session.published(verb):
                    size = 4 if verb.startswith("N") else 5
                    if event.node != node or len(event.levels) != size:
                        return f"{event} does not belong to {node}"
        return None

    judge.__name__ = f"{verb.lower()}_goes_to_the_topic_of_its_node"
    spoiled = doctor.changed(doctor.sent(verb), topic=doctor.level(3, "another"))
    check(EDGE, *ids, broken_by=spoiled)(judge)


for _verb, _ids in _TOPIC_IDS.items():
    _register_topic(_verb, _ids)


def rounds(session: Session) -> list[list[Event]]:
    """The messages of a session, cut before each NBIRTH."""
    cut: list[list[Event]] = []
    for event in session.published(*NUMBERED, "NDEATH"):
        if event.verb == "NBIRTH":
            cut.append([])
        if cut:
            cut[-1].append(event)
    return cut


def _all_rounds(recording: Recording) -> list[list[Event]]:
    return [part for session in born(recording) for part in rounds(session)]


@check(
    EDGE,
    "payloads-dbirth-order",
    "payloads-ndata-order",
    "payloads-ddata-order",
    broken_by=(
        doctor.moved(doctor.sent("DDATA"), doctor.sent("DBIRTH")),
        doctor.moved(doctor.sent("NDATA"), doctor.sent("DBIRTH")),
        doctor.moved(doctor.sent("DBIRTH"), doctor.sent("DDATA"), after=True),
    ),
)
def all_births_come_before_any_data(recording: Recording) -> Finding:
    for part in _all_rounds(recording):
        living: set[str] = set()
        lost: set[str] = set()
        data = False
        for event in part[1:]:
            if event.verb == "DBIRTH":
                if data and event.levels[4] not in lost:
                    return f"{event} comes after data"
                living.add(event.levels[4])
            elif event.verb == "DDEATH":
                lost.add(event.levels[4])
                living.discard(event.levels[4])
            else:
                data = data or event.verb in DATA
            if event.verb == "DDATA" and event.levels[4] not in living:
                return f"{event} comes before its birth"
    return None


@check(
    EDGE,
    "message-flow-edge-node-birth-publish-nbirth-payload",
    "message-flow-device-birth-publish-dbirth-payload",
    broken_by=(
        doctor.changed(doctor.sent("NBIRTH"), payload=b"birth"),
        doctor.changed(doctor.sent("DBIRTH"), payload=lambda payload: payload[:-3]),
    ),
)
def births_are_the_bytes_the_official_encoder_writes(recording: Recording) -> Finding:
    return first(
        f"{event} is encoded in another way"
        for event, payload in payloads(recording, "NBIRTH", "DBIRTH")
        if payload.SerializeToString() != event.packet.payload
    )


def _incomplete(metric: Any) -> bool:
    named = bool(metric.name) and metric.HasField("datatype")
    valued = metric.WhichOneof("value") is not None
    return not named or valued == metric.is_null


def _incomplete_faults(recording: Recording, verb: str) -> Iterator[str]:
    for event, payload in payloads(recording, verb):
        for metric in payload.metrics:
            if _incomplete(metric):
                yield f"{event}: {metric.name} lacks name, datatype or value"


def _valueless(metric: Any) -> None:
    for field in ("is_null", metric.WhichOneof("value")):
        if field:
            metric.ClearField(field)


def _untyped(metric: Any) -> None:
    metric.ClearField("datatype")


@check(
    EDGE,
    "topics-nbirth-metrics",
    "operational-behavior-data-publish-nbirth-values",
    "payloads-metric-datatype-req",
    broken_by=(
        doctor.metric(doctor.sent("NBIRTH"), _valueless),
        doctor.metric(doctor.sent("NBIRTH"), _untyped),
    ),
)
def nbirth_metrics_have_name_datatype_and_value(recording: Recording) -> Finding:
    return first(_incomplete_faults(recording, "NBIRTH"))


@check(
    EDGE,
    "topics-dbirth-metrics",
    "operational-behavior-data-publish-dbirth-values",
    "payloads-metric-datatype-req",
    broken_by=(
        doctor.metric(doctor.sent("DBIRTH"), _valueless),
        doctor.metric(doctor.sent("DBIRTH"), _untyped),
    ),
)
def dbirth_metrics_have_name_datatype_and_value(recording: Recording) -> Finding:
    return first(_incomplete_faults(recording, "DBIRTH"))


def _undeclared(recording: Recording, birth: str, data: str) -> Iterator[str]:
    recording.published(data)
    for part in _all_rounds(recording):
        declared: dict[str, set[str]] = {}
        for event in part:
            names = {metric.name for metric in message(event.packet).metrics}
            where = event.levels[-1]
            if event.verb == birth:
                declared[where] = names
            elif event.verb == data and names - declared.get(where, set()):
                yield f"{event}: {names - declared.get(where, set())} was not in the birth"


def _renamed(metric: Any) -> None:
    metric.name = "never_declared"


@check(
    EDGE,
    "topics-nbirth-metric-reqs",
    "operational-behavior-data-publish-nbirth",
    broken_by=doctor.metric(doctor.sent("NDATA"), _renamed),
)
def nbirth_declares_every_metric_of_the_node(recording: Recording) -> Finding:
    return first(_undeclared(recording, "NBIRTH", "NDATA"))


@check(
    EDGE,
    "topics-dbirth-metric-reqs",
    "operational-behavior-data-publish-dbirth",
    broken_by=doctor.metric(doctor.sent("DDATA"), _renamed),
)
def dbirth_declares_every_metric_of_the_station(recording: Recording) -> Finding:
    return first(_undeclared(recording, "DBIRTH", "DDATA"))


def _true(metric: Any) -> None:
    metric.boolean_value = True


def _aliased(metric: Any) -> None:
    metric.alias = 4


@check(
    EDGE,
    "topics-nbirth-rebirth-metric",
    "payloads-nbirth-rebirth-req",
    "operational-behavior-data-commands-rebirth-name",
    "operational-behavior-data-commands-rebirth-name-aliases",
    "operational-behavior-data-commands-rebirth-datatype",
    "operational-behavior-data-commands-rebirth-value",
    broken_by=(
        doctor.metric(doctor.sent("NBIRTH"), _renamed, REBIRTH),
        doctor.metric(doctor.sent("NBIRTH"), _aliased, REBIRTH),
        doctor.metric(doctor.sent("NBIRTH"), _untyped, REBIRTH),
        doctor.metric(doctor.sent("NBIRTH"), _true, REBIRTH),
    ),
)
def nbirth_offers_the_rebirth_command(recording: Recording) -> Finding:
    for event, payload in payloads(recording, "NBIRTH"):
        offered = [metric for metric in payload.metrics if metric.name == REBIRTH]
        if len(offered) != 1:
            return f"{event} has {len(offered)} metrics {REBIRTH}"
        metric = offered[0]
        if metric.HasField("alias") or metric.datatype != BOOLEAN:
            return f"{event}: {REBIRTH} has an alias or datatype {metric.datatype}"
        if metric.boolean_value or metric.WhichOneof("value") != "boolean_value":
            return f"{event}: {REBIRTH} is not false"
    return None


def is_rebirth_request(event: Event) -> bool:
    """Whether this is an NCMD that asks for the births."""
    return event.verb == "NCMD" and any(
        metric.name == REBIRTH and metric.boolean_value for metric in message(event.packet).metrics
    )


IN_FLIGHT_MAX = 4  # what the edge had given to the network when the request reached it


def _second(verb: str) -> Any:
    """Picks the first message with this verb after a request for rebirth."""

    def pick(recording: Recording) -> Event:
        parts = [part for session in born(recording) for part in rounds(session)[1:]]
        found = [event for part in parts for event in part if event.verb == verb]
        return some(found, f"no {verb} after a request")[0]

    return pick


def _other_bd_seq(payload: Any) -> None:
    bd_seq(payload).long_value += 1


@check(
    EDGE,
    "operational-behavior-data-commands-rebirth-action-1",
    "operational-behavior-data-commands-rebirth-action-2",
    "operational-behavior-data-commands-rebirth-action-3",
    broken_by=(
        doctor.dropped(_second("NBIRTH")),
        doctor.dropped(_second("DBIRTH")),
        doctor.moved(doctor.sent("DDATA"), _second("DBIRTH")),
        doctor.rewritten(_second("NBIRTH"), _other_bd_seq),
    ),
)
def a_rebirth_request_stops_data_and_brings_all_births(recording: Recording) -> Finding:
    asked = [
        (session, event)
        for session in born(recording)
        for event in session.events
        if not event.from_client and is_rebirth_request(event)
    ]
    faults = (fault for request in asked if (fault := _rebirth_fault(*request)))
    if not any(_in_back_fill(*request) for request in asked):
        return "no rebirth was asked for in the middle of back-fill"
    return first(faults)


def _rebirth_fault(session: Session, request: Event) -> Finding:
    births = rounds(session)[0]
    devices = {event.levels[4] for event in births if event.verb == "DBIRTH"}
    after = [e for e in session.published() if session.index(e) > session.index(request)]
    verbs = [event.verb for event in after]
    at = next((n for n, verb in enumerate(verbs) if verb not in DATA), len(verbs))
    if at > IN_FLIGHT_MAX or verbs[at : at + 1] != ["NBIRTH"]:
        return f"connection {session.number}: after the request came {verbs[:9]}"
    again = {e.levels[4] for e in after[at + 1 : at + 1 + len(devices)] if e.verb == "DBIRTH"}
    if again != devices:
        return f"connection {session.number}: after the NBIRTH came {verbs[at + 1 : at + 9]}"
    told = [bd_seq(message(event.packet)) for event in (births[0], after[at])]
    if None in told or told[0].long_value != told[1].long_value:
        return f"{after[at]}: bdSeq is not that of the first birth"
    return None


def _in_back_fill(session: Session, request: Event) -> bool:
    before = [e for e in session.published("DDATA") if session.index(e) < session.index(request)]
    return any(m.is_historical for e in before[-5:] for m in message(e.packet).metrics)
