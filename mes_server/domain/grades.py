"""Grades of sintered NdFeB: what the number and the letters promise at least, and which grade readings reach.

Classes of HcJ as GB/T 13560-2017; the figures are dated rows (schemas/limit_sets/magnet_grades.json), as makers differ.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from schemas.limit_rows import load_rows, row_at

BR, BHMAX, HCJ = "br_t", "bhmax_kj_m3", "hcj_ka_m"
SYMBOLS = {BR: ("Br", "T"), BHMAX: ("(BH)max", "kJ/m³"), HCJ: ("HcJ", "kA/m")}
_NAME = re.compile(r"N?(\d{2})(M|H|SH|UH|EH|TH|AH)?")
_LEAST = {BR: "br_min_t", BHMAX: "bhmax_min_kj_m3", HCJ: "hcj_min_ka_m"}
_SAME = {"AH": "TH"}  # another name for it


@dataclass(frozen=True, slots=True)
class Grade:
    """`least` by quantity: Br in T, (BH)max in kJ/m³, HcJ in kA/m. `max_c`: up to which temperature, by the class."""

    name: str
    least: Mapping[str, Decimal]
    max_c: Decimal

    def missed(self, measured: Mapping[str, Decimal]) -> dict[str, tuple[Decimal, Decimal]]:
        """Found and least of each quantity that was measured and is below."""
        return {
            quantity: (measured[quantity], least)
            for quantity, least in self.least.items()
            if quantity in measured and measured[quantity] < least
        }


def grade_of(name: str, day: str) -> Grade | None:
    """A grade such as N42SH as the rows of a day ("2026-11-28") say; None: they do not know it."""
    found = _NAME.fullmatch(name.strip().upper())
    number = None if found is None else _row("number", found[1], day)
    letters = "" if found is None else found[2] or ""
    of_class = _row("class", _SAME.get(letters, letters), day)
    if number is None or of_class is None:
        return None
    told = number | of_class
    least = {quantity: Decimal(told[field]) for quantity, field in _LEAST.items()}
    return Grade(name, least, Decimal(of_class["max_c"]))


def reached(measured: Mapping[str, Decimal], day: str) -> str:
    """The best grade that the least readings of Br and HcJ (and (BH)max where it was measured) reach; "": none, or not known."""
    if BR not in measured or HCJ not in measured:
        return ""
    grades = [
        grade
        for number in _names("number")
        for letters in _names("class")
        if (grade := grade_of(f"N{number}{letters}", day)) is not None
        and not grade.missed(measured)
    ]
    best = max(grades, key=lambda one: (one.least[HCJ], one.least[BR]), default=None)
    return "" if best is None else best.name


def is_at_room(temperature_c: Decimal | None, day: str) -> bool:
    """Whether a reading at this temperature (None: it was not told, at room temperature) says something about the grade."""
    row = _row("test", "room", day)
    if temperature_c is None or row is None:
        return True
    return Decimal(row["from_c"]) <= temperature_c <= Decimal(row["to_c"])


def _row(kind: str, name: str, day: str) -> dict[str, Any] | None:
    rows = [row for row in _rows() if row.get(kind) == name]
    return row_at(rows, day) if rows else None


def _names(kind: str) -> list[str]:
    return list(dict.fromkeys(row[kind] for row in _rows() if kind in row))


@cache
def _rows() -> list[dict[str, Any]]:
    return load_rows("magnet_grades")
