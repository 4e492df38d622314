"""What every act that records something about water reads: the place, the time, a figure, a dated row."""

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from mes_server.actions.answer_scan import LATE_MS
from mes_server.actions.gather_waterworks import waterworks_at
from mes_server.actions.record_events import Book
from mes_server.domain.days import utc_day
from mes_server.domain.decimals import NoFigure, figure
from mes_server.domain.rules import Refusal
from mes_server.domain.waterworks import Meter, Place, Waterworks
from schemas.limit_rows import load_rows, row_at


@cache
def _rows(name: str) -> list[dict[str, Any]]:
    return load_rows(name)


def dated_row(name: str, at_ms: int) -> Mapping[str, Any]:
    """The row of a limit set that was in force."""
    return row_at(_rows(name), utc_day(at_ms))


def works_then(book: Book, at_ms: int) -> Waterworks | None:
    """As it was at that time; of before the first revision, as it is now."""
    return waterworks_at(book.conn, at_ms) or waterworks_at(book.conn, book.act.now_ms)


def place_of(book: Book, code: str, at_ms: int) -> Place | list[Refusal]:
    """A place of the waterworks; or why it is none."""
    works = works_then(book, at_ms)
    found = works.place(code) if works is not None else None
    if found is not None:
        return found
    known = ", ".join(one.code for one in works.places) if works is not None else ""
    return [Refusal("water_place_is_known", {"place": code, "known": known})]


def meter_of(book: Book, code: str, at_ms: int) -> Meter | list[Refusal]:
    """A meter of the waterworks; or why it is none."""
    works = works_then(book, at_ms)
    meters = works.meters if works is not None else ()
    found = next((one for one in meters if one.code == code), None)
    known = ", ".join(one.code for one in meters)
    return found or [Refusal("meter_is_known", {"meter": code, "known": known})]


def not_ahead(book: Book, *times: int | None) -> list[Refusal]:
    """A refusal for a time in the future; clocks of tablets differ."""
    late = max((one for one in times if one is not None), default=0)
    if late <= book.act.now_ms + LATE_MS:
        return []
    return [Refusal("time_is_not_ahead", {"at_ms": str(late), "since_ms": str(book.act.now_ms)})]


def amount(
    text: str, field: str, limits: tuple[Decimal, Decimal | None]
) -> tuple[Decimal, list[Refusal]]:
    """A figure within limits; 0 with the reason when it is none."""
    try:
        value = figure(text)
    except NoFigure:
        return Decimal(0), [Refusal("amount_is_a_figure", {"field": field, "value": text.strip()})]
    low, high = limits
    if value < low or (high is not None and value > high):
        facts = {"field": field, "value": text.strip(), "low": format(low, "f")}
        facts["high"] = "" if high is None else format(high, "f")
        return Decimal(0), [Refusal("amount_is_possible", facts)]
    return value, []


def reason_is_given(reason: str) -> list[Refusal]:
    """What takes something back says why."""
    return [] if reason.strip() else [Refusal("reason_is_given", {})]
