"""Control plans of tests: small, whole, and easy to bend."""

from copy import deepcopy
from typing import Any

WORDS = {"en": "words", "zh": "文字"}


def line(name: str = "thickness", **more: Any) -> dict[str, Any]:
    """A line of a plan: five readings of each lot at grinding, 4.95 to 5.05 mm."""
    said: dict[str, Any] = {
        "id": name, "title": WORDS, "operation": "sinter", "symbol": "SC", "unit": "mm",
        "nominal": "5.00", "lower": "4.95", "upper": "5.05", "action_lower": "4.96",
        "action_upper": "5.04", "gauge": "", "sample": 2, "every": {"each": "lot"},
        "reaction": WORDS, "reactions": ["hold"],
    }  # fmt: skip
    said |= more
    return {key: value for key, value in said.items() if value is not None}


def attribute(name: str, **more: Any) -> dict[str, Any]:
    """A line that is counted, not measured."""
    none = dict.fromkeys(("nominal", "lower", "upper", "action_lower", "action_upper", "unit"))
    return line(name, kind="attribute", **{**none, "sample": 1, "symbol": "", **more})


def plan(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A plan of part P-1 with these lines."""
    said: dict[str, Any] = {
        "code": "CP-1", "revision": "A", "title": WORDS, "phase": "production", "parts": ["P-1"],
        "characteristics": list(lines) or [line()],
    }  # fmt: skip
    return deepcopy(said | more)
