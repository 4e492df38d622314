"""How much of a lot there is: pieces, mass, coatable area, rare earths. Whole numbers only."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

RARE_EARTHS = ("Nd", "Pr", "Dy", "Tb", "Ce", "La", "Gd", "Ho", "Y", "Sm")


class TooLittle(ValueError):
    """More was to be taken than there is; the message says of what."""


@dataclass(frozen=True, slots=True)
class Amount:
    """`mass_mg` milligrams, `area_mm2` coatable square millimetres, `elements`: mg of each rare earth.

    A quantity that a lot does not have (a powder has no pieces) is 0.
    """

    pieces: int = 0
    mass_mg: int = 0
    area_mm2: int = 0
    elements: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, value in self._all():
            if value < 0:
                raise TooLittle(f"{name} would be {value}")

    def _all(self) -> list[tuple[str, int]]:
        plain = [("pieces", self.pieces), ("mass_mg", self.mass_mg), ("area_mm2", self.area_mm2)]
        return plain + sorted(self.elements.items())

    def __add__(self, other: "Amount") -> "Amount":
        return self._with(other, 1)

    def __sub__(self, other: "Amount") -> "Amount":
        """What is left; raises TooLittle."""
        return self._with(other, -1)

    def _with(self, other: "Amount", sign: int) -> "Amount":
        names = sorted(self.elements.keys() | other.elements.keys())
        elements = {n: self.elements.get(n, 0) + sign * other.elements.get(n, 0) for n in names}
        return Amount(
            self.pieces + sign * other.pieces,
            self.mass_mg + sign * other.mass_mg,
            self.area_mm2 + sign * other.area_mm2,
            {name: mg for name, mg in elements.items() if mg},
        )

    def share(self, part: int, whole: int) -> "Amount":
        """`part` of `whole` equal shares, rounded down: what is split off never exceeds what there is."""
        if not 0 <= part <= whole or whole < 1:
            raise TooLittle(f"{part} of {whole} is no share")
        return Amount(
            self.pieces * part // whole,
            self.mass_mg * part // whole,
            self.area_mm2 * part // whole,
            {name: mg * part // whole for name, mg in self.elements.items()},
        )

    def same_stuff(self, pieces: int, mass_mg: int) -> "Amount":
        """So many pieces and so much mass of what this is: area goes by pieces (by mass where there are
        none), rare earths by mass, rounded down. Raises TooLittle below 0."""
        part, whole = (pieces, self.pieces) if self.pieces else (mass_mg, self.mass_mg)
        area_mm2 = self.area_mm2 * part // whole if whole else 0
        elements = {
            name: mg * mass_mg // self.mass_mg if self.mass_mg else 0
            for name, mg in self.elements.items()
        }
        return Amount(pieces, mass_mg, area_mm2, {n: mg for n, mg in elements.items() if mg})

    @property
    def is_nothing(self) -> bool:
        """Whether there is none of anything."""
        return not any(value for _, value in self._all())

    def as_content(self) -> dict[str, Any]:
        """As an event of the ledger holds it."""
        return {
            "pieces": self.pieces,
            "mass_mg": self.mass_mg,
            "area_mm2": self.area_mm2,
            "elements": dict(sorted(self.elements.items())),
        }


NOTHING = Amount()


def amount_from(content: Mapping[str, Any]) -> Amount:
    """The Amount that an event holds."""
    return Amount(
        content["pieces"], content["mass_mg"], content["area_mm2"], dict(content["elements"])
    )


def total(amounts: Iterable[Amount]) -> Amount:
    """All of them together."""
    whole = NOTHING
    for amount in amounts:
        whole += amount
    return whole
