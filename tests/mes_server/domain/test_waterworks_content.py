"""A document about water is refused with every fault in a sentence, and a good one is not."""

from collections.abc import Callable
from typing import Any

import pytest

from mes_server.actions.gather_waterworks import discharge_rows, known_pollutants
from mes_server.domain.waterworks_content import permit_faults, waterworks_faults
from tests.mes_server.domain.water_making import permit_content, works_content

Change = Callable[[dict[str, Any]], object]


def _set(path: str, value: Any) -> Change:
    """Sets what a path such as "places.0.to" names."""

    def change(content: dict[str, Any]) -> None:
        *way, last = path.split(".")
        here: Any = content
        for step in way:
            here = here[int(step)] if step.isdigit() else here[step]
        here[last] = value

    return change


WATERWORKS = [
    (_set("places.0.to", "nowhere"), "places[0].to: nowhere is no place"),
    (_set("places.0.to", ""), "places[0].to: say where the stream goes"),
    (_set("places.0.kind", "pond"), "places[0].kind: write one of"),
    (_set("places.5.station", ""), "places[5].station: name the station"),
    (_set("places.5.to", "t-all"), "comes back to it"),
    (_set("places.1.code", "s-ni"), "places: write each code once"),
    (_set("places", []), "at least one outlet"),
    (_set("lines.0.drains", ["o-shop"]), "lines[0].drains: write a list of streams"),
    (_set("lines.0.layers", "two"), "lines[0].layers"),
    (_set("lines.1.station", "pl-1"), "lines: write each station once"),
    (_set("meters.0.factor", "0"), "meters[0].factor: write a text of a figure above 0"),
    (_set("meters.0.factor", 1000), "meters[0].factor"),
    (_set("meters.0.serves", ["pl-1", "ph-1"]), "it serves several lines"),
    (_set("meters.0.serves", ["x"]), "meters[0].serves: write a list of lines: pl-1, ph-1"),
    (_set("meters.2.by", "gold"), "meters[2].by: name the pollutant"),
    (_set("meters.0.kind", "passing"), "meters[0].share: write none for what passes a place"),
    (_set("meters.0.share", "none"), "meters[0].share: write none for what passes a place"),
    (_set("meters.0.kind", "steam"), "meters[0].kind: write one of water"),
    (_set("meters.0.colour", "red"), "meters[0].no such field: colour"),
    (_set("pumps", 3), "no such field: pumps"),
    (_set("lines", "none"), "lines: write a list of objects"),
]  # fmt: skip
OWN = {"pollutant": "ni", "averaging": "daily", "high": "0.3", "unit": "mg/L"}
PERMITS = [
    (_set("sets.0.set", "gb1"), "sets[0].set: write one of"),
    (_set("discharge", "river"), "discharge: write one of direct, indirect"),
    (_set("day_starts", "24:00"), "day_starts: write a time"),
    (_set("sets", []), "an outlet without a limit judges nothing"),
    (_set("limits", [{**OWN, "unit": "µg/L"}]), "limits[0].unit: write mg/L: nothing is converted"),
    (_set("limits", [{**OWN, "high": 0.3}]), "limits[0].high: write low, high, or both as texts"),
    (_set("limits", [{**OWN, "low": "9"}]), "limits[0].low: it is above high"),
    (_set("limits", [{**OWN, "pollutant": "au"}]), "limits[0].pollutant: write one of"),
    (_set("limits", [{**OWN, "averaging": "weekly"}]), "limits[0].averaging"),
    (_set("limits", [OWN, OWN]), "limits: write each pollutant and averaging once"),
    (_set("outlet", ""), "outlet: write a text"),
    (_set("dilution", "s-1"), "dilution: write a list of texts"),
    (_set("holds_lots", "yes"), "holds_lots: write true or false"),
]  # fmt: skip


def test_good_documents_have_no_faults() -> None:
    """The ones that the other tests use."""
    assert waterworks_faults(works_content(), known_pollutants()) == []
    total = {"code": "t", "kind": "passing", "station": "o-shop", "metric": "total_m3", "serves": [], "share": "none"}  # fmt: skip
    meters = [*works_content()["meters"], total]
    assert waterworks_faults(works_content(meters=meters), known_pollutants()) == []
    said = permit_content(limits=[OWN], day_starts="08:00", mn="A110000", dilution=["s-ph"])
    assert permit_faults(said, discharge_rows(), known_pollutants()) == []


@pytest.mark.parametrize(("change", "fault"), WATERWORKS, ids=[one[1] for one in WATERWORKS])
def test_faulty_waterworks_are_told(change: Change, fault: str) -> None:
    """Each by name, with what to write."""
    content = works_content()
    change(content)
    found = waterworks_faults(content, known_pollutants())
    assert any(fault in one for one in found), found


@pytest.mark.parametrize(("change", "fault"), PERMITS, ids=[one[1] for one in PERMITS])
def test_a_faulty_permit_is_told(change: Change, fault: str) -> None:
    """Each by name, with what to write."""
    content = permit_content()
    change(content)
    found = permit_faults(content, discharge_rows(), known_pollutants())
    assert any(fault in one for one in found), found
