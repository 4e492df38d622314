"""The mass balance of a run: what went in must have come out, as product, coupon, scrap or swarf.

An operation may itself add mass (a deposit) or take some (lubricant that burns off): that is expected, in a
range. Rare earths are neither made nor lost in it, but for the one that a diffusion source adds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mes_server.domain.amounts import Amount, total
from mes_server.domain.routes import Operation

_PPM = 1_000_000


@dataclass(frozen=True, slots=True)
class Balance:
    """Masses in mg. `least_mg` to `most_mg`: what was expected to come out."""

    in_mg: int
    out_mg: int
    tolerance_mg: int
    least_mg: int
    most_mg: int

    @property
    def missing_mg(self) -> int:
        """What is unaccounted for; below 0: so much came out too much."""
        if self.out_mg < self.least_mg:
            return self.least_mg - self.out_mg
        return min(0, self.most_mg - self.out_mg)

    @property
    def is_kept(self) -> bool:
        """Whether it is within the tolerance."""
        return abs(self.missing_mg) <= self.tolerance_mg


def balance(went_in: Iterable[Amount], came_out: Iterable[Amount], operation: Operation) -> Balance:
    """The balance of a run of an operation; its tolerance and gain are shares of what went in."""
    in_mg = total(went_in).mass_mg
    return Balance(
        in_mg,
        total(came_out).mass_mg,
        in_mg * operation.tolerance_ppm // _PPM,
        in_mg + in_mg * operation.gain_min_ppm // _PPM,
        in_mg + in_mg * operation.gain_max_ppm // _PPM,
    )


def come_out(stuff: Amount, told: Sequence[tuple[int, int]], operation: Operation) -> list[Amount]:
    """What each part of what came out of a lot holds. `told`: pieces and mass in mg of each, weighed.

    Rare earths go by mass. A loss that is expected of the operation leaves them whole; what is missing
    beyond it took its share along, and never do they become more than there were, but for `adds`.
    """
    out_mg = sum(mass_mg for _, mass_mg in told)
    expected_mg = stuff.mass_mg + stuff.mass_mg * min(0, operation.gain_min_ppm) // _PPM
    whole_mg = max(out_mg, expected_mg)
    gained_mg = max(0, out_mg - stuff.mass_mg) if operation.adds else 0
    elements = dict(stuff.elements)
    if gained_mg:
        elements[operation.adds] = elements.get(operation.adds, 0) + gained_mg
    return [_part(stuff, one, (elements, whole_mg), operation.piece_area_mm2) for one in told]


def _part(
    stuff: Amount, told: tuple[int, int], of: tuple[dict[str, int], int], piece_area_mm2: int
) -> Amount:
    pieces, mass_mg = told
    elements, whole_mg = of
    share = {n: mg * mass_mg // whole_mg if whole_mg else 0 for n, mg in elements.items()}
    area_mm2 = stuff.same_stuff(pieces, mass_mg).area_mm2
    if piece_area_mm2:
        area_mm2 = pieces * piece_area_mm2
    return Amount(pieces, mass_mg, area_mm2, {n: mg for n, mg in share.items() if mg})
