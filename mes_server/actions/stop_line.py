"""A line was stopped, planned or not; and somebody acknowledges an instruction."""

from mes_server.actions.record_events import Book
from mes_server.domain.documents import Document
from mes_server.domain.instructions import ACKNOWLEDGED, stream_of
from mes_server.domain.lines import STOPPED
from mes_server.domain.rules import Refusal
from mes_server.store.documents import load_current, load_named
from mes_server.store.stations import load_station


def stop_line(book: Book, station: str, reason: str) -> list[Refusal]:
    """What runs there next is verified first, where its control plan says so (IATF 16949 8.5.1.4)."""
    refused = [] if reason.strip() else [Refusal("reason_is_given", {})]
    if load_station(book.conn, station) is None:
        refused.append(Refusal("station_is_known", {"station": station}))
    if not refused:
        book.note(f"line:{station}", STOPPED, reason)
    return refused


def acknowledge(book: Book, instruction: str) -> list[Refusal]:
    """Who acts has read this revision ("WI-12/C"); without a revision, the one in force."""
    found = _instruction(book, instruction)
    if found is None:
        return [Refusal("document_is_known", {"document": instruction})]
    if not found.is_in_force(book.act.at_ms):
        return [Refusal("document_is_in_force", {"document": found.name})]
    book.note(stream_of(book.act.person), ACKNOWLEDGED, instruction=found.name)
    return []


def _instruction(book: Book, name: str) -> Document | None:
    if "/" in name:
        return load_named(book.conn, "instruction", name)
    return load_current(book.conn, "instruction", name, book.act.at_ms)
