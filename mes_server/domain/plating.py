"""Faraday's law for plating: what ampere-hours deposit, how thick it lies, and whether the XRF agrees.

m = Q · M / (z · F). Atomic masses, densities and the ratio in which a prediction may stand to the XRF are the rows of
schemas/limit_sets/plating.json; the efficiency is data of the bath's spec.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

_C_PER_AH = 3600
_UM_DM2_PER_CM3 = 100  # 1 cm³ spread over 1 dm² is 0.01 cm = 100 µm thick


_MINUTE_MS, _HOUR_MS = 60_000, 3_600_000


@dataclass(frozen=True, slots=True)
class Metal:
    """An ion that is deposited: g/mol, charge, g/cm³ of the deposit."""

    name: str
    g_mol: Decimal
    charge: Decimal
    g_cm3: Decimal
    faraday: Decimal

    @property
    def g_per_ah(self) -> Decimal:
        """What one ampere-hour deposits at an efficiency of 1."""
        return _C_PER_AH * self.g_mol / (self.charge * self.faraday)

    @property
    def um_per_ah_dm2(self) -> Decimal:
        """How thick one ampere-hour lies on 1 dm², at an efficiency of 1."""
        return self.g_per_ah / self.g_cm3 * _UM_DM2_PER_CM3


@dataclass(frozen=True, slots=True)
class Compared:
    """A layer of a run. None: not known. `agrees`: predicted / measured lies in the ratio of the row."""

    predicted_um: Decimal | None
    measured_um: Decimal | None
    ratio: Decimal | None
    agrees: bool | None


def metals_of(row: Mapping[str, Any]) -> dict[str, Metal]:
    """The metals of a row of plating.json, by name such as "Ni2+"."""
    faraday = Decimal(row["faraday_c_mol"])
    return {
        name: Metal(
            name,
            Decimal(said["g_mol"]),
            Decimal(said["charge"]),
            Decimal(said["g_cm3"]),
            faraday,
        )
        for name, said in row["metals"].items()
    }


def thickness_um(metal: Metal, ah: Decimal, efficiency: Decimal, area_dm2: Decimal) -> Decimal:
    """How thick it lies on this area: parts and, in a barrel, the media that is plated with them."""
    return metal.um_per_ah_dm2 * ah * efficiency / area_dm2


def ampere_hours(metal: Metal, um: Decimal, efficiency: Decimal, area_dm2: Decimal) -> Decimal:
    """What a thickness takes."""
    return um * area_dm2 / (metal.um_per_ah_dm2 * efficiency)


def compare(
    predicted_um: Decimal | None, readings_um: Iterable[Decimal], ratio: tuple[Decimal, Decimal]
) -> Compared:
    """A prediction beside the mean of the XRF readings."""
    readings = list(readings_um)
    measured = sum(readings, Decimal(0)) / len(readings) if readings else None
    if predicted_um is None or not measured:
        return Compared(predicted_um, measured, None, None)
    found = predicted_um / measured
    return Compared(predicted_um, measured, found, ratio[0] <= found <= ratio[1])


def counted(points: Iterable[tuple[int, Decimal, Decimal]], most_per_h: Decimal) -> Decimal | None:
    """What a counter went on by: time (Unix ms), least and greatest of each point in their order.

    A step down to less than half is a new beginning; a smaller one is a meter that went backwards or was set right, and
    counts for nothing. So does a step up by more than `most_per_h` allows: another meter was put in its place.

    None: nothing was heard of it.
    """
    total, last = Decimal(0), None
    for at_ms, low, high in points:
        steps = [high - low]
        span_ms = _HOUR_MS if last is None else max(at_ms - last[0], _MINUTE_MS)
        if last is not None:
            before = last[1]
            steps.append(low - before if low >= before else low if low * 2 < before else Decimal(0))
        most = most_per_h * span_ms / _HOUR_MS
        total += sum((step for step in steps if step <= most), Decimal(0))
        last = (at_ms, high)
    return None if last is None else total
