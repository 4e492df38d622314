"""The checks of the demo's control plan: made when a scan says that they are missing, as people do it.

Readings are drawn around the middle of the spec: now and then one is near its limit, seldom one is out.
"""

import random
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from mes_server.demo.floor import QUALITY, Ask, Heard
from mes_server.demo.gear import CARED_FOR, gauge_for
from mes_server.demo.simulation import load_quality
from mes_server.demo.tanks import UNTITRATED

ASKS_FOR = frozenset(
    (
        "checks_are_done", "station_checks_are_done", "setup_is_verified", "restart_is_verified",
        "challenge_is_done", "instruction_is_read",
    )
)  # fmt: skip
_ROOM_C = (22.8, 0.3)
_SIGMAS = 6.0  # of half the spec: an honest process, Cp 2.0


@cache
def documents() -> list[dict[str, Any]]:
    """What quality releases in the demo, in this order."""
    files = ("furnaces", "baths", "plan_motor", "plan_sensor", "water")
    return [one for file in files for one in load_quality(file)["documents"]]


def release_asks(pin: str) -> Iterator[Ask]:
    """The releases, signed; nothing without the PIN of quality."""
    signature = {"badge": QUALITY, "pin": pin, "meaning": "released"}
    for one in documents() if pin else ():
        content = one["content"]
        name = f"demo-{one['kind']}-{content['code']}-{content['revision']}".lower()
        body = {"content": content, "signature": signature}
        yield Ask("release_document", f"/documents/{one['kind']}", body, QUALITY, id=name)


def is_planned(route: str) -> bool:
    """Whether lots of a route ("code/revision") are under a plan of the demo."""
    code = route.partition("/")[0]
    return any(code in one["content"].get("routes", ()) for one in documents())


def release_product(code: str, pin: str) -> Ask:
    """Quality signs that a lot conforms."""
    signers = [{"badge": QUALITY, "pin": pin, "meaning": "released"}]
    return Ask(
        "product_release",
        f"/lots/{code}/product-release",
        {"signatures": signers},
        QUALITY,
        lot=code,
    )


def missing(ask: Ask, heard: Heard) -> bool:
    """Whether what was refused waits for a check or an instruction."""
    return bool(ASKS_FOR & set(heard.rules)) and not ask.mistake


def waits_for_care(ask: Ask, heard: Heard) -> bool:
    """Whether what was refused waits for a titration, a survey or a thermocouple."""
    return bool((CARED_FOR | {UNTITRATED}) & set(heard.rules)) and not ask.mistake


def is_surprise(ask: Ask, heard: Heard) -> bool:
    """Whether a refusal was neither meant, nor one that leads to a check or a signature."""
    expected = ask.mistake or missing(ask, heard) or waits_for_care(ask, heard)
    expected = expected or "lot_is_released" in heard.rules
    return bool(heard.rules) and not expected


def checks_follow(ask: Ask, heard: Heard) -> bool:
    """Whether somebody looks at the list of checks now: lots came out of what a plan
    watches, or a scan was refused for want of one."""
    came_out = ask.about == "unload" and heard.done and heard.operation in _planned_operations()
    return bool(ask.station) and (missing(ask, heard) or came_out)


@cache
def _planned_operations() -> frozenset[str]:
    plans = [one["content"] for one in documents() if one["kind"] == "plan"]
    return frozenset(line["operation"] for plan in plans for line in plan["characteristics"])


def check_asks(ask: Ask, due: Mapping[str, Any], chance: random.Random) -> Iterator[Ask]:
    """What the tablet of the station lists (GET …/due), done by who was refused."""
    for number, one in enumerate(due["instructions"]):
        if not one["read"]:
            body = {"instruction": one["name"]}
            yield Ask("acknowledge", "/acknowledgements", body, ask.badge, ask.station,
                      id=f"{ask.id}-r{number}")  # fmt: skip
    for number, one in enumerate(due["items"]):
        if one["state"] in ("done", "conceded"):
            continue
        body = {"characteristic": one["characteristic"], "source": "tablet"} | _about(one)
        body |= _readings(one, chance) | {"gauge": gauge_for(one["gauge"])}
        yield Ask("check", "/checks", body, ask.badge, ask.station, id=f"{ask.id}-c{number}",
                  lot=one["lot"])  # fmt: skip


def _about(one: Mapping[str, Any]) -> dict[str, Any]:
    if one["lot"]:
        return {"lot": one["lot"]}
    if one["run"]:
        return {"run": one["run"]}
    return {"plan": one["plan"], "part": one["part"]}


def _readings(one: Mapping[str, Any], chance: random.Random) -> dict[str, Any]:
    if one["kind"] == "attribute":
        return {"sample": one["sample"], "rejected": 0}
    low, high = float(one["lower"] or 0), float(one["upper"] or 0)
    middle = float(one["nominal"] or 0) or (low + high) / 2
    width = (high - low) / 2 / _SIGMAS if one["lower"] and one["upper"] else middle / 50
    digits = max(len(text.partition(".")[2]) for text in (one["lower"], one["upper"])) + 1
    values = [f"{chance.gauss(middle, width):.{digits}f}" for _ in range(one["sample"])]
    told = {"temperature_c": f"{chance.gauss(*_ROOM_C):.1f}"} if one["kind"] == "magnetic" else {}
    return {"readings": [{"value": value} for value in values], **told}
