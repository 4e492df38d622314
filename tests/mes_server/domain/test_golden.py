"""A run beside its golden run: nothing apart from itself, however late it began; so much when so much."""

import pytest

from mes_server.domain.furnace import FAILED, PROVEN, prove
from mes_server.domain.golden import apart, golden_findings
from tests.mes_server.domain.soaks import WHOLE, curve, profile, recipe, soak

NAMES = ("load_1", "load_2")
WAIT = (30, 20.0, 0.0)
HOTTER = ((60, 1062.0, 0.0), (70, 1062.0, 1.0), (60, 80.0, 0.0))


def beside(mine: object, other: object, rms_c: str = "") -> tuple[list[float | None], list[str]]:
    asked = recipe(stages=[soak(**({"rms_c": rms_c} if rms_c else {}))])
    both = []
    for legs in (mine, other):
        curves = {name: curve(profile(*legs), name) for name in NAMES}  # type: ignore[misc]
        both.append((prove(asked, curves), curves))
    (found,) = apart(both[0], both[1], NAMES)
    told = golden_findings(both[0][0], [found], "CH-1")
    return [found.way_c, found.soak_c], [one.verdict for one in told]


def test_a_run_is_nothing_apart_from_itself_whenever_it_began() -> None:
    assert beside(WHOLE, WHOLE) == ([0, 0], [PROVEN])
    figures, _ = beside((WAIT, *WHOLE), WHOLE)
    assert figures == pytest.approx([0, 0], abs=2.0)


def test_two_degrees_apart_are_two_degrees() -> None:
    figures, verdicts = beside(HOTTER, WHOLE, "1.5")
    assert figures[1] == pytest.approx(2, abs=0.3)
    assert verdicts == [FAILED]
    assert beside(HOTTER, WHOLE, "2.5")[1] == [PROVEN]


def test_what_was_never_held_is_compared_with_nothing() -> None:
    cold = ((60, 900.0, 0.0), (70, 900.0, 1.0), (60, 80.0, 0.0))
    asked = recipe()
    curves = [{name: curve(profile(*legs), name) for name in NAMES} for legs in (WHOLE, cold)]
    one, other = [(prove(asked, each), each) for each in curves]
    assert apart(one, other, NAMES) == []
