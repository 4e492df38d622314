"""A soak is proven, not proven or failed, and it is said why (furnace, curves, spans, recipes)."""

import csv
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mes_server.domain.curves import Curve, curve_from, spread, without_stuck
from mes_server.domain.furnace import FAILED, NOT_PROVEN, PROVEN, Proof, prove
from mes_server.domain.recipe_faults import recipe_faults
from mes_server.domain.spans import besides, joined, length, longest, met, met_all, within
from tests.mes_server.domain.plan_making import WORDS
from tests.mes_server.domain.soaks import (
    MINUTE,
    T0,
    WHOLE,
    curve,
    profile,
    recipe,
    recipe_content,
    soak,
    without,
)

NAB = Path(__file__).parents[4] / "shared" / "data" / "nab" / "machine_temperature.csv"
GOOD = profile(*WHOLE)


def proof(
    first: list[tuple[int, float]] = GOOD, second: list[tuple[int, float]] = GOOD, **more: object
) -> Proof:
    curves = {"load_1": curve(first, "load_1"), "load_2": curve(second, "load_2")}
    pressures = more.pop("pressures", None)
    if pressures is not None:
        curves["chamber"] = curve(pressures, "chamber")  # type: ignore[arg-type]
    return prove(recipe(**more), curves)


def keys(found: Proof) -> list[str]:
    return [one.key for one in found.findings]


def test_a_whole_soak_is_proven_with_its_figures() -> None:
    found = proof()
    assert (found.verdict, keys(found)) == (PROVEN, ["soak_held"])
    (one,) = found.soaks
    assert one.held_s == pytest.approx(70 * 60, abs=60), "with the edges of the ramps"
    assert one.spread_c == 0
    assert found.covered == {"load_1": 1.0, "load_2": 1.0}
    # Above 1000 °C: a triangle up, 70 min at 60 °C, a triangle down: in °C·h.
    up, hold, down = 60 * (60 / 1040) / 2, 60 * 70 / 60, 60 * (60 / 980) / 2
    assert found.dose_c_h["load_1"] == pytest.approx(up + hold + down, rel=0.01)
    assert found.ramp_c_min["load_1"] == pytest.approx(1040 / 60, rel=0.01)


@pytest.mark.parametrize(("minutes", "verdict"), [(59, FAILED), (60, PROVEN)])
def test_the_hold_is_kept_to_the_minute(minutes: float, verdict: str) -> None:
    found = proof(*[profile((60, 1060.0, 0.0), (minutes, 1060.0, 1.0), (60, 80.0, 0.0))] * 2)
    assert found.verdict == verdict


def test_a_soak_that_is_too_short_failed_and_names_the_thermocouple() -> None:
    short = profile(
        (60, 1060.0, 0.0),
        (30, 1060.0, 1.0),
        (0.5, 1050.0, 0),
        (5, 1050.0, 0),
        (0.5, 1060, 0),
        (40, 1060.0, 0),
        (60, 80, 0),
    )
    found = proof(GOOD, short)
    assert (found.verdict, keys(found)) == (FAILED, ["soak_short", "one_disagrees"])
    facts = found.findings[0].facts
    assert (facts["metric"], facts["asked"]) == ("load_2", "60.0")
    assert float(facts["held"]) < 45


def test_all_thermocouples_are_in_the_band_at_the_same_time() -> None:
    late = profile((90, 1060.0, 0.0), (65, 1060.0, 1.0), (60, 80.0, 0.0))
    assert proof(GOOD, GOOD).verdict == PROVEN
    found = proof(GOOD, late)
    assert found.verdict == FAILED, "each held an hour, together they held 40 minutes"
    assert found.soaks[0].held_s < 45 * 60


@pytest.mark.parametrize(
    ("from_min", "to_min", "verdict"),
    [
        (80, 80.3, PROVEN),
        (80, 80.5, NOT_PROVEN),
        (80, 95, NOT_PROVEN),
        (20, 40, PROVEN),
        (140, 150, PROVEN),
    ],
)
def test_a_silence_is_bridged_left_open_or_does_not_matter(
    from_min: float, to_min: float, verdict: str
) -> None:
    found = proof(without(GOOD, from_min, to_min))
    assert found.verdict == verdict
    if verdict == NOT_PROVEN:
        (one,) = found.findings
        assert (one.key, one.facts["metric"]) == ("soak_unknown", "load_1")
        assert float(one.facts["missing"]) == pytest.approx(to_min - from_min, abs=0.4)


def test_a_run_of_which_nothing_is_known_is_not_proven() -> None:
    found = prove(recipe(), {
        name: curve_from(name, [], [], (T0, T0 + 200 * MINUTE), 20_000) for name in ("load_1", "load_2")
    })  # fmt: skip
    assert (found.verdict, keys(found)) == (NOT_PROVEN, ["no_data", "soak_unknown"])
    assert found.covered == {"load_1": 0.0, "load_2": 0.0}


