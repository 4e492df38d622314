"""The mass balance of a run: what went in must have come out, as product, coupon, scrap or swarf."""

from collections.abc import Iterable
from dataclasses import dataclass

from mes_server.domain.amounts import Amount, total


@dataclass(frozen=True, slots=True)
class Balance:
    """Masses in mg. `missing_mg` below 0: more came out than went in."""

    in_mg: int
    out_mg: int
    tolerance_mg: int

    @property
    def missing_mg(self) -> int:
        """What is unaccounted for."""
        return self.in_mg - self.out_mg

    @property
    def is_kept(self) -> bool:
        """Whether it is within the tolerance."""
        return abs(self.missing_mg) <= self.tolerance_mg


def balance(went_in: Iterable[Amount], came_out: Iterable[Amount], tolerance_ppm: int) -> Balance:
    """The balance of a run. `tolerance_ppm`: of the mass that went in; the operation's."""
    in_mg = total(went_in).mass_mg
    return Balance(in_mg, total(came_out).mass_mg, in_mg * tolerance_ppm // 1_000_000)
