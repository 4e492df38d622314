"""Loads of a day by line: streams that lines share, outlets behind outlets, and what is not known stays unknown."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mes_server.domain.pollutant_loads import (
    BY_AREA,
    BY_WATER,
    DayWater,
    drained,
    lines_of_stream,
    loads_after,
    loads_before,
    shared_streams,
)
from tests.mes_server.domain.water_making import works

LINES = [
    {"station": "pl-1", "operation": "electroplating", "drains": ["s-ni"]},
    {"station": "pl-2", "operation": "electroplating", "drains": ["s-ni", "s-ph"]},
    {"station": "ph-1", "operation": "phosphating", "drains": ["s-ph"]},
    {"station": "pvd-1", "operation": "pvd_coating", "drains": []},
]
WORKS = works(lines=LINES)
FRESH = {"pl-1": 3000, "pl-2": 1000, "ph-1": 2000, "pvd-1": 0}
AREAS = {"pl-1": 1, "pl-2": 1, "ph-1": 2, "pvd-1": 5}


def water(loads: dict[tuple[str, str], int], **more: Any) -> DayWater:
    volumes = {"s-ni": 4000, "s-ph": 3000, "o-shop": 4000, "o-plant": 7000}
    known = {"volumes": volumes, "fresh": FRESH, "areas": AREAS} | more
    return DayWater(loads=loads, **known)


def test_a_stream_is_split_by_water_where_all_its_lines_are_metered_else_by_area() -> None:
    assert lines_of_stream(WORKS, water({}), "s-ni") == ({"pl-1": 3000, "pl-2": 1000}, BY_WATER)
    blind = water({}, fresh=FRESH | {"pl-2": None})
    assert lines_of_stream(WORKS, blind, "s-ni") == ({"pl-1": 1, "pl-2": 1}, BY_AREA)
    assert drained(WORKS, water({}))["pl-2"] == {"s-ni": 1000, "s-ph": 1000}
    assert shared_streams(WORKS) == ["s-ph"]


def test_a_line_of_which_a_stream_has_no_result_is_not_known() -> None:
    found = loads_before(WORKS, water({("s-ni", "ni"): 400}), "ni")
    assert found.lines == {"pl-1": 300, "pvd-1": 0}
    assert found.whole == 400
    still = water({("s-ni", "ni"): 400}, volumes={"s-ni": 4000, "s-ph": 0})
    assert loads_before(WORKS, still, "ni").lines["ph-1"] == 0, "no water carries nothing"


def test_an_outlet_answers_once_and_what_one_before_it_answers_for_is_taken_off() -> None:
    loads = {
        ("s-ni", "ni"): 400, ("s-ph", "ni"): 30, ("o-shop", "ni"): 8, ("o-plant", "ni"): 14,
        ("s-ni", "tp"): 10, ("s-ph", "tp"): 90, ("o-plant", "tp"): 20,
    }  # fmt: skip
    ni = loads_after(WORKS, water(loads), "ni", first=True)
    assert ni.whole == 14, "8 by the workshop outlet, 6 by the plant outlet"
    assert ni.lines == {"pl-1": 6, "pl-2": 2 + 2, "ph-1": 4, "pvd-1": 0}
    tp = loads_after(WORKS, water(loads), "tp", first=False)
    assert (tp.whole, tp.lines["ph-1"]) == (20, 12)
    del loads["o-plant", "ni"]
    assert loads_after(WORKS, water(loads), "ni", first=True).lines == {"pl-1": 6, "pvd-1": 0}


AMOUNT = st.integers(0, 10**9)


@given(AMOUNT, AMOUNT, st.dictionaries(st.sampled_from(sorted(FRESH)), st.one_of(st.none(), AMOUNT)))  # fmt: skip
def test_lines_have_together_what_streams_carried_unless_no_line_drained(
    nickel: int, other: int, fresh: dict[str, int | None]
) -> None:
    known = water({("s-ni", "ni"): nickel, ("s-ph", "ni"): other}, fresh=FRESH | fresh)
    found = loads_before(WORKS, known, "ni")
    assert found.whole == nickel + other == sum(found.lines.values())
