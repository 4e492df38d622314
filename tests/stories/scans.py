"""What the people of a story scan at stations: load, unload, undo, and the same once more."""

import re
from typing import TYPE_CHECKING, Any

from mes_server.actions.answer_scan import Answer
from mes_server.actions.prove_run import prove_unloaded
from mes_server.actions.scan_lot import Scan, scan_lot
from mes_server.actions.scan_unload import LotTold, Told, Unloading, scan_unload
from mes_server.actions.undo_scan import Undo, undo_scan
from mes_server.store.engine import reading
from mes_server.store.ledger import list_action
from tests.stories.plant import worker
from tests.stories.reader import Line, Unreadable, read_pair
from tests.stories.verbs import Deed, Match

if TYPE_CHECKING:
    from tests.stories.story import Story


def loads(story: "Story", line: Line, found: Match) -> Deed:
    """Options: for OPERATION, recipe X, tray X, ROLE = RESOURCE, only AMOUNT as NAME. A reason: unplanned."""
    lot, station, more = found.groups()
    facts: dict[str, Any] = {"resources": {}}
    operation, part, made = "", None, ()
    for word in filter(None, more.split(", ")):
        key, _, value = word.partition(" ")
        if key == "for":
            operation = value
        elif key in ("recipe", "tray"):
            facts["position" if key == "tray" else key] = value
        elif key == "only":
            amount, _, name = value.partition(" as ")
            part, made = read_pair(amount), (name,)
        elif " = " in word:
            role, resource = word.split(" = ")
            facts["resources"][role] = story.code(resource)
        else:
            raise Unreadable(line.text)

    def send(action: str) -> Answer:
        scan = Scan(
            action, story.code(lot), station, line.at_ms, operation, line.reason, facts, part
        )
        answer = scan_lot(story.engine, scan, worker(line.who, "scan"), line.now_ms)
        if answer.run:
            story.runs[station] = answer.run
        return answer

    return Deed("load", lot, send, made)


def unloads(story: "Story", line: Line, found: Match) -> Deed:
    """LOT as NEW: AMOUNT, scrap AMOUNT as NAME, swarf …, coupon …; the next lot."""
    station = found[1]
    told, names = [], []
    for outcome in found[2].split("; "):
        match = re.fullmatch(r"(\S+?)(?: as (\w+))?: (.+)", outcome)
        if match is None:
            raise Unreadable(line.text)
        code = story.code(match[1])
        product, *others = match[3].split(", ")
        parts: dict[str, Told] = {}
        for other in others:
            form, amount, name = re.fullmatch(r"(\w+) (.+?)(?: as (\w+))?", other).groups()  # type: ignore[union-attr]
            parts["coupons" if form == "coupon" else form] = Told(*read_pair(amount))
            names.append((name, form, code))
        told.append(LotTold(code, Told(*read_pair(product)), **parts))
        names.append((match[2], "run", code))

    def send(action: str) -> Answer:
        made = Unloading(action, story.runs.get(station, "none"), station, line.at_ms, told)
        answer = scan_unload(story.engine, made, worker(line.who, "scan"), line.now_ms)
        answer = prove_unloaded(story.engine, answer, line.now_ms, line.who.upper())
        _name(story, action, names)
        return answer

    return Deed("unload", station, send)


def _name(story: "Story", action: str, names: list[tuple[str | None, str, str]]) -> None:
    """Give what came out of a run its names: by why it came to be, and of what."""
    with reading(story.engine) as conn:
        born = [event for event in list_action(conn, action) if event.kind == "lot_created"]
    for event in born:
        facts = event.facts()
        for name, why, parent in names:
            if name and (facts["why"], facts["parents"][0]["lot"]) == (why, parent):
                story.codes[name] = event.stream.removeprefix("lot:")


def undoes(story: "Story", line: Line, found: Match) -> Deed:
    """Within ten seconds, by whoever did it."""
    scan = story.actions.get((found[1], found[2]), "none")

    def send(action: str) -> Answer:
        undo = Undo(action, scan, line.at_ms)
        return undo_scan(story.engine, undo, worker(line.who, "scan"), line.now_ms)

    return Deed("undo", found[2], send)


SCANS = (
    (r"loads (\S+) at ([\w-]+)(?:, )?(.*)", loads),
    (r"unloads (\S+): (.+)", unloads),
    (r"undoes the (\w+) of (\S+)", undoes),
)


def scanned(story: "Story", line: Line) -> Deed | None:
    """What a line says is scanned; None: nothing is."""
    for pattern, verb in SCANS:
        found = re.fullmatch(pattern, line.what)
        if found is not None:
            return verb(story, line, found)
    return None
