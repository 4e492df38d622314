"""What holds for both an edge and a host: topics, ids, QoS, payload times, names, datatypes."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from schemas.topics import NAMESPACE, NODE_VERBS, STATION_VERBS
from tests.conformance import doctor
from tests.conformance.definition import DATATYPES, VALUE_FIELDS
from tests.conformance.packets import Publish
from tests.conformance.recording import Event, Recording, message, some
from tests.conformance.registry import EDGE, HOST, Finding, check

CLOCK_SLACK_MS = 10_000  # a loaded machine may hold a message back that long
EDGE_VERBS = ("NBIRTH", "NDATA", "DBIRTH", "DDATA", "DDEATH")


def first(findings: Iterator[str]) -> Finding:
    """The first finding, None without any."""
    return next(findings, None)


def payloads(recording: Recording, *verbs: str) -> Iterator[tuple[Event, Any]]:
    """Each message of the clients with one of these verbs, with its payload."""
    for event in recording.published(*verbs):
        yield event, message(event.packet)


def sparkplug_messages(recording: Recording) -> list[Event]:
    """Everything a client published except STATE, whose payload is JSON."""
    return [event for event in recording.published() if event.verb != "STATE"]


def all_metrics(recording: Recording) -> Iterator[tuple[Event, Any]]:
    """Every metric of every Sparkplug message that clients published."""
    for event in sparkplug_messages(recording):
        for metric in message(event.packet).metrics:
            yield event, metric


def _topics(recording: Recording) -> list[str]:
    wills = [s.connect.will.topic for s in recording.sessions() if s.connect.will]
    return [event.topic for event in recording.published()] + wills


def _topic_fault(topic: str) -> Finding:
    levels = topic.split("/")
    if levels[0] != NAMESPACE:
        return f"{topic} is not below {NAMESPACE}"
    if len(levels) == 3 and levels[1] == "STATE":
        return None
    verb = levels[2] if len(levels) > 3 else ""
    if verb in NODE_VERBS and len(levels) == 4:
        return None
    if verb in STATION_VERBS and len(levels) == 5:
        return None
    return f"{topic} has no Sparkplug form"


_FORM = ("topic-structure", "topic-structure-namespace-a")
_LEVELS = (
    "topic-structure-namespace-device-id-associated-message-types",
    "topic-structure-namespace-device-id-non-associated-message-types",
)


@check(
    EDGE,
    *_FORM,
    *_LEVELS,
    broken_by=(
        doctor.changed(doctor.sent("NBIRTH"), topic=doctor.level(0, "spAv1.0")),
        doctor.changed(doctor.sent("NBIRTH"), topic=lambda topic: topic + "/sinter-1"),
        doctor.changed(doctor.sent("DDATA"), topic=lambda topic: topic.rpartition("/")[0]),
        doctor.will(topic=lambda topic: topic + "/more"),
    ),
)
@check(
    HOST,
    *_FORM,
    *_LEVELS,
    broken_by=(
        doctor.changed(doctor.sent("STATE"), topic="STATE/lodestone"),
        doctor.changed(doctor.sent("NCMD"), topic=lambda topic: topic + "/sinter-1"),
    ),
)
def topics_have_the_sparkplug_form(recording: Recording) -> Finding:
    return first(fault for topic in _topics(recording) if (fault := _topic_fault(topic)))


def _usable(text: str) -> bool:
    """UTF-8, not empty, nothing that MQTT gives a meaning (or its specification forbids)."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return bool(text) and not re.search(r"[+#/\x00-\x1f\x7f]", text)


_ID_TEXTS = (
    "intro-group-id-string",
    "intro-group-id-chars",
    "intro-edge-node-id-string",
    "intro-edge-node-id-chars",
)
_DEVICE_TEXTS = ("intro-device-id-string", "intro-device-id-chars")


@check(
    EDGE,
    *_ID_TEXTS,
    *_DEVICE_TEXTS,
    "topic-structure-namespace-valid-group-id",
    "topic-structure-namespace-valid-edge-node-id",
    "topic-structure-namespace-valid-device-id",
    broken_by=(
        doctor.changed(doctor.sent("NBIRTH"), topic=doctor.level(1, "sinter+ing")),
        doctor.changed(doctor.sent("NBIRTH"), topic=doctor.level(3, "ctl#1")),
        doctor.changed(doctor.sent("DBIRTH"), topic=doctor.level(4, "sinter\udcff1")),
    ),
)
@check(
    HOST,
    *_ID_TEXTS,
    broken_by=(
        doctor.changed(doctor.sent("NCMD"), topic=doctor.level(1, "")),
        doctor.changed(doctor.sent("NCMD"), topic=doctor.level(3, "ctl\udcff")),
    ),
)
def ids_are_text_that_fits_into_a_topic(recording: Recording) -> Finding:
    return first(
        f"{topic!a} has a level that cannot be an id"
        for topic in _topics(recording)
        if not all(_usable(level) for level in topic.split("/"))
    )


def _register_for_verb(verb: str, side: str, name: str, ids: tuple[str, ...], **parts: Any) -> None:
    """Register one check of one verb under a name of its own."""
    judge: Callable[[Recording, str], Finding] = parts["judge"]

    def judged(recording: Recording) -> Finding:
        return judge(recording, verb)

    judged.__name__ = f"{verb.lower()}_{name}"
    check(side, *ids, broken_by=parts["broken_by"])(judged)


def _at_qos_0(recording: Recording, verb: str) -> Finding:
    packets = [(e, e.packet) for e in recording.published(verb) if isinstance(e.packet, Publish)]
    return first(
        f"{event}: QoS {sent.qos}, retain {sent.retain}"
        for event, sent in packets
        if sent.qos or sent.retain
    )


def _sent_now(recording: Recording, verb: str) -> Finding:
    return first(
        f"{event}: payload time {payload.timestamp}, sent at {event.at_ms}"
        for event, payload in payloads(recording, verb)
        if not payload.HasField("timestamp")
        or abs(payload.timestamp - event.at_ms) > CLOCK_SLACK_MS
    )


def _an_hour_off(payload: Any) -> None:
    payload.timestamp += 3_600_000


for _verb, _side in [*((verb, EDGE) for verb in EDGE_VERBS), ("NCMD", HOST)]:
    _lower = _verb.lower()
    _qos_ids = [f"topics-{_lower}-mqtt", f"payloads-{_lower}-qos", f"payloads-{_lower}-retain"]
    if _verb in ("NBIRTH", "DBIRTH"):
        _kind = "edge-node" if _verb == "NBIRTH" else "device"
        _flow = f"message-flow-{_kind}-birth-publish-{_lower}"
        _qos_ids += [f"{_flow}-qos", f"{_flow}-retained"]
    if _verb == "DDEATH":
        _qos_ids = ["topics-ddeath-mqtt"]
    _register_for_verb(
        _verb,
        _side,
        "goes_out_at_qos_0_and_is_not_retained",
        tuple(_qos_ids),
        judge=_at_qos_0,
        broken_by=(
            doctor.changed(doctor.sent(_verb), qos=1),
            doctor.changed(doctor.sent(_verb), retain=True),
        ),
    )
    _time_ids = [f"payloads-{_lower}-timestamp", "payloads-timestamp-in-UTC"]
    if _verb != "DDEATH":
        _time_ids.append(f"topics-{_lower}-timestamp")
    _register_for_verb(
        _verb,
        _side,
        "tells_when_it_was_sent",
        tuple(_time_ids),
        judge=_sent_now,
        broken_by=(
            doctor.rewritten(doctor.sent(_verb), lambda payload: payload.ClearField("timestamp")),
            doctor.rewritten(doctor.sent(_verb), _an_hour_off),
        ),
    )


def _datatype_in(value: int) -> Callable[[Any], None]:
    def change(metric: Any) -> None:
        metric.datatype = value

    return change


_DATATYPE = ("payloads-metric-datatype-value-type", "payloads-metric-datatype-value")


@check(EDGE, *_DATATYPE, broken_by=doctor.metric(doctor.sent("NBIRTH"), _datatype_in(77)))
@check(HOST, *_DATATYPE, broken_by=doctor.metric(doctor.sent("NCMD"), _datatype_in(0)))
def datatypes_are_of_the_list_and_fit_their_values(recording: Recording) -> Finding:
    told = [(e, m) for e, m in all_metrics(recording) if m.HasField("datatype")]
    return first(
        f"{event}: {metric.name} has datatype {metric.datatype} and {metric.WhichOneof('value')}"
        for event, metric in some(told, "no datatype was sent")
        if metric.datatype not in DATATYPES
        or (not metric.is_null and metric.WhichOneof("value") != VALUE_FIELDS.get(metric.datatype))
    )


def _nameless(metric: Any) -> None:
    metric.ClearField("name")


@check(
    EDGE,
    "payloads-name-requirement",
    broken_by=(
        doctor.metric(doctor.sent("DBIRTH"), _nameless),
        doctor.metric(doctor.sent("DDATA"), _nameless),
    ),
)
@check(
    HOST,
    "payloads-name-requirement",
    "topics-ncmd-payload",
    broken_by=(
        doctor.metric(doctor.sent("NCMD"), _nameless),
        doctor.rewritten(doctor.sent("NCMD"), lambda payload: payload.ClearField("metrics")),
    ),
)
def every_metric_goes_by_its_name(recording: Recording) -> Finding:
    empty = (
        f"{event} holds no metric"
        for event in sparkplug_messages(recording)
        if event.verb != "DDEATH" and not message(event.packet).metrics
    )
    nameless = (
        f"{event} holds a metric without a name"
        for event, metric in all_metrics(recording)
        if not metric.name
    )
    return first(empty) or first(nameless)


def _long_ago(metric: Any) -> None:
    metric.timestamp = 7


@check(
    EDGE,
    "payloads-metric-timestamp-in-UTC",
    broken_by=(
        doctor.metric(doctor.sent("NBIRTH"), _long_ago),
        doctor.metric(doctor.sent("DDATA"), _long_ago),
    ),
)
@check(
    HOST,
    "payloads-metric-timestamp-in-UTC",
    "payloads-name-cmd-requirement",
    broken_by=doctor.metric(doctor.sent("NCMD"), _long_ago),
)
def metric_times_are_those_of_this_day(recording: Recording) -> Finding:
    begin = some(recording.events, "nothing passed")[0].at_ms - 3_600_000
    return first(
        f"{event}: {metric.name} is of {metric.timestamp}, the message of {event.at_ms}"
        for event, metric in all_metrics(recording)
        if metric.HasField("timestamp")
        and not begin <= metric.timestamp <= event.at_ms + CLOCK_SLACK_MS
    )
