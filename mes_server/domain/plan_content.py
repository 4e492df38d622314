"""What is wrong with a control plan before it is released: every fault at once, each in a sentence."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from mes_server.domain.control_plan import (
    FREQUENCIES,
    KINDS,
    MOMENTS,
    PHASES,
    PPAP,
    REACTIONS,
    REFERENCE,
    SUBSTITUTE,
    SYMBOLS,
)
from mes_server.domain.decimals import figure_or_none
from mes_server.domain.documents import head_faults
from mes_server.domain.process import OF_COUNTS, OF_VALUES
from mes_server.domain.shapes import LIST, OBJECT, TEXT, TEXTS, WORDS, shape_faults
from mes_server.domain.spc_rules import RULE_SETS

_CHOICES = {"symbol": SYMBOLS, "kind": KINDS, "moment": MOMENTS}
_LIMITS = ("nominal", "lower", "upper", "action_lower", "action_upper")
_KNOWN = frozenset(
    (
        "id", "title", "operation", "symbol", "customer_symbol", "kind", "quantity", "unit", "gauge", "method",
        "sample", "positions", "moment", "every", "reaction", "reactions", "owner", "pass_through", "chart", *_LIMITS,
    )
)  # fmt: skip
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
SAMPLE_MAX = 1_000
_SHAPES = {
    "phase": TEXT, "parts": LIST, "routes": TEXTS, "owner": TEXT, "ppap": WORDS, "characteristics": LIST, "note": WORDS,
    "instructions": LIST, "recipes": LIST, "temporary": LIST, "references": LIST, "shifts_utc": TEXTS, "title": OBJECT,
}  # fmt: skip
_LINE_SHAPES = {
    **dict.fromkeys(("operation", "symbol", "customer_symbol", "kind", "quantity", "unit", "gauge", "moment", "owner"), TEXT),
    "title": OBJECT, "method": WORDS, "reaction": OBJECT, "positions": TEXTS, "reactions": TEXTS, "every": OBJECT,
}  # fmt: skip
_NAMED = {"code": TEXT, "revision": TEXT, "operation": TEXT}


def plan_faults(content: Mapping[str, Any]) -> list[str]:
    """Everything that is wrong with a plan's content; nothing: it can be released."""
    faults, wrong = head_faults(content), shape_faults(content, _SHAPES)
    if wrong:
        return faults + wrong
    if content.get("phase") not in PHASES:
        faults.append(f"phase: write one of {', '.join(PHASES)}")
    parts = content.get("parts")
    if not isinstance(parts, list) or not parts or not all(isinstance(p, str) and p for p in parts):
        faults.append("parts: write at least one part number")
    ppap = content.get("ppap", {})
    if not isinstance(ppap, dict) or ppap.get("status", "none") not in PPAP:
        faults.append(f"ppap.status: write one of {', '.join(PPAP)}")
    if content.get("certainty", "high") not in ("high", "medium", "low"):
        faults.append("certainty: write high, medium or low")
    starts = content.get("shifts_utc", ["00:00"])
    if not isinstance(starts, list) or not all(_TIME.fullmatch(str(start)) for start in starts):
        faults.append('shifts_utc: write times of the day such as "06:00"')
    return faults + _lists(content) + _lines(content)


def _lists(content: Mapping[str, Any]) -> list[str]:
    faults = []
    for name in ("instructions", "recipes"):
        for i, said in enumerate(content.get(name, [])):
            where = f"{name}[{i}]"
            texts = isinstance(said, dict) and not shape_faults(said, _NAMED)
            if not texts or not said.get("code") or not said.get("operation"):
                faults.append(f"{where}: write code and operation")
    return faults + _substitutes(content.get("temporary", [])) + _references(content)


def _references(content: Mapping[str, Any]) -> list[str]:
    """What the customer calls a part, and by which drawing it is made: of parts of the plan, each once."""
    said, parts = content.get("references", []), content.get("parts")
    if not isinstance(said, list):
        return ["references: write a list"]
    hint = f"write a part of this plan once, with {' and '.join(REFERENCE)} as texts"
    faults, seen = [], set()
    for i, one in enumerate(said):
        part = one.get("part") if isinstance(one, dict) else None
        texts = [one.get(name, "") for name in REFERENCE] if isinstance(one, dict) else [None]
        known = isinstance(part, str) and part in list(parts or ()) and part not in seen
        if not known or not all(isinstance(text, str) for text in texts) or not any(texts):
            faults.append(f"references[{i}]: {hint}")
        seen.add(str(part))
    return faults


