"""What the people of a story do under a control plan: release it, check, acknowledge, stop a line.

The plans of the stories: a line is one characteristic, as `tests/mes_server/domain/plan_making.py` writes it.
"""

import re
from typing import TYPE_CHECKING, Any

from mes_server.actions.change_process import Alternate, begin_temporary, review_temporary
from mes_server.actions.keep_pyrometry import (
    Installing,
    Surveying,
    install_thermocouple,
    record_survey,
)
from mes_server.actions.record_check import Checking, record_check
from mes_server.actions.release_document import release_document, withdraw_document
from mes_server.actions.stop_line import acknowledge, stop_line
from tests.mes_server.domain.plan_making import WORDS, attribute, line, plan
from tests.mes_server.people_help import signer

if TYPE_CHECKING:
    from mes_server.actions.record_events import Book

_AGEING = {"operation": "ageing", "sample": 1}
LINES: dict[str, dict[str, Any]] = {
    "density": line("density", operation="sintering", sample=1, unit="g/cm3", nominal="7.55",
                    lower="7.45", upper="7.65", action_lower=None, action_upper=None),
    "hardness": line("hardness", **_AGEING),
    "hourly": line("hourly", **_AGEING, every={"each": "hours", "count": 4}),
    "first": line("first", **_AGEING, moment="first_off", every={"each": "setup"}),
    "restart": attribute("restart", operation="ageing", moment="restart", every={"each": "restart"}),
    "fool": attribute("fool", operation="ageing", moment="challenge", every={"each": "shift"}),
}  # fmt: skip


def _release(book: "Book", _codes: list[str], said: dict[str, str]) -> Any:
    lines = [LINES[name] for name in said["lines"].split(", ") if name in LINES]
    more = (
        {"instructions": [{"code": "WI-1", "operation": "ageing"}]}
        if "WI-1" in said["lines"]
        else {}
    )
    content = plan(*lines, code=said["plan"], revision=said["revision"], **more)
    return release_document(book, "plan", content, signer(book.act.person))


def _instruct(book: "Book", _codes: list[str], said: dict[str, str]) -> Any:
    content = {"code": "WI-1", "revision": said["revision"], "title": WORDS, "text": WORDS}
    return release_document(book, "instruction", content, signer(book.act.person))


def _check(book: "Book", codes: list[str], said: dict[str, str]) -> Any:
    counted = re.fullmatch(r"(?:(\d+) )?good", said["values"])
    values = [] if counted else said["values"].split(" ")
    readings = [{"value": value, "position": "", "piece": ""} for value in values]
    sample = int(counted[1] or 1) if counted else 0
    about = {"lot": codes[0]} if codes else {"plan": said.get("plan", "")}
    more = {name: said[name] for name in ("gauge", "temperature_c") if said.get(name)}
    told = Checking(said["characteristic"], readings=readings, sample=sample, **about, **more)
    return record_check(book, told)


def _survey(book: "Book", _codes: list[str], said: dict[str, str]) -> Any:
    reading = {"thermocouple": "TC-1", "test_thermocouple": "S-7", "reading": said["reading"], "test": said["true"]}  # fmt: skip
    told = Surveying("SAT", [reading], "CAL-1")
    return record_survey(book, said["station"], told, signer(book.act.person))


def _begin(book: "Book", _codes: list[str], said: dict[str, str]) -> Any:
    """By a plan of another part that lists the alternate."""
    until_ms = book.act.now_ms + int(said["days"]) * 86_400_000
    control = Alternate(said["station"], said["operation"], said["primary"], said["alternate"], until_ms)  # fmt: skip
    return begin_temporary(book, control, said["reason"], signer(book.act.person))


def _list(book: "Book", _codes: list[str], said: dict[str, str]) -> Any:
    approved = {name: said[name] for name in ("operation", "primary", "alternate")}
    content = plan(LINES["hardness"], code=said["plan"], revision="A", parts=["P-9"], temporary=[approved])  # fmt: skip
    return release_document(book, "plan", content, signer(book.act.person))


def _require(book: "Book", _codes: list[str], said: dict[str, str]) -> Any:
    rows = [{"row": row} for row in said["rows"].split(", ")]
    content = {"code": said["station"], "revision": "A", "title": WORDS, "requirements": rows}
    return release_document(book, "pyrometry", content, signer(book.act.person))


# As tests/stories/verbs.py has them. `at`: where it is done.
QUALITY_VERBS: list[tuple[str, str, str, Any]] = [
    (r"releases plan (?P<plan>\S+)/(?P<revision>\w+): (?P<lines>.+)", "document", "plan", _release),
    (r"releases plan (?P<plan>\S+) for (?P<primary>.+) or (?P<alternate>.+) at (?P<operation>\w+)", "document", "plan", _list),
    (r"begins (?P<made>\w+) of (?P<operation>\w+) at (?P<station>\S+) for (?P<days>\d+) days: (?P<alternate>.+) for (?P<primary>.+)", "change", "dispose", _begin),
    (r"reviews (?P<resource>\w+)", "change", "dispose",
     lambda book, codes, said: review_temporary(book, said["resource"], said["reason"])),
    (r"releases instruction WI-1/(?P<revision>\w+)", "document", "plan", _instruct),
    (r"withdraws plan (?P<plan>\S+)/(?P<revision>\w+)", "withdraw", "plan",
     lambda book, codes, said: withdraw_document(book, "plan", said["plan"], said["revision"], said["reason"])),
    (r"checks (?P<characteristic>\w+) of (?P<lot>\S+) at (?P<at>\S+)(?: with (?P<gauge>\S+))?(?: at (?P<temperature_c>\S+) °C)?: (?P<values>.+)", "check", "check", _check),
    (r"checks (?P<characteristic>\w+) under (?P<plan>\S+) at (?P<at>\S+)(?: with (?P<gauge>\S+))?: (?P<values>.+)", "check", "check", _check),
    (r"requires of (?P<station>\S+): (?P<rows>.+)", "document", "plan", _require),
    (r"surveys (?P<station>\S+): reads (?P<reading>\S+) at (?P<true>\S+) true", "survey", "gauge", _survey),
    (r"installs (?P<thermocouple>\S+) of type (?P<type>\w) with (?P<uses>\d+) uses in (?P<station>\S+)", "thermocouple", "gauge",
     lambda book, codes, said: install_thermocouple(
         book, said["station"], Installing(said["thermocouple"], "load_1", said["type"], int(said["uses"])))),
    (r"stops (?P<station>\S+)", "stop", "scan",
     lambda book, codes, said: stop_line(book, said["station"], said["reason"])),
    (r"acknowledges (?P<plan>\S+)", "acknowledge", "check",
     lambda book, codes, said: acknowledge(book, said["plan"])),
]  # fmt: skip
