"""Messages of many edges, made fast: one message is encoded, the others are patched from it.

A benchmark must not measure its own message maker, so the varying bytes of a whole node's messages
(times, positions, values) are set as columns of one array.
"""

import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from schemas import journal_metrics as names
from schemas.sparkplug import Payload, encode_payload, metric
from schemas.topics import topic

Bytes2D = npt.NDArray[np.uint8]
GROUP = "bench"
STATION_TYPE = "sinter_furnace"
_AT_MARK = (1 << 42) - 1  # encodes in six bytes, as every time between 2004 and 2109 does
_POS_BYTES = 9
_CRC = 0xF0F0F0F0


@dataclass(frozen=True, slots=True)
class Edge:
    """One simulated node with one station."""

    node: str
    station: str
    epoch: int
    metrics: tuple[str, ...]


def edges(count: int, metrics: tuple[str, ...], seed: int) -> list[Edge]:
    """`count` edges; the epoch's high bits keep every position nine bytes long."""
    draw = np.random.default_rng(seed)
    epochs = draw.integers(1 << 29, 1 << 30, count)
    return [
        Edge(f"node-{i:04d}", f"furnace-{i:04d}", int(epochs[i]), metrics) for i in range(count)
    ]


def nbirth(edge: Edge, first: int, following: int, at_ms: int) -> tuple[str, bytes]:
    """Topic and payload of a node's birth."""
    rows = [
        metric(names.BD_SEQ, "int64", 0, at_ms),
        metric(names.REBIRTH, "boolean", False, at_ms),
        metric(names.ACK, "uint64", None, at_ms),
        metric(names.REWIND, "uint64", None, at_ms),
        metric(names.FIRST, "uint64", names.position(edge.epoch, first), at_ms),
        metric(names.NEXT, "uint64", names.position(edge.epoch, following), at_ms),
        metric(names.LOST, "uint64", 0, at_ms),
        metric(names.USED, "double", 0.0, at_ms),
        metric(names.CLOCK, "uint8", names.CLOCK_NETWORK, at_ms),
        metric(names.INTERPRETER, "string", "bench", at_ms),
        metric(names.SERIAL, "string", edge.node, at_ms),
        metric(names.BOOT, "uint32", 1, at_ms),
    ]
    return topic(GROUP, "NBIRTH", edge.node), encode_payload(Payload(at_ms, rows, 0))


def dbirth(edge: Edge, at_ms: int) -> tuple[str, bytes]:
    """Topic and payload of its station's birth."""
    rows = [
        metric(names.STATION_TYPE, "string", STATION_TYPE, at_ms),
        metric(names.STATION_REVISION, "string", "1", at_ms),
        metric(names.POS, "uint64", None, at_ms),
        metric(names.CRC, "uint32", None, at_ms),
        metric(names.MONO, "uint64", None, at_ms),
        metric(names.CLOCK, "uint8", None, at_ms),
        metric(names.LOSS, "string", None, at_ms),
        *(metric(name, "double", None, at_ms) for name in edge.metrics),
    ]
    return topic(GROUP, "DBIRTH", edge.node, edge.station), encode_payload(Payload(at_ms, rows, 1))


def _varint_columns(numbers: npt.NDArray[np.int64], width: int) -> Bytes2D:
    """Each number as a varint of `width` bytes; the numbers must need exactly so many."""
    shifts = np.arange(width) * 7
    out = ((numbers[:, None] >> shifts) & 127).astype(np.uint8)
    out[:, :-1] |= 128
    return out


def _template(edge: Edge, seq: int, historical: bool) -> tuple[bytes, list[int], int, list[int]]:
    """One message with marks, and where the times, the position and the values stand in it."""
    marks = [float(1_000_003 + i) for i in range(len(edge.metrics))]
    position = names.position(edge.epoch, 1)
    rows = [
        metric(names.POS, "uint64", position, _AT_MARK, None, historical),
        metric(names.CRC, "uint32", _CRC, _AT_MARK, None, historical),
        metric(names.MONO, "uint64", (1 << 40) | 1, _AT_MARK, None, historical),
    ]
    rows += [
        metric(name, "double", mark, _AT_MARK, None, historical)
        for name, mark in zip(edge.metrics, marks, strict=True)
    ]
    data = encode_payload(Payload(_AT_MARK, rows, seq), with_datatypes=False)
    time_bytes = _varint_columns(np.array([_AT_MARK]), 6).tobytes()
    times, at = [], data.find(time_bytes)
    while at >= 0:
        times.append(at)
        at = data.find(time_bytes, at + 6)
    pos_bytes = _varint_columns(np.array([position]), _POS_BYTES).tobytes()
    return data, times, data.index(pos_bytes), [data.index(struct.pack("<d", m)) for m in marks]


def walk(count: int, width: int, seed: int) -> npt.NDArray[np.float64]:
    """Values such as a furnace gives: slow, correlated, with a resolution of 0.1."""
    draw = np.random.default_rng(seed)
    steps = draw.choice([-0.1, 0.0, 0.0, 0.0, 0.1], size=(count, width))
    values: npt.NDArray[np.float64] = (
        500.0 + draw.integers(0, 400, width) + np.cumsum(steps, axis=0)
    )
    return values.round(1)


def data_messages(
    edge: Edge, count: int, first_ms: int, every_ms: int, historical: bool = False
) -> list[bytes]:
    """`count` DDATA payloads, records 1 … count, `every_ms` apart from `first_ms` on."""
    seqs = np.arange(1, count + 1, dtype=np.int64)
    at_ms = first_ms + (seqs - 1) * every_ms
    positions = (np.int64(edge.epoch) << 32) + seqs
    values = walk(count, len(edge.metrics), edge.epoch)
    wire_seq = (seqs + 1) % 256  # 0 and 1 were the births
    out: list[bytes] = [b""] * count
    for low, high in ((0, 128), (128, 256)):  # the last number takes one byte or two
        rows = np.nonzero((wire_seq >= low) & (wire_seq < high))[0]
        if not len(rows):
            continue
        data, times, position, doubles = _template(edge, high - 1, historical)
        block = np.tile(np.frombuffer(data, np.uint8), (len(rows), 1))
        for at in times:
            block[:, at : at + 6] = _varint_columns(at_ms[rows], 6)
        block[:, position : position + _POS_BYTES] = _varint_columns(positions[rows], _POS_BYTES)
        for column, at in enumerate(doubles):
            raw = np.ascontiguousarray(values[rows, column]).view(np.uint8).reshape(-1, 8)
            block[:, at : at + 8] = raw
        width = 1 if high == 128 else 2
        block[:, -width:] = _varint_columns(wire_seq[rows], width)
        for row, message in zip(rows, block, strict=True):
            out[row] = message.tobytes()
    return out
