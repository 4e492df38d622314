"""A chunk: samples of one series as bytes that bring every one of them back, bit for bit."""

import json

import numpy as np

from mes_server.store.columns import BOOL, FLOAT, TEXT, UINT, Array, Samples
from mes_server.store.packing import (
    Reader,
    number_bytes,
    pack_bools,
    pack_bytes,
    pack_floats,
    pack_ints,
    sealed,
    unpack_bools,
    unpack_bytes,
    unpack_floats,
    unpack_ints,
    unsealed,
)

_VERSION = 1
_NULLS = 16
_QUALITIES = 32


class ChunkBroken(Exception):
    """Bytes that are no chunk, or are not what was written."""


def _pack_values(kind: int, values: Array, thorough: bool) -> bytes:
    if kind == FLOAT:
        return pack_floats(values, thorough)
    if kind == BOOL:
        return pack_bools(values, thorough)
    if kind == TEXT:
        words: dict[str, int] = {}
        codes = [words.setdefault(text, len(words)) for text in values.tolist()]
        listed = json.dumps(list(words), separators=(",", ":")).encode()
        return pack_bytes(listed, thorough) + pack_ints(np.array(codes, np.int64), thorough)
    return pack_ints(values.view(np.int64) if kind == UINT else values, thorough)


def _unpack_values(kind: int, reader: Reader, count: int) -> Array:
    if kind == FLOAT:
        return unpack_floats(reader, count)
    if kind == BOOL:
        return unpack_bools(reader, count)
    if kind == TEXT:
        words = np.array(json.loads(unpack_bytes(reader)) or [""], object)
        return np.asarray(words[unpack_ints(reader, count)])
    numbers = unpack_ints(reader, count)
    return numbers.view(np.uint64) if kind == UINT else numbers


def encode_chunk(samples: Samples, thorough: bool = True) -> bytes:
    """The bytes of samples; `thorough` takes longer and less room."""
    flags = (0 if samples.nulls is None else _NULLS) | (
        0 if samples.qualities is None else _QUALITIES
    )
    parts = [
        bytes((_VERSION, samples.kind | flags)),
        number_bytes(len(samples)),
        pack_ints(samples.times, thorough),
        _pack_values(samples.kind, samples.values, thorough),
    ]
    if samples.nulls is not None:
        parts.append(pack_bools(samples.nulls, thorough))
    if samples.qualities is not None:
        parts.append(pack_ints(samples.qualities.astype(np.int64), thorough))
    return sealed(b"".join(parts))


def has_qualities(head: bytes) -> bool:
    """Whether a chunk holds samples that are not good; told from its first bytes."""
    return len(head) < 6 or bool(head[5] & _QUALITIES)


def decode_chunk(blob: bytes) -> Samples:
    """The samples in a chunk; raises ChunkBroken."""
    try:
        reader = Reader(unsealed(blob))
        if reader.byte() != _VERSION:
            raise ChunkBroken("a chunk of another version")
        head = reader.byte()
        kind = head & 15
        count = reader.number()
        times = unpack_ints(reader, count)
        values = _unpack_values(kind, reader, count)
        nulls = unpack_bools(reader, count) if head & _NULLS else None
        qualities = unpack_ints(reader, count).astype(np.uint16) if head & _QUALITIES else None
    except ValueError as error:
        raise ChunkBroken(str(error)) from error
    return Samples(kind, times, values, nulls, qualities)
