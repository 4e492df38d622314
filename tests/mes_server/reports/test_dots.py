"""mes_server.reports.dots: every filter a PNG may use gives the same dots."""

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mes_server.reports.dots import Bytes, dots_from_png

GREYS = st.tuples(st.integers(1, 9), st.integers(1, 9)).flatmap(lambda size: arrays(np.uint8, size))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _guess(kind: int, left: int, up: int, corner: int) -> int:
    """The predictors of PNG, ISO/IEC 15948 clause 9, written out."""
    if kind == 4:
        p = left + up - corner
        distances = (abs(p - left), abs(p - up), abs(p - corner))
        return (left, up, corner)[distances.index(min(distances))]
    return (0, left, up, (left + up) // 2)[kind]


def png(grey: Bytes, kinds: list[int]) -> bytes:
    """A picture of RGBA whose rows are filtered by these kinds in turn."""
    height, width = grey.shape
    pixels = np.stack([grey, grey, grey, np.full_like(grey, 255)], axis=2).reshape(height, -1)
    above, raw = [0] * (4 * width), b""
    for at, row in enumerate(pixels.tolist()):
        kind = kinds[at % len(kinds)]
        raw += bytes([kind])
        for x, value in enumerate(row):
            left, corner = (row[x - 4], above[x - 4]) if x >= 4 else (0, 0)
            raw += bytes([(value - _guess(kind, left, above[x], corner)) % 256])
        above = row
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    body = _chunk(b"IHDR", head) + _chunk(b"tEXt", b"x") + _chunk(b"IDAT", zlib.compress(raw))
    return b"\x89PNG\r\n\x1a\n" + body + _chunk(b"IEND", b"")


@given(GREYS, st.lists(st.integers(0, 4), min_size=1, max_size=5))
def test_dark_pixels_are_dots_whatever_the_filter(grey: Bytes, kinds: list[int]) -> None:
    assert (dots_from_png(png(grey, kinds)) == (grey < 128)).all()


def test_another_kind_of_png_is_not_read_as_dots() -> None:
    data = png(np.zeros((2, 2), np.uint8), [0])
    with pytest.raises(AssertionError, match="RGBA"):
        dots_from_png(data[:25] + b"\x02" + data[26:])