def test_a_sensor_that_was_open_is_a_silence_and_not_a_temperature() -> None:
    broken: list[tuple[int, float | None]] = [
        (at, None if T0 + 80 * MINUTE < at < T0 + 85 * MINUTE else v) for at, v in GOOD
    ]
    assert (
        prove(recipe(), {"load_1": curve(broken), "load_2": curve(GOOD, "load_2")}).verdict
        == NOT_PROVEN
    )


def test_too_hot_too_long_and_too_steep_fail() -> None:
    hot = profile((60, 1075.0, 0.0), (2, 1060.0, 0), (70, 1060.0, 1.0), (60, 80.0, 0.0))
    assert keys(proof(hot, GOOD, stages=[soak(over_c="10", hold_s=3000)])) == [
        "soak_held",
        "overshoot",
    ]
    assert proof(hot, GOOD, stages=[soak(over_c="20", hold_s=3000)]).verdict == PROVEN
    assert keys(proof(stages=[soak(hold_max_s=3900)])) == ["soak_held", "soak_long"]
    assert keys(proof(stages=[soak(ramp_max_c_min="10")])) == ["soak_held", "ramp_steep"]
    assert proof(stages=[soak(ramp_max_c_min="18")]).verdict == PROVEN


def test_a_cooler_soak_behind_a_hotter_one_is_looked_for_behind_it() -> None:
    two_steps = profile(
        (40, 900.0, 0), (125, 900.0, 1), (60, 500.0, 0), (130, 500.0, 0.5), (30, 60.0, 0)
    )
    soaks = [
        soak(id="a1", setpoint_c="900", hold_s=7200, over_c="10"),
        soak(id="a2", setpoint_c="500", tolerance_c="3", hold_s=7200, over_c="5"),
    ]
    found = proof(two_steps, two_steps, stages=soaks)
    assert (found.verdict, keys(found)) == (PROVEN, ["soak_held", "soak_held"])
    upside_down = proof(two_steps, two_steps, stages=soaks[::-1])
    assert upside_down.verdict == FAILED, "the hot soak is asked for behind the cool one"


@pytest.mark.parametrize(
    ("values", "told", "verdict"),
    [
        ([(200, 0.005)], "limit_kept", PROVEN),
        ([(90, 0.005), (1, 0.02), (109, 0.005)], "limit_out", FAILED),
    ],
)
def test_the_vacuum_is_kept_during_the_soak(
    values: list[tuple[float, float]], told: str, verdict: str
) -> None:
    pressures = profile(*[(minutes, value, 0.0) for minutes, value in values], start=0.005)
    asked = [soak(limits=[{"metric": "chamber", "max": "0.01"}])]
    found = proof(pressures=pressures, stages=asked)
    assert (found.verdict, keys(found)[-1]) == (verdict, told)
    silent = proof(pressures=without(pressures, 70, 75), stages=asked)
    assert (silent.verdict, keys(silent)[-1]) == (
        max(verdict, NOT_PROVEN, key=[PROVEN, NOT_PROVEN, FAILED].index),
        "limit_unknown" if verdict == PROVEN else told,
    )


def test_a_limit_that_is_asked_for_from_below() -> None:
    hip = [soak(limits=[{"metric": "chamber", "min": "100"}])]
    held = profile((30, 120.0, 0), (170, 120.0, 0), start=0.1)
    assert proof(pressures=held, stages=hip).verdict == PROVEN
    assert proof(pressures=[(at, v * 0.7) for at, v in held], stages=hip).verdict == FAILED


@pytest.mark.parametrize(
    ("change", "told"),
    [({"control": []}, "control:"), ({"gap_max_s": -1}, "gap_max_s:"), ({"stages": []}, "stages:"),
     ({"stages": [soak(setpoint_c="hot")]}, "setpoint_c"), ({"stages": [soak(tolerance_c="0")]}, "tolerance_c"),
     ({"stages": [soak(hold_s=-1)]}, "hold_s"), ({"stages": [soak(hold_max_s=10)]}, "hold_max_s"),
     ({"stages": [soak(), soak()]}, "same id"), ({"operation": ""}, "operation:"), ({"title": "x"}, "title:")],
)  # fmt: skip
def test_what_is_wrong_with_a_recipe_is_told(change: dict[str, object], told: str) -> None:
    assert any(told in fault for fault in recipe_faults(recipe_content() | change))
    assert recipe_faults(recipe_content(title=WORDS)) == []


pairs = st.tuples(st.integers(0, 100), st.integers(0, 30)).map(lambda p: (p[0], p[0] + p[1]))
span_lists = st.lists(pairs, max_size=8).map(joined)


