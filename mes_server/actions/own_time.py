"""Whether what came late was possible at its own time: what was open then, and what has been since."""

from sqlalchemy import Connection

from mes_server.actions.answer_scan import LATE_MS
from mes_server.domain.recalls import EVER_MS
from mes_server.domain.reviews import since
from mes_server.domain.rules import Refusal
from mes_server.store.ledger import load_stream
from mes_server.store.runs import runs_at


def out_of_its_time(
    conn: Connection, lot: str, station: str, at_ms: int, now_ms: int
) -> list[Refusal]:
    """Why what was done at `at_ms` cannot be placed there any more; nothing for what is not late."""
    if now_ms - at_ms <= LATE_MS:
        return []
    refused = []
    over = [run for run in runs_at(conn, station, at_ms, at_ms) if run.closed_ms is not None]
    if over:
        facts = {"run": over[-1].code, "at_ms": str(over[-1].closed_ms)}
        refused.append(Refusal("run_is_still_open", facts))
    begun = [run for run in runs_at(conn, station, at_ms, EVER_MS) if run.opened_ms > at_ms]
    if begun:
        facts = {"run": begun[-1].code, "at_ms": str(begun[-1].opened_ms)}
        refused.append(Refusal("run_was_open", facts))
    return refused + moved_on(conn, lot, at_ms)


def moved_on(conn: Connection, lot: str, at_ms: int) -> list[Refusal]:
    """A refusal when something was done with a lot since."""
    later = since(load_stream(conn, f"lot:{lot}"), at_ms)
    if later is None:
        return []
    facts = {"lot": lot, "by": later.person, "where": later.place, "at_ms": str(later.at_ms)}
    return [Refusal("lot_is_as_it_was", facts)]
