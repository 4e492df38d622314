"""Grain boundary diffusion: was the right element put on, how much of it, and what HcJ it brought.

Weight gain in % and HcJ in kA/m come from checks of the control plan, the element from the lot of the target.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from mes_server.domain.decimals import written
from mes_server.domain.furnace import FAILED, NOT_PROVEN, PROVEN, Finding
from mes_server.domain.proofs import OPEN
from mes_server.domain.recipes import Diffusion

HEAVY = ("Dy", "Tb")


@dataclass(frozen=True, slots=True)
class Target:
    """The target or slurry of a run. `lot`: "" when none was mounted; `elements`: mg of each in it."""

    lot: str
    elements: Mapping[str, int]

    @property
    def element(self) -> str:
        """The heavy rare earth that there is more of; "" when there is none."""
        held = {name: self.elements.get(name, 0) for name in HEAVY}
        best = max(held, key=lambda name: held[name])
        return best if held[best] else ""


@dataclass(frozen=True, slots=True)
class Gain:
    """One lot. `gains`: readings of the weight gain in %; HcJ in kA/m before and after, None: not measured."""

    lot: str
    mass_mg: int
    gains: Sequence[Decimal] = ()
    before_ka_m: Decimal | None = None
    after_ka_m: Decimal | None = None

    @property
    def gain(self) -> float | None:
        """Mean weight gain in %."""
        return float(sum(self.gains) / len(self.gains)) if self.gains else None

    def uptake_mg(self, share: float | None) -> float | None:
        """How much of the element it took up; `share`: of the element in what was put on, all of it unless told."""
        return None if self.gain is None else self.gain / 100 * self.mass_mg * (share or 1.0)

    @property
    def hcj_gain(self) -> float | None:
        """The gain of HcJ in kA/m."""
        if self.before_ka_m is None or self.after_ka_m is None:
            return None
        return float(self.after_ka_m - self.before_ka_m)


def diffusion_findings(
    asked: Diffusion, target: Target | None, lots: Sequence[Gain]
) -> list[Finding]:
    """What is to be said. `target`: None where the recipe names no role: it is no coating run."""
    found = [] if target is None else [_target(asked, target)]
    for lot in lots:
        found += _gain(asked, lot) if asked.gain else []
        found += _hcj(asked, lot) if asked.hcj_min_ka_m is not None else []
    return found


def _target(asked: Diffusion, target: Target) -> Finding:
    facts = {"element": asked.element, "target": target.lot, "found": target.element}
    if not target.element:
        return Finding("target_unknown", facts, NOT_PROVEN)
    if target.element != asked.element:
        return Finding("target_wrong", facts, FAILED)
    return Finding("target_right", facts)


def _gain(asked: Diffusion, lot: Gain) -> list[Finding]:
    facts = {"lot": lot.lot, "characteristic": asked.gain}
    if lot.gain is None:
        return [Finding("gain_unknown", facts, NOT_PROVEN)]
    ends = (asked.gain_low, asked.gain_high)
    facts |= {"gain": written(lot.gain, 3), "least": _text(ends[0]), "most": _text(ends[1])}
    facts |= {"element": asked.element, "uptake": written((lot.uptake_mg(asked.share) or 0) / 1000, 4)}  # fmt: skip
    low = ends[0] is not None and lot.gain < ends[0]
    out = low or (ends[1] is not None and lot.gain > ends[1])
    return [Finding("gain_out", facts, FAILED) if out else Finding("gain_right", facts)]


def _hcj(asked: Diffusion, lot: Gain) -> list[Finding]:
    facts = {"lot": lot.lot, "least": _text(asked.hcj_min_ka_m)}
    if lot.hcj_gain is None:
        return [Finding(OPEN, facts, PROVEN)]  # it is measured later; then the run is judged again
    facts |= {"gain": written(lot.hcj_gain, 4)}
    low = lot.hcj_gain < (asked.hcj_min_ka_m or 0)
    return [Finding("hcj_low", facts, FAILED) if low else Finding("hcj_gained", facts)]


def gains_content(asked: Diffusion, lots: Sequence[Gain]) -> list[dict[str, str]]:
    """The lots as an event holds them."""
    return [
        {
            "lot": lot.lot, "element": asked.element, "gain": _text(lot.gain),
            "uptake_g": _text(None if (mg := lot.uptake_mg(asked.share)) is None else mg / 1000),
            "hcj_before_ka_m": _plain(lot.before_ka_m), "hcj_after_ka_m": _plain(lot.after_ka_m),
            "hcj_gain_ka_m": _text(lot.hcj_gain),
        }
        for lot in lots
    ]  # fmt: skip


def _plain(value: Decimal | None) -> str:
    return "" if value is None else format(value, "f")


def _text(value: float | None) -> str:
    return "" if value is None else written(value, 5)
