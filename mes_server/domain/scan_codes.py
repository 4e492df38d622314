"""What a scanner or keyboard delivers becomes a ScanCode, or a refusal that says what to do.

Matched exactly: what is not a code is never searched for as a part of one, and nothing is guessed.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mes_server.domain.cards import BADGE, COMMAND, CONTAINER, STATION, parse_card
from mes_server.domain.codes import BadCode, parse_code
from mes_server.domain.data_carriers import (
    GS,
    GS1_SYMBOLOGIES,
    Fields,
    LostSeparators,
    digital_link_fields,
    envelope_fields,
    gs1_fields,
    looks_like_gs1,
    refuse_two_readings,
)
from mes_server.domain.labels import parse_label_id
from mes_server.domain.rules import Refusal

LOT, BATH, CHARGE, SHIPMENT = "lot", "bath", "charge", "shipment"
KINDS = (LOT, BADGE, STATION, BATH, COMMAND, CONTAINER, CHARGE, SHIPMENT)
# How a code was written.
PLAIN, GS1, LINK, ENVELOPE, ADDRESS = "plain", "gs1", "digital_link", "iso_15434", "address"

LENGTH_MAX = 1_000
_SHOWN_MAX = 200
_AIM = re.compile(r"\][A-Za-z][0-9A-Za-z]")
# A formula when a spreadsheet opens it, or a script when a page forgets to escape it.
_SCRIPT = re.compile(r"^[=+\-@]|[<>{}`$\\]|script:|^[\"']", re.IGNORECASE)
_SUBSTITUTES = ("<GS>", "{GS}", "[GS]", "^]", "\\x1d", "\\u001d", "\\F", "~d029")
# Identifiers that name a lot or a container, the most telling first.
_NAMING = {
    GS1: {"10": LOT, "21": CONTAINER, "00": CONTAINER},
    ENVELOPE: {
        "1T": LOT,
        "T": LOT,
        "S": CONTAINER,
        "1J": CONTAINER,
        "5J": CONTAINER,
        "6J": CONTAINER,
        "J": CONTAINER,
        "10": LOT,
        "21": CONTAINER,
        "00": CONTAINER,
    },
}
_NAMING[LINK] = _NAMING[GS1]


@dataclass(frozen=True, slots=True)
class Scanner:
    """What is known of the scanners here.

    `gs`: how they write the GS character: "kept": as it is; "": not known; else the text they send for it.
    `address`: where people reach the pages; it stands in the QR codes of labels.
    """

    gs: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class ScanCode:
    """`value`: the code itself, without what it was wrapped in. `ours`: made here, its check is right.

    `label`: the label's id, when a label of a lot was scanned. `fields`: all that a GS1 or 15434 code
    says, identifier and value; a supplier's part number, quantity and dates are in there.
    """

    kind: str
    value: str
    written: str = PLAIN
    ours: bool = True
    label: str = ""
    fields: tuple[tuple[str, str], ...] = ()


def shown(text: str) -> str:
    """A scanned text as it can be kept and shown: control characters made visible, and cut."""
    seen = "".join(chr(0x2400 + ord(c)) if ord(c) < 32 else c for c in text[:_SHOWN_MAX])
    return seen.encode("utf-8", "backslashreplace").decode()


_UNKNOWN = Scanner()


def read_scan(text: str, scanner: Scanner = _UNKNOWN) -> ScanCode | Refusal:
    """The code in a text as it came from the scanner or the keyboard."""
    try:
        return _read(text, scanner)
    except LostSeparators as bad:
        return Refusal(bad.rule, {"code": shown(text), "readings": shown(bad.readings)})
    except BadCode as bad:
        return Refusal(bad.rule, {"code": shown(text)})


def _read(raw: str, scanner: Scanner) -> ScanCode:
    text, symbology = _bare(raw)
    if scanner.gs not in ("", "kept"):
        text = text.replace(scanner.gs, GS)
    if text.startswith("[)>"):
        return _named(ENVELOPE, envelope_fields(_without_substitute(text)), raw)
    if text.lower().startswith(("http://", "https://")):
        return _address(text, scanner.address) or _named(LINK, digital_link_fields(text), raw)
    if symbology in GS1_SYMBOLOGIES or looks_like_gs1(text):
        return _named(GS1, _gs1_fields(text, scanner), raw)
    own = _own(text)
    if own is None:
        raise BadCode("code_is_no_script" if _SCRIPT.search(text) else "code_is_unknown", raw)
    return own


def _bare(raw: str) -> tuple[str, str]:
    """The text without what the scanner puts around it, and its symbology identifier."""
    if len(raw) > LENGTH_MAX:
        raise BadCode("code_is_short", raw)
    text = raw.strip(" \t\r\n")
    symbology = match[0] if (match := _AIM.match(text)) else ""
    text = text.removeprefix(symbology)
    if not text:
        raise BadCode("code_is_there", raw)
    if not text.isascii():
        raise BadCode("keyboard_fits", raw)
    return text, symbology


def _gs1_fields(text: str, scanner: Scanner) -> Fields:
    fields = gs1_fields(_without_substitute(text))
    if not scanner.gs and _own_or_none(fields[-1][1]) is None:
        refuse_two_readings(text, fields)
    return fields


def _without_substitute(text: str) -> str:
    """Raise LostSeparators when the scanner writes GS as something it was not configured for."""
    found = [substitute for substitute in _SUBSTITUTES if substitute in text]
    if found and GS not in text:
        raise LostSeparators(text, found[0])
    return text


def _own(text: str) -> ScanCode | None:
    """One of our codes, None when it has the form of none; raises BadCode. Caps Lock may be on."""
    text = text.upper()
    if len(text) > 2 and text[0] == text[-1] == "*":  # start and stop of Code 39
        text = text[1:-1]
    label = parse_label_id(text)
    if label is not None:
        return ScanCode(LOT, label[0], label=text)
    card = parse_card(text)
    if card is not None:
        return ScanCode(card.kind, card.name)
    try:
        code = parse_code(text)
    except BadCode as bad:
        if bad.rule == "code_is_unknown":
            return None
        raise
    return ScanCode(code.kind if code.kind in (BATH, CHARGE, SHIPMENT) else LOT, text)


def _address(text: str, address: str) -> ScanCode | None:
    """The QR code of our own labels: the address of the lot's page, and behind # the label."""
    start = f"{address}/lots/"
    if not address or not text.startswith(start):
        return None
    lot, _, label = text.removeprefix(start).partition("#")
    own = _own(label or lot)
    if own is None or own.kind != LOT or own.value != lot:
        return None
    return ScanCode(LOT, own.value, ADDRESS, label=own.label)


