"""A way down that the recipe asks for is judged: too slow, too fast, not known, not seen (cooling)."""

from typing import Any

import pytest

from mes_server.domain.cooling import SLOW, fall_of
from mes_server.domain.furnace import FAILED, NOT_PROVEN, PROVEN, Proof, prove
from mes_server.domain.recipe_faults import recipe_faults
from tests.mes_server.domain.soaks import curve, profile, recipe, recipe_content, soak, without

HELD = ((60, 1060.0, 0.0), (70, 1060.0, 1.0))
COOL = {"from_c": "900", "to_c": "500", "min_c_min": "8", "max_c_min": "25"}


def cooled(*legs: tuple[float, float, float], lost: tuple[float, float] | None = None, **cool: str) -> Proof:  # fmt: skip
    samples = profile(*HELD, *legs)
    samples = without(samples, *lost) if lost else samples
    asked = recipe(stages=[soak(cool=cool or COOL)])
    return prove(asked, {"load_1": curve(samples), "load_2": curve(samples, "load_2")})


def said(found: Proof) -> tuple[str, str]:
    (one,) = [one for one in found.findings if one.key.startswith("cooling")]
    return found.verdict, one.key


def test_a_way_down_at_the_asked_rate_is_proven_with_its_figures() -> None:
    found = cooled((16, 900, 0), (25, 500, 0), (30, 80, 0))
    assert said(found) == (PROVEN, "cooling_kept")
    facts = found.findings[-1].facts
    assert (facts["mean"], facts["steepest"], facts["from"]) == ("16", "16", "900")


def test_the_worst_thermocouple_is_told() -> None:
    fast, slow = (profile(*HELD, (16, 900, 0), (n, 500, 0), (120 - n, 80, 0)) for n in (25, 80))
    curves = [curve(fast), curve(slow, "load_2")]
    asked = recipe(stages=[soak(cool=COOL)])
    proof = prove(asked, {"load_1": curves[0], "load_2": curves[1]})
    fall = fall_of(asked.stages[0], proof.soaks[0], ((), 300_000), curves)
    assert fall is not None
    assert (fall.state, fall.metric, fall.mean_c_min) == (SLOW, "load_2", pytest.approx(5))


@pytest.mark.parametrize(
    ("down", "told"),
    [
        ((80, 500, 0), "cooling_slow"),
        ((50.5, 500, 0), "cooling_slow"),
        ((49.5, 500, 0), "cooling_kept"),
        ((10, 500, 0), "cooling_fast"),
    ],
)
def test_too_slow_and_too_fast_fail(down: tuple[float, float, float], told: str) -> None:
    found = cooled((16, 900, 0), down, (30, 80, 0))
    assert said(found) == (PROVEN if told == "cooling_kept" else FAILED, told)


def test_one_fast_stretch_on_a_way_that_is_right_on_the_whole_fails() -> None:
    found = cooled((16, 900, 0), (20, 800, 0), (6, 600, 0), (10, 500, 0), (30, 80, 0))
    assert said(found) == (FAILED, "cooling_fast")


def test_a_gap_on_the_way_down_leaves_it_open_and_fails_nothing() -> None:
    slow = ((16, 900, 0), (80, 500, 0), (30, 80, 0))
    assert said(cooled(*slow, lost=(160, 180))) == (FAILED, "cooling_slow"), (
        "both its ends are known"
    )
    assert said(cooled(*slow, lost=(180, 240))) == (NOT_PROVEN, "cooling_unknown")
    right = ((16, 900, 0), (25, 500, 0), (30, 80, 0))
    assert said(cooled(*right, lost=(150, 155))) == (NOT_PROVEN, "cooling_unknown")
    slow_only = {"from_c": "900", "to_c": "500", "min_c_min": "8"}
    assert said(cooled(*right, lost=(150, 155), **slow_only)) == (PROVEN, "cooling_kept")
    edge = cooled(*right, lost=(140, 150), **slow_only)
    assert said(edge) == (PROVEN, "cooling_kept"), "even the longest it can have taken is enough"


def test_a_run_that_is_closed_hot_has_not_shown_its_cooling() -> None:
    assert said(cooled((16, 900, 0), (10, 740, 0))) == (NOT_PROVEN, "cooling_unseen")
    assert said(cooled((16, 900, 0), (60, 740, 0))) == (FAILED, "cooling_slow"), (
        "it cannot any more"
    )


def test_it_ends_where_the_next_soak_begins() -> None:
    stages = [
        soak(cool={"to_c": "600", "min_c_min": "8"}),
        soak(id="age", setpoint_c="500", hold_s=1800),
    ]
    legs = profile(*HELD, (40, 500, 0), (40, 500, 1), (200, 60, 0))
    found = prove(recipe(stages=stages), {"load_1": curve(legs), "load_2": curve(legs, "load_2")})
    assert said(found) == (PROVEN, "cooling_kept"), "the slow way behind the second is none of it"
    assert found.findings[1].facts["from"] == "1055", "from the band of the soak"


@pytest.mark.parametrize(
    "cool",
    [
        {"to_c": "500"},
        {"to_c": "1070", "min_c_min": "8"},
        {"from_c": "400", "to_c": "500", "min_c_min": "8"},
        {"to_c": "500", "min_c_min": "-8"},
        {"to_c": "five", "min_c_min": "8"},
        {"to_c": "500", "rate": "8"},
        "fast",
    ],
)
def test_a_way_down_that_cannot_be_is_not_released(cool: Any) -> None:
    assert any("cool: write" in one for one in recipe_faults(recipe_content(stages=[soak(cool=cool)])))  # fmt: skip


def test_only_a_stage_that_is_held_has_one() -> None:
    assert recipe_faults(recipe_content(stages=[soak(cool=COOL)])) == []
    assert recipe_faults(recipe_content(stages=[soak(cool=COOL, hold_s=0)])) != []
