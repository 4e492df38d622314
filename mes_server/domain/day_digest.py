"""The digest of a judged day: of all that was judged, rounded, so that it changes when something that matters does."""

import hashlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from functools import cache
from typing import Any

DIGITS = 6


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(one.name for one in fields(kind) if one.name != "digest")


def canonical(value: object) -> str:
    """One text for one meaning: floats to six significant digits, mappings by key, dataclasses by their fields."""
    if isinstance(value, float):
        return f"{value + 0.0:.{DIGITS}g}"
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{key}:{canonical(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(canonical(one) for one in value) + "]"
    if is_dataclass(value):
        kind: Any = type(value)
        parts = (canonical(getattr(value, name)) for name in _names(kind))
        return type(value).__name__ + "(" + ",".join(parts) + ")"
    return repr(value)


def digest_of(judged: object) -> str:
    """SHA-256 of a judged day or month, but for its own digest."""
    return hashlib.sha256(canonical(judged).encode()).hexdigest()
