"""Where a soak was: its extent with what broke it, apart from other stages; drops and limits by their longest time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mes_server.domain.recipes import Drop, Stage
from mes_server.domain.soaks import beyond_s, dropped_s, find_soak, might_have_held
from tests.mes_server.domain.soaks import MINUTE, T0, WHOLE, curve, profile, without

STAGE = Stage("s", {}, 1060, 5, hold_s=3600, drop=Drop(30, 600))
EVER = T0 + 10_000 * MINUTE
PRE = Stage("p", {}, 850, 10, hold_s=1800)
DIPPED = profile((60, 1060.0, 0), (40, 1060.0, 1), (5, 1000.0, 0), (15, 1000.0, 0), (5, 1060.0, 0), (50, 1060.0, 1), (60, 80.0, 0))  # fmt: skip
BOTH = profile((40, 850.0, 0), (60, 850.0, 1), (20, 1060.0, 0), (70, 1060.0, 1), (30, 850.0, 0), (5, 850.0, 0), (40, 60.0, 0))  # fmt: skip


def minutes(span: tuple[float, float] | None) -> list[float]:
    return [] if span is None else [round((at - T0) / MINUTE) for at in span]


def test_a_dip_is_part_of_the_extent_and_breaks_the_span() -> None:
    found = find_soak(STAGE, [curve(DIPPED)], (T0, EVER))
    assert minutes(found.span) == [125, 175]
    assert minutes(found.extent) == [60, 175]
    (one,) = found.thermocouples
    assert one.lowest_c == pytest.approx(1000)
    assert one.in_band_s / 60 == pytest.approx(91, abs=1)
    assert dropped_s(STAGE, [curve(DIPPED)], found.extent or (0, 0))[0] / 60 == pytest.approx(20, abs=1)  # fmt: skip


def test_the_way_down_through_the_band_of_an_earlier_stage_is_none_of_it() -> None:
    pre = find_soak(PRE, [curve(BOTH)], (T0, EVER))
    assert minutes(pre.extent) == [40, 101]
    after = find_soak(STAGE, [curve(BOTH)], (pre.extent[1] if pre.extent else 0, EVER))
    assert minutes(after.extent) == [120, 191]
    assert minutes((after.entered_ms, after.entered_ms)) == [120, 120]


def test_what_might_have_been_is_known_time_with_every_gap() -> None:
    made = curve(without(profile(*WHOLE), 80, 100))
    assert minutes(find_soak(STAGE, [made], (T0, EVER)).span) == [100, 130]
    assert minutes(might_have_held(STAGE, [made], (T0, EVER))) == [60, 130]
    nothing = curve([(T0, None), (T0 + 60 * MINUTE, None)])
    assert minutes(might_have_held(STAGE, [nothing], (T0, EVER))) == [0, 60]


@given(st.lists(st.floats(0, 100), min_size=2, max_size=30), st.floats(1, 99))
def test_beyond_a_limit_is_the_longest_stretch_above_it(values: list[float], high: float) -> None:
    made = curve([(T0 + n * 10_000, value) for n, value in enumerate(values)])
    longest = beyond_s(made, None, high, made.span)
    within = sum(b - a for a, b in made.inside(-1, high))
    whole = made.span[1] - made.span[0]
    assert 0 <= longest * 1000 <= whole - within + 1
    assert (longest > 0) == (max(values) > high), "at the limit is within it"
    assert beyond_s(made, None, None, made.span) == 0
