"""How much water may leave for what was coated (GB 21900-2008), and what mixing does to a limit (40 CFR 403.6(e))."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from mes_server.domain.permits import Limit

FORMULA = "40 CFR 403.6(e)"


def benchmark_m3(area_m2: Mapping[str, float], per_m2: Mapping[str, Decimal]) -> float:
    """The water that the coated area allows. `area_m2`, `per_m2`: by class of layers."""
    return sum(area * float(per_m2.get(layers, 0)) for layers, area in area_m2.items())


def ratio_of(volume_m3: float | None, allowed_m3: float) -> float | None:
    """Discharged by allowed; None: nothing was coated, or nobody knows what was discharged."""
    return volume_m3 / allowed_m3 if volume_m3 is not None and allowed_m3 > 0 else None


@dataclass(frozen=True, slots=True)
class Mixed:
    """The streams of an outlet on a day, in m³. `regulated`: volume and limit of each stream that a set is about;
    `total`: of all; `dilution`: of those that only dilute."""

    regulated: Sequence[tuple[float, Decimal]]
    total: float
    dilution: float


def alternative(mixed: Mixed) -> float | None:
    """The limit of the combined wastestream formula; None: no regulated water came."""
    volume = sum(each for each, _ in mixed.regulated)
    if volume <= 0 or mixed.total <= 0:
        return None
    mean = sum(each * float(limit) for each, limit in mixed.regulated) / volume
    return mean * (mixed.total - mixed.dilution) / mixed.total


def with_alternative(limit: Limit, mixed: Mixed) -> Limit:
    """A limit as mixing leaves it; as it was where nothing regulated came."""
    high = alternative(mixed)
    if high is None:
        return limit
    source = f"{limit.source}; {FORMULA}"
    return replace(limit, high=Decimal(f"{high:.6g}"), source=source)
