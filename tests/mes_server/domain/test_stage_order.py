"""Stages of a recipe are found in their order, also where one comes back to a temperature (rest_of)."""

from typing import Any

import pytest

from mes_server.domain.furnace import NOT_PROVEN, PROVEN, Proof, prove
from mes_server.domain.recipe_faults import recipe_faults
from tests.mes_server.domain.soaks import curve, profile, recipe, recipe_content, soak, without


def proof(
    first: list[tuple[int, float]], second: list[tuple[int, float]], stages: list[dict[str, object]]
) -> Proof:
    curves = {"load_1": curve(first, "load_1"), "load_2": curve(second, "load_2")}
    return prove(recipe(stages=stages), curves)


def test_a_stage_that_comes_back_to_a_temperature_is_not_taken_for_the_first() -> None:
    """The second time at 900 °C is the longer one: it was taken for the first, and all behind it failed."""
    legs = profile(
        (40, 900, 0), (65, 900, 1), (40, 500, 0), (65, 500, 1), (40, 900, 0), (130, 900, 1), (40, 60, 0)
    )  # fmt: skip
    stages = [
        soak(id="a", setpoint_c="900", hold_s=3600),
        soak(id="b", setpoint_c="500", hold_s=3600),
        soak(id="c", setpoint_c="900", hold_s=7200),
    ]
    assert recipe_faults(recipe_content(stages=stages)) == []
    found = proof(legs, legs, stages)
    assert (found.verdict, [round(one.held_s / 60) for one in found.soaks]) == (
        PROVEN,
        [66, 66, 131],
    )
    lost = without(legs, 60, 90)
    found = proof(lost, legs, stages)
    assert (found.verdict, [one.key for one in found.findings]) == (
        NOT_PROVEN,
        ["soak_unknown", "soak_held", "soak_held"],
    )


def test_stages_that_no_curve_can_tell_apart_or_that_prove_nothing_are_not_released() -> None:
    near = [soak(id="a", setpoint_c="1050"), soak(id="b")]
    assert ["overlap" in one for one in recipe_faults(recipe_content(stages=near))] == [True]
    idle = recipe_faults(recipe_content(stages=[soak(hold_s=0)]))
    assert ["nothing would be proven" in one for one in idle] == [True]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            {"stages": [soak(limits=[{"metric": "p", "min": "5", "max": "1"}])]},
            "min lies above max",
        ),
        ({"stages": [soak(gate={"metric": "p", "min": "5", "max": "1"})]}, "min lies above max"),
        ({"diffusion": {"element": "Tb", "share": "50"}}, "diffusion.share"),
        ({"diffusion": {"element": "Tb", "share": "0"}}, "diffusion.share"),
        ({"diffusion": {"element": "Tb", "gain_low": "0.5", "gain_high": "0.4"}}, "gain_low"),
        ({"stages": [soak(cool={"to_c": "500", "min_c_min": "9", "max_c_min": "8"})]}, "the least"),
    ],
)
def test_limits_that_nothing_can_keep_are_not_released(change: dict[str, Any], told: str) -> None:
    assert any(told in fault for fault in recipe_faults(recipe_content(**change)))
