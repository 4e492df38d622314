"""A route as it is written: read whole, or every fault of every field told at once."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mes_server.domain.route_content import route_faults, route_from
from tests.mes_server.domain.test_routes import content

PLATING = {
    "gain_min_ppm": 10_000, "gain_max_ppm": 60_000, "strip": "strip", "reworks_max": 1,
    "resources": ["bath"], "recipe": "NI-3", "charge_mass_mg_max": 25_000_000,
    "note": {"en": "own practice", "zh": "自有经验"},
}  # fmt: skip
STRIP = {"title": {"en": "Strip", "zh": "退镀"}, "station_types": ["plateer"], "unplanned": True}


def whole(**plate: Any) -> dict[str, Any]:
    said = content(merge={"parents_max": 3, "days_max": 7})
    said["operations"]["plate"] |= PLATING | plate
    said["operations"]["strip"] = STRIP
    return said


def test_what_an_operation_asks_for_is_read_as_it_was_written() -> None:
    assert route_faults(whole()) == []
    route = route_from(whole())
    plate = route.operations["plate"]
    assert (plate.gain_max_ppm, plate.strip, plate.resources) == (60_000, "strip", ("bath",))
    assert (route.parents_max, route.days_max) == (3, 7)
    assert route.operations["strip"].unplanned


def test_each_field_has_its_fault() -> None:
    bad = whole(
        gain_min_ppm=70_000, adds="Xx", makes="barrel", strip="polish", resources="bath",
        unplanned="yes", recipe=5, charge_pieces_max=-1,
    )  # fmt: skip
    bad["merge"] = {"parents_max": -1, "weeks": 2}
    assert route_faults(bad) == [
        "operations.plate.resources: write a list of texts",
        "operations.plate.charge_pieces_max: -1 is no number from 0 up",
        "operations.plate.recipe: write a text",
        "operations.plate.unplanned: write true or false",
        "operations.plate.gain_min_ppm: 70000 to 60000 is no range",
        "operations.plate.makes: 'barrel' is no kind of lot",
        "operations.plate.adds: 'Xx' is no rare earth",
        "operations.plate.strip: 'polish' is no operation of this route",
        "merge.parents_max: -1 is no number from 0 up",
        "merge.weeks: not known",
    ]


def test_a_misspelt_field_is_told_and_not_left_out_of_the_rules() -> None:
    bad = whole() | {"merges": {"parents_max": 3}}
    bad["steps"] = [
        bad["steps"][0] | {"optionl": True},
        bad["steps"][1] | {"optional": "no"},
        *bad["steps"][2:],
    ]
    assert route_faults(bad) == [
        "steps[0].optionl: not known",
        "steps[1].optional: write true or false",
        "merges: not known",
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
FIELDS = ("code", "revision", "title", "operations", "steps", "merge")


@given(
    st.dictionaries(st.sampled_from(FIELDS), JSON),
    st.dictionaries(
        st.sampled_from(
            ("title", "station_types", "resources", "strip", "makes", "gain_min_ppm", "adds")
        ),
        JSON,
    ),
)
def test_whatever_is_written_is_told_and_never_thrown(said: Any, operation: Any) -> None:
    given_ = whole() | said
    if isinstance(given_["operations"], dict):
        given_["operations"] = {**given_["operations"], "age": operation}
    faults = route_faults(given_)
    if not faults:
        assert route_from(given_).operations
