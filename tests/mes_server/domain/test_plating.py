"""Faraday's law: the table and the worked example of plating practice, and for all numbers there and back."""

from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mes_server.domain.plating import ampere_hours, compare, counted, metals_of, thickness_um
from schemas.limit_rows import load_rows

METALS = metals_of(load_rows("plating")[0])
RATIO = (Decimal("0.85"), Decimal("1.15"))


@pytest.mark.parametrize(
    ("metal", "g_ah", "um", "um_min", "g_m2"),
    [("Ni2+", "1.0950", "12.29", "0.2049", "8.91"), ("Cu2+", "1.1855", "13.23", "0.2205", "8.96"),
     ("Cu+", "2.3710", "26.46", "0.4410", "8.96"), ("Zn2+", "1.2197", "17.08", "0.2847", "7.14")],
)  # fmt: skip
def test_the_table_of_what_an_ampere_hour_deposits(
    metal: str, g_ah: str, um: str, um_min: str, g_m2: str
) -> None:
    found = METALS[metal]
    assert f"{found.g_per_ah:.4f}" == g_ah
    assert f"{found.um_per_ah_dm2:.2f}" == um
    assert f"{found.um_per_ah_dm2 / 60:.4f}" == um_min
    assert f"{found.g_cm3:.2f}" == g_m2, "g/m² of a µm is the density"


def test_the_worked_example_of_a_barrel() -> None:
    """6 kg at 0.128 m²/kg are 76.8 dm²; 8 µm of nickel at an efficiency of 0.95 take 52.6 Ah, 1.71 h at 0.4 A/dm²."""
    area = Decimal(6) * Decimal("0.128") * 100
    ah = ampere_hours(METALS["Ni2+"], Decimal(8), Decimal("0.95"), area)
    assert (f"{area:.1f}", f"{ah:.1f}") == ("76.8", "52.6")
    current = area * Decimal("0.4")
    assert f"{current:.1f}" == "30.7"
    assert f"{ah / current:.2f}" == "1.71"


figures = st.decimals("0.1", "1000", places=2)


@given(st.sampled_from(sorted(METALS)), figures, st.decimals("0.05", "1", places=2), figures)
def test_thickness_there_and_back(
    name: str, um: Decimal, efficiency: Decimal, area: Decimal
) -> None:
    ah = ampere_hours(METALS[name], um, efficiency, area)
    assert thickness_um(METALS[name], ah, efficiency, area) == pytest.approx(um)
    half = thickness_um(METALS[name], ah, efficiency, area * 2)
    assert half == pytest.approx(um / 2), "media in the barrel take their share"


@pytest.mark.parametrize(
    ("xrf", "agrees"), [("8.0", True), ("7.0", True), ("9.4", True), ("6.9", False), ("9.5", False)]
)
def test_a_prediction_agrees_with_the_xrf_or_somebody_looks(xrf: str, agrees: bool) -> None:
    assert compare(Decimal(8), [Decimal(xrf)], RATIO).agrees is agrees


def test_without_readings_or_prediction_nothing_is_compared() -> None:
    assert compare(Decimal(8), [], RATIO).agrees is None
    assert compare(None, [Decimal(8)], RATIO).measured_um == 8
    assert compare(None, [Decimal(8)], RATIO).ratio is None


MOST = Decimal(10**12)


def _each_minute(reads: Sequence[Decimal]) -> list[tuple[int, Decimal, Decimal]]:
    return [(n * 60_000, one, one) for n, one in enumerate(reads)]


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=30), st.integers(0, 1000))
def test_a_counter_counts_over_its_resets(steps: list[int], begin: int) -> None:
    reads, total = [Decimal(begin)], 0
    for n, step in enumerate(steps):
        total += step
        reads.append(Decimal(step) if n == 3 else reads[-1] + step)
    reset = len(steps) > 3 and reads[4] >= reads[3]  # a jump back that looks like a step on
    back = len(steps) > 3 and reads[3] / 2 <= reads[4] < reads[3]  # a meter set right, no reset
    expected = reads[-1] - reads[0] if reset else total - (steps[3] if back else 0)
    assert counted(_each_minute(reads), MOST) == expected
    assert counted([], MOST) is None


def test_a_meter_that_goes_backwards_a_little_was_not_begun_anew() -> None:
    """A jitter of 0.1 Ah once counted as a reset, and so as 999.9 Ah more."""
    reads = [Decimal(one) for one in ("990", "1000", "999.9", "1010")]
    assert counted(_each_minute(reads), MOST) == Decimal("20.1")


def test_a_meter_that_was_exchanged_counts_on_from_where_the_new_one_stands() -> None:
    """A new meter that stood at 13 million Ah once asked for 2 m³ of wetter."""
    reads = [Decimal(one) for one in ("1000", "1010", "13000000", "13000020")]
    assert counted(_each_minute(reads), Decimal(50_000)) == 30
    assert counted(_each_minute(reads), MOST) == 12_999_020, "the negative control"
    after_a_week = [(0, reads[0], reads[0]), (604_800_000, Decimal(900_000), Decimal(900_000))]
    assert counted(after_a_week, Decimal(50_000)) == 899_000, "a line that nobody heard for a week"
