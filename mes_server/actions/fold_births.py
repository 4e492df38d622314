"""Births, deaths and what nodes tell of themselves, into node and station state.

Sparkplug 3.0 chapter 5: operational-behavior-edge-node-termination-host-action-*,
operational-behavior-device-ddeath and the rows of docs/conformance.md that name them.
"""

import math
from dataclasses import dataclass, replace

from mes_server.actions.fold_data import fold_message, gather_readings
from mes_server.actions.fold_turn import Fault, Turn
from mes_server.actions.folding import is_station
from mes_server.actions.watch_boards import Told, keep_board
from mes_server.domain.boards import NOTHING, board_asks
from mes_server.domain.messages import topic_of
from mes_server.domain.nodes import (
    ALIVE,
    CHANGED,
    DATATYPE,
    DEAD,
    DOUBTED,
    FUTURE_MS,
    NOT_IN_BIRTH,
    SERIES_DATATYPES,
    SURE,
    TIME_MIN_MS,
    WAITING,
    Layout,
    NodeBirth,
    NodeId,
    NodeState,
    fits_contract,
    fitting,
    is_series,
    layout_of,
    node_birth,
)
from mes_server.domain.readings import Reading, resolve
from mes_server.domain.sessions import CloneWatch, death_is_of
from mes_server.store.alarms import raise_alarm
from mes_server.store.births import BirthMetric, save_birth
from mes_server.store.inbox import InboxMessage
from mes_server.store.nodes import node_name, note_node, set_node_born, set_node_dead
from mes_server.store.quarantine import ask_retry_of
from mes_server.store.series_now import load_latest_times
from mes_server.store.stations import note_station, set_node_stations_offline
from schemas.journal_metrics import CLOCK_NETWORK
from schemas.sparkplug import Payload, decode_payload
from schemas.topics import topic as topic_text

SERIAL_CHANGED = "serial_changed"
EPOCH_CHANGED = "epoch_changed"
CLONED = "cloned"
_TOLD = ("first", "next", "lost", "used_pct", "clock", "heap", "anchors")
ABSENT_MS = 30_000  # a station that is not born so long after its node is not there


@dataclass(frozen=True, slots=True)
class _Event:
    """One message of a node that is not DDATA; `station` is the node's own name where it has none."""

    turn: Turn
    row: InboxMessage
    node: NodeId
    station: str
    payload: Payload
    state: NodeState

    @property
    def at_ms(self) -> int:
        """When it came."""
        return self.row.received_ms

    @property
    def key(self) -> int:
        """The node's key in the store."""
        return self.turn.folding.node_key(self.turn.conn, self.node)


def fold_event(turn: Turn, row: InboxMessage) -> list[Fault]:
    """One message that is not DDATA; what of it could not be taken.

    Raises UnreadableError or PayloadError before it changes anything.
    """
    topic = topic_of(row.topic)
    node = (topic.group, topic.node)
    payload = decode_payload(row.payload)
    station = topic.station or topic.node
    event = _Event(turn, row, node, station, payload, turn.register.state(node))
    if topic.verb == "NDATA":
        return _node_told(event)
    folds = {"NBIRTH": _node_born, "DBIRTH": _station_born, "NDEATH": _node_died}
    folds |= {"DDEATH": _station_died}
    if topic.verb in folds:
        folds[topic.verb](event)
    return []


def _node_born(event: _Event) -> None:
    turn, node, state = event.turn, event.node, event.state
    layout, readings = _declared(event)
    told = node_birth(event.payload)
    _watch_identity(event, told)
    state.standing, state.bd_seq, state.born_ms = ALIVE, told.bd_seq, event.at_ms
    for station, standing in state.stations.items():
        if standing == ALIVE:
            state.stations[station] = DOUBTED
    _lay_out(event, layout)
    set_node_born(turn.conn, event.key, told, event.at_ms, layout.own)
    save_birth(turn.conn, event.key, None, event.at_ms, _metrics(event, layout))
    turn.heard(node, None, event.at_ms)
    _keep_board(event, told, born=True)
    if is_station(node, event.station, layout):
        turn.stand(node, event.station, ALIVE, event.at_ms)
        _gather_birth(event, layout, readings)
    _retry_waiting(event, topic_text(node[0], "NDATA", node[1]))


def _station_born(event: _Event) -> None:
    turn, node, station = event.turn, event.node, event.station
    layout, readings = _declared(event)
    _lay_out(event, layout)
    turn.heard(node, None, event.at_ms)
    keys = turn.folding.station_keys(turn.conn, node, station, layout)
    turn.stand(node, station, ALIVE, event.at_ms)
    contract = turn.folding.types.get(layout.station_type or "")
    fits = fits_contract(layout, contract)
    note_station(turn.conn, keys.key, revision=layout.revision, contract_fits=fits)
    save_birth(turn.conn, event.key, station, event.at_ms, _metrics(event, layout))
    _gather_birth(event, layout, readings)
    _retry_waiting(event, topic_text(node[0], "DDATA", node[1], station))


def _declared(event: _Event) -> tuple[Layout, list[Reading]]:
    """What a birth declares, and its values where they are data: a journal holds its edge's own."""
    metrics = event.payload.metrics
    layout = layout_of(metrics).following(event.state.layouts.get(event.station))
    if layout.own:
        return layout, []
    itself = replace(layout, trust=SURE)  # what a birth says of its own values
    metrics = [metric for metric in metrics if fitting(metric) in SERIES_DATATYPES]
    readings = resolve(itself, metrics, event.payload.at_ms, event.at_ms)
    return layout, [reading for reading in readings if reading.value is not None]


