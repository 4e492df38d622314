"""The one question after every fault: is every recorded record in the store exactly once?"""

import json
from collections import Counter
from typing import Any

from sqlalchemy import Connection, text

from mes_server.store.inbox import load_waiting
from mes_server.store.positions import Journal, load_positions
from mes_server.store.telemetry import iter_samples
from schemas import journal_metrics as names
from tests.faults.edge_records import Reading, Recorded

FOR_EVER = (0, 1 << 62)


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


def stored_readings(conn: Connection, node: str) -> Counter[Reading]:
    """Every sample and stated loss the store holds of a node's stations."""
    found: Counter[Reading] = Counter()
    rows = conn.execute(
        text("SELECT s.id, st.device, s.metric FROM series s JOIN station st ON st.id = s.station "
             "JOIN node n ON n.id = st.node WHERE n.node_id = :node"),
        {"node": node},
    ).all()  # fmt: skip
    for row in rows:
        for sample in iter_samples(conn, row.id, *FOR_EVER):
            found[(row.device, row.metric, sample.at_ms, sample.value, sample.quality)] += 1
    return found


def findings(  # noqa: C901
    conn: Connection, node: str, recorded: Recorded, upto: int
) -> list[str]:
    """What is wrong, in words; empty when records 1 … `upto` are stored exactly once, and none else."""
    wrong: list[str] = []
    held = positions(conn, node)
    for seq in range(min(recorded.records, default=1), upto + 1):
        if seq not in recorded.records:
            wrong.append(f"{node}: record {seq} is missing from the journal itself")
            continue
        crc = held.get((recorded.epoch, seq))
        if crc is None:
            wrong.append(f"{node}: record {seq} is not in the store")
        elif crc != recorded.records[seq][0]:
            wrong.append(f"{node}: record {seq} is in the store with other content")
    for epoch, seq in held:
        if epoch != recorded.epoch or seq not in recorded.records:
            wrong.append(f"{node}: the store holds record {seq}, which was never recorded")
    expected: Counter[Reading] = Counter()
    for seq, (_, readings) in recorded.records.items():
        if (recorded.epoch, seq) in held:
            expected.update(r for r in readings if r[1] != names.LOSS)
    stored = stored_readings(conn, node)
    wrong += [f"{node}: lost {_words(r)} × {n}" for r, n in (expected - stored).items()]
    wrong += [f"{node}: doubled {_words(r)} × {n}" for r, n in (stored - expected).items()]
    return wrong


def _words(reading: Reading) -> str:
    station, metric, at_ms, value, quality = reading
    return f"{station}.{metric} at {at_ms} = {json.dumps(value)} ({quality})"


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
