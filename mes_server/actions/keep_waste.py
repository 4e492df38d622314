"""The book of sludge, reagents and manifests: what was pressed, what came and was used, what left as waste."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from mes_server.actions.read_water import (
    amount,
    dated_row,
    not_ahead,
    place_of,
    reason_is_given,
)
from mes_server.actions.record_events import Book
from mes_server.domain.rules import Refusal
from mes_server.domain.texts import text_is_no_script
from mes_server.domain.water_records import (
    HANDED_OVER,
    MANIFEST,
    MANIFEST_CONFIRMED,
    MANIFEST_HANDED,
    MANIFEST_PREPARED,
    PREPARED,
    REAGENT_RECEIVED,
    REAGENT_USED,
    RECEIVED,
    WASTE_VOIDED,
    WEIGHED,
    WasteRecord,
    waste_stream,
)
from mes_server.domain.waterworks import Place
from mes_server.store.numbering import next_code
from mes_server.store.waste import load_waste

_SOME = Decimal("0.001")


@dataclass(frozen=True, slots=True)
class Sludge:
    """`kg` of wet cake out of the press at `place`; `dry_percent` of it is solids."""

    at_ms: int
    place: str
    kg: str
    dry_percent: str
    cycle: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Reagent:
    """`kind`: RECEIVED from a supplier, or USED at a place."""

    at_ms: int
    kind: str
    substance: str
    kg: str
    supplier: str = ""
    lot: str = ""
    place: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """Waste that is to leave. `number`: of the manifest; `code`: of the waste, such as 336-054-17."""

    at_ms: int
    number: str
    code: str
    kg: str
    transporter: str
    receiver: str
    note: str = ""


def weigh_sludge(book: Book, said: Sludge) -> list[str] | list[Refusal]:
    """The number of the record."""
    high = Decimal(dated_row("hazardous_waste", said.at_ms)["kg_max"])
    kg, refused = amount(said.kg, "kg", (_SOME, high))
    dry, wrong = amount(said.dry_percent, "dry_percent", (Decimal(1), Decimal(100)))
    place = place_of(book, said.place, said.at_ms)
    refused += wrong + ([] if isinstance(place, Place) else place)
    refused += _written(book, said.at_ms, {"cycle": said.cycle, "note": said.note})
    if refused:
        return refused
    facts = {"place": said.place, "dry_percent": format(dry, "f"), "cycle": said.cycle, "note": said.note}  # fmt: skip
    return [_begin(book, WEIGHED, said.at_ms, kg, facts)]


def keep_reagent(book: Book, said: Reagent) -> list[str] | list[Refusal]:
    """The number of the record."""
    high = Decimal(dated_row("hazardous_waste", said.at_ms)["kg_max"])
    kg, refused = amount(said.kg, "kg", (_SOME, high))
    told = {"substance": said.substance, "supplier": said.supplier, "lot": said.lot, "note": said.note}  # fmt: skip
    needed = ("substance", "supplier", "lot") if said.kind == RECEIVED else ("substance",)
    refused += _written(book, said.at_ms, told) + _told(told, needed)
    if said.place:
        place = place_of(book, said.place, said.at_ms)
        refused += [] if isinstance(place, Place) else place
    if refused:
        return refused
    kind = REAGENT_RECEIVED if said.kind == RECEIVED else REAGENT_USED
    return [_begin(book, kind, said.at_ms, kg, told | {"place": said.place})]


def prepare_manifest(book: Book, said: Manifest) -> list[str] | list[Refusal]:
    """The number of the record; the waste is still here."""
    row = dated_row("hazardous_waste", said.at_ms)
    kg, refused = amount(said.kg, "kg", (_SOME, Decimal(row["kg_max"])))
    if said.code not in row["codes"]:
        facts = {"code": said.code, "known": ", ".join(sorted(row["codes"]))}
        refused.append(Refusal("waste_code_is_known", facts))
    told = {"number": said.number.strip(), "transporter": said.transporter, "receiver": said.receiver}  # fmt: skip
    refused += _told(told, tuple(told)) + _written(book, said.at_ms, told | {"note": said.note})
    if refused:
        return refused
    facts = told | {"code": said.code, "note": said.note, "place": ""}
    return [_begin(book, MANIFEST_PREPARED, said.at_ms, kg, facts)]


def hand_manifest(book: Book, code: str, at_ms: int) -> list[Refusal]:
    """The transporter has it."""
    found = load_waste(book.conn, code)
    refused = _may(found, code, PREPARED) + not_ahead(book, at_ms)
    if found is not None and not refused:
        refused += _after(code, at_ms, found.at_ms)
    if not refused:
        book.note(waste_stream(code), MANIFEST_HANDED, handed_ms=at_ms)
    return refused


def confirm_manifest(book: Book, code: str, at_ms: int, received_kg: str) -> list[Refusal]:
    """Who receives the waste says what came."""
    found = load_waste(book.conn, code)
    refused = _may(found, code, HANDED_OVER) + not_ahead(book, at_ms)
    kg, wrong = amount(received_kg, "received_kg", (Decimal(0), Decimal(dated_row("hazardous_waste", at_ms)["kg_max"])))  # fmt: skip
    refused += wrong
    if found is not None and not refused:
        refused += _after(code, at_ms, int(found.said["handed_ms"]))
    if not refused:
        facts = {"confirmed_ms": at_ms, "received_kg": format(kg, "f")}
        book.note(waste_stream(code), MANIFEST_CONFIRMED, **facts)
    return refused


def void_waste(book: Book, code: str, reason: str) -> list[Refusal]:
    """It counts for nothing from now on, and stays to be seen."""
    found = load_waste(book.conn, code)
    if found is None:
        return [Refusal("waste_record_is_known", {"record": code})]
    refused = reason_is_given(reason) + _counts(found)
    if not refused:
        book.note(waste_stream(code), WASTE_VOIDED, reason)
    return refused


def differs_too_much(found: WasteRecord) -> bool:
    """Whether what came differs by more than the dated row allows from what left."""
    if found.differs_percent is None:
        return False
    row = dated_row("hazardous_waste", found.at_ms)
    return abs(found.differs_percent) > Decimal(row["difference_percent"])


def _begin(book: Book, kind: str, at_ms: int, kg: Decimal, facts: Mapping[str, str]) -> str:
    code = next_code(book.conn, "waste_record", book.act.at_ms)
    book.note(waste_stream(code), kind, at_ms=at_ms, kg=format(kg, "f"), **facts)
    return code


def _written(book: Book, at_ms: int, texts: Mapping[str, str]) -> list[Refusal]:
    return not_ahead(book, at_ms) + text_is_no_script(texts)


def _told(texts: Mapping[str, str], needed: tuple[str, ...]) -> list[Refusal]:
    missing = [name for name in needed if not texts[name].strip()]
    return [Refusal("field_is_written", {"field": name}) for name in missing]


def _may(found: WasteRecord | None, code: str, state: str) -> list[Refusal]:
    """Whether it is a manifest in this state, and counts."""
    if found is None or found.kind != MANIFEST:
        return [Refusal("waste_record_is_known", {"record": code})]
    refused = _counts(found)
    if found.state != state:
        facts = {"record": code, "manifest": found.state, "manifest_wanted": state}
        refused.append(Refusal("manifest_goes_on", facts))
    return refused


def _counts(found: WasteRecord) -> list[Refusal]:
    if not found.voided:
        return []
    return [Refusal("waste_record_counts", {"record": found.code, "reason": found.voided})]


def _after(code: str, at_ms: int, since_ms: int) -> list[Refusal]:
    if at_ms >= since_ms:
        return []
    facts = {"record": code, "at_ms": str(at_ms), "since_ms": str(since_ms)}
    return [Refusal("manifest_is_in_order", facts)]
