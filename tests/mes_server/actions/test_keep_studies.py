"""Studies of every kind are kept with their raw values and the row that judged them, and asked for by use."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine

from mes_server.actions.keep_gauges import Calibrating, NewGauge, add_gauge, calibrate
from mes_server.actions.keep_studies import Studying, look_at_study, record_study
from mes_server.domain.control_plan import plan_from
from mes_server.domain.gauge_needs import acceptance_on, accepted_kinds, lacking
from mes_server.store.engine import reading
from mes_server.store.gauge_records import studied
from mes_server.store.gauges import studies_of
from tests.mes_server.actions.lot_floor import rules
from tests.mes_server.actions.plan_floor import LIGHT, PlanFloor
from tests.mes_server.domain.plan_making import attribute, line, plan
from tests.mes_server.domain.published import AIAG_BIAS, AIAG_GRR, AIAG_LINEARITY

TYPE = "micrometer"
BIAS = Studying(TYPE, "", "", "", [[[str(v) for v in AIAG_BIAS]]], kind="bias", references=["6.0"])
LINEARITY = Studying(
    TYPE, "", "", "", [[[str(v) for v in part] for part in AIAG_LINEARITY.values()]],
    kind="linearity", references=[str(v) for v in AIAG_LINEARITY],
)  # fmt: skip
GRR = Studying(TYPE, "", "", "ranges", [[[str(v) for v in p] for p in one] for one in AIAG_GRR])
TRUTH = ["good"] * 12 + ["bad"] * 12
KAPPA = Studying(
    "go_nogo", "", "", "", [[[t, t] for t in TRUTH], [[t, t] for t in TRUTH]],
    kind="attribute", references=TRUTH,
)  # fmt: skip
STABILITY = Studying(
    TYPE, "", "", "", [[[f"5.00{i % 3}", f"5.00{(i + 1) % 3}"] for i in range(22)]],
    kind="stability",
)  # fmt: skip


@pytest.fixture
def floor(engine: Engine) -> PlanFloor:
    floor = PlanFloor(engine).build()
    points = [{"reference": "5.000", "reading": "5.000"}]
    for code, kind in (("MIC-07", TYPE), ("GNG-1", "go_nogo")):
        floor.act(add_gauge, NewGauge(code, kind, kind))
        floor.act(calibrate, code, Calibrating("0.002", points))
    return floor


def accepted(floor: PlanFloor, kind: str = TYPE) -> list[str]:
    with reading(floor.engine) as conn:
        return accepted_kinds(studies_of(conn, kind))


def test_every_kind_is_kept_with_its_raw_values_and_the_row_that_judged_it(
    floor: PlanFloor,
) -> None:
    for said in (GRR, BIAS, LINEARITY, STABILITY, KAPPA):
        assert floor.act(record_study, said) == []
    with reading(floor.engine) as conn:
        kept = [*studied(conn, TYPE), *studied(conn, "go_nogo")]
    told = [(one.study.kind, one.study.method, one.study.verdict) for one in kept]
    assert told == [
        ("grr", "ranges", "fair"), ("bias", "t_test", "good"), ("linearity", "regression", "poor"),
        ("stability", "chart", "good"), ("attribute", "kappa", "good"),
    ]  # fmt: skip
    assert [one.readings for one in kept] == [
        [[list(p) for p in a] for a in s.readings] for s in (GRR, BIAS, LINEARITY, STABILITY, KAPPA)
    ]
    assert kept[2].references == ["2.0", "4.0", "6.0", "8.0", "10.0"]
    assert {one.study.judged_by["since"] for one in kept} == {"2010-06-01"}
    assert "AIAG MSA" in kept[0].study.judged_by["source"]
    assert accepted(floor) == ["bias", "stability"], "GR&R is fair, and no reason was told"
    # AIAG MSA, 4th ed.: bias 0.0067 of the first, slope -0.1317 and intercept 0.7367 of the second.
    assert kept[1].study.figures["bias"] == "0.00666667"
    assert [kept[2].study.figures[n] for n in ("slope", "intercept")] == ["-0.131667", "0.736667"]
    floor.check()


def test_a_special_characteristic_takes_what_the_dated_row_says(floor: PlanFloor) -> None:
    floor.release("plan", plan(line(gauge=TYPE, sample=1), attribute("burr", gauge="go_nogo", symbol="CC")))  # fmt: skip
    lot = floor.receive(LIGHT)
    floor.run(lot)

    def told(name: str = "thickness") -> list[str]:
        if name == "burr":
            return list(floor.measure("burr", lot=lot, sample=1, gauge="GNG-1"))
        return list(floor.measure("thickness", "5.00", lot=lot, gauge="MIC-07"))

    assert told() == ["gauge_has_a_study"]
    floor.act(record_study, BIAS)
    assert told() == ["gauge_has_a_study"], "location alone is not enough"
    floor.act(record_study, replace(GRR, accept="for this lot only"))
    assert told()[0].startswith("CK")
    assert told("burr") == ["gauge_has_a_study"]
    floor.act(record_study, KAPPA)
    assert told("burr")[0].startswith("CK")


def test_before_the_row_began_the_one_before_it_counts(floor: PlanFloor) -> None:
    floor.act(record_study, replace(GRR, accept="reason"))
    floor.release("plan", plan(line(gauge=TYPE)))
    with reading(floor.engine) as conn:
        studies = [replace(one, at_ms=0) for one in studies_of(conn, TYPE)]
        of = _line()
    assert lacking(studies, of, 1_764_288_000_000) == [], "28 November 2025: GR&R alone"
    assert lacking(studies, of, floor.now_ms) == ["bias / linearity"]
    assert lacking(studies, replace(of, symbol=""), floor.now_ms) == []


def _line() -> Any:
    return plan_from(plan(line(gauge=TYPE))).find("thickness")


def test_a_study_of_a_characteristic_is_compared_with_the_tolerance_of_its_plan(
    floor: PlanFloor,
) -> None:
    floor.release("plan", plan(line(gauge=TYPE)))
    small = [[[f"{4.96 + 0.01 * p + 0.0004 * ((a + t + p) % 3):.4f}" for t in range(3)] for p in range(10)] for a in range(3)]  # fmt: skip
    about = replace(GRR, readings=small, method="anova", characteristic="thickness", plan="CP-1")
    assert rules(floor.act(record_study, replace(about, tolerance="0.2"))) == ["tolerance_is_of_the_plan"]  # fmt: skip
    assert rules(floor.act(record_study, replace(about, characteristic="x"))) == ["characteristic_is_planned"]  # fmt: skip
    assert rules(floor.act(record_study, replace(about, plan="CP-9"))) == ["document_is_known"]
    assert floor.act(record_study, about) == []
    with reading(floor.engine) as conn:
        (study,) = studies_of(conn, TYPE)
    assert (study.plan, study.tolerance, study.verdict) == ("CP-1/A", "0.10", "good")
    # %GRR of the tolerance: six standard deviations of the gauge over the width of the spec.
    assert float(study.figures["grr_pct"]) == pytest.approx(600 * float(study.figures["grr"]) / 0.1, rel=1e-4)  # fmt: skip
    of = _line()
    narrow = replace(of, lower=of.nominal - of.nominal / 5000, upper=of.nominal + of.nominal / 5000)
    assert lacking([study], of, floor.now_ms) == ["bias / linearity"]
    assert lacking([study], narrow, floor.now_ms) == ["grr", "bias / linearity"], "its spec is 2 um"
    other = replace(of, id="width", lower=narrow.lower, upper=narrow.upper)
    assert lacking([study], other, floor.now_ms) == ["bias / linearity"], "it speaks for the type"
    bad = replace(study, accepted=False, characteristic="width")
    assert lacking([study, bad], other, floor.now_ms)[0] == "grr", "its own study counts first"


def test_looking_writes_nothing_and_the_newest_study_counts(floor: PlanFloor) -> None:
    with reading(floor.engine) as conn:
        said, found, refused = look_at_study(conn, replace(KAPPA, method=""), floor.now_ms)
        assert (said.method, found and found.verdict, refused) == ("kappa", "good", [])
        assert studies_of(conn, "go_nogo") == []
    floor.act(record_study, KAPPA)
    blind = [[[t, "good"] for t in TRUTH], [[t, t] for t in TRUTH]]
    floor.act(record_study, replace(KAPPA, readings=blind))
    assert accepted(floor, "go_nogo") == []


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (replace(BIAS, references=[]), "references_are_told"),
        (replace(BIAS, method="guess"), "method_is_known"),
        (replace(BIAS, kind="vibes"), "method_is_known"),
        (replace(BIAS, type=" "), "type_is_told"),
        (replace(BIAS, tolerance="-1"), "tolerance_is_wide"),
        (replace(BIAS, tolerance="0,1"), "figure_has_a_point"),
        (replace(LINEARITY, references=["2.0"] * 5), "study_is_whole"),
        (replace(STABILITY, readings=[[["5.0"]]]), "study_is_whole"),
        (replace(KAPPA, references=["good"] * 24), "pieces_are_mixed"),
        (replace(KAPPA, references=["maybe"] * 24), "judgement_is_known"),
        (replace(KAPPA, references=["good"]), "references_are_told"),
        (replace(GRR, gauge="GNG-1"), "gauge_is_of_type"),
        (replace(GRR, appraisers=["=1+1"]), "text_is_no_script"),
        (replace(GRR, readings=[]), "study_is_whole"),
    ],
)
def test_what_is_no_study_is_refused(floor: PlanFloor, said: Studying, told: str) -> None:
    assert rules(floor.act(record_study, said)) == [told]


def test_the_acceptance_row_is_that_of_the_day() -> None:
    assert acceptance_on("2026-11-28")["ndc_min"] == 5
