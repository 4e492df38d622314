"""The one question after every fault: is every recorded record in the store exactly once?

Compared are positions and CRCs, then each sample with its time, value, type and quality, and each
stated loss. Samples of a record that waits in quarantine are not in the store: they are missing.
"""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text

from mes_server.store.inbox import load_waiting
from mes_server.store.positions import Journal, load_positions
from mes_server.store.telemetry import iter_samples
from schemas import journal_metrics as names
from schemas.samples import GOOD
from tests.faults.edge_records import Reading, Recorded

FOR_EVER = (0, 1 << 62)
Fact = tuple[str, str, int, str, int]  # station, metric, Unix ms, value as JSON, quality


def fact(reading: Reading) -> Fact:
    """A reading so that 1, 1.0 and true differ and not-a-number is itself. A loss has its own times.

    Minus zero is zero: so it is stored (test_chunks.py).
    """
    station, metric, at_ms, value, quality = reading
    if metric == names.LOSS:
        return station, metric, 0, value, quality
    if isinstance(value, float):
        value += 0.0
    return station, metric, at_ms, json.dumps(value, ensure_ascii=False), quality


def positions(conn: Connection, node: str) -> dict[tuple[int, int], int]:
    """{(epoch, seq): crc} of every record the store says it holds of a node; none may be there twice."""
    rows = conn.execute(
        text("SELECT w.node, w.epoch FROM watermark w JOIN node n ON n.id = w.node WHERE n.node_id = :node"),
        {"node": node},
    ).all()  # fmt: skip
    held: dict[tuple[int, int], int] = {}
    for row in rows:
        for position in load_positions(conn, Journal(row.node, row.epoch)):
            assert (row.epoch, position.seq) not in held, f"record {position.seq} is stored twice"
            held[(row.epoch, position.seq)] = position.crc
    return held


def watermark(conn: Connection, node: str, epoch: int) -> int:
    """How far the store holds a journal without a gap; 0 when it never heard of it."""
    found = conn.execute(
        text("SELECT w.seq FROM watermark w JOIN node n ON n.id = w.node WHERE n.node_id = :node AND w.epoch = :epoch"),
        {"node": node, "epoch": epoch},
    ).scalar()  # fmt: skip
    return int(found or 0)


def unkept(conn: Connection, acks: Mapping[str, int]) -> list[str]:
    """What was acknowledged to a node ({node: position}) and is not stored: a broken promise."""
    wrong = []
    for node, told in acks.items():
        epoch, seq = names.split_position(told)
        held = watermark(conn, node, epoch)
        if held < seq:
            wrong.append(f"{node}: acknowledged up to {seq}, stored up to {held}")
    return wrong


def stored_facts(conn: Connection, node: str) -> Counter[Fact]:
    """Every sample and stated loss the store holds of a node and its stations."""
    found: Counter[Fact] = Counter()
    rows = conn.execute(
        text("SELECT s.id, st.device, s.metric FROM series s JOIN station st ON st.id = s.station "
             "JOIN node n ON n.id = st.node WHERE n.node_id = :node"),
        {"node": node},
    ).all()  # fmt: skip
    for row in rows:
        for sample in iter_samples(conn, row.id, *FOR_EVER):
            reading = row.device, row.metric, sample.at_ms, sample.value, sample.quality
            found[fact(reading)] += 1
    losses = conn.execute(
        text("SELECT st.device, l.from_ms, l.to_ms, l.count, l.reason FROM loss l JOIN node n ON "
             "n.id = l.node LEFT JOIN station st ON st.id = l.station WHERE n.node_id = :node"),
        {"node": node},
    ).all()  # fmt: skip
    for device, from_ms, to_ms, count, reason in losses:
        stated = {"from": from_ms, "to": to_ms, "count": count, "reason": reason}
        found[device or "", names.LOSS, 0, json.dumps(stated, sort_keys=True), GOOD] += 1
    return found


def findings(conn: Connection, node: str, recorded: Recorded, upto: int) -> list[str]:
    """What is wrong, in words; empty when records 1 … `upto` are stored exactly once, and none else."""
    wrong: list[str] = []
    held = positions(conn, node)
    for seq in range(1, upto + 1):
        if seq not in recorded.records:
            wrong.append(f"{node}: record {seq} is missing from the journal itself")
        elif (recorded.epoch, seq) not in held:
            wrong.append(f"{node}: record {seq} is not in the store")
    expected: Counter[Fact] = Counter()
    for (epoch, seq), crc in held.items():
        record = recorded.records.get(seq) if epoch == recorded.epoch else None
        if record is None:
            wrong.append(f"{node}: the store holds record {seq}, which was never recorded")
            continue
        if crc != record[0]:
            wrong.append(f"{node}: record {seq} is in the store with other content")
        expected.update(map(fact, record[1]))
    stored = stored_facts(conn, node)
    wrong += [f"{node}: lost {_words(f)} × {n}" for f, n in (expected - stored).items()]
    wrong += [f"{node}: too much: {_words(f)} × {n}" for f, n in (stored - expected).items()]
    return wrong


def _words(found: Fact) -> str:
    station, metric, at_ms, value, quality = found
    return f"{station}.{metric} at {at_ms} = {value} ({quality})"


def inbox_depth(conn: Connection) -> int:
    """Messages stored and not folded yet: their samples are not in the series."""
    return sum(len(messages) for messages in load_waiting(conn).values())


def quarantined(conn: Connection) -> list[Any]:
    """What is not understood yet; nothing of ours should stay there."""
    return list(
        conn.execute(
            text("SELECT reason, detail, topic FROM quarantine WHERE settled_ms IS NULL")
        ).all()
    )
