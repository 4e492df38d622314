"""Lot codes: what they are made of, and the two characters that catch a misread one.

The check is ISO/IEC 7064 MOD 1271-36: it finds every single wrong character and every two neighbours
swapped. Codes are capitals, digits and hyphens: the same on every keyboard a scanner pretends to be.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MODULUS, _RADIX = 1271, 36
_CODE = re.compile(r"([A-Z]{1,4})([0-9]{2})-([0-9]{4,9})-([0-9A-Z]{2})")

# Prefix of the code by kind of lot.
PREFIXES = {
    "raw": "RM",
    "recycled": "RC",
    "alloy": "H",
    "coarse_powder": "HD",
    "powder": "P",
    "green": "G",
    "block": "B",
    "coupon": "C",
    "parts": "L",
    "target": "T",
    "slurry": "SL",
    "finished": "F",
    "pack": "PK",
    "shipment": "SH",
    "waste": "W",
    "charge": "CH",
    "bath": "BM",
}
# Numbers of records; they are written like codes of lots, and no scan takes one for a lot.
RECORDS = {
    "check": "CK",
    "nonconformance": "NC",
    "problem": "PS",
    "change": "EC",
    "temporary": "TD",
    "report": "RP",
    "certificate": "CE",
    "recall_pack": "RL",
    "discharge_day": "DD",
    "discharge_month": "DM",
    "exceedance": "EX",
    "titration": "TI",
    "survey": "PY",
    "water_sample": "WS",
    "analyser_check": "AC",
    "waste_record": "WM",
    "roll_out": "RO",
}
_KINDS = {prefix: kind for kind, prefix in PREFIXES.items()}
_OF_RECORDS = {prefix: kind for kind, prefix in RECORDS.items()}


class BadCode(ValueError):
    """A text that is no code of ours; `rule` is a key of the translations."""

    def __init__(self, rule: str, text: str) -> None:
        super().__init__(f"{text!r:.60}: {rule}")
        self.rule = rule
        self.text = text


class Code(NamedTuple):
    """A lot code in its parts; `str` of it is the code as printed."""

    kind: str
    year: int  # of the century
    number: int

    def __str__(self) -> str:
        prefix = PREFIXES.get(self.kind) or RECORDS[self.kind]
        body = f"{prefix}{self.year:02d}-{self.number:06d}"
        return f"{body}-{check_characters(body)}"


def _remainder(body: str) -> int:
    rest = 0
    for character in body:
        if character != "-":
            rest = (rest + _ALPHABET.index(character)) * _RADIX % _MODULUS
    return rest


def check_characters(body: str) -> str:
    """The two characters that follow `body` (capitals, digits; hyphens do not count)."""
    check = (1 - _remainder(body) * _RADIX) % _MODULUS
    return _ALPHABET[check // _RADIX] + _ALPHABET[check % _RADIX]


def parse_code(text: str) -> Code:
    """The Code of a text as scanned or typed; raises BadCode saying what is wrong with it."""
    return _parse(text, _KINDS)


def parse_record(text: str) -> Code:
    """The Code of a record's number (check, nonconformance, report …); raises BadCode."""
    return _parse(text, _OF_RECORDS)


def _parse(text: str, kinds: Mapping[str, str]) -> Code:
    match = _CODE.fullmatch(text.strip().upper())
    if match is None:
        raise BadCode("code_is_unknown", text)
    prefix, year, number, check = match.groups()
    if check_characters(f"{prefix}{year}-{number}") != check:
        raise BadCode("code_is_misread", text)
    if prefix not in kinds:
        raise BadCode("code_is_unknown", text)
    return Code(kinds[prefix], int(year), int(number))
