"""Arrays of numbers to few bytes and back, exactly: differences, as narrow as they are, deflated.

Samples of a sensor are decimals with few places and move little. As whole numbers of their last place,
as differences, byte plane by byte plane, they deflate to less than a byte each.
"""

import struct
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

PLAIN, STEPS, GRID = range(3)  # against a base; against the one before; against an even grid
_WIDTHS = (1, 2, 4, 8)
_STORED, _RLE, _DEFLATED = range(3)
_STRATEGY = {_RLE: zlib.Z_RLE, _DEFLATED: zlib.Z_DEFAULT_STRATEGY}
_EXACT = float(1 << 53)
PLACES_MAX = 9
_SINGLE = 16  # added to the places: the decimals were rounded to 32-bit floats before they came
_RAW = 255


class Reader:
    """Walks through bytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, size: int) -> bytes:
        """The next bytes."""
        part = self.data[self.at : self.at + size]
        if len(part) != size:
            raise ValueError("cut off")
        self.at += size
        return part

    def byte(self) -> int:
        """The next byte."""
        if self.at >= len(self.data):
            raise ValueError("cut off")
        self.at += 1
        return self.data[self.at - 1]

    def number(self) -> int:
        """A signed number of any size."""
        shift = raw = 0
        while True:
            byte = self.byte()
            raw |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return -(raw >> 1) - 1 if raw & 1 else raw >> 1


def number_bytes(number: int) -> bytes:
    """A signed number of any size, small ones short."""
    raw = number << 1 if number >= 0 else ((-number - 1) << 1) | 1
    out = bytearray()
    while raw > 127:
        out.append(raw & 127 | 128)
        raw >>= 7
    out.append(raw)
    return bytes(out)


def _deflate(data: bytes, method: int, level: int) -> bytes:
    machine = zlib.compressobj(level, zlib.DEFLATED, -15, 9, _STRATEGY[method])
    return machine.compress(data) + machine.flush()


def pack_bytes(data: bytes, thorough: bool) -> bytes:
    """Bytes with their length, deflated where that helps; `thorough`: in more than one way."""
    best = bytes((_STORED,)) + number_bytes(len(data)) + data
    if len(data) > 12:
        for method in (_RLE, _DEFLATED) if thorough else (_RLE,):
            small = _deflate(data, method, 6 if thorough else 1)
            if len(small) + 6 < len(best):
                best = bytes((method,)) + number_bytes(len(small)) + small
    return best


def unpack_bytes(reader: Reader) -> bytes:
    """What `pack_bytes` was given."""
    method = reader.byte()
    data = reader.take(reader.number())
    return data if method == _STORED else zlib.decompress(data, -15)


def _rest(numbers: Ints, order: int) -> tuple[int, int, Ints]:
    """Base, step and what remains of the numbers. Overflow wraps, and wraps back when read."""
    if order == PLAIN:
        base = int(numbers[len(numbers) // 2])
        return base, 0, numbers - base
    steps = np.diff(numbers)
    step = int(np.sort(steps)[len(steps) // 2]) if len(steps) else 0
    base = int(numbers[0])
    if order == STEPS:
        return base, step, steps - step
    grid: Ints = np.arange(len(numbers), dtype=np.int64) * step
    return base, step, numbers - base - grid


def _planes(rest: Ints) -> tuple[int, bytes]:
    """Width and bytes of the remains: sign in the lowest bit, lowest bytes of all first."""
    folded = ((rest << 1) ^ (rest >> 63)).view(np.uint64)
    largest = int(folded.max()) if len(folded) else 0
    if largest == 0:
        return 0, b""
    width = next(w for w in _WIDTHS if largest < 1 << (8 * w))
    narrow = folded.astype(f"<u{width}")
    return width, narrow.view(np.uint8).reshape(-1, width).T.tobytes()


def pack_ints(numbers: Ints, thorough: bool) -> bytes:
    """Any 64-bit numbers; `thorough`: the shortest of several ways."""
    tried = []
    with np.errstate(over="ignore"):
        for order in (STEPS, PLAIN, GRID) if thorough else (STEPS,):
            base, step, rest = _rest(numbers, order) if len(numbers) else (0, 0, numbers)
            width, planes = _planes(rest)
            head = bytes((order << 4 | width,)) + number_bytes(base) + number_bytes(step)
            packed = head + (pack_bytes(planes, False) if width else b"")
            tried.append((len(packed), order, head, planes, packed))
    _, _, head, planes, packed = min(tried)
    return head + pack_bytes(planes, True) if thorough and planes else packed


def unpack_ints(reader: Reader, count: int) -> Ints:
    """What `pack_ints` was given."""
    head = reader.byte()
    order, width = head >> 4, head & 15
    base, step = reader.number(), reader.number()
    size = max(count - 1, 0) if order == STEPS else count
    with np.errstate(over="ignore"):
        if width:
            planes = np.frombuffer(unpack_bytes(reader), np.uint8).reshape(width, size)
            folded = np.ascontiguousarray(planes.T).view(f"<u{width}").ravel()
            narrow = (folded >> 1) ^ -(folded & 1)
            rest = narrow.view(f"<i{width}").astype(np.int64)
        else:
            rest = np.zeros(size, np.int64)
        if order == PLAIN:
            return rest + base
        if order == GRID:
            return np.asarray(rest + base + np.arange(count, dtype=np.int64) * step)
        numbers = np.empty(count, np.int64)
        if count:
            numbers[0] = base
            np.cumsum(rest + step, out=numbers[1:])
            numbers[1:] += base
        return numbers


def _rounded(scaled: Ints, code: int) -> Floats:
    values: Floats = scaled / 10.0 ** (code & 15)
    return values.astype(np.float32).astype(np.float64) if code & _SINGLE else values


def _scaled(values: Floats, code: int) -> Ints | None:
    """The values as whole numbers of their last decimal place, if that brings back every bit."""
    scaled = np.rint(values * 10.0 ** (code & 15))
    if not bool((np.abs(scaled) < _EXACT).all()):
        return None
    numbers = scaled.astype(np.int64)
    back = _rounded(numbers, code)
    return numbers if np.array_equal(back.view(np.int64), values.view(np.int64)) else None


def decimals(values: Floats) -> tuple[int, Ints] | None:
    """How the values can be written as whole numbers, and these; None when they are no decimals."""
    probe = values[:: max(len(values) // 8, 1)]
    with np.errstate(over="ignore", invalid="ignore"):
        single = _SINGLE if np.array_equal(probe.astype(np.float32), probe) else 0
        for kind in {0, single}:
            for places in range(PLACES_MAX + 1):
                code = kind | places
                if _scaled(probe, code) is not None:
                    scaled = _scaled(values, code)
                    if scaled is not None:
                        return code, scaled
    return None


def pack_floats(values: Floats, thorough: bool) -> bytes:
    """Any finite floats, bit for bit."""
    found = decimals(values)
    if found is None:
        return bytes((_RAW,)) + pack_ints(values.view(np.int64), thorough)
    code, scaled = found
    return bytes((code,)) + pack_ints(scaled, thorough)


def unpack_floats(reader: Reader, count: int) -> Floats:
    """What `pack_floats` was given."""
    code = reader.byte()
    numbers = unpack_ints(reader, count)
    return numbers.view(np.float64) if code == _RAW else _rounded(numbers, code)


def pack_bools(flags: npt.NDArray[np.bool_], thorough: bool) -> bytes:
    """Eight of them to a byte."""
    return pack_bytes(np.packbits(flags).tobytes(), thorough)


def unpack_bools(reader: Reader, count: int) -> npt.NDArray[np.bool_]:
    """What `pack_bools` was given."""
    bits: Any = np.unpackbits(np.frombuffer(unpack_bytes(reader), np.uint8), count=count)
    return np.asarray(bits.astype(bool))


def sealed(body: bytes) -> bytes:
    """The body behind its CRC."""
    return struct.pack("<I", zlib.crc32(body)) + body


def unsealed(blob: bytes) -> bytes:
    """The body; raises ValueError when it is not as it was written."""
    body = bytes(blob[4:])
    if len(blob) < 4 or struct.unpack_from("<I", blob)[0] != zlib.crc32(body):
        raise ValueError("the checksum does not fit")
    return body
