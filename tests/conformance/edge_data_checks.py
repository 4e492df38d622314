"""What an edge says in its messages: times, order, datatypes, Quality, repetitions, lost stations."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tests.conformance import doctor
from tests.conformance.common_checks import EDGE_VERBS, first, payloads
from tests.conformance.edge_birth_checks import rounds
from tests.conformance.edge_session_checks import born
from tests.conformance.recording import Event, Recording, message
from tests.conformance.registry import EDGE, Finding, check

HEAD = "Journal/"
NDATA_MS = 9_000  # 10 s, less what a loaded machine may take between two looks at the clock
AT_ONCE = ("Journal/Clock", "Node/Clock_Step")


def _timeless(metric: Any) -> None:
    metric.ClearField("timestamp")


@check(
    EDGE,
    "payloads-name-birth-data-requirement",
    broken_by=tuple(
        doctor.metric(doctor.sent(verb), _timeless)
        for verb in ("NBIRTH", "DBIRTH", "NDATA", "DDATA")
    ),
)
def every_metric_of_births_and_data_has_its_time(recording: Recording) -> Finding:
    return first(
        f"{event}: {metric.name} has no time"
        for event, payload in payloads(recording, "NBIRTH", "DBIRTH", "NDATA", "DDATA")
        for metric in payload.metrics
        if not metric.HasField("timestamp")
    )


def _typed(metric: Any) -> None:
    metric.datatype = 10


@check(
    EDGE,
    "payloads-metric-datatype-not-req",
    broken_by=(
        doctor.metric(doctor.sent("DDATA"), _typed),
        doctor.metric(doctor.sent("NDATA"), _typed),
    ),
)
def data_leaves_the_datatypes_to_the_births(recording: Recording) -> Finding:
    return first(
        f"{event}: {metric.name} has datatype {metric.datatype}"
        for event, payload in payloads(recording, "NDATA", "DDATA")
        for metric in payload.metrics
        if metric.HasField("datatype")
    )


def _differ_by_case(texts: Iterator[str]) -> list[str]:
    seen: dict[str, str] = {}
    return [text for text in texts if seen.setdefault(text.casefold(), text) != text]


def _upper_twin(payload: Any) -> None:
    last = payload.metrics[-1]
    payload.metrics.add(name=last.name.swapcase(), datatype=last.datatype, is_null=True)


@check(
    EDGE,
    "case-sensitivity-metric-names",
    broken_by=doctor.rewritten(doctor.sent("DBIRTH"), _upper_twin),
)
def metric_names_differ_by_more_than_case(recording: Recording) -> Finding:
    return first(
        f"{event}: {twins}"
        for event, payload in payloads(recording, "NBIRTH", "DBIRTH")
        if (twins := _differ_by_case(metric.name for metric in payload.metrics))
    )


def _swapcase_device(topic: str) -> str:
    head, _, device = topic.rpartition("/")
    return f"{head}/{device.swapcase()}"


def _twice(verb: str) -> doctor.Mutation:
    """The first message of a verb is sent twice, in the same round of births."""
    return doctor.moved(doctor.sent(verb), doctor.sent(verb), after=True, kept=True)


@check(
    EDGE,
    "case-sensitivity-sparkplug-ids",
    "topic-structure-namespace-unique-device-id",
    broken_by=(
        doctor.changed(doctor.sent("DDATA"), topic=_swapcase_device),
        _twice("DBIRTH"),
    ),
)
def ids_are_unique_and_differ_by_more_than_case(recording: Recording) -> Finding:
    ids = (
        level for e in recording.published(*EDGE_VERBS) for level in e.levels[1::2] + e.levels[4:]
    )
    twins = _differ_by_case(ids)
    if twins:
        return f"{twins} differ by case only"
    for session in born(recording):
        for part in rounds(session):
            living: list[str] = []
            for event in part:
                if event.verb == "DDEATH":
                    living.remove(event.levels[4])
                elif event.verb == "DBIRTH" and event.levels[4] in living:
                    return f"{event} is born twice"
                elif event.verb == "DBIRTH":
                    living.append(event.levels[4])
    return None


@check(
    EDGE,
    "topic-structure-namespace-duplicate-device-id-across-edge-node",
    broken_by=lambda recording: recording.without(
        *[
            e
            for e in recording.published("DBIRTH")
            if e.node != recording.published("DBIRTH")[0].node
        ]
    ),
)
def nodes_may_use_the_same_device_id(recording: Recording) -> Finding:
    nodes_of: dict[str, set[tuple[str, str]]] = {}
    for event in recording.published("DBIRTH"):
        nodes_of.setdefault(event.levels[4], set()).add(event.node)
    shared = any(len(nodes) > 1 for nodes in nodes_of.values())
    return None if shared else "no device id was used below two nodes"


def _time_faults(recording: Recording, *verbs: str) -> Iterator[str]:
    for event, payload in payloads(recording, *verbs):
        live = [m.timestamp for m in payload.metrics if not m.is_historical]
        if live != sorted(live):
            yield f"{event}: live metrics are not in the order of their times"


def _back_in_time(payload: Any) -> None:
    payload.metrics[-1].timestamp -= 60_000
    payload.metrics[-1].is_historical = False


@check(
    EDGE,
    "operational-behavior-data-publish-nbirth-order",
    broken_by=(
        doctor.rewritten(doctor.sent("NBIRTH"), _back_in_time),
        doctor.rewritten(doctor.sent("NDATA"), _back_in_time),
    ),
)
def live_node_metrics_are_in_the_order_of_their_times(recording: Recording) -> Finding:
    return first(_time_faults(recording, "NBIRTH", "NDATA"))


def _live(event: Event) -> bool:
    return not any(metric.is_historical for metric in message(event.packet).metrics)


@check(
    EDGE,
    "operational-behavior-data-publish-dbirth-order",
    broken_by=(
        doctor.rewritten(doctor.sent("DBIRTH"), _back_in_time),
        doctor.rewritten(doctor.sent("DDATA", which=_live), _back_in_time),
    ),
)
def live_station_metrics_are_in_the_order_of_their_times(recording: Recording) -> Finding:
    return first(_time_faults(recording, "DBIRTH", "DDATA"))


def _value(metric: Any) -> Any:
    kind = metric.WhichOneof("value")
    return None if kind is None else getattr(metric, kind)


def _measures(event: Event) -> bool:
    """Whether a message holds live values of sensors."""
    names = [metric.name for metric in message(event.packet).metrics]
    return _live(event) and not all(name.startswith(HEAD) for name in names)


def _repeat(recording: Recording) -> Recording:
    """The last metric of a live DDATA is said once more, 50 ms later."""
    event = doctor.sent("DDATA", which=_measures)(recording)
    payload = message(event.packet)
    del payload.metrics[:-1]
    payload.metrics[0].timestamp += 50
    again = replace(event, packet=replace(event.packet, payload=payload.SerializeToString()))
    place = next(i for i, e in enumerate(recording.events) if e is event) + 1
    events = (*recording.events[:place], again, *recording.events[place:])
    return replace(recording, events=events)


@check(
    EDGE,
    "principles-rbe-recommended",
    "operational-behavior-data-publish-dbirth-change",
    "topics-ddata-payload",
    broken_by=(
        _repeat,
        doctor.rewritten(doctor.sent("DDATA"), lambda payload: payload.ClearField("metrics")),
    ),
)
def ddata_repeats_a_value_only_when_its_silence_grew_too_long(recording: Recording) -> Finding:
    silences = recording.fact("report_ms")  # metric → the longest silence of its contract
    for session in born(recording):
        last: dict[tuple[str, str], tuple[int, Any]] = {}
        for event in session.published("DDATA"):
            metrics = message(event.packet).metrics
            if not metrics:
                return f"{event} says nothing"
            for metric in metrics:
                if metric.is_historical or metric.name.startswith(HEAD):
                    continue
                key, now = (event.topic, metric.name), (metric.timestamp, _value(metric))
                at_ms, value = last.get(key, (0, object()))
                last[key] = now
                if now[1] == value and now[0] - at_ms < silences[metric.name] * 0.5:
                    return f"{event}: {metric.name} is {value} again after {now[0] - at_ms} ms"
    return None


@check(
    EDGE,
    "topics-ndata-payload",
    broken_by=(
        doctor.rewritten(doctor.sent("NDATA"), lambda payload: payload.ClearField("metrics")),
        doctor.all_dropped("NDATA"),
    ),
)
def ndata_tells_what_changed_at_the_node(recording: Recording) -> Finding:
    for event, payload in payloads(recording, "NDATA"):
        if not payload.metrics:
            return f"{event} says nothing"
    return None


def _said_at_once(payload: Any) -> tuple[Any, ...]:
    """What a node tells the moment it changes, and not when the next NDATA is due."""
    return tuple(_value(m) for m in payload.metrics if m.name in AT_ONCE)


def _too_soon(recording: Recording) -> Recording:
    """An NDATA is said once more, a second later."""
    event = doctor.sent("NDATA")(recording)
    payload = message(event.packet)
    payload.timestamp += 1000
    again = replace(event, packet=replace(event.packet, payload=payload.SerializeToString()))
    place = next(i for i, e in enumerate(recording.events) if e is event) + 1
    return replace(recording, events=(*recording.events[:place], again, *recording.events[place:]))


@check(
    EDGE,
    "operational-behavior-data-publish-nbirth-change",
    broken_by=(_too_soon, doctor.all_dropped("NDATA")),
)
def ndata_without_a_change_comes_every_ten_seconds_at_most(recording: Recording) -> Finding:
    seen = 0
    for session in born(recording):
        last: Any = None
        for event in session.published("NDATA"):
            payload, seen = message(event.packet), seen + 1
            if last is not None and _said_at_once(payload) == _said_at_once(last):
                passed = payload.timestamp - last.timestamp
                if passed < NDATA_MS:
                    return f"{event} comes {passed} ms after the one before, and nothing changed"
            last = payload
    return None if seen else "no NDATA was sent"


@check(
    EDGE,
    "operational-behavior-device-ddeath",
    broken_by=(
        doctor.all_dropped("DDEATH"),
        doctor.fact("lost station", "another"),
    ),
)
def a_lost_station_dies_and_is_born_again(recording: Recording) -> Finding:
    lost = recording.fact("lost station")
    for session in born(recording):
        told = [e.verb for e in session.published("DBIRTH", "DDEATH") if e.levels[4] == lost]
        if "DDEATH" in told and "DBIRTH" in told[told.index("DDEATH") :]:
            return None
    return f"{lost} lost all its sensors: there was no DDEATH with a DBIRTH after it"