@given(span_lists, span_lists)
def test_spans_meet_where_both_are(
    one: list[tuple[int, int]], other: list[tuple[int, int]]
) -> None:
    points = np.arange(0, 140, 0.5)

    def covers(spans: list[tuple[float, float]]) -> set[float]:
        return {p for p in points if any(a <= p <= b for a, b in spans)}

    assert covers(met(one, other)) == covers(one) & covers(other)
    assert covers(joined([*one, *other])) == covers(one) | covers(other)
    assert met_all([one, other]) == met(one, other)
    assert length(joined([*one, *other])) <= length(one) + length(other)
    best = longest(one)
    assert (best is None) == (not one)
    assert within(one, (-1, 200)) == one
    left = besides(one, other)
    assert met(left, other) == [] or length(met(left, other)) == 0
    assert length(left) + length(met(one, other)) == length(one)


@given(st.lists(st.floats(0, 100), min_size=3, max_size=40), st.floats(10, 50), st.floats(0, 40))
def test_the_time_in_a_band_is_what_a_fine_grid_counts(
    values: list[float], low: float, width: float
) -> None:
    made = curve_from("x", list(range(len(values))), values, (0, len(values) - 1), 10)
    grid = np.linspace(0, len(values) - 1, 20_001)
    at = np.interp(grid, np.arange(len(values)), values)
    share = float(((at >= low) & (at <= low + width)).mean()) * (len(values) - 1)
    assert length(made.inside(low, low + width)) == pytest.approx(share, abs=0.02 * len(values))
    assert made.at(grid) == pytest.approx(at, abs=1e-9)
    above = np.clip(at - low, 0, None)
    hours = float(np.trapezoid(above, grid)) / 3_600_000
    assert made.dose(low) == pytest.approx(hours, rel=1e-3, abs=1e-9)


def test_curves_are_compared_where_all_are_known() -> None:
    other = [(at, value + 3) for at, value in GOOD]
    assert spread([curve(GOOD), curve(other)], (T0, T0 + 100 * MINUTE)) == pytest.approx(3)
    assert spread([curve(GOOD), curve_from("x", [], [], (T0, T0), 1000)], (T0, T0 + MINUTE)) is None


@pytest.fixture(scope="module")
def machine() -> Curve:
    """Numenta's machine temperature: 5-minute samples of a real machine, with a repeated hour and known failures."""
    if not NAB.exists():
        pytest.skip("shared/data/nab is not here")
    found: dict[int, float] = {}
    with NAB.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            moment = datetime.fromisoformat(row["timestamp"]).replace(tzinfo=UTC)
            found[int(moment.timestamp() * 1000)] = float(row["value"])
    samples = sorted(found.items())
    return curve_from(
        "machine", list(found), list(found.values()), (samples[0][0], samples[-1][0]), 600_000
    )


def test_a_real_curve_is_in_its_band_as_long_as_its_samples_say(machine: Curve) -> None:
    values = machine.values
    low, high = float(np.quantile(values, 0.25)), float(np.quantile(values, 0.75))
    spent = length(machine.inside(low, high))
    counted = float(((values >= low) & (values <= high)).mean()) * (
        machine.span[1] - machine.span[0]
    )
    assert spent == pytest.approx(counted, rel=0.05)


def test_a_real_breakdown_breaks_a_soak(machine: Curve) -> None:
    """Its temperature falls to 2 °F on 16 December 2013: a soak over that day failed, one before it is proven."""
    asked = recipe(
        control=["machine"], gap_max_s=600,
        stages=[soak(setpoint_c="90", tolerance_c="25", hold_s=3 * 86_400)],
    )  # fmt: skip
    down = float(machine.times[int(np.argmin(machine.values))])
    day = 86_400_000

    def between(start: float, end: float) -> str:
        inside = (machine.times >= start) & (machine.times <= end)
        cut = Curve("machine", machine.times[inside], machine.values[inside], (start, end), 600_000)
        return prove(asked, {"machine": cut}).verdict

    assert between(down - 1.5 * day, down + 1.5 * day) == FAILED
    proven = [
        between(start, start + 4 * day)
        for start in np.arange(machine.span[0], machine.span[1] - 4 * day, 4 * day)
    ]
    assert PROVEN in proven


def test_a_reading_that_stands_still_is_stuck_and_two_alike_beside_a_silence_are_not() -> None:
    still = [(at, 1060.0 if 80 * MINUTE < at - T0 < 90 * MINUTE else v) for at, v in GOOD]
    left, spans = without_stuck(curve(still), 300_000)
    assert [round((b - a) / MINUTE) for a, b in spans] == [10]
    assert length(left.unknown) == pytest.approx(10 * MINUTE, abs=MINUTE)
    silent = without(still, 80, 90)
    assert without_stuck(curve(silent), 300_000)[1] == []
    assert without_stuck(curve(GOOD[:1]), 300_000)[1] == []
    assert without_stuck(curve(still), 0)[1] == [], "a recipe may ask for no such test"
