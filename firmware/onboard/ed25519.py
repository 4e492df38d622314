"""Checks Ed25519 signatures (RFC 8032), with the SHA-512 that MicroPython lacks; it never signs.

Strict where libraries differ: S below the order (section 5.1.7), canonical keys and points, no key of
small order. What is checked is public, so that nothing here need take the same time for every input.
"""

import binascii
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    Point = tuple[int, int, int, int]  # X Y Z T, x = X/Z, y = Y/Z, xy = T/Z

_P = (1 << 255) - 19
_ORDER = (1 << 252) + 27742317777372353535851937790883648493
_M64 = (1 << 64) - 1

# Fractional parts of the cube roots of the first 80 primes (FIPS 180-4, section 4.2.3).
_K_HEX = (
    b"428a2f98d728ae227137449123ef65cdb5c0fbcfec4d3b2fe9b5dba58189dbbc3956c25bf348b538"
    b"59f111f1b605d019923f82a4af194f9bab1c5ed5da6d8118d807aa98a303024212835b0145706fbe"
    b"243185be4ee4b28c550c7dc3d5ffb4e272be5d74f27b896f80deb1fe3b1696b19bdc06a725c71235"
    b"c19bf174cf692694e49b69c19ef14ad2efbe4786384f25e30fc19dc68b8cd5b5240ca1cc77ac9c65"
    b"2de92c6f592b02754a7484aa6ea6e4835cb0a9dcbd41fbd476f988da831153b5983e5152ee66dfab"
    b"a831c66d2db43210b00327c898fb213fbf597fc7beef0ee4c6e00bf33da88fc2d5a79147930aa725"
    b"06ca6351e003826f142929670a0e6e7027b70a8546d22ffc2e1b21385c26c9264d2c6dfc5ac42aed"
    b"53380d139d95b3df650a73548baf63de766a0abb3c77b2a881c2c92e47edaee692722c851482353b"
    b"a2bfe8a14cf10364a81a664bbc423001c24b8b70d0f89791c76c51a30654be30d192e819d6ef5218"
    b"d69906245565a910f40e35855771202a106aa07032bbd1b819a4c116b8d2d0c81e376c085141ab53"
    b"2748774cdf8eeb9934b0bcb5e19b48a8391c0cb3c5c95a634ed8aa4ae3418acb5b9cca4f7763e373"
    b"682e6ff3d6b2b8a3748f82ee5defb2fc78a5636f43172f6084c87814a1f0ab728cc702081a6439ec"
    b"90befffa23631e28a4506cebde82bde9bef9a3f7b2c67915c67178f2e372532bca273eceea26619c"
    b"d186b8c721c0c207eada7dd6cde0eb1ef57d4f7fee6ed17806f067aa72176fba0a637dc5a2c898a6"
    b"113f9804bef90dae1b710b35131c471b28db77f523047d8432caab7b40c724933c9ebe0a15c9bebc"
    b"431d67c49c100d4c4cc5d4becb3e42b6597f299cfc657e2a5fcb6fab3ad6faec6c44198c4a475817"
)
_K = binascii.unhexlify(_K_HEX)
# Square roots of the first eight (section 5.3.5).
_H_HEX = (
    b"6a09e667f3bcc908bb67ae8584caa73b3c6ef372fe94f82ba54ff53a5f1d36f1"
    b"510e527fade682d19b05688c2b3e6c1f1f83d9abfb41bd6b5be0cd19137e2179"
)


class Sha512:
    """SHA-512 of what was given to update()."""

    def __init__(self) -> None:
        self._h = list(struct.unpack(">8Q", binascii.unhexlify(_H_HEX)))
        self._rest = b""
        self._bytes = 0

    def update(self, data: "bytes | bytearray") -> None:
        self._bytes += len(data)
        data = self._rest + bytes(data)
        end = len(data) & ~127
        for at in range(0, end, 128):
            self._take(data, at)
        self._rest = data[end:]

    def digest(self) -> bytes:
        """Ends it."""
        count = self._bytes
        self.update(b"\x80" + bytes((111 - count) & 127))
        self.update(struct.pack(">QQ", 0, count * 8))
        return struct.pack(">8Q", *self._h)

    def _take(self, data: bytes, at: int) -> None:
        w = list(struct.unpack_from(">16Q", data, at))
        a, b, c, d, e, f, g, h = self._h
        for t in range(80):
            if t >= 16:
                w.append(_next_word(w))
                w.pop(0)
            word = w[-1] if t >= 16 else w[t]
            e2 = e | e << 64  # twice in a row: a shift of it is a rotation
            s1 = (e2 >> 14 ^ e2 >> 18 ^ e2 >> 41) & _M64
            t1 = h + s1 + (e & f ^ ~e & g) + struct.unpack_from(">Q", _K, 8 * t)[0] + word
            a2 = a | a << 64
            s0 = (a2 >> 28 ^ a2 >> 34 ^ a2 >> 39) & _M64
            t2 = s0 + (a & b ^ a & c ^ b & c)
            h, g, f, e = g, f, e, (d + t1) & _M64
            d, c, b, a = c, b, a, (t1 + t2) & _M64
        old = self._h
        new = (a, b, c, d, e, f, g, h)
        self._h = [(old[n] + new[n]) & _M64 for n in range(8)]


