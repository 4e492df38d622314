"""Whatever somebody writes into a document, it is told what is wrong; what is released can be read (shapes)."""

import random
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest

from mes_server.actions.gather_baths import known_of_baths
from mes_server.actions.gather_furnace import pyrometry_rows
from mes_server.domain.bath_spec import bath_faults, spec_of
from mes_server.domain.control_plan import plan_from
from mes_server.domain.documents import Document
from mes_server.domain.plan_content import plan_faults
from mes_server.domain.pyrometry import pyrometry_faults
from mes_server.domain.recipe_faults import recipe_faults
from mes_server.domain.recipes import recipe_of
from mes_server.domain.route_content import route_faults, route_from
from mes_server.domain.shapes import LIST, OBJECT, TEXT, TEXTS, WORDS, shape_faults
from tests.mes_server.domain.bath_making import nickel, phosphating
from tests.mes_server.domain.furnace_making import pyrometry_content
from tests.mes_server.domain.plan_making import WORDS as TITLE
from tests.mes_server.domain.plan_making import attribute, line, plan
from tests.mes_server.domain.simulated import recipe_content
from tests.mes_server.domain.test_routes import content as route_content

TRIES = 1_500
ODD: list[Any] = [
    "", " ", "NaN", "1,5", "-1", "0", "x" * 300, "=1", "\x00", 0, -1, 10**20, True, None, [], {}, [None], [[]], [{}],
    ["a"], {"a": 1}, "5", "1e5", ["x", "x"],
]  # fmt: skip
Checked = tuple[Callable[[Any], list[str]], Callable[[Any], Any], dict[str, Any]]


def recipe() -> dict[str, Any]:
    made = recipe_content("sinter_furnace", gap_max_s=20, golden="CH26-000001-RH")
    more = {"gate": {"metric": "p", "max": "1"}, "cool": {"to_c": "500", "min_c_min": "8"}}
    diffusion = {
        "element": "Tb",
        "gain": "g",
        "gain_low": "0.1",
        "gain_high": "0.4",
        "share": "0.9",
    }
    stages = [made["stages"][0], made["stages"][1] | more]
    return deepcopy(made | {"stages": stages, "diffusion": diffusion})


def whole_plan() -> dict[str, Any]:
    alternate = {"operation": "a", "primary": "b", "alternate": "c"}
    return plan(
        line(positions=["a", "b"], method=TITLE), attribute("x"), temporary=[alternate], routes=["R"], note=TITLE,
        references=[{"part": "P-1", "customer_part": "c", "drawing": "d"}], shifts_utc=["06:00"],
        instructions=[{"code": "W", "operation": "a"}], recipes=[{"operation": "a", "code": "b"}],
        ppap={"status": "approved", "customer": "A"},
    )  # fmt: skip


def document(content: dict[str, Any]) -> Document:
    return Document("", "X", "A", content, 0, "Q-1")


KINDS: dict[str, Checked] = {
    "recipe": (recipe_faults, lambda said: recipe_of(document(said)), recipe()),
    "plan": (plan_faults, plan_from, whole_plan()),
    "phosphating": (lambda said: bath_faults(said, *known_of_baths()), lambda said: spec_of(document(said)), phosphating()),
    "nickel": (lambda said: bath_faults(said, *known_of_baths()), lambda said: spec_of(document(said)), nickel()),
    "pyrometry": (lambda said: pyrometry_faults(said, pyrometry_rows()), dict, pyrometry_content()),
    "route": (route_faults, route_from, route_content()),
}  # fmt: skip


def places(said: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    parts = said.items() if isinstance(said, dict) else enumerate(said) if isinstance(said, list) else ()  # fmt: skip
    for name, part in parts:
        yield (*way, name)
        yield from places(part, (*way, name))


def spoiled(chance: random.Random, content: dict[str, Any]) -> dict[str, Any]:
    """With something else in one to three places."""
    made = deepcopy(content)
    for _ in range(chance.choice((1, 1, 2, 3))):
        found = list(places(made))
        way = chance.choice(found) if found else ("code",)
        inside: Any = made
        for step in way[:-1]:
            inside = inside[step]
        if chance.random() < 0.15 and isinstance(inside, dict):
            inside.pop(way[-1], None)
        else:
            inside[way[-1]] = deepcopy(chance.choice(ODD))
    return made


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_wrong_is_said_and_what_is_released_can_be_read(kind: str) -> None:
    faults, read, good = KINDS[kind]
    assert faults(good) == []
    chance, released = random.Random(7), 0  # no secret: the same every time
    for _ in range(TRIES):
        content = spoiled(chance, good)
        told = faults(content)
        assert all(isinstance(one, str) for one in told)
        if not told:
            read(content)
            released += 1
    assert released > 0, "some of it is harmless"


@pytest.mark.parametrize(
    ("shape", "good", "bad"),
    [(TEXT, "x", 1), (TEXTS, ["x"], [1]), (WORDS, {"en": "x"}, {"en": 1}), (LIST, [1], "x"), (OBJECT, {}, [])],
)  # fmt: skip
def test_a_field_in_another_shape_is_named(shape: str, good: Any, bad: Any) -> None:
    assert shape_faults({"a": good}, {"a": shape, "not there": shape}) == []
    assert shape_faults({"a": bad}, {"a": shape}) == [f"a: write {shape}"]