def _named(written: str, fields: Fields, raw: str) -> ScanCode:
    """The lot or container that the fields name: ours if one is, else the most telling."""
    if any(_SCRIPT.search(value) or not value.isprintable() for _, value in fields):
        raise BadCode("code_is_no_script", raw)
    naming = _NAMING[written]
    known = [(name, value) for name, value in fields if name in naming]
    if not known:
        raise BadCode("code_names_a_lot", raw)
    ours = [own for _, value in known if (own := _own_or_none(value)) is not None]
    name = min((name for name, _ in known), key=list(naming).index)
    found = ours or [ScanCode(naming[name], v, ours=False) for n, v in known if n == name]
    if len({(one.kind, one.value) for one in found}) > 1:
        raise BadCode("code_names_one", raw)
    most = max(found, key=lambda one: one.label)  # the lot and its label may both be in it
    return replace(most, written=written, fields=tuple(fields))


def _own_or_none(value: str) -> ScanCode | None:
    try:
        return _own(value)
    except BadCode:
        return None  # another company's number that happens to look like ours


def expected(code: ScanCode, kinds: Sequence[str]) -> Refusal | None:
    """The refusal of a code of another kind than what is asked for now."""
    if code.kind in kinds:
        return None
    facts = {"code": code.value, "kind": code.kind, "expected": ", ".join(kinds)}
    return Refusal("code_is_of_kind", facts)
