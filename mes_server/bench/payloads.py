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
AT_MARK = b"\xff\xff\xff\xff\xff\x7f"
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


@dataclass(frozen=True, slots=True)
class _Template:
    """One message with marks, and where in it the times, positions and values stand, in their order."""

    data: bytes
    times: list[int]
    positions: list[int]
    values: list[int]


def _template(edge: Edge, batch: int, historical: bool) -> _Template:
    width = len(edge.metrics)
    marks = [float(1_000_003 + i) for i in range(batch * width)]
    rows = []
    for record in range(batch):
        rows += [
            metric(names.POS, "uint64", names.position(edge.epoch, record + 1), _AT_MARK, None, historical),
            metric(names.CRC, "uint32", _CRC, _AT_MARK, None, historical),
            metric(names.MONO, "uint64", (1 << 40) | 1, _AT_MARK, None, historical),
        ]  # fmt: skip
        own = marks[record * width : (record + 1) * width]
        rows += [
            metric(name, "double", mark, _AT_MARK, None, historical)
            for name, mark in zip(edge.metrics, own, strict=True)
        ]
    data = encode_payload(Payload(_AT_MARK, rows, None), with_datatypes=False)
    positions = [names.position(edge.epoch, record + 1) for record in range(batch)]
    return _Template(
        data,
        [at for at in range(len(data)) if data.startswith(AT_MARK, at)],
        [data.index(_varint_columns(np.array([p]), _POS_BYTES).tobytes()) for p in positions],
        [data.index(struct.pack("<d", mark)) for mark in marks],
    )


def walk(count: int, width: int, seed: int) -> npt.NDArray[np.float64]:
    """Values such as a furnace gives: slow, correlated, with a resolution of 0.1."""
    draw = np.random.default_rng(seed)
    steps = draw.choice([-0.1, 0.0, 0.0, 0.0, 0.1], size=(count, width))
    values: npt.NDArray[np.float64] = (
        500.0 + draw.integers(0, 400, width) + np.cumsum(steps, axis=0)
    )
    return values.round(1)


@dataclass(frozen=True, slots=True)
class Span:
    """Records `first` … `first + count - 1`, `every_ms` apart from `first_ms` on, so many to a message.

    Without `first_ms` the times are AT_MARK, to be replaced by `time_bytes`.
    """

    first: int
    count: int
    every_ms: int = 0
    first_ms: int = _AT_MARK
    batch: int = 1
    historical: bool = False


def data_messages(edge: Edge, span: Span) -> list[bytes]:
    """DDATA payloads with whole batches of the span's records, without the seq: see `with_seq`."""
    messages, width = span.count // span.batch, len(edge.metrics)
    made = _template(edge, span.batch, span.historical)
    seqs = span.first + np.arange(messages * span.batch, dtype=np.int64)
    at_ms = (span.first_ms + (seqs - span.first) * span.every_ms).reshape(messages, span.batch)
    positions = ((np.int64(edge.epoch) << 32) + seqs).reshape(messages, span.batch)
    values = walk(len(seqs), width, edge.epoch + span.first).reshape(messages, -1)
    block = np.tile(np.frombuffer(made.data, np.uint8), (messages, 1))
    each = len(made.times) // span.batch  # the first time of all is that of the message
    for index, at in enumerate(made.times):
        record = max(index - 1, 0) // each
        block[:, at : at + 6] = _varint_columns(at_ms[:, record], 6)
    for record, at in enumerate(made.positions):
        block[:, at : at + _POS_BYTES] = _varint_columns(positions[:, record], _POS_BYTES)
    for column, at in enumerate(made.values):
        block[:, at : at + 8] = (
            np.ascontiguousarray(values[:, column]).view(np.uint8).reshape(-1, 8)
        )
    return [message.tobytes() for message in block]


def time_bytes(at_ms: int) -> bytes:
    """What AT_MARK is to be replaced by in a message made without times."""
    return _varint_columns(np.array([at_ms]), 6).tobytes()


def with_seq(message: bytes, seq: int) -> bytes:
    """The payload with its Sparkplug seq (of 256) as the last field."""
    return message + (bytes((0x18, seq)) if seq < 128 else bytes((0x18, seq, 1)))
