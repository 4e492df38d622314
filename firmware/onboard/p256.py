"""ECDSA on NIST P-256 with SHA-256, where no library has it: MicroPython signs a request once a year with it.

Not constant in time: who can measure a signature's time on the board holds the board, and its key, in hand. Nonces
are those of RFC 6979: a board just switched on need not have good random numbers to sign, only to make its key.
"""

import hashlib
import os

# SEC 2, 2.4.2 (secp256r1); a is -3.
P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
_BLOCK = 64  # of SHA-256

TYPE_CHECKING = False
if TYPE_CHECKING:
    Point = tuple[int, int]
    Jacobian = tuple[int, int, int]


def _inverse(a: int, modulus: int) -> int:
    return pow(a, modulus - 2, modulus)  # Fermat: both moduli are prime


def _double(point: "Jacobian") -> "Jacobian":
    """dbl-2001-b of the Explicit-Formulas Database, for a = -3."""
    x, y, z = point
    delta = z * z % P
    gamma = y * y % P
    beta = x * gamma % P
    alpha = 3 * (x - delta) * (x + delta) % P
    x3 = (alpha * alpha - 8 * beta) % P
    z3 = ((y + z) * (y + z) - gamma - delta) % P
    return x3, (alpha * (4 * beta - x3) - 8 * gamma * gamma) % P, z3


def _add(point: "Jacobian", other: "Point") -> "Jacobian":
    """A point in Jacobian coordinates (z = 0: none) and an affine one."""
    x, y, z = point
    if z == 0:
        return other[0], other[1], 1
    zz = z * z % P
    h = (other[0] * zz - x) % P
    r = (other[1] * z * zz - y) % P
    if h == 0:
        return _double(point) if r == 0 else (1, 1, 0)
    hh = h * h % P
    hhh = h * hh % P
    v = x * hh % P
    x3 = (r * r - hhh - 2 * v) % P
    return x3, (r * (v - x3) - y * hhh) % P, z * h % P


def _affine(point: "Jacobian") -> "Point":
    inverse = _inverse(point[2], P)
    square = inverse * inverse % P
    return point[0] * square % P, point[1] * square * inverse % P


def _sum(u: int, point: "Point", v: int, other: "Point") -> "Jacobian":
    """u * point + v * other, both at once (Shamir's trick)."""
    both = _add((point[0], point[1], 1), other)
    table = (None, point, other, _affine(both) if both[2] else None)
    total = (1, 1, 0)
    for bit in range(255, -1, -1):
        if total[2]:
            total = _double(total)
        chosen = (u >> bit & 1) | (v >> bit & 1) << 1
        term = table[chosen]
        if term is not None:
            total = _add(total, term)
    return total


def _times(k: int, point: "Point") -> "Jacobian":
    total = (1, 1, 0)
    for bit in range(255, -1, -1):
        if total[2]:
            total = _double(total)
        if k >> bit & 1:
            total = _add(total, point)
    return total


def new_secret() -> int:
    """A private key by the chip's random numbers."""
    while True:
        secret = int.from_bytes(os.urandom(32), "big")
        if 0 < secret < N:
            return secret


def public(secret: int) -> bytes:
    """The public key, uncompressed: 65 bytes."""
    x, y = _affine(_times(secret, G))
    return b"\x04" + x.to_bytes(32, "big") + y.to_bytes(32, "big")


def read_public(data: bytes) -> "Point":
    """Raises ValueError: not 65 bytes of a point on the curve."""
    x, y = int.from_bytes(data[1:33], "big"), int.from_bytes(data[33:], "big")
    fits = len(data) == 65 and data[0] == 4 and x < P and y < P
    if not fits or (y * y - (x * x - 3) * x - B) % P:
        raise ValueError("not a public key of P-256")
    return x, y


def _hmac(key: bytes, data: bytes) -> bytes:
    key += bytes(_BLOCK - len(key))
    inner = hashlib.sha256(bytes([b ^ 0x36 for b in key]) + data).digest()
    return hashlib.sha256(bytes([b ^ 0x5C for b in key]) + inner).digest()


def _nonces(secret: int, digest: bytes) -> "list[int]":
    """The first two candidates of RFC 6979, 3.2; a third is never needed (each fails once in 2**32)."""
    number = int.from_bytes(digest, "big") % N
    seed = secret.to_bytes(32, "big") + number.to_bytes(32, "big")
    v, k = b"\x01" * 32, bytes(32)
    for mark in (b"\x00", b"\x01"):
        k = _hmac(k, v + mark + seed)
        v = _hmac(k, v)
    found = []
    for _ in range(2):
        v = _hmac(k, v)
        found.append(int.from_bytes(v, "big"))
        k = _hmac(k, v + b"\x00")
        v = _hmac(k, v)
    return found


def sign(secret: int, message: bytes) -> "tuple[int, int]":
    """(r, s) of the SHA-256 of a message."""
    digest = hashlib.sha256(message).digest()
    number = int.from_bytes(digest, "big")
    for k in _nonces(secret, digest):
        if 0 < k < N:
            r = _affine(_times(k, G))[0] % N
            s = _inverse(k, N) * (number + r * secret) % N
            if r and s:
                return r, s
    raise ValueError("no nonce fits")


def is_signed(key: bytes, message: bytes, r: int, s: int) -> bool:
    """Whether (r, s) is the signature of a message by a public key (65 bytes)."""
    try:
        point = read_public(key)
    except ValueError:
        return False
    if not (0 < r < N and 0 < s < N):
        return False
    w = _inverse(s, N)
    number = int.from_bytes(hashlib.sha256(message).digest(), "big")
    total = _sum(number * w % N, G, r * w % N, point)
    return total[2] != 0 and _affine(total)[0] % N == r
