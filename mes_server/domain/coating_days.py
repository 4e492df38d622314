"""What a coating had day by day, and the figures that are made of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mes_server.domain.footprints import AFTER, BEFORE, DRAINED, SETTLED, FootprintDay, RunDay

BY_M2, BY_KG, BY_SST = BASES = ("m2", "kg", "sst")
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Measure:
    """`name`: of the words. `kinds`: of figures that add up to it. `scale`: base units in `unit`. `sure`: whose
    uncertainty it has. `least`: what there must be enough of."""

    name: str
    kinds: tuple[str, ...]
    unit: str
    scale: float
    sure: str
    pollutant: str = ""


def measures_of(row: Mapping[str, Any]) -> tuple[Measure, ...]:
    """All that is compared, in the order of the page."""
    found = [
        Measure("fresh_water", ("water",), "L", 1e3, "water"),
        Measure("drained_water", (DRAINED,), "L", 1e3, "drained"),
    ]
    for when in (BEFORE, AFTER, SETTLED):
        found += [
            Measure(when, (f"{when}:{name}",), "g", 1e3, "lab", name)
            for name in row["pollutants"]
            if when != SETTLED or name in row["settles_in_sludge"]
        ]
    return (
        *found,
        Measure("wet_sludge", ("sludge",), "kg", 1e6, "sludge"),
        Measure("dry_sludge", ("sludge",), "kg", 1e6, "sludge"),
        Measure("electricity", ("electricity",), "kWh", 1e3, "electricity"),
        Measure("chemicals", ("chemical", "reagent"), "kg", 1e6, "chemical"),
        Measure("co2e", ("co2e",), "kg", 1e6, "co2e"),
        Measure("rejects", ("rejects",), "%", 1e-2, "pieces"),
    )


@dataclass(slots=True)
class DayUse:
    """What a coating had on a day. `area_mm2` and `mass_mg`: of what was coated for the first time."""

    day: str
    runs: list[str] = field(default_factory=list)
    area_mm2: int = 0
    mass_mg: int = 0
    pieces: int = 0
    rejected: int = 0
    figures: dict[str, int] = field(default_factory=dict)
    known: set[str] | None = None
    samples: dict[str, int] = field(default_factory=dict)
    streams: set[str] = field(default_factory=set)

    def results(self, pollutant: str) -> int:
        """How many the laboratory has of the streams that it drained into."""
        return sum(self.samples.get(f"{stream}/{pollutant}", 0) for stream in self.streams)

    def basis(self, by: str) -> float:
        """m², or kg."""
        return (self.mass_mg if by == BY_KG else self.area_mm2) / _MILLION

    def amount(self, measure: Measure) -> int | None:
        """Base units; None: something of it is not known, or (chemicals) nothing of it is metered."""
        if measure.name == "rejects":
            return self.rejected
        known = self.known or set()
        told = [kind for kind in measure.kinds if kind in known]
        return sum(self.figures.get(kind, 0) for kind in told) if told else None


def key_of(measure: Measure) -> str:
    """What a figure is found by: "before-ni"."""
    return f"{measure.name}-{measure.pollutant}" if measure.pollutant else measure.name


def counted(measure: Measure, days: Iterable[DayUse]) -> list[tuple[DayUse, int]]:
    """The days that count for a figure, on which all of it is known, with the amount."""
    found = ((one, one.amount(measure)) for one in days)
    return [(one, amount) for one, amount in found if amount is not None]


def observe(
    days: Iterable[FootprintDay], coating: Mapping[str, Any], part: str, row: Mapping[str, Any]
) -> list[DayUse]:
    """The days on which a coating ran, also only to strip or coat again. `part`: of that product only."""
    operations = {*coating["operations"], *coating["again"]}
    found = []
    keys = _Keys(row)
    for day in days:
        use = DayUse(day.day, samples=dict(day.samples))
        keys.use(day.names)
        for run in day.runs:
            if run.operation in operations:
                _add_run(use, run, (part, run.operation in coating["again"]), keys)
        if use.runs:
            if use.known is not None and "electricity" in use.known:
                use.known.add("co2e")  # without its electricity it is not known
            found.append(use)
    return found


class _Keys:
    """What the keys of figures stand for: their kind, and mg of CO2e of a base unit."""

    def __init__(self, row: Mapping[str, Any]) -> None:
        self._row = row
        self._names: Mapping[str, str] = {}
        self._known: dict[str, tuple[str, float]] = {}

    def use(self, names: Mapping[str, str]) -> None:
        """From now on meters are called so."""
        if names != self._names:
            self._names, self._known = names, {}

    def of(self, key: str) -> tuple[str, float]:
        """A pollutant's key is a kind of its own."""
        if key not in self._known:
            kind, _, meter = key.partition(":")
            if kind in (BEFORE, AFTER, SETTLED):
                self._known[key] = key, 0.0
            else:
                factor = factor_of(self._row, kind, self._names.get(meter, "")) or 0.0
                self._known[key] = kind, factor * (1e3 if kind == "electricity" else 1.0)
        return self._known[key]


def _add_run(use: DayUse, run: RunDay, of: tuple[str, bool], keys: _Keys) -> None:
    part, strips = of
    mine = [lot for lot in run.lots if not part or lot.part == part]
    if not mine:
        return
    use.runs.append(run.run)
    use.streams.update(key.partition(":")[2] for key in run.figures if key.startswith(DRAINED))
    use.known = set(run.known) if use.known is None else use.known & set(run.known)
    whole = len(mine) == len(run.lots)
    for figures in [run.figures] if whole else run.of_lots([lot.lot for lot in mine]):
        _add_figures(use, figures, keys)
    for lot in mine:
        if not lot.again:
            use.area_mm2 += lot.area_mm2
            use.mass_mg += lot.mass_mg
            use.pieces += lot.pieces
        elif strips:
            use.rejected += lot.pieces


def _add_figures(use: DayUse, figures: Mapping[str, int], keys: _Keys) -> None:
    """Summed up by kind; what CO2e there is of it."""
    co2e = 0.0
    told = use.figures
    for key, amount in figures.items():
        kind, rate = keys.of(key)
        told[kind] = told.get(kind, 0) + amount
        co2e += amount * rate
    told["co2e"] = told.get("co2e", 0) + round(co2e)


def factor_of(row: Mapping[str, Any], kind: str, name: str) -> float | None:
    """kg of CO2e per kWh, m³ or kg: of that substance, else of the kind; None: there is none."""
    told = {(one["kind"], one["name"]): float(one["kg_per"]) for one in row["co2e"]}
    return told.get((kind, name), told.get((kind, "")))
