"""What a working day of the lines used and sent away, by run and lot: amounts in base units, as kept day by day.

Keys of figures: "water:<meter>" and so on for each kind of meter, "drained:<stream>", "before:<pollutant>",
"after:<pollutant>", "settled:<pollutant>" (in sludge, as computed). mL, Wh and mg. A key that is not there is not known.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from mes_server.domain.allocation import Stint, split

DRAINED, BEFORE, AFTER, SETTLED = "drained", "before", "after", "settled"
Remark = tuple[str, Mapping[str, str]]


class LotIn(NamedTuple):
    """What of a lot was in a run on that day. `again`: it was stripped or coated once more, so its area does not count."""

    lot: str
    part: str
    pieces: int
    mass_mg: int
    area_mm2: int
    again: bool


@dataclass(frozen=True, slots=True)
class RunDay:
    """A run on one day. `known`: the kinds of which all is known that the line used. `by`: what it shared the rest by."""

    run: str
    station: str
    operation: str
    from_ms: int
    to_ms: int
    lots: tuple[LotIn, ...]
    figures: Mapping[str, int]
    known: tuple[str, ...]
    by: str

    def total(self, kind: str) -> int:
        """Base units of a kind, over its meters; 0 where it is not known, so ask `known` first."""
        return sum(n for key, n in self.figures.items() if key == kind or key.startswith(f"{kind}:"))  # fmt: skip

    def of_lots(self, codes: Sequence[str]) -> list[dict[str, int]]:
        """Their part of each figure: by area, mass where there is none."""
        weights = lot_weights(self.lots)
        shares = {key: split(n, weights) for key, n in self.figures.items()}
        return [{key: one.get(code, 0) for key, one in shares.items()} for code in codes]

    def of_lot(self, code: str) -> dict[str, int]:
        """The lot's part of each figure."""
        return self.of_lots([code])[0]


@dataclass(frozen=True, slots=True)
class FootprintDay:
    """A day. `totals`: what meters and samples say; `unallocated`: what of it no run used. `names`: of meters.

    `missing`: what is not known and why; `notes`: how something was shared. `samples`: lab results by "<stream>/<pollutant>".
    """

    day: str
    works: str
    runs: tuple[RunDay, ...]
    totals: Mapping[str, int]
    unallocated: Mapping[str, int]
    missing: tuple[Remark, ...] = ()
    notes: tuple[Remark, ...] = ()
    samples: Mapping[str, int] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


def lot_weights(lots: Sequence[LotIn]) -> dict[str, int]:
    """What the lots of a run share by."""
    for of in ("area_mm2", "mass_mg", "pieces"):
        if all(getattr(one, of) > 0 for one in lots):
            return {one.lot: getattr(one, of) for one in lots}
    return {one.lot: 1 for one in lots}


def stint_of(run: str, station: str, operation: str, span: tuple[int, int], lots: Iterable[LotIn]) -> Stint:  # fmt: skip
    """A run on a day as it is shared by."""
    known = list(lots)
    area, mass = (sum(getattr(one, of) for one in known) for of in ("area_mm2", "mass_mg"))
    return Stint(run, station, operation, *span, area, mass)


def as_content(day: FootprintDay) -> dict[str, Any]:
    """As the store keeps it."""
    return asdict(day)


def day_from(said: Mapping[str, Any]) -> FootprintDay:
    """As it was kept."""
    runs = tuple(
        RunDay(
            one["run"], one["station"], one["operation"], one["from_ms"], one["to_ms"],
            tuple(map(LotIn._make, one["lots"])), one["figures"], tuple(one["known"]), one["by"],
        )
        for one in said["runs"]
    )  # fmt: skip
    missing, notes = (tuple((rule, facts) for rule, facts in said[n]) for n in ("missing", "notes"))
    return FootprintDay(
        said["day"], said["works"], runs, said["totals"], said["unallocated"], missing, notes,
        said["samples"], said["names"],
    )  # fmt: skip
