"""A label is one piece of paper on one lot: its id is minted once and is what its codes hold.

    L26-000123-7K-2-Q4    the second label of lot L26-000123-7K

The id begins with the code of the lot, so that it says which lot it is even where the store cannot be
asked. Printing again makes a new id and voids the old one: two labels of one lot are never both good.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mes_server.domain.codes import BadCode, check_characters, parse_code
from mes_server.domain.rules import Refusal
from mes_server.domain.seal import Event

PRINTED, VOIDED = "label_printed", "label_voided"
_ID = re.compile(r"([A-Z]{1,4}[0-9]{2}-[0-9]{4,9}-[0-9A-Z]{2})-([1-9][0-9]{0,3})-([0-9A-Z]{2})")


@dataclass(frozen=True, slots=True)
class Label:
    """What is on the paper. `number`: of the labels of this lot, from 1; above 1 it is a reprint.

    `lines`: name of a fact (a key of the translations under label.) and its text. `link`: what the QR
    code holds, for people's phones; the Data Matrix holds the id.
    """

    id: str
    lot: str
    number: int
    printed_ms: int
    lines: tuple[tuple[str, str], ...]
    link: str

    @property
    def is_reprint(self) -> bool:
        """Whether another was printed before it."""
        return self.number > 1


@dataclass(frozen=True, slots=True)
class Standing:
    """What became of a label. `voided_ms` None: it is good. `instead`: the label that replaced it."""

    id: str
    lot: str
    number: int
    printed_ms: int
    voided_ms: int | None = None
    why: str = ""
    instead: str = ""


def stream_of(lot: str) -> str:
    """The stream of the ledger that tells of the labels of a lot."""
    return f"label:{lot}"


def label_id(lot: str, number: int) -> str:
    """The id of the label of a lot with this number."""
    body = f"{lot}-{number}"
    return f"{body}-{check_characters(body)}"


def parse_label_id(text: str) -> tuple[str, int] | None:
    """Lot and number of an id in capitals; None: it has not the form of one. Raises BadCode."""
    match = _ID.fullmatch(text)
    if match is None:
        return None
    lot, number, check = match.groups()
    if check_characters(f"{lot}-{number}") != check:
        raise BadCode("code_is_misread", text)
    parse_code(lot)
    return lot, int(number)


def label_from(event: Event) -> Label:
    """The label as it was printed, from its event."""
    facts = event.facts()
    lines = tuple((name, text) for name, text in facts["lines"])
    lot = event.stream.removeprefix("label:")
    return Label(facts["label"], lot, facts["number"], event.at_ms, lines, facts["link"])


def content_of(label: Label) -> dict[str, Any]:
    """What the event of a printed label holds."""
    lines = [list(line) for line in label.lines]
    return {"label": label.id, "number": label.number, "lines": lines, "link": label.link}


def standings(history: Iterable[Event]) -> list[Standing]:
    """What became of each label of a lot, from the events of its stream."""
    found: dict[str, Standing] = {}
    for event in history:
        facts = event.facts()
        if event.kind == PRINTED:
            lot = event.stream.removeprefix("label:")
            id_ = facts["label"]
            found[id_] = Standing(id_, lot, facts["number"], event.at_ms)
        elif event.kind == VOIDED:
            found[facts["label"]] = replace(
                found[facts["label"]],
                voided_ms=event.at_ms,
                why=event.reason,
                instead=facts["instead"],
            )
    return list(found.values())


def label_is_good(label: str, standing: Standing | None) -> Refusal | None:
    """What a scan of a label says: it was printed here and is not void."""
    if standing is None:
        return Refusal("label_is_known", {"label": label})
    if standing.voided_ms is None:
        return None
    since = {"since_ms": str(standing.voided_ms), "why": standing.why}
    return Refusal("label_is_good", {"label": label, **since, "instead": standing.instead})


def good_ones(found: Sequence[Standing]) -> list[Standing]:
    """Those that are not void."""
    return [standing for standing in found if standing.voided_ms is None]
