"""What the people of a story do, each by the action that the door of it calls (web/handling.py).

To add a verb is to add a line to VERBS: how it reads, what it is called, what it takes to be allowed, what
it does. Of its groups `lot`, `lots` and `station` say what it is about, `made` and `parts` name what it makes.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from mes_server.actions import handle_lots as handle
from mes_server.actions import make_lots as make
from mes_server.actions import ready_station as ready
from mes_server.actions.act_once import Ask, act_once
from mes_server.actions.answer_scan import Answer
from mes_server.actions.record_events import Act, Book
from tests.stories.bath_verbs import BATH_VERBS
from tests.stories.evidence_verbs import EVIDENCE_VERBS
from tests.stories.plant import ROUTE, done_until, worker
from tests.stories.quality_verbs import QUALITY_VERBS
from tests.stories.reader import Line, moment, read_amount, read_pair

if TYPE_CHECKING:
    from tests.stories.story import Story

Match = re.Match[str]
Send = Callable[[str], Answer]  # by the id of the action
Said = dict[str, str]


@dataclass(frozen=True)
class Deed:
    """`about`: the lot or station by its name in the story. `made`: names for the codes it makes."""

    what: str
    about: str
    send: Send
    made: tuple[str, ...] = ()


class Verb(NamedTuple):
    """`acting`: book, codes of the lots, what the line says by group (with reason, hold, action)."""

    pattern: str
    what: str
    permission: str
    acting: Callable[[Book, list[str], Said], Any]


def deed(story: "Story", line: Line, verb: Verb, found: Match) -> Deed:
    """What a line asks for, ready to be sent."""
    said = found.groupdict("")
    names = tuple(said["lots"].split(" + ")) if said.get("lots") else (said.get("lot", ""),)
    lots = [name.split(" ")[0] for name in names if name]
    told = said | {"reason": line.reason} | _looked_up(story, said, lots)
    who = worker(line.who, verb.permission)
    asked = Ask(verb.what, tuple(map(story.code, lots)), said.get("station", ""), line.reason)

    def acting(book: Book, codes: list[str]) -> Any:
        return verb.acting(book, codes, told)

    def send(action: str) -> Answer:
        act = Act(action, who.badge, said.get("at", ""), line.at_ms, line.now_ms)
        return act_once(story.engine, act, asked, who, acting)

    parts = (said.get("parts") or said.get("made", "")).split(", ")
    made = tuple(part.split(": ")[0] for part in parts if part)
    named = (said.get(name) for name in ("station", "to", "at", "plan"))
    about = next(filter(None, named), "") or (lots or made or ("",))[0]
    return Deed(verb.what, about, send, made)


def _looked_up(story: "Story", said: Said, lots: list[str]) -> Said:
    """What the screen of the worker knows: the hold of a lot, the action to correct, what a name means."""
    found = {"action": story.actions.get((said.get("kind", ""), said.get("to", "")), "none")}
    if "resource" in said:
        found["resource"] = story.code(said["resource"])
    if "station" in said:
        found["run"] = story.runs.get(said["station"], "none")
    lot = story.find(lots[0]) if lots else None
    if lot is not None:
        found["hold"] = next(iter(lot.holds), "none")
    return found


def _receive(book: Book, _codes: list[str], said: Said) -> Any:
    facts: dict[str, Any] = {"part": "P-1", "grade": "N42SH", "route": ROUTE, "expires_ms": None}
    amounts = []
    for word in said["facts"].split(", "):
        key, _, value = word.rpartition(" ")
        if key in ("part", "grade", "route", "supplier", "origin", "supplier lot"):
            facts[key.replace(" ", "_")] = "" if value == "none" else value
        elif key == "after":
            facts["done"] = done_until(value)  # it came this far elsewhere
        elif until := re.fullmatch(r"keeps until day (\d+) (\d\d:\d\d)", word):
            facts["expires_ms"] = moment(until[2], int(until[1]))
        else:
            amounts.append(word)
    return make.receive(book, said["kind"], read_amount(" ".join(amounts)), facts)


def _split(book: Book, codes: list[str], said: Said) -> Any:
    parts = [read_pair(part.split(": ")[1]) for part in said["parts"].split(", ")]
    return make.split_off(book, codes[0], parts)


def _blend(book: Book, codes: list[str], said: Said) -> Any:
    masses = [read_pair(part.split(" ", 1)[1])[1] for part in said["lots"].split(" + ")]
    words = dict(word.split(" ", 1) for word in said["facts"].split(", ") if word)
    wanted = make.Wanted(said["kind"], **words)
    return make.blend_lots(book, list(zip(codes, masses, strict=True)), wanted)


def _scrap(book: Book, codes: list[str], said: Said) -> Any:
    why = (said["reason"], "swarf" if said["swarf"] else "scrap")
    return make.scrap_some(book, codes[0], read_pair(said["much"]), why)


def _ship(book: Book, codes: list[str], said: Said) -> Any:
    return handle.ship_lots(book, codes, {"customer": said["customer"]})


LOT, STATION, MUCH = r"(?P<lot>\S+)", r"(?P<station>\S+)", "(?P<much>.+)"
VERBS = [
    *(Verb(*verb) for verb in EVIDENCE_VERBS + QUALITY_VERBS + BATH_VERBS),
    Verb(r"receives (?P<made>\w+): (?P<kind>\w+), (?P<facts>.+)", "receive", "scan", _receive),
    Verb(rf"splits {LOT} into (?P<parts>.+)", "split", "scan", _split),
    Verb(r"merges (?P<lots>.+) as (?P<made>\w+)", "merge", "scan",
         lambda book, codes, said: handle.merge_lots(book, codes)),
    Verb(r"blends (?P<lots>.+) as (?P<made>\w+): (?P<kind>\w+)(?:, )?(?P<facts>.*)", "blend", "scan", _blend),
    Verb(rf"takes {MUCH} of {LOT} as coupon (?P<made>\w+)", "coupons", "scan",
         lambda book, codes, said: make.take_coupons(book, codes[0], *read_pair(said["much"]))),
    Verb(rf"scraps {MUCH} of {LOT} as (?P<swarf>swarf )?(?P<made>\w+)", "scrap", "scan", _scrap),
    Verb(rf"sends {LOT} back to (?P<operation>\w+)", "rework", "correct",
         lambda book, codes, said: handle.send_back(book, codes[0], said["operation"], said["reason"])),
    Verb(rf"regrades {LOT} to (?P<grade>\w+)", "regrade", "release",
         lambda book, codes, said: handle.regrade_lot(book, codes[0], said["grade"], said["reason"])),
    Verb(rf"moves {LOT} to (?P<place>\S+)", "move", "scan",
         lambda book, codes, said: handle.move_lot(book, codes[0], said["place"])),
    Verb(rf"packs {LOT} by (?P<each>\d+) as (?P<made>.+)", "pack", "scan",
         lambda book, codes, said: make.pack_lot(book, codes[0], int(said["each"]))),
    Verb(r"ships (?P<lots>.+) to (?P<customer>\w+) as (?P<made>\w+)", "ship", "scan", _ship),
    Verb(rf"takes back {MUCH} of {LOT} as (?P<made>\w+)", "return", "release",
         lambda book, codes, said: make.return_lot(book, codes[0], read_pair(said["much"]), said["reason"])),
    Verb(rf"holds {LOT}", "hold", "hold",
         lambda book, codes, said: handle.hold_lots(book, codes, said["reason"])),
    Verb(rf"releases {LOT}", "release", "release",
         lambda book, codes, said: handle.release_lot(book, codes[0], said["hold"], said["reason"])),
    Verb(r"corrects the (?P<kind>\w+) of (?P<to>\S+)", "correct", "correct",
         lambda book, codes, said: handle.correct_action(book, said["action"], said["reason"])),
    Verb(rf"clears {STATION}", "clear", "scan",
         lambda book, codes, said: ready.clear_line(book, said["station"], said["reason"])),
    Verb(rf"mounts (?P<resource>\S+) as (?P<role>\w+) at {STATION}", "mount", "scan",
         lambda book, codes, said: ready.mount(book, said["station"], said["role"], said["resource"])),
    Verb(rf"takes (?P<role>\w+) off {STATION}", "mount", "scan",
         lambda book, codes, said: ready.mount(book, said["station"], said["role"], "")),
    Verb(rf"locks {STATION}", "lock", "hold",
         lambda book, codes, said: ready.lock_station(book, said["station"], said["reason"])),
    Verb(rf"unlocks {STATION}", "unlock", "release",
         lambda book, codes, said: ready.unlock_station(book, said["station"], said["reason"])),
]  # fmt: skip


def understand(story: "Story", line: Line, verbs: Iterable[Verb] = VERBS) -> Deed | None:
    """What a line says is done; None: none of these verbs is in it."""
    for verb in verbs:
        found = re.fullmatch(verb.pattern, line.what)
        if found is not None:
            return deed(story, line, verb, found)
    return None
