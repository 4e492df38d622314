"""Verdicts of studies: by the acceptance row, at their edges, and never good where too little was looked at."""

from dataclasses import replace
from typing import Any

import pytest

from mes_server.domain.gauge_needs import acceptance_on
from mes_server.domain.msa_study import METHODS, Raw, found_of, share_verdict
from tests.mes_server.domain.published import AIAG_BIAS, AIAG_GRR, AIAG_LINEARITY

ROW = acceptance_on("2026-11-28")
TEXTS = [[[str(v) for v in part] for part in one] for one in AIAG_GRR]
TRUTH = ["good"] * 25 + ["bad"] * 25


def verdict(kind: str, readings: Any, references: Any = (), tolerance: str = "") -> str:
    said = Raw(kind, METHODS[kind][0], readings, [str(v) for v in references], tolerance)
    return found_of(said, ROW).verdict


@pytest.mark.parametrize(("pct", "told"), [(9.99, "good"), (10, "fair"), (30, "fair"), (30.1, "poor")])  # fmt: skip
def test_a_share_is_judged_at_ten_and_thirty_percent(pct: float, told: str) -> None:
    assert share_verdict(pct, ROW) == told


def test_a_study_of_few_parts_is_good_for_nothing_but_a_reason() -> None:
    wide = [[[f"{p + 0.001 * (t + a):.3f}" for t in range(3)] for p in range(10)] for a in range(3)]
    assert verdict("grr", wide) == "good"
    assert verdict("grr", [one[:5] for one in wide]) == "fair", "5 parts x 3 people: 15 products"
    assert verdict("grr", TEXTS) == "poor", "AIAG's own: 27.9 %, but ndc 4"
    assert verdict("bias", [[[str(v) for v in AIAG_BIAS]]], [6.0]) == "good"
    assert verdict("bias", [[[str(v) for v in AIAG_BIAS[:9]]]], [6.0]) == "fair"


def test_a_bias_that_is_there_is_fair_where_it_is_small() -> None:
    off = [[["5.001", "5.001", "5.002"] * 4]]
    assert verdict("bias", off, ["5.000"]) == "poor"
    assert verdict("bias", off, ["5.000"], "0.1") == "fair", "1.3 % of the tolerance"
    assert verdict("bias", off, ["5.000"], "0.01") == "poor"
    parts = [[[str(v) for v in part] for part in AIAG_LINEARITY.values()]]
    assert verdict("linearity", parts, AIAG_LINEARITY) == "poor"
    assert verdict("linearity", parts, AIAG_LINEARITY, "20") == "fair"


def test_a_master_that_drifts_is_not_stable() -> None:
    still = [[f"5.00{i % 3}", f"5.00{(i + 1) % 3}"] for i in range(22)]
    assert verdict("stability", [still]) == "good"
    assert verdict("stability", [still[:10]]) == "fair"
    drifts = [[f"{5 + 0.001 * i + 0.0005 * j:.4f}" for j in range(2)] for i in range(22)]
    assert verdict("stability", [drifts]) == "poor"


def judged(wrong: dict[int, str], people: int = 2) -> dict[str, str]:
    """Pieces that the last person judged so in all of three trials; the others and the rest are right."""
    said = [[[t] * 3 for t in TRUTH] for _ in range(people)]
    for piece, word in wrong.items():
        said[-1][piece] = [word] * 3
    found = found_of(Raw("attribute", "kappa", said, TRUTH), ROW)
    return {**found.figures, "verdict": found.verdict}


def test_people_are_judged_by_the_worst_of_them() -> None:
    """AIAG MSA, 4th ed., chapter III C: effectiveness 90 and 80 %, misses 2 and 5 %, false alarms 5 and 10 %."""
    assert judged({})["verdict"] == "good"
    alarm = judged({0: "bad"})
    assert (alarm["false_alarm_pct.2"], alarm["miss_pct.2"], alarm["verdict"]) == ("4", "0", "good")
    assert judged({0: "bad", 1: "bad"})["verdict"] == "fair", "8 % false alarms"
    assert judged({0: "bad", 1: "bad", 2: "bad"})["verdict"] == "poor", "12 %"
    miss = judged({30: "good"})
    assert (miss["miss_pct.2"], miss["effectiveness_pct.2"], miss["verdict"]) == ("4", "98", "fair")
    assert judged({30: "good", 31: "good"})["verdict"] == "poor", "8 % are let through"
    assert float(miss["kappa.2"]) == pytest.approx(0.96)
    assert judged({}, people=1)["verdict"] == "fair", "nobody to agree with"


def test_another_row_judges_otherwise() -> None:
    raw = Raw("grr", "ranges", TEXTS)
    strict = {**ROW, "grr_fair_pct": "20"}
    assert (found_of(raw, ROW).verdict, found_of(raw, strict).verdict) == ("fair", "poor")
    pooled = found_of(replace(raw, method="anova"), ROW).figures["repeatability"]
    kept = found_of(replace(raw, method="anova"), {**ROW, "pool_p_min": "1"}).figures
    assert pooled != kept["repeatability"], "whether the interaction is pooled is of the row, too"
