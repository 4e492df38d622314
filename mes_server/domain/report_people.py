"""Who did what in a run, and whether they were qualified for it on that day: from the ledger, not from today's list."""

from collections.abc import Iterable
from typing import NamedTuple

from mes_server.domain.charges import CLOSED, OPENED, PUT_IN
from mes_server.domain.people import QUALIFIED, UNQUALIFIED
from mes_server.domain.seal import Event

_DID = {OPENED: "opened", PUT_IN: "loaded", CLOSED: "closed"}


class Deed(NamedTuple):
    """Somebody ("": nobody is named) did something to a run."""

    run: str
    badge: str
    did: str
    at_ms: int


def deeds_of(run: str, events: Iterable[Event], lots: Iterable[str]) -> list[Deed]:
    """Who began and ended a run and loaded these lots; the same deed of the same person once."""
    ours = set(lots)
    found: dict[tuple[str, str], Deed] = {}
    for event in events:
        if event.kind not in _DID or (event.kind == PUT_IN and event.facts()["lot"] not in ours):
            continue
        deed = Deed(run, event.person, _DID[event.kind], event.at_ms)
        found.setdefault((deed.badge, deed.did), deed)
    return list(found.values())


def qualified_until(events: Iterable[Event], name: str, at_ms: int) -> int | None:
    """Until when somebody (the events of a person's stream) was qualified, as it stood at that time; None: was not."""
    until_ms: int | None = None
    for event in events:
        if event.noted_ms > at_ms or event.kind not in (QUALIFIED, UNQUALIFIED):
            continue
        facts = event.facts()
        if facts["qualification"] == name:
            until_ms = facts["until_ms"] if event.kind == QUALIFIED else None
    return until_ms if until_ms is not None and until_ms > at_ms else None
