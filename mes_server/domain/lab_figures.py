"""What lab samples of an outlet say of a pollutant's day: those that count, and those that do not with the reason."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mes_server.domain.discharge import FUTURE, IMPLAUSIBLE, REJECTED, VOIDED, Excluded
from mes_server.domain.water_samples import COMPOSITE, WaterSample


@dataclass(frozen=True, slots=True)
class LabFigures:
    """`grabs`, `composites`: code and value as it counts against a limit; `means`: as they count in a mean, composites
    where there are any."""

    grabs: tuple[tuple[str, float], ...] = ()
    composites: tuple[tuple[str, float], ...] = ()
    means: tuple[float, ...] = ()
    excluded: tuple[Excluded, ...] = ()

    @property
    def codes(self) -> tuple[str, ...]:
        """Of the samples that count."""
        return tuple(code for code, _ in (*self.grabs, *self.composites))

    @property
    def mean(self) -> float | None:
        """Of what was drawn over a time, else of the grabs."""
        return sum(self.means) / len(self.means) if self.means else None


def sampled(samples: Iterable[WaterSample]) -> set[str]:
    """The pollutants of which samples have a result, whether it counts or not."""
    return {result.pollutant for one in samples for result in (*one.results, *one.refused)}


def lab_figures(
    samples: Sequence[WaterSample],
    pollutant: str,
    plausible_max: float,
    late_ms: int,
    nondetect: Mapping[str, Any],
) -> LabFigures:
    """What samples say of a pollutant. What was drawn after `late_ms` lies in the future and does not count."""
    kept: dict[bool, list[tuple[str, float, float]]] = {True: [], False: []}
    excluded: list[Excluded] = []
    for one in samples:
        excluded += [_left_out(one, REJECTED) for bad in one.refused if bad.pollutant == pollutant]
        for result in one.results:
            if result.pollutant != pollutant:
                continue
            reason = _reason(one, result.refused, late_ms)
            value = float(result.for_compliance(nondetect))
            if not reason and not 0 <= value <= plausible_max:
                reason = IMPLAUSIBLE
            if reason:
                excluded.append(_left_out(one, reason))
                continue
            average = float(result.for_average(nondetect))
            kept[one.kind == COMPOSITE].append((one.code, value, average))
    grabs, composites = kept[False], kept[True]
    means = tuple(average for _, _, average in composites or grabs)
    return LabFigures(
        tuple((code, value) for code, value, _ in grabs),
        tuple((code, value) for code, value, _ in composites),
        means,
        tuple(excluded),
    )


def _reason(one: WaterSample, refused: str, late_ms: int) -> str:
    if one.voided:
        return VOIDED
    if refused:
        return REJECTED
    return FUTURE if one.to_ms > late_ms else ""


def _left_out(one: WaterSample, reason: str) -> Excluded:
    return Excluded(one.from_ms, one.to_ms, 1, reason, one.code)
