"""Makes Ed25519 signatures for tests that run on MicroPython, where there is no library that does."""

from firmware.onboard import ed25519
from firmware.onboard.ed25519 import (
    _BASE_Y,
    _ORDER,
    _ZERO,
    _add,
    _double,
    _number,
    _point,
    _written,
)


def _times(scalar, point):
    found = _ZERO
    for bit in range(255, -1, -1):
        found = _double(found)
        if scalar >> bit & 1:
            found = _add(found, point)
    return found


def _sha512(data):
    hashed = ed25519.Sha512()
    hashed.update(data)
    return hashed.digest()


def _secret(seed):
    digest = _sha512(seed)
    return (_number(digest[:32]) & ((1 << 254) - 8)) | 1 << 254, digest[32:]


def base():
    return _point(_BASE_Y.to_bytes(32, "little"))


def public_of(seed):
    return _written(_times(_secret(seed)[0], base()))


def sign(seed, message):
    """RFC 8032, section 5.1.6."""
    secret, prefix = _secret(seed)
    r = _number(_sha512(prefix + message)) % _ORDER
    begin = _written(_times(r, base()))
    k = _number(_sha512(begin + public_of(seed) + message)) % _ORDER
    return begin + ((r + k * secret) % _ORDER).to_bytes(32, "little")
