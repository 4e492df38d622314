"""The mass balance of a run: within a tolerance, after what the operation itself adds or takes."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mes_server.domain.amounts import Amount, total
from mes_server.domain.balance import balance, come_out
from mes_server.domain.routes import Operation

GRINDING = Operation("grind", {}, (), tolerance_ppm=5_000)
PLATING = replace(GRINDING, gain_min_ppm=10_000, gain_max_ppm=60_000)
SINTERING = replace(GRINDING, gain_min_ppm=-15_000, gain_max_ppm=-5_000)
DIFFUSION = replace(GRINDING, gain_min_ppm=2_000, gain_max_ppm=8_000, adds="Tb")
KG = 1_000_000


@pytest.mark.parametrize(
    ("operation", "out_mg", "missing_mg", "kept"),
    [
        (GRINDING, KG, 0, True),
        (GRINDING, 995_000, 5_000, True),
        (GRINDING, 994_999, 5_001, False),
        (GRINDING, 1_005_001, -5_001, False),
        (PLATING, 1_030_000, 0, True),
        (PLATING, 1_065_000, -5_000, True),
        (PLATING, 1_065_001, -5_001, False),
        (PLATING, 1_000_000, 10_000, False),
        (SINTERING, 990_000, 0, True),
        (SINTERING, 1_000_001, -5_001, False),
    ],
)
def test_a_balance_is_kept_within_tolerance_and_gain(
    operation: Operation, out_mg: int, missing_mg: int, kept: bool
) -> None:
    found = balance([Amount(0, KG)], [Amount(0, out_mg)], operation)
    assert (found.missing_mg, found.is_kept, found.tolerance_mg) == (missing_mg, kept, 5_000)


MAGNETS = Amount(100, KG, 50_000, {"Nd": 300_000})


def test_a_deposit_of_nickel_leaves_the_rare_earths_as_they_were() -> None:
    (plated,) = come_out(MAGNETS, [(100, 1_040_000)], PLATING)
    assert plated == Amount(100, 1_040_000, 50_000, {"Nd": 300_000})


def test_what_diffusion_adds_is_terbium() -> None:
    (coated,) = come_out(MAGNETS, [(100, 1_005_000)], DIFFUSION)
    assert coated.elements == {"Nd": 300_000, "Tb": 5_000}


def test_swarf_takes_its_share_along_and_new_pieces_have_their_own_area() -> None:
    slicing = replace(GRINDING, piece_area_mm2=400)
    parts, swarf = come_out(
        Amount(2, KG, 9_000, {"Nd": 300_000}), [(90, 700_000), (0, 290_000)], slicing
    )
    assert parts == Amount(90, 700_000, 36_000, {"Nd": 210_000})
    assert swarf == Amount(0, 290_000, 0, {"Nd": 87_000})


def test_only_what_is_missing_beyond_the_expected_loss_takes_its_share_along() -> None:
    (as_expected,) = come_out(MAGNETS, [(100, 990_000)], SINTERING)
    assert as_expected.elements == {"Nd": 300_000}
    (half,) = come_out(MAGNETS, [(100, KG // 2)], SINTERING)
    least_mg = KG + KG * SINTERING.gain_min_ppm // 1_000_000
    assert half.elements == {"Nd": 300_000 * (KG // 2) // least_mg}


@given(
    st.lists(st.tuples(st.integers(0, 500), st.integers(0, 2 * KG)), min_size=1, max_size=5),
    st.sampled_from([GRINDING, PLATING, SINTERING, DIFFUSION]),
)
def test_rare_earths_are_never_made(told: list[tuple[int, int]], operation: Operation) -> None:
    out = total(come_out(MAGNETS, told, operation))
    assert out.elements.get("Nd", 0) <= 300_000
    gained = max(0, out.mass_mg - MAGNETS.mass_mg) if operation.adds else 0
    assert sum(out.elements.values()) <= 300_000 + gained
