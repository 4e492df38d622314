"""The heads of journalled records in a DDATA payload: position, CRC, monotonic time, clock state.

The listener's side needs these alone, for every message, before anything else is understood. Payloads
as our own edges write them are read with one regular expression; everything else takes the codec.
"""

import re
from typing import NamedTuple

from schemas import journal_metrics as names
from schemas.sparkplug import Metric, PayloadError, decode_payload


class Head(NamedTuple):
    """One journalled record; `clock` is CLOCK_NETWORK when the record does not say."""

    position: int
    crc: int
    mono: int
    clock: int


class Heads(NamedTuple):
    """The records of a payload in their order and its Sparkplug seq (None: it has none)."""

    records: tuple[Head, ...]
    seq: int | None


_POS = names.POS.encode()
_MASK64 = (1 << 64) - 1
_MASK32 = (1 << 32) - 1
_DIGITS = 0x007F_007F_007F_007F_007F_007F_007F_007F
_PAIRS = 0x3FFF_0000_3FFF_0000_3FFF_0000_3FFF
_FOURS = 0x0FFF_FFFF_0000_0000_0FFF_FFFF
_EIGHTS = (1 << 56) - 1
_VARINT = rb"[\x80-\xff]{0,9}[\x00-\x7f]"


def _metric_pattern(name: str, value_tags: bytes) -> bytes:
    raw = name.encode()
    return (
        rb"\x12([\x00-\x7f])\x0a"
        + re.escape(bytes([len(raw)]) + raw)
        + rb"(?:\x18"
        + _VARINT
        + rb")?"
        rb"(?:\x20[\x00-\x7f])?(?:\x28\x01)?(?:\x30\x01)?[" + value_tags + rb"](" + _VARINT + rb")"
    )


_HEAD = re.compile(
    _metric_pattern(names.POS, b"\x58")
    + _metric_pattern(names.CRC, b"\x50\x58")
    + _metric_pattern(names.MONO, b"\x58")
    + b"(?:"
    + _metric_pattern(names.CLOCK, b"\x50\x58")
    + b")?",
    re.DOTALL,
)
_MARKED = re.compile(rb"(?:\x18" + _VARINT + rb")?(?:\x20[\x00-\x7f])?\x28\x01", re.DOTALL)
_START = re.compile(rb"(?:\x08" + _VARINT + rb")?")


def _number(raw: bytes) -> int:
    """A varint of up to ten bytes: its seven-bit digits are pushed together in pairs."""
    x = int.from_bytes(raw, "little")
    x = (x & _DIGITS) | (x & _DIGITS << 8) >> 1
    x = (x & _PAIRS) | (x & _PAIRS << 16) >> 2
    x = (x & _FOURS) | (x & _FOURS << 32) >> 4
    return ((x & _EIGHTS) | (x & _EIGHTS << 64) >> 8) & _MASK64


def _head_at(payload: bytes, at: int) -> tuple[Head, int] | None:
    """The record head written at `at` in our own way and where it ends, or None."""
    match = _HEAD.match(payload, at)
    if match is None:
        return None
    for group in (1, 3, 5, 7):
        start = match.start(group)
        if start >= 0 and payload[start] != match.end(group + 1) - start - 1:
            return None
    pos, crc, mono, clock = match.group(2, 4, 6, 8)
    state = names.CLOCK_NETWORK if clock is None else _number(clock)
    return Head(_number(pos), _number(crc) & _MASK32, _number(mono), state & _MASK32), match.end()


def is_back_fill(payload: bytes) -> bool:
    """Whether the first record of a payload, written in our own way, is marked historical."""
    at = payload.find(_POS)
    return at >= 0 and _MARKED.match(payload, at + len(_POS)) is not None


def _last_seq(payload: bytes) -> int | None:
    """The seq where every known encoder writes it: as the last field."""
    if len(payload) > 1 and payload[-2] == 0x18 and payload[-1] < 128:
        return payload[-1]
    if len(payload) > 2 and payload[-3] == 0x18 and payload[-2] >= 128 and payload[-1] == 1:
        return payload[-2]
    return None


def _walk(payload: bytes, at: int) -> Heads | None:
    """Read a payload that is metrics one after the other and then the seq, or return None."""
    records = []
    end = len(payload)
    while at < end and payload[at] == 0x12:
        found = _head_at(payload, at)
        if found is not None:
            records.append(found[0])
            at = found[1]
            continue
        size = payload[at + 1] if at + 1 < end else 0
        at += 2
        if size >= 128:
            if at >= end or payload[at] >= 128:
                return None
            size = size & 127 | payload[at] << 7
            at += 1
        at += size
    seq = _last_seq(payload)
    if seq is None or at != end - (2 if seq < 128 else 3):
        return None
    return Heads(tuple(records), seq)


def _integer(metric: Metric | None, default: int) -> int:
    if metric is None or type(metric.value) is not int:
        return default
    return metric.value


def head_of(record: list[Metric]) -> Head | None:
    """The head of a record's metrics (the first is Journal/Pos), or None without a position.

    A missing CRC or time is read as 0: the position alone must be able to move the watermark on.
    """
    if type(record[0].value) is not int:
        return None
    found: dict[str, Metric] = {}
    for metric in record[1:4]:
        if metric.name in names.RECORD_HEAD:
            found[metric.name] = metric
    return Head(
        record[0].value,
        _integer(found.get(names.CRC), 0) & _MASK32,
        _integer(found.get(names.MONO), 0) & _MASK64,
        _integer(found.get(names.CLOCK), names.CLOCK_NETWORK) & _MASK32,
    )


def split_records(metrics: list[Metric]) -> tuple[list[Metric], list[list[Metric]]]:
    """The metrics before the first record, and each record's metrics with its head."""
    before: list[Metric] = []
    records: list[list[Metric]] = []
    for metric in metrics:
        if metric.name == names.POS:
            records.append([])
        (records[-1] if records else before).append(metric)
    return before, records


def read_heads(payload: bytes) -> Heads:
    """The record heads and the seq of a DDATA payload.

    Raises PayloadError where only a whole decoding can tell and the payload cannot be decoded, and for
    a record whose position is no number.
    """
    count = payload.count(_POS)
    start = _START.match(payload)
    at = start.end() if start else 0
    if count == 1:
        found = _head_at(payload, at)
        seq = _last_seq(payload)
        if found is not None and seq is not None:
            return Heads((found[0],), seq)
    walked = _walk(payload, at)
    if walked is not None and len(walked.records) == count:
        return walked
    decoded = decode_payload(payload)
    heads = [head_of(record) for record in split_records(decoded.metrics)[1]]
    if None in heads:
        raise PayloadError("a record's position is no number")
    return Heads(tuple(head for head in heads if head is not None), decoded.seq)


def bits(fresh: int) -> bytes:
    """Record indexes as the store keeps them: one bit each, the lowest first."""
    return fresh.to_bytes((fresh.bit_length() + 7) // 8, "little")


def records_of(fresh: bytes | None, count: int) -> list[int]:
    """The indexes that `bits` kept; None: all `count` of them."""
    if fresh is None:
        return list(range(count))
    wanted = int.from_bytes(fresh, "little")
    return [index for index in range(count) if wanted >> index & 1]
