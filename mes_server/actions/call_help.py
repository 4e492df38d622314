"""Somebody at a station calls for help, and somebody comes."""

from mes_server.actions.record_events import Book
from mes_server.domain.calls import CALLED, CAME, stream_of
from mes_server.domain.rules import Refusal
from mes_server.store.calls import open_calls
from mes_server.store.stations import load_station


def call_help(book: Book, station: str) -> list[Refusal]:
    """The station calls; who calls again while it does is not refused, and changes nothing."""
    if load_station(book.conn, station) is None:
        return [Refusal("station_is_known", {"station": station})]
    if not open_calls(book.conn, station):
        book.note(stream_of(station), CALLED)
    return []


def come_to_help(book: Book, station: str, reason: str = "") -> list[Refusal]:
    """Somebody came, and the call ends. `reason`: what it was."""
    if not open_calls(book.conn, station):
        return [Refusal("help_is_called", {"station": station})]
    book.note(stream_of(station), CAME, reason)
    return []
