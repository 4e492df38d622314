"""Readings as people and gauges write them: decimal texts. The ledger keeps them to the letter.

A comma, a unit behind the figure, or an exponent is refused: none of them is guessed at.
"""

import re
from decimal import Decimal

_FIGURE = re.compile(r"[+-]?[0-9]{1,12}(\.[0-9]{1,12})?")


class NoFigure(ValueError):
    """A text that is no decimal figure; `rule` is a key of the translations."""

    def __init__(self, rule: str, text: str) -> None:
        super().__init__(f"{text!r:.60}: {rule}")
        self.rule = rule
        self.text = text


def figure(text: str) -> Decimal:
    """The figure a text writes; raises NoFigure saying what is wrong with it."""
    written = text.strip()
    if _FIGURE.fullmatch(written):
        return Decimal(written)
    if "," in written:
        raise NoFigure("figure_has_a_point", text)
    raise NoFigure("figure_is_written", text)


def figure_or_none(text: object) -> Decimal | None:
    """As `figure`; None for what is no figure, or not there."""
    try:
        return figure(text) if isinstance(text, str) else None
    except NoFigure:
        return None


def written(value: Decimal | float, digits: int = 6) -> str:
    """A computed figure as the ledger keeps it: at most so many significant digits, no exponent."""
    return format(Decimal(f"{value:.{digits}g}"), "f")
