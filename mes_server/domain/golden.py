"""A run beside the golden run of its recipe: how far apart, stage by stage, each laid over the other at its soak."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mes_server.domain.curves import Curve, Floats
from mes_server.domain.decimals import written
from mes_server.domain.furnace import FAILED, PROVEN, Finding, Proof
from mes_server.domain.soaks import Soak
from mes_server.domain.spans import Span

_POINTS = 1000


@dataclass(frozen=True, slots=True)
class Apart:
    """Root mean square of the difference of the mean control temperatures on the way to a soak and in it, in °C;
    None: nothing to compare. `longer_s`: how much longer the soak was than the golden one."""

    stage: str
    way_c: float | None
    soak_c: float | None
    longer_s: float


def apart(
    mine: tuple[Proof, Mapping[str, Curve]], golden: tuple[Proof, Mapping[str, Curve]], names: Sequence[str]
) -> list[Apart]:  # fmt: skip
    """Each stage of `mine` beside that of the golden run. `names`: the control thermocouples of the recipe."""
    found = []
    for one, other in zip(mine[0].soaks, golden[0].soaks, strict=True):
        if one.extent is None or other.extent is None:
            continue
        way = _rms(_mean(mine[1], names, _way(one)), _mean(golden[1], names, _way(other)), True)
        held = _rms(_mean(mine[1], names, one.extent), _mean(golden[1], names, other.extent), False)
        longer = (one.extent[1] - one.extent[0] - other.extent[1] + other.extent[0]) / 1000
        found.append(Apart(one.stage.id, way, held, longer))
    return found


def _way(soak: Soak) -> Span:
    extent = soak.extent or (soak.behind_ms, soak.behind_ms)
    return soak.behind_ms, extent[0]


def _mean(curves: Mapping[str, Curve], names: Sequence[str], span: Span) -> tuple[Floats, float]:
    """The mean of the control temperatures on an even grid, and its step."""
    grid = np.linspace(span[0], span[1], _POINTS)
    values = np.stack([curves[name].at(grid) for name in names])
    return values.mean(axis=0), (span[1] - span[0]) / (_POINTS - 1)


def _rms(one: tuple[Floats, float], other: tuple[Floats, float], from_end: bool) -> float | None:
    """Laid over each other at the start, or at the end, as long as both last."""
    (a, step_a), (b, step_b) = one, other
    if from_end:
        a, b = a[::-1], b[::-1]
    both = min(step_a, step_b) * (_POINTS - 1)
    if both <= 0:
        return None
    grid = np.linspace(0, both, _POINTS)
    ticks = np.arange(_POINTS)
    apart_c = np.interp(grid, ticks * step_a, a) - np.interp(grid, ticks * step_b, b)
    known = apart_c[~np.isnan(apart_c)]
    return float(np.sqrt(np.mean(known**2))) if len(known) else None


def golden_findings(proof: Proof, apart_by_stage: Sequence[Apart], golden: str) -> list[Finding]:
    """Whether a soak differs more from the golden run than the recipe allows; without a limit it is only told."""
    limits = {soak.stage.id: soak.stage.rms_c for soak in proof.soaks}
    found = []
    for one in apart_by_stage:
        if one.soak_c is None:
            continue
        most = limits[one.stage]
        facts = {"stage": one.stage, "rms": written(one.soak_c, 3), "golden": golden, "most": written(most)}  # fmt: skip
        out = bool(most) and one.soak_c > most
        found.append(Finding("golden_apart" if out else "golden_near", facts, FAILED if out else PROVEN))  # fmt: skip
    return found
