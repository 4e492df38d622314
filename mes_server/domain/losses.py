"""What a run lost: the masses that its end told, as they were weighed and judged then."""

from collections.abc import Sequence
from dataclasses import dataclass

from mes_server.domain.charges import CLOSED
from mes_server.domain.lots import corrected_actions
from mes_server.domain.seal import Event


@dataclass(frozen=True, slots=True)
class Losses:
    """Masses in mg. `missing_mg`: beyond what the operation itself adds or takes; below 0: too much came out."""

    in_mg: int
    out_mg: int
    missing_mg: int
    tolerance_mg: int

    @property
    def is_kept(self) -> bool:
        """Whether it is within the tolerance."""
        return abs(self.missing_mg) <= self.tolerance_mg


def losses_of(history: Sequence[Event]) -> Losses | None:
    """Of the events of a run; None while it is open, or when its end was taken back."""
    taken_back = corrected_actions(history)
    for event in reversed(history):
        if event.kind == CLOSED and event.action not in taken_back:
            told = event.facts()
            missing_mg = told.get("missing_mg", told["in_mg"] - told["out_mg"])
            return Losses(told["in_mg"], told["out_mg"], missing_mg, told["tolerance_mg"])
    return None