def _next_word(w: "list[int]") -> int:
    """The word after these sixteen."""
    x = w[1]
    x2 = x | x << 64
    s0 = (x2 >> 1 ^ x2 >> 8 ^ x >> 7) & _M64
    y = w[14]
    y2 = y | y << 64
    s1 = (y2 >> 19 ^ y2 >> 61 ^ y >> 6) & _M64
    return (w[0] + s0 + w[9] + s1) & _M64


def _power(base: int, exponent: int) -> int:
    """base ** exponent mod p; pow() of three arguments is not in every build."""
    found = 1
    while exponent:
        if exponent & 1:
            found = found * base % _P
        base = base * base % _P
        exponent >>= 1
    return found


_D = -121665 * _power(121666, _P - 2) % _P
_ROOT = _power(2, (_P - 1) // 4)  # of -1
_ZERO = (0, 1, 1, 0)


def _add(p: "Point", q: "Point") -> "Point":
    """p + q (section 5.1.4)."""
    a = (p[1] - p[0]) * (q[1] - q[0]) % _P
    b = (p[1] + p[0]) * (q[1] + q[0]) % _P
    c = 2 * p[3] * q[3] * _D % _P
    d = 2 * p[2] * q[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % _P, g * h % _P, f * g % _P, e * h % _P)


def _double(p: "Point") -> "Point":
    """p + p (section 5.1.4)."""
    a = p[0] * p[0] % _P
    b = p[1] * p[1] % _P
    c = 2 * p[2] * p[2] % _P
    h = a + b
    e = h - (p[0] + p[1]) * (p[0] + p[1]) % _P
    g = a - b
    f = c + g
    return (e * f % _P, g * h % _P, f * g % _P, e * h % _P)


def _number(data: bytes) -> int:
    return int.from_bytes(data, "little")


def _point(data: bytes) -> "Point | None":
    """The point that is written so (section 5.1.3); None when there is none or it is written otherwise."""
    y = _number(data)
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= _P:
        return None
    square = (y * y - 1) * _power(_D * y * y + 1, _P - 2) % _P
    x = _power(square, (_P + 3) // 8)
    if (x * x - square) % _P:
        x = x * _ROOT % _P
    if (x * x - square) % _P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = _P - x
    return (x, y, 1, x * y % _P)


def _written(p: "Point") -> bytes:
    z = _power(p[2], _P - 2)
    x, y = p[0] * z % _P, p[1] * z % _P
    return (y | (x & 1) << 255).to_bytes(32, "little")


_BASE_Y = 4 * _power(5, _P - 2) % _P


def key_is_good(public: bytes) -> bool:
    """Whether `public` is a point of the curve that is not of small order."""
    if len(public) != 32:
        return False
    a = _point(public)
    if a is None:
        return False
    a8 = _double(_double(_double(a)))
    return a8[0] != 0


def checking(  # noqa: C901  a refusal per branch
    public: bytes, signature: bytes, parts: "Iterable[bytes]"
) -> "Generator[None, None, bool]":
    """Whether `signature` is that of `public` under the message in `parts`.

    A generator, so that the rest of a board goes on between its steps of some milliseconds each.
    """
    if len(signature) != 64 or not key_is_good(public):
        return False
    yield
    s = _number(signature[32:])
    if s >= _ORDER:
        return False
    hashed = Sha512()
    hashed.update(signature[:32] + public)
    for part in parts:
        for at in range(0, len(part), 256):
            hashed.update(part[at : at + 256])
            yield
    k = _number(hashed.digest()) % _ORDER
    a = _point(public)
    base = _point(_BASE_Y.to_bytes(32, "little"))
    if a is None or base is None:  # never: both were read before
        return False
    minus_a = (_P - a[0], a[1], a[2], _P - a[3])
    sums = (_ZERO, base, minus_a, _add(base, minus_a))
    yield
    # sB - kA, both at once; it is R when the signature is good.
    r = _ZERO
    for bit in range(252, -1, -1):
        r = _double(r)
        which = (s >> bit & 1) | (k >> bit & 1) << 1
        if which:
            r = _add(r, sums[which])
        if not bit & 7:
            yield
    return _written(r) == signature[:32]


def verify(public: bytes, signature: bytes, message: bytes) -> bool:
    """As checking(), at once."""
    steps = checking(public, signature, (message,))
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return bool(end.value)
