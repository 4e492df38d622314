"""What may come next on a route: alternatives, optional steps, unplanned work, and a route's faults."""

from typing import Any

import pytest

from mes_server.domain.route_content import route_faults, route_from
from mes_server.domain.routes import is_finished, next_operations


def content(**more: Any) -> dict[str, Any]:
    """Sinter, optionally HIP, age, phosphate or plate, ship."""
    names = ("sinter", "hip", "age", "phosphate", "plate", "pack")
    operations = {n: {"title": {"en": n, "zh": n}, "station_types": [f"{n}er"]} for n in names}
    steps = [
        {"choices": ["sinter"]},
        {"choices": ["hip"], "optional": True},
        {"choices": ["age"]},
        {"choices": ["phosphate", "plate"]},
        {"choices": ["pack"]},
    ]
    whole = {"code": "R1", "revision": "B", "title": {"en": "x", "zh": "y"}}
    return whole | {"operations": operations, "steps": steps} | more


ROUTE = route_from(content())


@pytest.mark.parametrize(
    ("done", "following"),
    [
        ([], ("sinter",)),
        (["sinter"], ("hip", "age")),
        (["sinter", "hip"], ("age",)),
        (["sinter", "age"], ("phosphate", "plate")),
        (["sinter", "age", "plate"], ("pack",)),
        (["sinter", "age", "plate", "pack"], ()),
        (["sinter", "washed", "age"], ("phosphate", "plate")),
        (["washed"], ("sinter",)),
        (["age"], ("sinter",)),
    ],
)
def test_what_comes_next(done: list[str], following: tuple[str, ...]) -> None:
    assert next_operations(ROUTE, done) == following
    assert is_finished(ROUTE, done) == (following == ())


def test_a_route_whose_last_steps_are_optional_is_finished_before_them() -> None:
    steps = [{"choices": ["sinter"]}, {"choices": ["hip"], "optional": True}]
    route = route_from(content(steps=steps))
    assert is_finished(route, ["sinter"])
    assert next_operations(route, ["sinter"]) == ("hip",)


def test_a_route_is_read_as_it_was_written() -> None:
    assert ROUTE.name == "R1/B"
    assert ROUTE.operations["plate"].station_types == ("plateer",)
    assert route_faults(content()) == []


def test_all_faults_of_a_route_are_told_at_once_with_their_field() -> None:
    bad = content()
    bad["operations"]["sinter"] = {"title": {"en": "x"}, "station_types": "furnace", "colour": 1}
    bad["operations"]["age"]["reworks_max"] = -1
    bad["operations"]["never"] = 5
    bad["steps"] += [{"choices": []}, {"choices": ["nowhere", "pack"]}, 7]
    assert route_faults(bad) == [
        "operations.sinter.title: write it in en and zh",
        "operations.sinter.station_types: write a list of texts",
        "operations.sinter.colour: not known",
        "operations.age.reworks_max: -1 is no number from 0 up",
        "operations.never: write an object",
        "steps[5].choices: write the codes of one or more operations",
        "steps[6].choices: 'nowhere' is no operation of this route",
        "steps[6].choices: 'pack' stands in an earlier step already",
        "steps[7].choices: write the codes of one or more operations",
        "operations.never: no step uses it, and it is not unplanned",
    ]
    assert len(route_faults({})) == 5