def _lay_out(event: _Event, layout: Layout) -> None:
    """From now on the station's data means this. A birth unlike the last is asked for once more."""
    layouts = event.state.layouts
    before = layouts.get(event.station)
    if before == layout:
        return  # shapes learned and keys looked up by it stay good
    if layout.trust == CHANGED and before is not None and before.trust != CHANGED:
        event.turn.folded.rebirths.add(event.node)
    layouts[event.station] = layout
    event.turn.folding.stations.pop((event.node, event.station), None)


def _watch_identity(event: _Event, told: NodeBirth) -> None:
    conn, state, at_ms = event.turn.conn, event.state, event.at_ms
    name = node_name(*event.node)
    watch = event.turn.folding.clones.setdefault(event.node, CloneWatch())
    if (told.serial or told.epoch) and watch.born((told.serial, told.epoch), at_ms):
        raise_alarm(conn, CLONED, name, {"serial": told.serial, "epoch": told.epoch}, at_ms)
    if told.serial is not None and state.serial not in (None, told.serial):
        facts = {"before": state.serial, "now": told.serial}
        raise_alarm(conn, SERIAL_CHANGED, name, facts, at_ms)
    if told.epoch is not None and state.epoch not in (None, told.epoch):
        # The old journal is closed by a person: what it still held is lost with it.
        raise_alarm(conn, EPOCH_CHANGED, name, {"before": state.epoch, "now": told.epoch}, at_ms)
    state.serial = told.serial or state.serial
    state.epoch = state.epoch if told.epoch is None else told.epoch


def _gather_birth(event: _Event, layout: Layout, readings: list[Reading]) -> None:
    """Take the values of a stranger's birth that are newer than what is stored: births repeat."""
    if not readings:
        return
    turn = event.turn
    keys = turn.folding.station_keys(turn.conn, event.node, event.station, layout)
    latest = load_latest_times(turn.conn, keys.key)
    newer = [r for r in readings if r.at_ms > latest.get(keys.series.get(r.metric, -1), 0)]
    gather_readings(turn, keys, newer, CLOCK_NETWORK, event.at_ms)


def _metrics(event: _Event, layout: Layout) -> list[BirthMetric]:
    """A birth as the store remembers it."""
    return [
        (metric.name, layout.datatypes.get(metric.name, 0), _plain(metric.value))
        for metric in event.payload.metrics
        if metric.name is not None
    ]


def _plain(value: object) -> float | int | bool | str | None:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, int | str) else None


def _retry_waiting(event: _Event, topic: str) -> None:
    """What waited for this birth is tried again; so is what the one before it could not explain."""
    changed = event.state.layouts[event.station].trust == CHANGED
    for reason in (WAITING, DATATYPE, NOT_IN_BIRTH) if changed else (WAITING,):
        if ask_retry_of(event.turn.conn, event.key, topic, reason, event.at_ms):
            event.turn.folded.retries = True


def _node_told(event: _Event) -> list[Fault]:
    turn, node, state = event.turn, event.node, event.state
    turn.heard(node, None, event.at_ms)
    told = node_birth(event.payload)
    said = {name: getattr(told, name) for name in _TOLD}
    facts = {name: value for name, value in said.items() if value is not None}
    if facts:
        note_node(turn.conn, event.key, **facts)
    _keep_board(event, told, born=False)
    if event.at_ms - state.born_ms > ABSENT_MS:
        for station in [s for s, standing in state.stations.items() if standing == DOUBTED]:
            turn.stand(node, station, DEAD, event.at_ms)
    if any(metric.name is None or is_series(metric.name) for metric in event.payload.metrics):
        return fold_message(turn, event.row)
    return []


def _keep_board(event: _Event, told: NodeBirth, born: bool) -> None:
    """What a node of ours says of its board, and what it wants now; a stranger's is only its birth."""
    turn, layout = event.turn, event.state.layouts.get(event.node[1])
    if layout is None or not layout.own:
        return
    said = Told(event.node, event.key, event.at_ms, told, event.payload)
    keep_board(turn.conn, turn.folding.levels, said, born)
    asks = board_asks(event.payload)
    if turn.live and asks != NOTHING:
        turn.folded.ask(event.node, asks)


def _node_died(event: _Event) -> None:
    turn, node, state = event.turn, event.node, event.state
    if not death_is_of(state.bd_seq, node_birth(event.payload).bd_seq):
        return
    state.standing = DEAD
    # Sparkplug asks for our own time here: the payload was made at the CONNECT.
    set_node_dead(turn.conn, event.key, event.at_ms)
    # At once: a stranger's node may have thousands, and a message for each held up commits for seconds.
    set_node_stations_offline(turn.conn, event.key, event.at_ms)
    for station, layout in state.layouts.items():
        if is_station(node, station, layout):
            state.stations[station] = DEAD


def _station_died(event: _Event) -> None:
    layout = event.state.layouts.get(event.station)
    if layout is None:
        return
    at_ms = event.payload.at_ms
    if at_ms is None or not TIME_MIN_MS <= at_ms <= event.at_ms + FUTURE_MS:
        at_ms = event.at_ms
    event.turn.stand(event.node, event.station, DEAD, at_ms)
