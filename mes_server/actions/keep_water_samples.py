"""What is done to a sample of water: taken, handed on, received, reported, withdrawn, voided. Times go forward.

A report with one figure that cannot be is refused whole, and what was refused stays to be seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from mes_server.actions.gather_waterworks import pollutants_on
from mes_server.actions.read_water import not_ahead, place_of, reason_is_given
from mes_server.actions.record_events import Book
from mes_server.domain.days import utc_day
from mes_server.domain.rules import Refusal
from mes_server.domain.texts import text_is_no_script
from mes_server.domain.water_rules import Told, are_new, drawn_in_order, may_go_on, results_from
from mes_server.domain.water_samples import (
    COMPOSITE,
    HANDED,
    RECEIVED,
    REPORTED,
    TAKEN,
    VOIDED,
    WITHDRAWN,
    WaterSample,
    sample_stream,
)
from mes_server.domain.waterworks import Place
from mes_server.store.numbering import next_code
from mes_server.store.water_samples import load_sample


@dataclass(frozen=True, slots=True)
class Taking:
    """A sample is drawn. `kind`: grab or composite; of a grab `to_ms` is `from_ms`. `person`: who drew it, "": who
    records it. `asked`: the pollutants that it is to be analysed for."""

    place: str
    kind: str
    from_ms: int
    to_ms: int
    person: str = ""
    lab: str = ""
    note: str = ""
    asked: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Hand:
    """Into whose hands it goes, and when. `lab`: of who receives it for the laboratory."""

    at_ms: int
    person: str = ""
    note: str = ""
    lab: str = ""


@dataclass(frozen=True, slots=True)
class Reporting:
    """A report of the laboratory, or a part of what it found. `person`: who signed it."""

    number: str
    at_ms: int
    results: Sequence[Told]
    person: str = ""
    note: str = ""


def take_sample(book: Book, said: Taking) -> list[str] | list[Refusal]:
    """The number of the sample, which goes on its bottle."""
    to_ms = said.to_ms if said.kind == COMPOSITE else said.from_ms
    place = place_of(book, said.place, said.from_ms)
    refused = [] if isinstance(place, Place) else list(place)
    refused += not_ahead(book, said.from_ms, to_ms) + drawn_in_order(said.kind, said.from_ms, to_ms)
    refused += text_is_no_script({"person": said.person, "lab": said.lab, "note": said.note})
    known = pollutants_on(utc_day(said.from_ms))
    refused += [
        Refusal("pollutant_is_known", {"pollutant": one, "known": ", ".join(sorted(known))})
        for one in said.asked
        if one not in known
    ]
    if refused:
        return refused
    code = next_code(book.conn, "water_sample", book.act.at_ms)
    book.note(
        sample_stream(code), TAKEN, place=said.place, kind=said.kind, from_ms=said.from_ms, to_ms=to_ms,
        at_ms=to_ms, person=said.person.strip() or book.act.person, lab=said.lab.strip(), note=said.note,
        asked=sorted(set(said.asked)),
    )  # fmt: skip
    return [code]


def hand_over(book: Book, code: str, hand: Hand) -> list[Refusal]:
    """It goes into somebody's hands on its way to the laboratory."""
    return _passed_on(book, code, HANDED, hand)


def receive_sample(book: Book, code: str, hand: Hand) -> list[Refusal]:
    """The laboratory has it."""
    return _passed_on(book, code, RECEIVED, hand)


def _passed_on(book: Book, code: str, kind: str, hand: Hand) -> list[Refusal]:
    sample = load_sample(book.conn, code)
    if sample is None:
        return [_unknown(code)]
    refused = may_go_on(sample, kind, hand.at_ms) + not_ahead(book, hand.at_ms)
    refused += text_is_no_script({"person": hand.person, "note": hand.note, "lab": hand.lab})
    if kind == HANDED and not hand.person.strip():
        refused.append(Refusal("hand_is_named", {"sample": code}))
    lab = hand.lab.strip() or sample.lab
    if kind == RECEIVED and not lab:
        refused.append(Refusal("laboratory_is_named", {"sample": code}))
    if not refused:
        more = {"lab": lab} if kind == RECEIVED else {}
        person = hand.person.strip() or book.act.person
        book.note(
            sample_stream(code), kind, at_ms=hand.at_ms, person=person, note=hand.note, **more
        )
    return refused


def report_sample(book: Book, code: str, said: Reporting) -> list[str] | list[Refusal]:
    """What the laboratory found; several reports may speak of one sample, each of other pollutants."""
    sample = load_sample(book.conn, code)
    if sample is None:
        return [_unknown(code)]
    results, refused = results_from(said.results, pollutants_on(utc_day(sample.from_ms)))
    refused = may_go_on(sample, REPORTED, said.at_ms) + not_ahead(book, said.at_ms) + refused
    if not said.number.strip():
        refused.append(Refusal("report_has_a_number", {"sample": code}))
    if not said.results:
        refused.append(Refusal("report_has_results", {"sample": code}))
    refused += are_new(sample, {one.pollutant for one in said.results})
    refused += text_is_no_script(
        {"person": said.person, "note": said.note, "number": said.number, "method": [one.method for one in said.results]}
    )  # fmt: skip
    if refused:
        return refused
    book.note(
        sample_stream(code), REPORTED, report=said.number.strip(), at_ms=said.at_ms, results=results,
        person=said.person.strip() or book.act.person, note=said.note,
    )  # fmt: skip
    return [code]


def withdraw_result(book: Book, code: str, pollutant: str, reason: str) -> list[Refusal]:
    """A figure counts for nothing from now on, and stays to be seen; another one may be reported."""
    sample = load_sample(book.conn, code)
    if sample is None:
        return [_unknown(code)]
    refused = _counts(sample) + reason_is_given(reason)
    if pollutant not in {one.pollutant for one in sample.results}:
        refused.append(Refusal("result_is_there", {"sample": code, "pollutant": pollutant}))
    if not refused:
        book.note(sample_stream(code), WITHDRAWN, reason, pollutant=pollutant)
    return refused


def void_sample(book: Book, code: str, reason: str) -> list[Refusal]:
    """The sample counts for nothing from now on; it stays as it was written."""
    sample = load_sample(book.conn, code)
    if sample is None:
        return [_unknown(code)]
    refused = _counts(sample) + reason_is_given(reason)
    if not refused:
        facts = {"at_ms": max(book.act.at_ms, sample.last_ms), "person": book.act.person}
        book.note(sample_stream(code), VOIDED, reason, **facts)
    return refused


def _counts(sample: WaterSample) -> list[Refusal]:
    if not sample.voided:
        return []
    return [Refusal("sample_counts", {"sample": sample.code, "reason": sample.voided})]


def _unknown(code: str) -> Refusal:
    return Refusal("water_sample_is_known", {"sample": code})
