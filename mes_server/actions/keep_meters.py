"""What people write down about a meter: another one was put in, or what it read where nothing reads it by itself."""

from dataclasses import dataclass
from decimal import Decimal

from mes_server.actions.read_water import amount, meter_of, not_ahead, reason_is_given
from mes_server.actions.record_events import Book
from mes_server.domain.rules import Refusal
from mes_server.domain.texts import text_is_no_script
from mes_server.domain.water_records import EXCHANGED, NOTE_VOIDED, READ, meter_stream
from mes_server.domain.waterworks import Meter
from mes_server.store.meter_notes import hand_readings_of, list_notes
from mes_server.store.series import series_key


@dataclass(frozen=True, slots=True)
class Exchanging:
    """`before`: what the old meter read at its end; `after`: what the new one read when it was put in."""

    meter: str
    at_ms: int
    before: str
    after: str
    person: str = ""
    note: str = ""


def exchange_meter(book: Book, said: Exchanging) -> list[str] | list[Refusal]:
    """From now on it counts from `after`; the meter's code."""
    meter = meter_of(book, said.meter, said.at_ms)
    if not isinstance(meter, Meter):
        return meter
    before, wrong = amount(said.before, "before", (Decimal(0), meter.rolls_at))
    after, more = amount(said.after, "after", (Decimal(0), meter.rolls_at))
    refused = wrong + more + not_ahead(book, said.at_ms)
    refused += text_is_no_script({"person": said.person, "note": said.note})
    if refused:
        return refused
    figures = {"before": format(before, "f"), "after": format(after, "f")}
    return _note(book, meter, EXCHANGED, said, figures)


def read_meter(book: Book, said: Exchanging) -> list[str] | list[Refusal]:
    """A reading by hand (`after`) of a meter that no station reports; the meter's code."""
    meter = meter_of(book, said.meter, said.at_ms)
    if not isinstance(meter, Meter):
        return meter
    value, refused = amount(said.after, "after", (Decimal(0), meter.rolls_at))
    refused += not_ahead(book, said.at_ms)
    refused += text_is_no_script({"person": said.person, "note": said.note})
    if series_key(book.conn, meter.station, meter.metric) is not None:
        facts = {"meter": meter.code, "station": meter.station, "metric": meter.metric}
        refused.append(Refusal("meter_is_read_by_hand", facts))
    refused = refused or _forward(book, meter, said.at_ms, value)
    if refused:
        return refused
    return _note(book, meter, READ, said, {"after": format(value, "f")})


def _forward(book: Book, meter: Meter, at_ms: int, value: Decimal) -> list[Refusal]:
    """It does not read less than before; one that begins at 0 again may."""
    before = hand_readings_of(book.conn, meter.code, 0, at_ms)
    if not before or meter.rolls_at is not None or value >= before[-1].after:
        return []
    last = before[-1]
    facts = {"meter": meter.code, "value": format(value, "f"), "before": format(last.after, "f"), "at_ms": str(last.at_ms)}  # fmt: skip
    return [Refusal("meter_goes_forward", facts)]


def _note(
    book: Book, meter: Meter, kind: str, said: Exchanging, figures: dict[str, str]
) -> list[str]:
    book.note(
        meter_stream(meter.code), kind, station=meter.station, metric=meter.metric, at_ms=said.at_ms,
        person=said.person.strip() or book.act.person, note=said.note, **figures,
    )  # fmt: skip
    return [meter.code]


def void_meter_note(book: Book, meter: str, number: int, reason: str) -> list[Refusal]:
    """It counts for nothing from now on, and stays to be seen."""
    found = next((one for one in list_notes(book.conn, meter) if one.number == number), None)
    if found is None:
        return [Refusal("meter_note_is_known", {"meter": meter, "number": str(number)})]
    refused = reason_is_given(reason)
    if found.voided:
        refused.append(Refusal("meter_note_counts", {"meter": meter, "reason": found.voided}))
    if not refused:
        book.note(meter_stream(meter), NOTE_VOIDED, reason, number=number)
    return refused
