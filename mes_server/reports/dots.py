"""From a PNG, as Typst writes it, to the black dots of a thermal printer."""

import struct
import zlib

import numpy as np
import numpy.typing as npt

Dots = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]
_CHANNELS = 4  # red, green, blue, alpha; 8 bits each


def dots_from_png(png: bytes) -> Dots:
    """Rows of dots, true is black. Of grey pixels the darker half is black.

    Only what Typst writes is read (PNG, ISO/IEC 15948: RGBA, 8 bits, not interlaced). Red is taken for all: the
    filters of PNG treat each channel alone, and our pages are black and white.
    """
    width, height = struct.unpack(">II", png[16:24])
    assert png[24:29] == bytes([8, 6, 0, 0, 0]), "not RGBA of 8 bits"  # noqa: S101
    raw = np.frombuffer(zlib.decompress(_data(png)), np.uint8).reshape(height, -1)
    red = raw[:, 1::_CHANNELS]
    rows = np.zeros((height + 1, width), np.uint8)
    for at in range(height):
        rows[at + 1] = _unfilter(int(raw[at, 0]), red[at], rows[at])
    dark: Dots = rows[1:] < 128
    return dark


def _data(png: bytes) -> bytes:
    at, parts = 8, []
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        if kind == b"IDAT":
            parts.append(png[at + 8 : at + 8 + length])
        at += 12 + length
    return b"".join(parts)


def _unfilter(kind: int, row: Bytes, above: Bytes) -> Bytes:
    if kind == 0:
        return row
    if kind == 1:
        return row.cumsum(dtype=np.uint8)
    if kind == 2:
        return row + above
    left, upper_left, done = 0, 0, bytearray()
    for value, up in zip(row.tolist(), above.tolist(), strict=True):
        guess = (left + up) // 2 if kind == 3 else _paeth(left, up, upper_left)
        left, upper_left = (value + guess) & 255, up
        done.append(left)
    return np.frombuffer(done, np.uint8)


def _paeth(left: int, up: int, upper_left: int) -> int:
    estimate = left + up - upper_left
    return min((left, up, upper_left), key=lambda one: abs(estimate - one))
