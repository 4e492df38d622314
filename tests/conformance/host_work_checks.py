"""What a host does with nodes: its commands, gaps in seq, deaths, ids. Looks at wire and store."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from schemas.journal_metrics import ACK, REBIRTH
from tests.conformance import doctor
from tests.conformance.common_checks import CLOCK_SLACK_MS, first, payloads
from tests.conformance.definition import BOOLEAN
from tests.conformance.edge_rebirth_checks import is_rebirth_request
from tests.conformance.recording import Event, Recording, message, some
from tests.conformance.registry import HOST, Finding, check

REBIRTH_EVERY_MS = 30_000
TIMER_SLACK_MS = 50  # the host counts by a clock that is never set, the recording by the wall


@check(
    HOST,
    "topics-ncmd-topic",
    "operational-behavior-data-commands-ncmd-verb",
    broken_by=doctor.changed(doctor.sent("NCMD"), topic=doctor.level(3, "never-heard-of")),
)
def commands_go_to_nodes_that_spoke(recording: Recording) -> Finding:
    heard = {e.node for e in recording.delivered("NBIRTH", "NDATA", "DBIRTH", "DDATA", "NDEATH")}
    return first(
        f"{event} is for nobody"
        for event in recording.published("NCMD")
        if event.node not in heard or len(event.levels) != 4
    )


def _with_seq(payload: Any) -> None:
    payload.seq = 1


@check(
    HOST,
    "payloads-ncmd-seq",
    broken_by=doctor.rewritten(doctor.sent("NCMD"), _with_seq),
)
def commands_have_no_seq(recording: Recording) -> Finding:
    return first(
        f"{event} has seq {payload.seq}"
        for event, payload in payloads(recording, "NCMD")
        if payload.HasField("seq")
    )


def _declared(recording: Recording) -> dict[tuple[str, str], dict[str, int]]:
    """Datatypes of the metrics that each node declared in an NBIRTH."""
    told: dict[tuple[str, str], dict[str, int]] = {}
    for event in recording.delivered("NBIRTH"):
        metrics = message(event.packet).metrics
        told.setdefault(event.node, {}).update({m.name: m.datatype for m in metrics})
    return told


def _command_faults(recording: Recording) -> Iterator[str]:
    told = _declared(recording)
    for event, payload in payloads(recording, "NCMD"):
        for metric in payload.metrics:
            declared = told.get(event.node, {})
            # A node whose birth was missed declared nothing yet; asking it for that is the way out.
            if metric.name == REBIRTH and not declared:
                continue
            if metric.name not in declared:
                yield f"{event}: {metric.name} is not in the birth of that node"
            elif metric.datatype != declared[metric.name]:
                yield f"{event}: {metric.name} has datatype {metric.datatype}"


def _other_name(metric: Any) -> None:
    metric.name = "Journal/Forget"


def _other_type(metric: Any) -> None:
    metric.datatype = 12


@check(
    HOST,
    "operational-behavior-data-commands-ncmd-metric-name",
    "operational-behavior-data-commands-ncmd-metric-value",
    "payloads-metric-datatype-not-req",
    broken_by=(
        doctor.metric(doctor.sent("NCMD", which=lambda e: _names(e, ACK)), _other_name),
        doctor.metric(doctor.sent("NCMD", which=lambda e: _names(e, ACK)), _other_type),
    ),
)
def commands_name_a_metric_of_the_birth_and_fit_its_type(recording: Recording) -> Finding:
    if not any(_names(event, ACK) for event in recording.published("NCMD")):
        return "no record was acknowledged"
    return first(_command_faults(recording))


def _names(event: Event, name: str) -> bool:
    return any(metric.name == name for metric in message(event.packet).metrics)


@check(
    HOST,
    *(
        f"{family}-{part}"
        for family, parts in {
            "topics-dcmd": ("topic", "mqtt", "timestamp", "payload"),
            "payloads-dcmd": ("timestamp", "seq", "qos", "retain"),
            "operational-behavior-data-commands-dcmd": ("verb", "metric-name", "metric-value"),
        }.items()
        for part in parts
    ),
    broken_by=doctor.changed(
        doctor.sent("NCMD"), topic=lambda topic: topic.replace("NCMD", "DCMD") + "/sinter-1"
    ),
)
def no_device_commands_are_sent(recording: Recording) -> Finding:
    return first(f"{event} was sent" for event in recording.published() if event.verb == "DCMD")


def _requests(recording: Recording, node: str) -> list[Event]:
    """Requests for rebirth to a node."""
    return [e for e in recording.published("NCMD") if e.node[1] == node and is_rebirth_request(e)]


def _to_gapped(event: Event) -> bool:
    return is_rebirth_request(event) and event.node[1] == "gapped"


def _false(metric: Any) -> None:
    metric.boolean_value = False


def _asked_again(recording: Recording) -> Recording:
    """The request to the gapped node goes out twice."""
    pick = doctor.sent("NCMD", which=_to_gapped)
    return doctor.moved(pick, pick, after=True, kept=True)(recording)


@check(
    HOST,
    "operational-behavior-host-reordering-start",
    "operational-behavior-host-reordering-rebirth",
    "operational-behavior-data-commands-ncmd-rebirth-verb",
    "operational-behavior-data-commands-ncmd-rebirth-name",
    "operational-behavior-data-commands-ncmd-rebirth-value",
    broken_by=(
        doctor.dropped(doctor.sent("NCMD", which=_to_gapped)),
        doctor.metric(doctor.sent("NCMD", which=_to_gapped), _false, REBIRTH),
        doctor.metric(doctor.sent("NCMD", which=_to_gapped), _other_name, REBIRTH),
        doctor.metric(doctor.sent("NCMD", which=_to_gapped), _other_type, REBIRTH),
        _asked_again,
    ),
)
def a_gap_in_seq_asks_for_rebirth_once(recording: Recording) -> Finding:
    asked = some(_requests(recording, "gapped"), "no rebirth was asked of the node with a gap")
    metric = next(m for m in message(asked[0].packet).metrics if m.name == REBIRTH)
    if metric.datatype != BOOLEAN:
        return f"{asked[0]} is not a boolean"
    for earlier, later in pairwise(asked):
        if later.at_ms - earlier.at_ms < REBIRTH_EVERY_MS:
            return f"{later} comes {later.at_ms - earlier.at_ms} ms after the one before"
    return None


def _gap(recording: Recording) -> Event:
    """The delivery after which a message of the node with the gap is missing."""
    data = [e for e in recording.delivered("DDATA") if e.node[1] == "gapped"]
    return some(data, "no data of the node with the gap was delivered")[0]


@check(
    HOST,
    "operational-behavior-host-reordering-param",
    broken_by=(
        doctor.fact("reorder_ms", 90_000),
        doctor.moved(doctor.sent("NCMD", which=_to_gapped), _gap, after=True),
    ),
)
def a_gap_is_waited_for_as_long_as_the_setting_says(recording: Recording) -> Finding:
    waited = recording.fact("reorder_ms")
    asked = some(_requests(recording, "gapped"), "no rebirth was asked of the node with a gap")[0]
    took = asked.at_ms - _gap(recording).at_ms
    return None if took >= waited - TIMER_SLACK_MS else f"{asked} after {took} ms, not {waited} ms"


@check(
    HOST,
    "operational-behavior-host-reordering-success",
    broken_by=doctor.changed(
        doctor.sent("NCMD", which=_to_gapped), topic=doctor.level(3, "swapped")
    ),
)
def messages_that_come_in_another_order_are_waited_for(recording: Recording) -> Finding:
    swapped = [e for e in recording.delivered("DDATA") if e.node[1] == "swapped"]
    seqs = [message(event.packet).seq for event in swapped]
    if seqs == sorted(seqs):
        return f"nothing came in another order: {seqs}"
    asked = _requests(recording, "swapped")
    return f"{asked[0]} although nothing was missing" if asked else None


@check(
    HOST,
    "operational-behavior-host-application-host-id",
    broken_by=doctor.second_life,
)
def a_host_id_has_one_session_at_a_time(recording: Recording) -> Finding:
    """A second ingest waits for the lease of the store before it connects."""
    sessions = some(recording.sessions()[1:], "only one process ever connected as the host")
    for earlier, later in pairwise([recording.sessions()[0], *sessions]):
        if earlier.closed_ms is None or earlier.closed_ms > later.opened_ms:
            return f"connections {earlier.number} and {later.number} overlap"
    return None


def _node_fact(name: str, **values: Any) -> doctor.Mutation:
    return doctor.fact(name, lambda old: {**old, **values})


@check(
    HOST,
    "operational-behavior-edge-node-termination-host-action-ndeath-node-offline",
    "operational-behavior-edge-node-termination-host-action-ndeath-node-tags-stale",
    "operational-behavior-edge-node-termination-host-action-ndeath-devices-offline",
    "operational-behavior-edge-node-termination-host-action-ndeath-devices-tags-stale",
    broken_by=(
        _node_fact("after NDEATH", online=True),
        _node_fact("after NDEATH", dead_ms=1_700_000_000_000),
        _node_fact("after NDEATH", stations_online=[False, True]),
        _node_fact("after NDEATH", stations_known=[False, True]),
        _node_fact("after NDEATH", stations_online=[]),
        _node_fact("after an old NDEATH", online=False),
    ),
)
def a_dead_node_is_offline_with_all_its_stations(recording: Recording) -> Finding:
    """Nothing of a node or station that is offline counts as known: that is how pages say stale."""
    seen = recording.fact("after NDEATH")
    delivered = [e for e in recording.delivered("NDEATH") if e.node[1] == seen["node"]]
    at_ms = some(delivered, "its NDEATH was not delivered")[0].at_ms
    if seen["online"] or abs(seen["dead_ms"] - at_ms) > CLOCK_SLACK_MS:
        return f"node: online {seen['online']}, dead since {seen['dead_ms']}, NDEATH at {at_ms}"
    if not recording.fact("after an old NDEATH")["online"]:
        return "a death of an earlier session counted"
    if not seen["stations_online"] or any(seen["stations_online"]):
        return f"stations online: {seen['stations_online']}"
    return f"known still: {seen['stations_known']}" if any(seen["stations_known"]) else None


@check(
    HOST,
    "operational-behavior-edge-node-termination-host-action-ddeath-devices-offline",
    "operational-behavior-edge-node-termination-host-action-ddeath-devices-tags-stale",
    broken_by=(
        _node_fact("after DDEATH", online=True),
        _node_fact("after DDEATH", known=True),
        _node_fact("after DDEATH", others_online=[False]),
        _node_fact("after DDEATH", since_ms=1_700_000_000_000),
    ),
)
def a_dead_station_is_offline_since_the_time_it_told(recording: Recording) -> Finding:
    seen = recording.fact("after DDEATH")
    if seen["online"] or seen["known"]:
        return f"online {seen['online']}, known {seen['known']}"
    told_ms = message(recording.delivered("DDEATH")[0].packet).timestamp
    if seen["since_ms"] != told_ms:
        return f"offline since {seen['since_ms']}, its DDEATH said {told_ms}"
    return None if all(seen["others_online"]) else "its neighbour went offline with it"


def _lost_station(stored: list[Any]) -> list[Any]:
    return stored[1:]


@check(
    HOST,
    "intro-device-id-string",
    "intro-device-id-chars",
    broken_by=doctor.fact("stored stations", _lost_station),
)
def stations_are_kept_under_the_ids_they_gave(recording: Recording) -> Finding:
    told = {(*e.node, e.levels[4]) for e in recording.delivered("DBIRTH")}
    stored = {tuple(ids) for ids in recording.fact("stored stations")}
    return None if told == stored else f"{told ^ stored} differ between wire and store"
