"""The water side of a site as a released document (kind "waterworks"): which line drains into which stream, what treats
it, where it leaves, and which meters stand where.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mes_server.domain.documents import Document

STREAM, TREATMENT, WORKSHOP, PLANT = PLACES = ("stream", "treatment", "workshop", "plant")
MULTI, SINGLE, NO_LAYER = LAYERS = ("multi", "single", "")
WATER, ELECTRICITY, GAS, CHEMICAL, REAGENT, SLUDGE, PASSING = METER_KINDS = (
    "water", "electricity", "gas", "chemical", "reagent", "sludge", "passing",
)  # fmt: skip
BY_RUN, BY_VOLUME, BY_LOAD, NOT_SHARED = SHARES = ("run", "volume", "load", "none")


@dataclass(frozen=True, slots=True)
class Place:
    """Where water passes. `station`: that measures it, "" for none; `to`: the place it goes to, "": off the site."""

    code: str
    kind: str
    title: Mapping[str, str]
    station: str
    to: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line that coats. `drains`: the streams it drains into. `layers`: what GB 21900 calls its coat, "": none that it
    knows."""

    station: str
    operation: str
    layers: str
    drains: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Meter:
    """A counter. `factor`: from its unit to m³, kWh or kg; `rolls_at`: where it begins at 0 again, None: never.

    `share`: BY_RUN of its own line (`serves` one station); else it is shared by the lines in `serves`: BY_VOLUME of
    what they drain, or BY_LOAD of the pollutant `by`. What a totaliser of a place counts (PASSING) is NOT_SHARED. `name`: of the substance of a reagent, chemical or gas.
    """

    code: str
    kind: str
    name: str
    station: str
    metric: str
    factor: Decimal
    rolls_at: Decimal | None
    serves: tuple[str, ...]
    share: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class Waterworks:
    """A released revision. `name`: "WATER/A"."""

    name: str
    places: tuple[Place, ...]
    lines: tuple[Line, ...]
    meters: tuple[Meter, ...]

    def place(self, code: str) -> Place | None:
        """A place by its code."""
        return next((one for one in self.places if one.code == code), None)

    @property
    def streams(self) -> tuple[Place, ...]:
        """Where lines drain into."""
        return tuple(one for one in self.places if one.kind == STREAM)

    @property
    def outlets(self) -> tuple[Place, ...]:
        """Where the law looks, the workshop outlets first."""
        found = [one for one in self.places if one.kind in (WORKSHOP, PLANT)]
        return tuple(sorted(found, key=lambda one: one.kind == PLANT))

    def way(self, code: str) -> tuple[str, ...]:
        """The places that the water of a place passes, itself first."""
        found: list[str] = []
        while code and code not in found:
            found.append(code)
            here = self.place(code)
            code = "" if here is None else here.to
        return tuple(found)

    def streams_of(self, outlet: str) -> tuple[Place, ...]:
        """The streams whose water passes an outlet."""
        return tuple(one for one in self.streams if outlet in self.way(one.code))

    def lines_of(self, outlet: str) -> tuple[Line, ...]:
        """The lines whose water passes an outlet, in part or all of it."""
        streams = {one.code for one in self.streams_of(outlet)}
        return tuple(one for one in self.lines if streams.intersection(one.drains))


def waterworks_of(document: Document) -> Waterworks:
    """What a document of kind "waterworks" writes."""
    said = document.content
    places = [
        Place(one["code"], one["kind"], one["title"], one.get("station", ""), one.get("to", ""))
        for one in said["places"]
    ]
    lines = [
        Line(one["station"], one["operation"], one.get("layers", ""), tuple(one["drains"]))
        for one in said["lines"]
    ]
    return Waterworks(
        document.name, tuple(places), tuple(lines), tuple(_meter(one) for one in said["meters"])
    )


def _meter(one: Mapping[str, Any]) -> Meter:
    rolls = one.get("rolls_at")
    return Meter(
        one["code"], one["kind"], one.get("name", ""), one["station"], one["metric"],
        Decimal(one.get("factor", "1")), None if rolls is None else Decimal(rolls),
        tuple(one["serves"]), one.get("share", BY_RUN), one.get("by", ""),
    )  # fmt: skip