def _substitutes(said: object) -> list[str]:
    if not isinstance(said, list):
        return ["temporary: write a list of approved alternate controls"]
    return [
        f"temporary[{i}]: write operation, primary and alternate, each as a text"
        for i, one in enumerate(said)
        if not isinstance(one, dict)
        or not all(isinstance(one.get(name), str) and one[name].strip() for name in SUBSTITUTE)
    ]


def _lines(content: Mapping[str, Any]) -> list[str]:
    lines = content.get("characteristics")
    if not isinstance(lines, list) or not lines:
        return ["characteristics: write at least one"]
    faults, seen = [], set()
    for i, said in enumerate(lines):
        where = f"characteristics[{i}]"
        if not isinstance(said, dict):
            faults.append(f"{where}: write an object")
            continue
        name = said.get("id")
        if not isinstance(name, str) or not name or name in seen:
            faults.append(f"{where}.id: write a text that no other line has")
        seen.add(str(name))
        wrong = shape_faults(said, _LINE_SHAPES)
        told = wrong or [fault for check in _CHECKS for fault in check(said)]
        faults += [f"{where} ({name}): {fault}" for fault in told]
    return faults


def _words(said: Mapping[str, Any]) -> list[str]:
    title = said.get("title")
    faults = [f"{key}: there is no such field" for key in sorted(set(said) - _KNOWN)]
    if not isinstance(title, dict) or not all(title.get(lang) for lang in ("en", "zh")):
        faults.append('title: write {"en": "…", "zh": "…"}')
    if not said.get("operation"):
        faults.append("operation: write the code of an operation of the route")
    return faults + [
        f"{name}: write one of {', '.join(repr(choice) for choice in allowed)}"
        for name, allowed in _CHOICES.items()
        if said.get(name, allowed[0]) not in allowed
    ]


def _limits(said: Mapping[str, Any]) -> list[str]:
    faults = [
        f'{name}: write a text such as "4.95"'
        for name in _LIMITS
        if name in said and figure_or_none(said[name]) is None
    ]
    limits = {name: figure_or_none(said.get(name)) for name in _LIMITS}
    ordered = [limits[n] for n in ("lower", "action_lower", "action_upper", "upper")]
    given = [one for one in ordered if one is not None]
    if given != sorted(given):
        faults.append("the limits: lower <= action_lower <= action_upper <= upper")
    if said.get("kind", "variable") in ("variable", "magnetic", "life") and not faults:
        if limits["lower"] is None and limits["upper"] is None:
            faults.append("lower or upper: write at least one limit")
        if not said.get("unit"):
            faults.append("unit: write it")
    return faults


def _frequency(said: Mapping[str, Any]) -> list[str]:
    every, faults = said.get("every", {}), []
    if not isinstance(every, dict) or every.get("each", "lot") not in FREQUENCIES:
        faults.append(f"every.each: write one of {', '.join(FREQUENCIES)}")
    elif not _count(every.get("count", 1)):
        faults.append("every.count: write a whole number from 1")
    if not _count(said.get("sample", 1)):
        faults.append(f"sample: write a whole number from 1 to {SAMPLE_MAX}")
    positions = said.get("positions", [])
    if positions and len(positions) != said.get("sample", 1):
        faults.append("positions: write one for each reading of the sample")
    return faults


def _count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= SAMPLE_MAX


def _reactions(said: Mapping[str, Any]) -> list[str]:
    faults = []
    reaction = said.get("reaction")
    if not isinstance(reaction, dict) or not all(reaction.get(lang) for lang in ("en", "zh")):
        faults.append('reaction: write what to do when it is out: {"en": "…", "zh": "…"}')
    wrong = set(said.get("reactions", ["hold"])) - set(REACTIONS)
    if wrong:
        faults.append(f"reactions: write some of {', '.join(REACTIONS)}")
    return faults


def _chart(said: Mapping[str, Any]) -> list[str]:
    if "chart" not in said:
        return []
    chart, counted = said["chart"], said.get("kind", "variable") == "attribute"
    fits = OF_COUNTS if counted else OF_VALUES
    if not isinstance(chart, dict) or not chart or set(chart) - {"kind", "rule_set"}:
        return ['chart: write {"rule_set": "aiag"}, and "kind" where it is not the one that fits']
    faults = []
    if chart.get("rule_set") not in RULE_SETS:
        faults.append(f"chart.rule_set: write one of {', '.join(RULE_SETS)}")
    if chart.get("kind", "") not in ("", *fits):
        faults.append(f"chart.kind: write one of {', '.join(fits)}, or leave it out")
    return faults


_CHECKS: tuple[Callable[[Mapping[str, Any]], list[str]], ...] = (
    _words,
    _limits,
    _frequency,
    _reactions,
    _chart,
)
