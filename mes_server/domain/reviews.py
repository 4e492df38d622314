"""What came late and could not be: somebody looks at it, and carries it out or sets it aside, with a reason.

A review is named by the id of the scan. Its stream "review:<id>" tells what was asked for, what was decided,
how it ended; it is open until it was settled.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mes_server.domain.seal import Event

ASKED, DECIDED, SETTLED = "review_asked", "review_decided", "review_settled"
CARRIED_OUT, SET_ASIDE = "carried_out", "set_aside"


def stream_of(scan: str) -> str:
    """The stream of the review of a scan."""
    return f"review:{scan}"


def stream_of_try(action: str) -> str:
    """The stream that says of an action that it is a try to carry out what came late."""
    return f"try:{action}"


@dataclass(frozen=True, slots=True)
class Review:
    """`scan`: the event that could not be. `path`, `body`: what was sent, to be sent again; "" where it
    is not known. `tries`: ids under which it was carried out, refused but perhaps for the last."""

    scan: Event
    path: str = ""
    body: str = ""
    tries: tuple[str, ...] = ()
    settled: Event | None = None


def review_from(scan: Event, history: Iterable[Event]) -> Review:
    """The review of a scan as it stands."""
    path = body = ""
    tries: list[str] = []
    settled = None
    for event in history:
        facts = event.facts()
        if event.kind == ASKED:
            path, body = facts["path"], facts["body"]
        elif event.kind == DECIDED:
            tries.append(facts["as"])
        elif event.kind == SETTLED:
            settled = event
    return Review(scan, path, body, tuple(tries), settled)


def since(events: Sequence[Event], at_ms: int) -> Event | None:
    """The last of the events, when it is of later than a time."""
    return events[-1] if events and events[-1].at_ms > at_ms else None
