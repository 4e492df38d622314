"""Births of an edge: what they declare, the order they come in, rebirths, the running number seq."""

from collections.abc import Iterator
from typing import Any

from tests.conformance import doctor
from tests.conformance.common_checks import EDGE_VERBS, first, payloads
from tests.conformance.definition import BOOLEAN
from tests.conformance.edge_session_checks import born, nodes
from tests.conformance.recording import Event, Recording, Session, message
from tests.conformance.registry import EDGE, Finding, check

REBIRTH = "Node Control/Rebirth"
DATA = ("NDATA", "DDATA")


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
    for event in session.published(*EDGE_VERBS, "NDEATH"):
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
