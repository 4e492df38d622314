"""A block: the samples that one commit brought of a station, all its series side by side, unpacked.

Quick to write and to take apart; chunks are what is short.
"""

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from mes_server.store.columns import BOOL, DTYPES, TEXT, Array, Column, Samples
from mes_server.store.series import SERIES_PER_STATION
from schemas.samples import GOOD

_START = struct.Struct("<BHq")  # version, columns, the earliest time received
_VERSION = 1
_HEAD = np.dtype(
    [
        ("index", "<u2"),
        ("kind", "u1"),
        ("flags", "u1"),
        ("clock", "u1"),
        ("count", "<u4"),
        ("received", "<u4"),
        ("times", "<u4"),
        ("body", "<u4"),
    ]
)
_NULLS, _QUALITIES, _LATE = 1, 2, 4
_DELAY_MAX = 0xFFFFFFFF
_GOOD = GOOD.to_bytes(2, "little")


def _body(samples: Samples) -> bytes:
    if samples.kind == TEXT:
        text = json.dumps(samples.values.tolist()).encode()
        body = struct.pack("<I", len(text)) + text
    else:
        body = samples.values.tobytes()
    if samples.nulls is not None:
        body += samples.nulls.tobytes()
    if samples.qualities is not None:
        body += samples.qualities.tobytes()
    return body


def encode_block(columns: Sequence[tuple[Column, Samples]], received_ms: int) -> bytes:
    """The bytes of a station's columns, the earliest of which came at `received_ms`.

    Equal times of neighbours are kept once.
    """
    heads, bodies = [], []
    at = times_at = 0
    last_times = b""
    for column, samples in columns:
        times = samples.times.tobytes()
        if times != last_times:
            bodies.append(times)
            times_at, last_times = at, times
            at += len(times)
        body = _body(samples)
        flags = _LATE if column.late else 0
        if samples.nulls is not None:
            flags |= _NULLS
        if samples.qualities is not None:
            flags |= _QUALITIES
        delay = min(column.received_ms - received_ms, _DELAY_MAX)
        index = column.series_pk % SERIES_PER_STATION
        count = len(samples.times)
        heads.append((index, samples.kind, flags, column.clock & 255, count, delay, times_at, at))
        bodies.append(body)
        at += len(body)
    start = _START.pack(_VERSION, len(columns), received_ms)
    return b"".join((start, np.array(heads, _HEAD).tobytes(), *bodies))


@dataclass(slots=True)
class Came:
    """Samples of one series and kind in the order they came, and how each of them came."""

    samples: Samples
    late: npt.NDArray[np.bool_]
    clocks: npt.NDArray[np.uint8]
    received: npt.NDArray[np.int64]

    def take(self, which: Array) -> "Came":
        """Those that a mask picks."""
        return Came(
            self.samples.take(which), self.late[which], self.clocks[which], self.received[which]
        )


@dataclass(slots=True)
class _Strand:
    """Pieces of one series and kind, still as bytes."""

    counts: list[int] = field(default_factory=list)
    facts: list[tuple[bool, int, int]] = field(default_factory=list)
    times: list[bytes] = field(default_factory=list)
    values: list[bytes] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    nulls: dict[int, bytes] = field(default_factory=dict)
    qualities: dict[int, bytes] = field(default_factory=dict)

    def _filled(self, given: dict[int, bytes], usual: bytes) -> bytes:
        parts = enumerate(self.counts)
        return b"".join(given[at] if at in given else usual * count for at, count in parts)

    def came(self, kind: int) -> Came:
        """All pieces as one."""
        values: Array
        if kind == TEXT:
            values = np.empty(len(self.texts), object)
            values[:] = self.texts
        else:
            values = np.frombuffer(b"".join(self.values), DTYPES[kind])
        nulls = qualities = None
        if self.nulls:
            nulls = np.frombuffer(self._filled(self.nulls, b"\0"), np.bool_)
        if self.qualities:
            qualities = np.frombuffer(self._filled(self.qualities, _GOOD), np.uint16)
        times = np.frombuffer(b"".join(self.times), np.int64)
        late, clocks, received = zip(*self.facts, strict=True)
        return Came(
            Samples(kind, times, values, nulls, qualities),
            np.repeat(np.array(late, bool), self.counts),
            np.repeat(np.array(clocks, np.uint8), self.counts),
            np.repeat(np.array(received, np.int64), self.counts),
        )


class Gathered:
    """Takes blocks of a station one after the other; gives back series."""

    def __init__(self) -> None:
        self._strands: dict[tuple[int, int], _Strand] = {}

    def add(self, blob: bytes, wanted: int | None = None) -> None:
        """Take in the series of a block, or only the one of index `wanted`."""
        _, columns, received = _START.unpack_from(blob)
        heads = np.frombuffer(blob, _HEAD, columns, _START.size)
        start = _START.size + columns * _HEAD.itemsize
        if wanted is not None:
            heads = heads[heads["index"] == wanted]
        for index, kind, flags, clock, count, delay, times_at, body_at in heads.tolist():
            strand = self._strands.get((index, kind))
            if strand is None:
                strand = self._strands[index, kind] = _Strand()
            at = start + times_at
            strand.times.append(blob[at : at + 8 * count])
            at = start + body_at
            if kind == TEXT:
                size = struct.unpack_from("<I", blob, at)[0] + 4
                strand.texts += json.loads(blob[at + 4 : at + size])
            else:
                size = count if kind == BOOL else 8 * count
                strand.values.append(blob[at : at + size])
            at += size
            if flags & _NULLS:
                strand.nulls[len(strand.counts)] = blob[at : at + count]
                at += count
            if flags & _QUALITIES:
                strand.qualities[len(strand.counts)] = blob[at : at + 2 * count]
            strand.counts.append(count)
            strand.facts.append((flags & _LATE != 0, clock, received + delay))

    def series(self) -> dict[int, list[Came]]:
        """By index, what came of each series; one for each kind of value."""
        found: dict[int, list[Came]] = {}
        for (index, kind), strand in self._strands.items():
            found.setdefault(index, []).append(strand.came(kind))
        return found
