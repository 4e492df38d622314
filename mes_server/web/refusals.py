"""Refusals in the reader's words: what is wrong, and what to do. The same two texts for every rule, everywhere."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from mes_server.actions.gather_waterworks import known_pollutants
from mes_server.domain.rules import Refusal
from mes_server.web import formats
from mes_server.web.page import words
from mes_server.web.site import this_site
from mes_server.web.words import Words

_TIMES = ("at_ms", "since_ms", "until_ms")
_WORDS = {
    "status": "lot_status",
    "gauge_fault": "gauge_fault",
    "state": "qualification",
    "kind": "scan_kind",
    "expected": "scan_kind",
    "field": "water_field",
    "manifest": "manifest",
    "manifest_wanted": "manifest",
    "roll_out_state": "roll_out_state",
}
_DUE = re.compile(r":(missing|old|out|worn)\b")  # as domain.baths names them
Titles = Mapping[str, Mapping[str, str]]


def told_of(
    t: Words, refusal: Refusal, zone: ZoneInfo, titles: Titles | None = None
) -> tuple[str, str]:
    """What is wrong, and what to do. `titles`: of operations, by code."""
    facts = _shown_facts(t, refusal, zone, titles or {})
    key = f"refusal.{refusal.rule}"
    return t.with_facts(key, facts), t.with_facts(f"{key}.next", facts)


def _shown_facts(t: Words, refusal: Refusal, zone: ZoneInfo, titles: Titles) -> Mapping[str, str]:
    """The facts as a reader wants them; a fact that a text names and nobody told is a dash."""
    shown = defaultdict(lambda: formats.NOTHING)
    for name, value in refusal.facts.items():
        if name in _TIMES and value.lstrip("-").isdigit():
            value = formats.time_text(t, int(value), zone)
        elif name in _WORDS and value:
            value = ", ".join(t.known(_WORDS[name], word) for word in value.split(", "))
        elif name in _SHOWN:
            value = _SHOWN[name](t, value)
        elif name in ("operation", "next", "running"):
            value = ", ".join(_title(t, code, titles) for code in value.split(", ") if code)
        if value:
            shown[name] = value
    return shown


def _surveys(t: Words, said: str) -> str:
    return ", ".join(_survey(t, one) for one in said.split(", "))


def _survey(t: Words, said: str) -> str:
    """A survey with how it stands, as domain.rules_furnace names them: "SAT:overdue"."""
    test, _, state = said.partition(":")
    return f"{t.known('furnace.test', test)} ({t.known('furnace.state', state)})"


def _baths(t: Words, said: str) -> str:
    return _DUE.sub(lambda due: f" ({t('bath.due.' + due[1])})", said)


def _pollutant(t: Words, code: str) -> str:
    """Its name; the code of one that nobody knows."""
    row = known_pollutants().get(code)
    return t.one_of(row["title"]) if row else code


_SHOWN = {"tests": _surveys, "baths": _baths, "pollutant": _pollutant}


def _title(t: Words, code: str, titles: Titles) -> str:
    return t.one_of(titles[code]) if titles.get(code) else code


def refusal_items(told: Sequence[Refusal], titles: Titles | None = None) -> list[dict[str, Any]]:
    """As /api/v1 and the pages say them."""
    t, zone = words(), this_site().settings.zone
    items = []
    for refusal in told:
        message, following = told_of(t, refusal, zone, titles)
        said = {"rule": refusal.rule, "facts": refusal.facts}
        items.append({**said, "message": message, "next": following})
    return items
