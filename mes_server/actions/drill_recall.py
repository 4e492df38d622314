"""A recall drill: a clock that starts with a suspicion and stops with what was found. Both are kept.

Stream "drill:<id>", the id being that of the action that starts it.
"""

from mes_server.actions.record_events import Book
from mes_server.actions.trace_lots import trace
from mes_server.domain.genealogy import FORWARD
from mes_server.domain.recalls import Suspicion
from mes_server.domain.rules import Refusal
from mes_server.domain.seal import Event
from mes_server.domain.texts import text_is_no_script
from mes_server.store.ledger import load_stream

STARTED, STOPPED = "drill_started", "drill_stopped"


def start_drill(book: Book, suspicion: Suspicion) -> str:
    """The clock starts: the id of the drill."""
    drill = book.act.id
    book.note(f"drill:{drill}", STARTED, suspicion=suspicion.as_content())
    return drill


def stop_drill(book: Book, drill: str, remark: str = "") -> list[Refusal]:
    """The clock stops; what the trace of the drill's suspicion finds now is kept with the time it took."""
    events = load_stream(book.conn, f"drill:{drill}")
    if not events or is_stopped(events):
        return [Refusal("drill_is_running", {"drill": drill})]
    refused = text_is_no_script({"remark": remark})
    if refused:
        return refused
    suspicion = suspicion_of(events)
    found = trace(book.conn, suspicion, FORWARD)
    book.note(
        f"drill:{drill}",
        STOPPED,
        remark,
        suspicion=suspicion.as_content(),
        elapsed_ms=book.act.at_ms - events[0].at_ms,
        result=found.as_content(),
    )
    return []


def is_stopped(events: list[Event]) -> bool:
    """Whether the clock of a drill (its stream) stands."""
    return events[-1].kind == STOPPED


def suspicion_of(events: list[Event]) -> Suspicion:
    """What a drill is about."""
    return Suspicion(**events[0].facts()["suspicion"])
