"""Numbers that look random and are not: everything is a hash of the seed, a name and a time.

Python's own hash() and random differ between interpreters and runs; these do not.
"""

_MASK = 0xFFFFFFFF


def mix(a: int, b: int) -> int:
    """32 well-stirred bits out of two integers (the finalizer of MurmurHash3)."""
    h = (a * 0x9E3779B1 + b * 0x85EBCA77 + 0x165667B1) & _MASK
    h ^= h >> 16
    h = (h * 0x85EBCA6B) & _MASK
    h ^= h >> 13
    h = (h * 0xC2B2AE35) & _MASK
    return h ^ (h >> 16)


def key_of(seed: int, name: str) -> int:
    """32 bits that stand for a name under a seed (FNV-1a over its UTF-8 bytes, stirred)."""
    h = 0x811C9DC5
    for byte in name.encode():
        h = ((h ^ byte) * 0x01000193) & _MASK
    return mix(h, seed)


def unit(key: int, n: int) -> float:
    """A number in [0, 1) for the n-th draw of a key."""
    return mix(key, n) / 4294967296.0


def wander(key: int, at_s: float, period_s: float) -> float:
    """A slow disturbance in [-1, 1]: smooth between one draw per period (mains, weather, feed)."""
    x = at_s / period_s
    n = int(x)
    if x < n:
        n -= 1
    f = x - n
    a = unit(key, n)
    b = unit(key, n + 1)
    return 2.0 * (a + (b - a) * f * f * (3.0 - 2.0 * f)) - 1.0


def _bell(n: int) -> float:
    total = 0.0
    for part in range(4):
        total += unit(0x5EED, 4 * n + part)
    return (total - 2.0) * 1.7320508


# 256 draws of unit variance, never beyond 3.5: a sensor's noise has a floor and a ceiling.
BELL = tuple([_bell(n) for n in range(256)])
