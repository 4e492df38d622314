"""Every fault of the simulated furnaces leads to its verdict, and is explained in words in both languages."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from mes_server.domain.furnace import FAILED, NOT_PROVEN, PROVEN, Proof
from mes_server.domain.proofs import findings_content
from mes_server.web.proof_words import finding_text, titles_of
from mes_server.web.words import Words
from tests.mes_server.domain.simulated import LOADS, PRESSURE, fault, judged, recipe

EN, ZH, UTC = Words("en"), Words("zh"), ZoneInfo("UTC")
ALL_RUN = (0.0, 2000.0)
# The soak of the simulated sintering is from minute 808 to 1086, its ramp from 720 on.
SINTER, AGE, GBD, HIP = (
    "sinter_furnace", "ageing_furnace", "gbd_diffusion_furnace", "hot_isostatic_press",
)  # fmt: skip
ONE, TWO = LOADS[0], LOADS[1]


def told(found: Proof, t: Words, kind: str = SINTER) -> str:
    titles = titles_of(t, recipe(kind), None)
    return "\n".join(finding_text(t, one, titles, UTC) for one in findings_content(found.findings))


@pytest.mark.parametrize("kind", [SINTER, AGE, GBD, HIP])
def test_a_healthy_run_of_each_furnace_is_proven(kind: str) -> None:
    found = judged(kind)
    assert found.verdict == PROVEN
    assert "all control thermocouples were in the band for" in told(found, EN, kind)
    assert "全部控温热电偶连续在带内" in told(found, ZH, kind)
    assert all(share == 1 for share in found.covered.values())


CASES: list[tuple[str, Any, str, str, str]] = [
    (SINTER, fault("sensor_open", TWO, (900, 905)), NOT_PROVEN, "of load_2_temperature_c 5.", "load_2_temperature_c 自"),
    (SINTER, fault("sensor_open", None, ALL_RUN), NOT_PROVEN, "not a single good sample", "没有任何有效样本"),
    (SINTER, fault("sensor_open", PRESSURE, (900, 905)), NOT_PROVEN, "chamber_pressure_pa is not known for 5.", "无数据"),
    (SINTER, fault("sensor_open", TWO, (200, 260)), PROVEN, "in the band for", "连续在带内"),
    (SINTER, fault("drift", ONE, (900, 1300), 6.0), FAILED, "without load_1_temperature_c the others held", "不计 load_1_temperature_c"),
    (SINTER, fault("stuck", ONE, (850, 1300)), NOT_PROVEN, "taken for stuck", "按卡死处理"),
    (SINTER, fault("leak", None, (900, 1300), 2.0), FAILED, "for 18", "超出允许范围"),
    (SINTER, fault("power_dip", None, (900, 910)), FAILED, "without a break", "连续保温仅"),
    (SINTER, fault("power_dip", None, (900, 960)), FAILED, "amid the soak", "整炉须评审处置"),
    (AGE, fault("power_dip", None, (760, 800)), FAILED, "people dispose of the charge", "整炉须评审处置"),
    (AGE, fault("drift", ONE, (700, 1300), 3.0), FAILED, "load_1_temperature_c reached", "最高允许"),
    (GBD, fault("power_dip", None, (500, 530)), FAILED, "of 600.0 min without a break", "要求 600.0 分钟"),
    (HIP, fault("leak", None, (240, 400), 2.0), FAILED, "vessel_pressure_mpa was between", "超出允许范围"),
    (HIP, fault("sensor_open", "vessel_pressure_mpa", (260, 270)), NOT_PROVEN, "is not known for", "无数据"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "switched", "verdict", "en", "zh"), CASES)
def test_a_fault_has_its_verdict_and_its_words(
    kind: str, switched: Any, verdict: str, en: str, zh: str
) -> None:
    found = judged(kind, switched)
    assert found.verdict == verdict, [(f.key, dict(f.facts)) for f in found.findings]
    assert en in told(found, EN, kind).lower()
    assert zh in told(found, ZH, kind)


@pytest.mark.parametrize(
    ("minutes", "verdict"),
    [((900.0, 900.2), PROVEN), ((900.0, 901.0), NOT_PROVEN), ((900.0, 940.0), NOT_PROVEN),
     ((0.0, 2000.0), NOT_PROVEN), ((100.0, 200.0), PROVEN), ((1200.0, 1300.0), PROVEN)],
)  # fmt: skip
def test_what_was_never_received_proves_nothing_where_it_matters(
    minutes: tuple[float, float], verdict: str
) -> None:
    found = judged(SINTER, lost=minutes)
    assert found.verdict == verdict


def test_a_fault_that_would_have_failed_is_not_excused_by_a_gap_elsewhere() -> None:
    dip = fault("power_dip", None, (900, 960))
    assert judged(SINTER, dip, lost=(200.0, 205.0)).verdict == FAILED
