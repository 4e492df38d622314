"""What happens once in the past that a demo makes up: threads of troubles.json, each step by its real action."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from mes_server.demo.floor import QUALITY, Ask, Heard, Memory, Moment
from mes_server.demo.simulation import load_quality

_DAY_MS = 86_400_000
_FIELD = re.compile(r"\{(made|until|sign)?:?([^{}]*)\}")
Known = Mapping[
    str, str
]  # what a thread remembers: run and lot it began with, and what its steps made


@cache
def _steps() -> dict[str, tuple[Mapping[str, Any], int]]:
    """Thread and place of each step, by what it is about: no two have the same."""
    return {
        step["about"]: (thread, place)
        for thread in load_quality("troubles")["threads"]
        for place, step in enumerate(thread["steps"])
    }


def is_told(ask: Ask) -> bool:
    """Whether an ask is a step of the story."""
    return ask.about in _steps()


def follow(at: Moment, ask: Ask, heard: Heard) -> None:
    """Begin the threads that what was done begins, and go on with the one it is a step of."""
    if not at.memory.eventful or not heard.done:
        return
    for thread in load_quality("troubles")["threads"]:
        if thread["name"] not in at.memory.told and _begins(at, thread["on"], ask, heard):
            at.memory.told.add(thread["name"])
            known = {"run": ask.lot, "lot": heard.made[0] if heard.made else heard.lot}
            _plan(at, thread, 0, known)
    if is_told(ask):
        thread, place = _steps()[ask.about]
        known = dict(at.memory.known[ask.about])
        if "as" in thread["steps"][place]:
            known[f"made:{thread['steps'][place]['as']}"] = heard.made[0]
        _plan(at, thread, place + 1, known)


def _begins(at: Moment, on: Mapping[str, Any], ask: Ask, heard: Heard) -> bool:
    day = (at.now_ms - at.memory.began_ms) / _DAY_MS
    right = on.get("operation", heard.operation) == heard.operation
    trouble = on.get("trouble", "") == at.memory.troubled.get(ask.lot, "") or "trouble" not in on
    return ask.about == on["about"] and right and trouble and day >= on.get("day", 0)


def _plan(at: Moment, thread: Mapping[str, Any], place: int, known: Known) -> None:
    if place >= len(thread["steps"]):
        return
    step = thread["steps"][place]

    def act(then: Moment) -> Ask:
        then.memory.known[step["about"]] = known
        then.taken.add(known["lot"])
        body = _filled(step["body"], (known, then.memory, then.now_ms))
        path = str(_filled(step["path"], (known, then.memory, then.now_ms)))
        return Ask(step["about"], path, body, QUALITY)

    at.later(step["hours"] * 60, act)


def _filled(said: Any, by: tuple[Known, Memory, int]) -> Any:
    """A body with its fields filled in."""
    if isinstance(said, dict):
        return {name: _filled(one, by) for name, one in said.items()}
    if isinstance(said, list):
        return [_filled(one, by) for one in said]
    if not isinstance(said, str):
        return said
    if said.startswith("{sign:"):
        return {"badge": QUALITY, "pin": by[1].pin, "meaning": said[6:-1]}
    return _FIELD.sub(lambda found: _field(found, by), said)


def _field(found: re.Match[str], by: tuple[Known, Memory, int]) -> str:
    kind, name = found.groups()
    if kind == "until":
        until = datetime.fromtimestamp((by[2] + float(name) * _DAY_MS) / 1000, UTC)
        return until.isoformat(timespec="milliseconds")
    return by[0][f"made:{name}" if kind else name]


def reason_of(hold: str) -> tuple[str, bool] | None:
    """With what reason a hold is ended, and whether only after a day; None: not by looking at the lot alone."""
    if hold.startswith("NC"):
        return None
    said = load_quality("troubles")["released"]
    for begins, reason in said.items():
        if hold.startswith(begins):
            return str(reason), begins == "soak failed"
    return "looked at, within limits 复查合格", False


def wrong_with(operation: str, number: int) -> Mapping[str, Any] | None:
    """What is wrong with the curve of a run: so many runs of the operation were there before it, and itself."""
    runs = load_quality("troubles")["runs"]
    found = [one for one in runs if (one["operation"], one["number"]) == (operation, number)]
    return found[0] if found else None


def golden_ask(operation: str, number: int, run: str, pin: str) -> Ask | None:
    """Quality releases a recipe anew, with this run as the golden one."""
    golden = load_quality("troubles")["golden"]
    if {"operation": operation, "number": number} not in golden or not pin:
        return None
    recipe = recipe_for(operation)
    body = {"content": recipe | {"revision": "B", "golden": run},
            "signature": {"badge": QUALITY, "pin": pin, "meaning": "released"}}  # fmt: skip
    name = f"demo-recipe-{recipe['code']}-b".lower()
    return Ask("golden", "/documents/recipe", body, QUALITY, id=name)


def recipe_for(operation: str) -> dict[str, Any]:
    """The recipe of an operation, as the demo releases it first; {} where there is none."""
    documents = load_quality("furnaces")["documents"]
    found = [
        one["content"]
        for one in documents
        if one["kind"] == "recipe" and one["content"]["operation"] == operation
    ]
    return dict(found[0]) if found else {}
