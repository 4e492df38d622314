"""Grain boundary diffusion: the element of the target, the weight gain with its uptake, the gain of HcJ."""

from decimal import Decimal

import pytest

from mes_server.domain.furnace import verdict_of
from mes_server.domain.gbd import Gain, Target, diffusion_findings, gains_content
from mes_server.domain.recipes import Diffusion

ASKED = Diffusion("Tb", "target", "weight_gain", 0.36, 0.44, 1.0, 500.0)
TB, DY = Target("T26-1", {"Tb": 900, "Dy": 10}), Target("T26-2", {"Dy": 900})
GOOD = Gain("L1", 2_000_000, (Decimal("0.39"), Decimal("0.41")), Decimal(1200), Decimal(1800))


def said(target: Target | None, lot: Gain, asked: Diffusion = ASKED) -> tuple[str, list[str]]:
    found = diffusion_findings(asked, target, [lot])
    return verdict_of(found), [one.key for one in found]


def test_right_target_gain_and_hcj_are_proven() -> None:
    assert said(TB, GOOD) == ("proven", ["target_right", "gain_right", "hcj_gained"])
    (one,) = gains_content(ASKED, [GOOD])
    assert one["gain"] == "0.4"
    assert one["uptake_g"] == "8", "0.4 % of 2 kg"
    assert (one["hcj_before_ka_m"], one["hcj_after_ka_m"], one["hcj_gain_ka_m"]) == ("1200", "1800", "600")  # fmt: skip


@pytest.mark.parametrize(
    ("target", "lot", "verdict", "key"),
    [
        (DY, GOOD, "failed", "target_wrong"),
        (Target("", {}), GOOD, "not_proven", "target_unknown"),
        (TB, Gain("L1", 1, (Decimal("0.30"),)), "failed", "gain_out"),
        (TB, Gain("L1", 1, (Decimal("0.50"),)), "failed", "gain_out"),
        (TB, Gain("L1", 1), "not_proven", "gain_unknown"),
        (TB, Gain("L1", 1, GOOD.gains, Decimal(1200), Decimal(1500)), "failed", "hcj_low"),
        (TB, Gain("L1", 1, GOOD.gains, Decimal(1200)), "proven", "hcj_open"),
    ],
)
def test_what_is_wrong_or_missing_is_told(target: Target, lot: Gain, verdict: str, key: str) -> None:  # fmt: skip
    found, keys = said(target, lot)
    assert found == verdict
    assert key in keys


def test_a_slurry_is_only_partly_the_element_and_a_diffusion_run_has_no_target() -> None:
    fluoride = Diffusion("Tb", "", "weight_gain", share=0.736)
    assert said(None, GOOD, fluoride) == ("proven", ["gain_right"])
    assert gains_content(fluoride, [GOOD])[0]["uptake_g"] == "5.888"
