"""Refusals in the worker's words: what is wrong, and what to do. One sentence each for every rule."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from mes_server.domain.rules import Refusal
from mes_server.web import formats
from mes_server.web.page import words
from mes_server.web.site import this_site
from mes_server.web.words import Words

_TIMES = ("at_ms", "since_ms")
_WORDS = {
    "status": "lot_status",
    "state": "qualification",
    "kind": "scan_kind",
    "expected": "scan_kind",
}
Titles = Mapping[str, Mapping[str, str]]


def shown_facts(t: Words, refusal: Refusal, titles: Titles) -> dict[str, str]:
    """The facts as a reader wants them; a fact that a text names and nobody told is a dash."""
    zone = this_site().settings.zone
    shown = defaultdict(lambda: formats.NOTHING)
    for name, value in refusal.facts.items():
        if name in _TIMES and value.lstrip("-").isdigit():
            value = formats.time_text(t, int(value), zone)
        elif name in _WORDS and value:
            value = ", ".join(t.known(_WORDS[name], word) for word in value.split(", "))
        elif name in ("operation", "next"):
            value = ", ".join(_title(t, code, titles) for code in value.split(", ") if code)
        if value:
            shown[name] = value
    return shown


def _title(t: Words, code: str, titles: Titles) -> str:
    return t.one_of(titles[code]) if titles.get(code) else code


def refusal_items(told: Sequence[Refusal], titles: Titles | None = None) -> list[dict[str, Any]]:
    """As /api/v1 says them. `titles`: of operations, by code."""
    t = words()
    items = []
    for refusal in told:
        facts = shown_facts(t, refusal, titles or {})
        message = t.with_facts(f"refusal.{refusal.rule}", facts)
        following = t.with_facts(f"refusal.{refusal.rule}.next", facts)
        said = {"rule": refusal.rule, "facts": refusal.facts}
        items.append({**said, "message": message, "next": following})
    return items
