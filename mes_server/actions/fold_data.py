"""DDATA (and the data of nodes without stations) into readings: many alike at once, others singly."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mes_server.actions.boundary import Trouble, attempt
from mes_server.actions.fold_turn import Fault, Turn
from mes_server.actions.folding import Place, Shape, StationKeys, keep_shape
from mes_server.actions.gathering import Where
from mes_server.domain.messages import topic_of
from mes_server.domain.nodes import DATATYPE, Layout, NodeId, UnreadableError
from mes_server.domain.readings import Reading, check_time, resolve
from mes_server.domain.records import bits, head_of, records_of, split_records
from mes_server.domain.templates import Extract, Template
from mes_server.store.inbox import InboxMessage
from mes_server.store.losses import Loss, append_loss
from schemas.journal_metrics import CLOCK_NETWORK, LOSS
from schemas.sparkplug import Metric, Payload, decode_payload

_COUNT_MAX = 1 << 48
GROUP_MIN = 2  # fewer messages of one shape are read sooner one by one

Rows = Sequence[InboxMessage]


def fold_data(turn: Turn, rows: Rows, alike: bool) -> None:
    """Gather the readings of DDATA messages; what cannot be taken goes to quarantine.

    `alike`: messages of one shape are read together.
    """
    groups: dict[tuple[str, int], list[InboxMessage]] = {}
    singly: list[InboxMessage] = []
    for row in rows:
        if alike and row.fresh is None:
            groups.setdefault((row.topic, len(row.payload)), []).append(row)
        else:
            singly.append(row)
    for group in groups.values():
        singly += _fold_alike(turn, group) if len(group) >= GROUP_MIN else group
    for row in singly:
        for fault in fold_message(turn, row):
            turn.aside(row, fault)


def _fold_alike(turn: Turn, group: list[InboxMessage]) -> list[InboxMessage]:
    """Take what fits a known or a new shape; the rows that do not are left.

    A bug in here fails the turn; tried again in smaller parts, single messages take the codec.
    """
    topic = topic_of(group[0].topic)
    node, station = (topic.group, topic.node), topic.station or topic.node
    layout = turn.register.state(node).layouts.get(station)
    if layout is None:
        return group
    known = turn.folding.shapes(group[0].topic, len(group[0].payload), layout)
    left = group
    for shape in known:
        left = _fold_shape(turn, shape, left)
        if not left:
            break
    while len(left) >= GROUP_MIN:
        template = turn.folding.template_for(left[0].payload, layout)
        if template is None:
            break
        keys = turn.folding.station_keys(turn.conn, node, station, layout)
        learned = Shape(layout, template, _places(turn, template, keys))
        before = len(left)
        left = _fold_shape(turn, learned, left)
        if before - len(left) < GROUP_MIN:
            break
        keep_shape(known, learned)
    if len(left) < len(group):
        turn.heard(node, station, group[-1].received_ms)
    return left


def _fold_shape(turn: Turn, shape: Shape, rows: Rows) -> list[InboxMessage]:
    payloads = np.frombuffer(b"".join([row.payload for row in rows]), np.uint8)
    payloads = payloads.reshape(len(rows), -1)
    fits = shape.template.matches(payloads)
    if not fits.any():
        return list(rows)
    received = np.array([row.received_ms for row in rows], np.int64)[fits]
    extract, plain = shape.template.extract(payloads[fits], received)
    taken = np.flatnonzero(fits)[plain]
    if len(taken):
        _gather(turn, shape.places, extract, plain, int(received[plain].max()))
    left = np.ones(len(rows), bool)
    left[taken] = False
    return [rows[index] for index in np.flatnonzero(left).tolist()]


def _gather(
    turn: Turn,
    places: list[Place],
    extract: Extract,
    plain: np.ndarray[tuple[int], np.dtype[np.bool_]],
    received_ms: int,
) -> None:
    whole = bool(plain.all())
    times = extract.times if whole else extract.times[plain]
    shared = times[:, 0].copy()
    is_shared = (times == shared[:, None]).all(axis=0).tolist()  # the store keeps equal times once
    for index, (place, values) in enumerate(zip(places, extract.values, strict=True)):
        where, limits, slot = place
        column = shared if is_shared[index] else times[:, index]
        if values is None:
            for at_ms in column.tolist():
                reading = at_ms, slot.value, slot.quality
                turn.gathering.add(where, limits, received_ms, reading)
            continue
        many = values if whole else values[plain]
        turn.gathering.add_many(where, limits, received_ms, (column, many, slot.quality))


def _places(turn: Turn, template: Template, keys: StationKeys) -> list[Place]:
    """Where the readings of a shape go."""
    missing = [slot for slot in template.slots if slot.metric not in keys.series]
    turn.folding.add_series(turn.conn, keys, [(slot.metric, slot.datatype) for slot in missing])
    return [
        (
            Where(keys.series[slot.metric], slot.datatype, slot.historical, slot.clock),
            keys.limits.get(slot.metric),
            slot,
        )
        for slot in template.slots
    ]


@dataclass(frozen=True, slots=True)
class _Opened:
    """A message whose station is known, decoded."""

    row: InboxMessage
    node: NodeId
    payload: Payload
    layout: Layout
    keys: StationKeys


def fold_message(turn: Turn, row: InboxMessage) -> list[Fault]:
    """One message by the codec; what of it could not be taken. Each record stands for itself."""
    topic = topic_of(row.topic)
    node, station = (topic.group, topic.node), topic.station or topic.node
    opened = attempt(_open, turn, row, node, station)
    if isinstance(opened, Trouble):
        turn.heard(node, None, row.received_ms)
        return [Fault(opened, node, row.fresh)]
    turn.heard(node, station, row.received_ms)
    before, records = split_records(opened.payload.metrics)
    troubles: dict[str, tuple[Trouble, int]] = {}  # by reason: each keeps a copy of the bytes
    for index in records_of(row.fresh, len(records)):
        trouble = attempt(_fold_record, turn, opened, records[index])
        if isinstance(trouble, Trouble):
            first, indexes = troubles.get(trouble.reason, (trouble, 0))
            troubles[trouble.reason] = first, indexes | 1 << index
    faults = [Fault(trouble, node, bits(indexes)) for trouble, indexes in troubles.values()]
    if before and not row.fresh:  # None: all of the message; no record at all: what is before them
        alone = attempt(_fold_metrics, turn, opened, before, CLOCK_NETWORK)
        if isinstance(alone, Trouble):
            faults.append(Fault(alone, node, bits(0) if records else None))
    return faults


def _open(turn: Turn, row: InboxMessage, node: NodeId, station: str) -> _Opened:
    layout = turn.register.layout(node, station)
    if not turn.live:
        layout = layout.for_older()
    payload = decode_payload(row.payload)
    keys = turn.folding.station_keys(turn.conn, node, station, layout)
    return _Opened(row, node, payload, layout, keys)


def _fold_record(turn: Turn, opened: _Opened, record: list[Metric]) -> None:
    head = head_of(record)
    stated = [metric for metric in record if metric.name == LOSS and metric.value is not None]
    losses = [_loss(turn, opened, metric) for metric in stated]
    _fold_metrics(turn, opened, record, CLOCK_NETWORK if head is None else head.clock)
    for loss in losses:
        append_loss(turn.conn, loss)


def _fold_metrics(turn: Turn, opened: _Opened, metrics: list[Metric], clock: int) -> None:
    received_ms = opened.row.received_ms
    readings = resolve(opened.layout, metrics, opened.payload.at_ms, received_ms)
    gather_readings(turn, opened.keys, readings, clock, received_ms)


def gather_readings(
    turn: Turn, keys: StationKeys, readings: Sequence[Reading], clock: int, received_ms: int
) -> None:
    """Take readings of one station, all of them or, when it raises, none."""
    missing = [(r.metric, r.datatype) for r in readings if r.metric not in keys.series]
    turn.folding.add_series(turn.conn, keys, missing)
    places = [
        Where(keys.series[reading.metric], reading.datatype, reading.historical, clock & 255)
        for reading in readings
    ]
    for where, reading in zip(places, readings, strict=True):
        single = reading.at_ms, reading.value, reading.quality
        turn.gathering.add(where, keys.limits.get(reading.metric), received_ms, single)


def _loss(turn: Turn, opened: _Opened, metric: Metric) -> Loss:
    """What a Journal/Loss metric states; raises UnreadableError."""
    received_ms = opened.row.received_ms
    try:
        said = json.loads(metric.value)
        from_ms, to_ms, count = (int(said[name]) for name in ("from", "to", "count"))
        reason = "".join(filter(str.isprintable, str(said["reason"])))[:100]
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise UnreadableError(DATATYPE, f"{LOSS}: {error}") from error
    for at_ms in (from_ms, to_ms):
        check_time(at_ms, received_ms, LOSS)
    if not -1 <= count <= _COUNT_MAX:
        raise UnreadableError(DATATYPE, f"{LOSS}: count {count}")
    node = turn.folding.node_key(turn.conn, opened.node)
    return Loss(node, opened.keys.key, from_ms, to_ms, count, reason, received_ms)
