"""A mass or a count as people write it, and as numbers: the one place where a unit becomes another.

The unit is written beside the number. `1,234` is refused and not guessed: it is a thousand and more to one
reader and a little over one to the next.
"""

import re

MASS_UNITS_MG = {"mg": 1, "g": 1_000, "kg": 1_000_000, "t": 1_000_000_000}
MASS_MAX_MG = 1_000 * MASS_UNITS_MG["t"]  # more than any plant has in one lot
PIECES_MAX = 1_000_000_000
_MASS = re.compile(r"([0-9]{1,15})(?:\.([0-9]{1,9}))? ?([a-zA-Z]*)")


class BadQuantity(ValueError):
    """A text that is no quantity; `rule` is a key of the translations."""

    def __init__(self, rule: str, text: str) -> None:
        super().__init__(f"{text!r:.60}: {rule}")
        self.rule = rule
        self.text = text


def mass_from_text(text: str) -> int:
    """Milligrams of "12.5 kg"; raises BadQuantity."""
    if "," in text or "，" in text:
        raise BadQuantity("number_has_a_point", text)
    match = _MASS.fullmatch(text.strip(" "))
    if match is None:
        raise BadQuantity("quantity_is_a_number", text)
    whole, part, unit = match[1], match[2] or "", match[3]
    if unit not in MASS_UNITS_MG:
        raise BadQuantity("unit_is_given", text)
    scaled, rest = divmod(int(whole + part) * MASS_UNITS_MG[unit], int("1" + "0" * len(part)))
    if rest:
        raise BadQuantity("mass_is_in_milligrams", text)
    if scaled > MASS_MAX_MG:
        raise BadQuantity("quantity_is_plausible", text)
    return scaled


def text_of_mass(mg: int) -> str:
    """The mass with a unit, exactly: kilograms from one kilogram on, below it grams."""
    unit = "kg" if mg >= MASS_UNITS_MG["kg"] else "g"
    whole, rest = divmod(mg, MASS_UNITS_MG[unit])
    digits = str(rest).zfill(len(str(MASS_UNITS_MG[unit])) - 1).rstrip("0")
    return f"{whole}.{digits} {unit}" if digits else f"{whole} {unit}"


def pieces_from_text(text: str) -> int:
    """A count of pieces; raises BadQuantity."""
    if not re.fullmatch(r"[0-9]{1,12}", text.strip(" ")):
        rule = "number_has_a_point" if "," in text else "quantity_is_a_number"
        raise BadQuantity(rule, text)
    if int(text) > PIECES_MAX:
        raise BadQuantity("quantity_is_plausible", text)
    return int(text)
