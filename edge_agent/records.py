"""The journal's records as bytes, and those bytes as Sparkplug metrics.

A value is kept in the form it has on the wire, so that sending, and sending again, is copying.
All numbers are little-endian; a record is framed by its length and its CRC-32.
"""

import binascii
import json
import struct
from collections import namedtuple

from schemas import journal_metrics as names
from schemas.samples import BAD, GOOD, STALE, is_bad
from schemas.sparkplug import (
    HISTORICAL_FIELD,
    NULL_FIELD,
    field_name,
    name_field,
    quality_field,
    value_field,
    varint,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Loss = tuple[int, int, int, str]
    Value = float | int | bool | str | None
    # index of the metric (LOSS_INDEX: a Loss), milliseconds since boot, value, quality
    Reading = tuple[int, int, "Value | Loss", int]

MAGIC = 0xA5
_FRAME = "<BHI"  # magic, bytes in the body, CRC-32 of the body
FRAME_BYTES = 7
BODY_MAX = 0xFFFF

START, SCHEMA, RECORD = 0, 1, 2  # the first byte of a body
_HEAD = "<BIBBIQQ"  # RECORD, seq, slot, clock, boot, mono_ms, base_ms
HEAD_BYTES = 27
_SAMPLE = "<BBH"  # index, flags, milliseconds after base
_DOUBLE = "<BBHBd"
_LOSS = "<QQi"  # from_ms, to_ms, count; its reason is in the flags
LOSS_INDEX = 255
SAMPLES_MAX = 250
SEQ_END = 0xFFFF_0000  # 13 years of ten records a second; what is left serves ends in order
TEXT_MAX = 120  # bytes of a string value
_NULL = 0x80
# In the two lowest bits of the flags; why it is BAD in the next four.
_QUALITIES = (GOOD, BAD, STALE)
_REASON_SHIFT, _REASON_MASK = 2, 15
_HISTORICAL = 0x40  # not in a journal: of _tail

# base_ms: Unix ms of the first sample, 0 when the clock was unset; mono_ms: the same since boot.
Head = namedtuple("Head", ("seq", "slot", "clock", "boot", "mono_ms", "base_ms"))

_POS = name_field(names.POS)
_CRC = name_field(names.CRC)
_MONO = name_field(names.MONO)
_CLOCK = name_field(names.CLOCK)
_LOSS_NAME = name_field(names.LOSS)


_tails: dict[int, bytes] = {}  # as they were needed


def _flags(quality: int) -> int:
    if is_bad(quality):
        return 1 | quality << _REASON_SHIFT
    return _QUALITIES.index(quality)


def _tail(flags: int) -> bytes:
    """What stands between time and value, by flags."""
    tail = _tails.get(flags)
    if tail is None:
        tail = HISTORICAL_FIELD if flags & _HISTORICAL else b""
        if flags & _NULL:
            tail += NULL_FIELD
        quality = _QUALITIES[flags & 3]
        if quality == BAD:
            reason = flags >> _REASON_SHIFT & _REASON_MASK
            quality = reason if is_bad(reason) else BAD  # of an agent that knows more of them
        if quality != GOOD:
            tail += quality_field(quality)
        _tails[flags] = tail
    return tail


class Layout:
    """The metrics of one station in the order of their indexes, as records name them."""

    def __init__(self, station: str, metrics: "list[tuple[str, int]]") -> None:
        """`metrics`: names and Sparkplug datatype codes."""
        self.station = station
        self.codes = bytes([code for _, code in metrics])
        # Memory: a name is kept here only.
        self.prefixes = [name_field(name) for name, _ in metrics]
        # Indexes whose datatype has changed since: their samples carry the old one.
        self.changed: dict[int, bytes] = {}

    @property
    def metrics(self) -> "list[tuple[str, int]]":
        """As they were given."""
        return [(field_name(self.prefixes[n]), self.codes[n]) for n in range(len(self.codes))]

    def to_bytes(self, slot: int) -> bytes:
        out = bytearray((SCHEMA, slot, len(self.station)))
        out.extend(self.station.encode())
        for name, code in self.metrics:
            raw = name.encode()
            out.extend(bytes((code, len(raw))) + raw)
        return bytes(out)


def layout_from_bytes(body: bytes) -> "tuple[int, Layout]":
    """The slot and the Layout of a SCHEMA body."""
    at = 3 + body[2]
    station = body[3:at].decode()
    metrics = []
    while at < len(body):
        end = at + 2 + body[at + 1]
        metrics.append((body[at + 2 : end].decode(), body[at]))
        at = end
    return body[1], Layout(station, metrics)


def frame(body: "bytes | bytearray") -> bytes:
    """The body with its length and checksum in front."""
    return struct.pack(_FRAME, MAGIC, len(body), binascii.crc32(body)) + body


def framed(window: "bytes | bytearray", at: int) -> int:
    """Bytes of the body whose frame begins at `at`, -1 when no frame begins there."""
    magic, size, _ = struct.unpack_from(_FRAME, window, at)
    return size if magic == MAGIC else -1


def stored_crc(window: "bytes | bytearray", at: int) -> int:
    found: int = struct.unpack_from(_FRAME, window, at)[2]
    return found


def encode_record(head: Head, codes: bytes, readings: "list[Reading]") -> bytearray:
    """The body of a record. Raises PayloadError when a value does not fit its datatype."""
    out = bytearray(struct.pack(_HEAD, RECORD, *head))
    base = head.mono_ms
    pack = struct.pack
    for index, at_ms, value, quality in readings:
        flags = 0 if quality == GOOD else _flags(quality)
        if value is None:
            out += pack(_SAMPLE, index, flags | _NULL, at_ms - base)
        elif index == LOSS_INDEX:
            loss: Any = value
            from_ms, to_ms, count, reason = loss
            out += pack(_SAMPLE, index, names.LOSS_REASONS.index(reason), at_ms - base)
            out += pack(_LOSS, from_ms, to_ms, count)
        elif codes[index] == 10:
            out += pack(_DOUBLE, index, flags, at_ms - base, 0x69, value)
        else:
            out += pack(_SAMPLE, index, flags, at_ms - base)
            out += value_field(codes[index], value)
    return out


def head_of(body: bytes) -> Head:
    """The Head of a RECORD body."""
    return Head(*struct.unpack_from(_HEAD, body, 0)[1:])


def _value_size(body: bytes, at: int) -> int:
    tag = body[at]
    if tag == 0x69:
        return 9
    if tag == 0x70:
        return 2
    if tag == 0x65:
        return 5
    if tag == 0x7A:
        return 2 + body[at + 1]
    end = at + 1
    while body[end] > 127:
        end += 1
    return end + 1 - at


def _loss_field(body: bytes, at: int, base_ms: int) -> bytes:
    """A loss as JSON; a time not known when it was journalled is that of its record."""
    from_ms, to_ms, count = struct.unpack_from(_LOSS, body, at + 4)
    reason = names.LOSS_REASONS[body[at + 1]]
    loss = '{"from": %d, "to": %d, "count": %d, "reason": "%s"}'
    return value_field(12, loss % (from_ms or base_ms, to_ms or base_ms, count, reason))


def read_loss(text: str) -> "Loss":
    """`(from_ms, to_ms, count, reason)` of a stated loss."""
    loss = json.loads(text)
    return loss["from"], loss["to"], loss["count"], loss["reason"]


def _put(out: bytearray, prefix: bytes, time: bytes, rest: bytes) -> None:
    size = len(prefix) + len(time) + len(rest)
    out.append(0x12)
    out += varint(size)
    out += prefix
    out += time
    out += rest


def put_metrics(  # long: one loop over all samples of all stations; a call per sample would cost
    out: bytearray,
    body: bytes,
    layout: Layout,
    when: tuple[int, int],
    historical: bool,
) -> None:
    """Add a record's samples to a Sparkplug payload. `when`: Unix ms of its base, clock state."""
    base_ms = when[0]
    mark = _HISTORICAL if historical else 0
    low = base_ms & 0x3FFF
    high = varint(base_ms >> 14)
    time = b""
    last = -1
    prefixes = layout.prefixes
    tails = _tails
    at = HEAD_BYTES
    end = len(body)
    while at < end:
        index = body[at]
        flags = body[at + 1]
        ms = low + (body[at + 2] | body[at + 3] << 8)
        if ms != last:
            last = ms
            if ms < 0x4000:
                time = bytes((ms & 127 | 128, ms >> 7 | 128)) + high
            else:
                time = varint(base_ms - low + ms)
        if index == LOSS_INDEX:
            _put(out, _LOSS_NAME, time, _tail(mark) + _loss_field(body, at, base_ms))
            at += 24
            continue
        tail = tails[flags | mark] if flags | mark in tails else _tail(flags | mark)
        if index in layout.changed:
            tail = layout.changed[index] + tail
        prefix = prefixes[index]
        at += 4
        value = at
        if flags < _NULL:
            at += 9 if body[at] == 0x69 else _value_size(body, at)
        size = len(prefix) + len(time) + len(tail) + at - value
        out.append(0x12)
        if size > 127:
            out.append(size & 127 | 128)
            size >>= 7
        out.append(size)
        out += prefix
        out += time
        out += tail
        out += body[value:at]


class Positions:
    """Positions as bytes: the upper half is put together once, the lower per record."""

    def __init__(self, epoch: int) -> None:
        self._epoch = epoch
        self._half = -1
        self._high = b""

    def field(self, seq: int) -> bytes:
        """The value field of `Journal/Pos`."""
        if seq >> 28 != self._half:
            self._half = seq >> 28
            self._high = varint(self._epoch << 4 | self._half)
        out = bytearray((0x58, seq & 127 | 128, seq >> 7 & 127 | 128, seq >> 14 & 127 | 128))
        out.append(seq >> 21 & 127 | 128)
        return bytes(out) + self._high


def head_metrics(
    head: Head, pos: bytes, crc: int, when: tuple[int, int], historical: bool
) -> bytearray:
    """The head metrics of a record, as they stand in a Sparkplug payload."""
    out = bytearray()
    time = varint(when[0])
    mark = HISTORICAL_FIELD if historical else b""
    _put(out, _POS, time, mark + pos)
    _put(out, _CRC, time, mark + b"\x50" + varint(crc))
    _put(out, _MONO, time, mark + b"\x58" + varint(head.boot << 40 | head.mono_ms))
    if when[1] != names.CLOCK_NETWORK:
        _put(out, _CLOCK, time, mark + b"\x50" + varint(when[1]))
    return out
