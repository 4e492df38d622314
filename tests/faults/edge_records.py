"""What an edge recorded, read from its journal's files by a decoder that is not the edge's own."""

import binascii
import json
import struct
from dataclasses import dataclass, field
from typing import Any

from schemas import journal_metrics as names

# The layout as docs/wire.md and edge_agent/records.py describe it; written down a second time on purpose.
_MAGIC, _FRAME, _HEAD, _SAMPLE = 0xA5, "<BHI", "<BIBBIQQ", "<BBH"
_START, _SCHEMA, _RECORD = 0, 1, 2
_QUALITY = (192, 0, 500)
Reading = tuple[str, str, int, Any, int]  # station, metric, Unix ms, value, quality


@dataclass
class Recorded:
    """All durable records of one journal: {seq: (crc, readings)}."""

    epoch: int = 0
    records: dict[int, tuple[int, list[Reading]]] = field(default_factory=dict)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return number, at


def _signed(number: int, code: int) -> int:
    bits = {1: 8, 2: 16, 3: 32, 4: 64}.get(code)
    if bits is None:
        return number
    number &= (1 << bits) - 1
    return number - (1 << bits) if number >> (bits - 1) else number


def _value(body: bytes, at: int, code: int) -> tuple[Any, int]:
    tag = body[at]
    if tag == 0x69:
        return struct.unpack_from("<d", body, at + 1)[0], at + 9
    if tag == 0x65:
        return struct.unpack_from("<f", body, at + 1)[0], at + 5
    if tag == 0x7A:
        size, start = _varint(body, at + 1)
        return body[start : start + size].decode(), start + size
    number, end = _varint(body, at + 1)
    return (bool(number) if tag == 0x70 else _signed(number, code)), end


def _layout(body: bytes) -> tuple[int, str, list[tuple[str, int]]]:
    at = 3 + body[2]
    station, metrics = body[3:at].decode(), []
    while at < len(body):
        end = at + 2 + body[at + 1]
        metrics.append((body[at + 2 : end].decode(), body[at]))
        at = end
    return body[1], station, metrics


def _readings(body: bytes, layouts: dict[int, tuple[str, list[tuple[str, int]]]]) -> list[Reading]:
    _, _, slot, _, _, _, base_ms = struct.unpack_from(_HEAD, body)
    station, metrics = layouts[slot]
    found: list[Reading] = []
    at = struct.calcsize(_HEAD)
    while at < len(body):
        index, flags, later = struct.unpack_from(_SAMPLE, body, at)
        at += 4
        at_ms = base_ms + later
        if index == 255:
            from_ms, to_ms, count = struct.unpack_from("<QQi", body, at)
            loss = {"from": from_ms or base_ms, "to": to_ms or base_ms, "count": count,
                    "reason": names.LOSS_REASONS[flags]}  # fmt: skip
            found.append((station, names.LOSS, at_ms, json.dumps(loss, sort_keys=True), 192))
            at += 20
            continue
        name, code = metrics[index]
        value = None
        if not flags & 0x80:
            value, at = _value(body, at, code)
        found.append((station, name, at_ms, value, _QUALITY[flags & 3]))
    return found


def _frames(data: bytes) -> list[tuple[int, bytes]]:
    """(crc, body) up to the first frame that is not whole: the tail of a cut."""
    found, at = [], 0
    while at + 7 <= len(data):
        magic, size, crc = struct.unpack_from(_FRAME, data, at)
        body = data[at + 7 : at + 7 + size]
        if magic != _MAGIC or len(body) < size or binascii.crc32(body) != crc:
            break
        found.append((crc, body))
        at += 7 + size
    return found


def read_frames(data: bytes, layouts: dict[int, tuple[str, list[tuple[str, int]]]]) -> Recorded:
    """The records in what Journal.sync() just made durable."""
    found = Recorded()
    for crc, body in _frames(data):
        found.records[struct.unpack_from(_HEAD, body)[1]] = crc, _readings(body, layouts)
    return found


def read_journal(storage: Any) -> Recorded:
    """Everything recorded in a journal's storage (edge_agent.ports.Storage)."""
    found = Recorded()
    segments = sorted(name for name in storage.names() if name.endswith(".seg"))
    firsts = [int(name[8:16], 16) for name in segments]
    for at, name in enumerate(segments):
        found.epoch = int(name[:8], 16)
        bound = firsts[at + 1] if at + 1 < len(firsts) else 1 << 32
        layouts: dict[int, tuple[str, list[tuple[str, int]]]] = {}
        for crc, body in _frames(storage.read(name, 0, storage.size(name))):
            if body[0] == _SCHEMA:
                slot, station, metrics = _layout(body)
                layouts[slot] = station, metrics
            elif body[0] == _RECORD:
                seq = struct.unpack_from(_HEAD, body)[1]
                if seq < bound:
                    found.records[seq] = crc, _readings(body, layouts)
    return found
