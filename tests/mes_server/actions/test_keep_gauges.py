"""Gauges: an expired one is refused, one found bad holds what it measured, special characteristics take a study."""

from typing import Any

import pytest
from sqlalchemy import Engine

from mes_server.actions.digests import digest_of
from mes_server.actions.keep_gauges import (
    Calibrating,
    NewGauge,
    add_gauge,
    affected_lots,
    calibrate,
    hold_measured,
    retire_gauge,
    return_gauge,
    sign_calibration,
    void_calibration,
)
from mes_server.actions.keep_studies import Studying, record_study
from mes_server.actions.make_lots import split_off
from mes_server.actions.one_action import carry_out
from mes_server.actions.record_events import Act, rebuild_lots
from mes_server.domain.attempts import Refusal
from mes_server.domain.gauge_needs import accepted_kinds
from mes_server.domain.gauges import DAY_MS
from mes_server.store.engine import reading
from mes_server.store.gauges import list_gauges, load_gauge, studies_of
from mes_server.store.signatures import list_signatures
from tests.mes_server.actions.lot_floor import rules
from tests.mes_server.actions.plan_floor import LIGHT, PlanFloor
from tests.mes_server.domain.plan_making import line, plan
from tests.mes_server.domain.published import AIAG_GRR
from tests.mes_server.people_help import signer

GOOD = [{"reference": "5.000", "reading": "5.001"}, {"reference": "10.000", "reading": "9.999"}]
BAD = [{"reference": "5.000", "reading": "5.020"}]

BLOCK = ["5.001", "4.999", "5.000", "5.000", "5.001", "4.999", "5.000", "5.001", "4.999", "5.000"]


@pytest.fixture
def floor(engine: Engine) -> PlanFloor:
    floor = PlanFloor(engine).build()
    assert floor.act(add_gauge, NewGauge("MIC-07", "micrometer", "0-25 mm", interval_days=10)) == []
    return floor


def calibrated(
    floor: PlanFloor, found: Any = GOOD, left: Any = (), code: str = "MIC-07"
) -> list[str]:
    told = floor.act(calibrate, code, Calibrating("0.002", found, left, "CERT-1"))
    return [one.rule if isinstance(one, Refusal) else one for one in told]


def study(readings: Any = None, **more: Any) -> Studying:
    texts = [[[str(v) for v in part] for part in one] for one in readings or AIAG_GRR]
    said = {
        "type": "micrometer",
        "gauge": "MIC-07",
        "characteristic": "thickness",
        "method": "anova",
    }
    return Studying(**{**said, "readings": texts, **more})  # type: ignore[arg-type]


def measured(floor: PlanFloor, symbol: str = "", gauge: str = "MIC-07") -> tuple[str, Any]:
    floor.release("plan", plan(line(gauge="micrometer", symbol=symbol)))
    code = floor.receive(LIGHT)
    floor.run(code)
    return code, floor.measure("thickness", "5.00", "5.00", lot=code, gauge=gauge)


def test_a_gauge_serves_while_its_calibration_holds(floor: PlanFloor) -> None:
    code, told = measured(floor)
    assert told == ["gauge_is_calibrated"], "it is new"
    assert calibrated(floor) == []
    assert len(floor.measure("thickness", "5.00", "5.00", lot=code, gauge="MIC-07")) == 1
    floor.now_ms += 11 * DAY_MS
    other = floor.receive(LIGHT)
    floor.run(other)
    assert floor.measure("thickness", "5.00", "5.00", lot=other, gauge="MIC-07") == [
        "gauge_is_calibrated"
    ]
    with reading(floor.engine) as conn:
        gauge = load_gauge(conn, "MIC-07")
    assert gauge is not None
    assert [gauge.state(gauge.last.due_ms + more) for more in (-9 * DAY_MS, -DAY_MS // 2, 1)] == [  # type: ignore[union-attr]
        "good", "due", "expired",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("gauge", "told"),
    [("", "gauge_is_told"), ("MIC-99", "gauge_is_known"), ("XRF-1", "gauge_is_of_type")],
)
def test_only_the_right_gauge_serves(floor: PlanFloor, gauge: str, told: str) -> None:
    floor.act(add_gauge, NewGauge("XRF-1", "xrf", "coating"))
    calibrated(floor, code="XRF-1")
    assert measured(floor, gauge=gauge)[1] == [told]


def test_a_gauge_that_was_found_bad_holds_all_it_measured_since_it_was_good(
    floor: PlanFloor,
) -> None:
    assert calibrated(floor) == []
    before, _ = measured(floor)
    assert calibrated(floor) == [], "still good: what was measured until now is safe"
    after, free = floor.receive(LIGHT), floor.receive(LIGHT)
    floor.run(after)
    floor.run(free)
    floor.measure("thickness", "5.00", "5.00", lot=after, gauge="MIC-07")
    assert calibrated(floor, BAD, GOOD) == [after]
    holds = {code: list(floor.lot(code).holds.values()) for code in (before, after, free)}
    assert holds == {before: [], after: ["gauge MIC-07 was out of tolerance"], free: []}
    with reading(floor.engine) as conn:
        gauge = load_gauge(conn, "MIC-07")
        assert gauge is not None
        assert (gauge.last.found, gauge.last.left) == (False, True)  # type: ignore[union-attr]
        assert affected_lots(conn, gauge, floor.now_ms + 1) == []
    assert floor.measure("thickness", "5.00", "5.00", lot=free, gauge="MIC-07"), "it was adjusted"
    assert calibrated(floor, BAD) == [free]
    assert floor.measure("thickness", "5.00", "5.00", lot=free, gauge="MIC-07") == [
        "gauge_is_calibrated"
    ]


def test_a_special_characteristic_takes_an_accepted_study(floor: PlanFloor) -> None:
    calibrated(floor)
    code, told = measured(floor, "SC")
    assert told == ["gauge_has_a_study"]
    assert floor.act(record_study, study()) == [], "27.9 % and ndc 4 is poor: kept, not accepted"
    with reading(floor.engine) as conn:
        assert [(s.verdict, s.accepted) for s in studies_of(conn, "micrometer")] == [
            ("poor", False)
        ]
    assert rules(floor.act(record_study, study(accept="we like it"))) == ["study_is_good_enough"]
    wide = [[[round(v + 8 * p, 2) for v in part] for p, part in enumerate(one)] for one in AIAG_GRR]
    assert floor.act(record_study, study(wide)) == []
    with reading(floor.engine) as conn:
        (_, found) = studies_of(conn, "micrometer")
        assert accepted_kinds(studies_of(conn, "micrometer"))
    assert (found.verdict, found.accepted, found.by) == ("good", True, "P1")
    assert float(found.figures["grr_pct"]) < 10
    lacks = floor.measure("thickness", "5.00", "5.00", lot=code, gauge="MIC-07")
    assert lacks == ["gauge_has_a_study"], "the width is known, the location is not"
    block = Studying("micrometer", "MIC-07", "thickness", "", [[BLOCK]], kind="bias", references=["5.000"])  # fmt: skip
    assert floor.act(record_study, block) == []
    assert len(floor.measure("thickness", "5.00", "5.00", lot=code, gauge="MIC-07")) == 1


def test_a_fair_study_is_accepted_with_a_reason(floor: PlanFloor) -> None:
    ranges = study(method="ranges")
    assert floor.act(record_study, ranges) == []
    with reading(floor.engine) as conn:
        assert not accepted_kinds(studies_of(conn, "micrometer")), "26.7 %, ndc 5: fair"
    assert floor.act(record_study, study(method="ranges", accept="sorting only")) == []
    with reading(floor.engine) as conn:
        assert accepted_kinds(studies_of(conn, "micrometer"))


@pytest.mark.parametrize(
    ("acting", "said", "told"),
    [
        (add_gauge, (NewGauge("MIC-07", "micrometer", "x"),), ["gauge_is_new"]),
        (
            add_gauge,
            (NewGauge("", "", "x", interval_days=0),),
            ["gauge_is_named", "interval_is_given"],
        ),
        (add_gauge, (NewGauge("M-1", "m", "=1+1"),), ["text_is_no_script"]),
        (calibrate, ("X-1", Calibrating("0.1", GOOD)), ["gauge_is_known"]),
        (calibrate, ("MIC-07", Calibrating("0.1", [])), ["points_are_told"]),
        (calibrate, ("MIC-07", Calibrating("0,1", GOOD)), ["figure_has_a_point"]),
        (retire_gauge, ("X-1", "lost"), ["gauge_is_known"]),
        (retire_gauge, ("MIC-07", ""), ["reason_is_given"]),
        (record_study, (study(method="guess"),), ["method_is_known"]),
        (record_study, (study([[[1.0]]]),), ["study_is_whole"]),
    ],
)
def test_what_cannot_be_is_refused(
    floor: PlanFloor, acting: Any, said: tuple[Any, ...], told: list[str]
) -> None:
    assert rules(floor.act(acting, *said)) == told


def test_a_retired_gauge_serves_no_more_and_all_is_rebuilt(floor: PlanFloor) -> None:
    calibrated(floor)
    assert floor.act(retire_gauge, "MIC-07", "dropped") == []
    assert measured(floor)[1] == ["gauge_is_of_type"]
    floor.act(record_study, study())
    with reading(floor.engine) as conn:
        before = list_gauges(conn), studies_of(conn, "micrometer")
    rebuild_lots(floor.engine)
    with reading(floor.engine) as conn:
        assert (list_gauges(conn), studies_of(conn, "micrometer")) == before
        assert before[0][0].state(floor.now_ms) == "retired"


def test_a_calibration_is_signed_and_the_signature_falls_when_it_is_voided(
    floor: PlanFloor,
) -> None:
    said = Calibrating("0.002", GOOD, (), "CERT-1")
    clerk = signer("W-1", "operator")
    assert rules(floor.act(calibrate, "MIC-07", said, clerk)) == ["signer_may"]
    assert rules(floor.act(calibrate, "MIC-07", said, Refusal("signature_is_right", {}))) == [
        "signature_is_right"
    ]
    assert floor.act(calibrate, "MIC-07", said, signer()) == []
    assert calibrated(floor) == [], "another one that nobody signed"
    assert rules(floor.act(sign_calibration, "MIC-07", 2, None)) == ["signature_is_given"]
    assert rules(floor.act(sign_calibration, "MIC-07", 9, signer())) == ["calibration_is_known"]
    assert floor.act(sign_calibration, "MIC-07", 2, signer("Q-2")) == []

    def standing(number: int) -> list[tuple[str, bool]]:
        about = f"calibration:MIC-07/{number}"
        with reading(floor.engine) as conn:
            now = digest_of(conn, about)
            return [(one.badge, one.stands(now)) for one in list_signatures(conn, about)]

    assert (standing(1), standing(2)) == ([("Q-1", True)], [("Q-2", True)])
    assert rules(floor.act(void_calibration, "MIC-07", 2, "")) == ["reason_is_given"]
    assert floor.act(void_calibration, "MIC-07", 2, "of MIC-08") == []
    assert rules(floor.act(void_calibration, "MIC-07", 2, "again")) == ["calibration_is_known"]
    assert (standing(1), standing(2)) == ([("Q-1", True)], [("Q-2", False)])
    with reading(floor.engine) as conn:
        gauge = load_gauge(conn, "MIC-07")
        assert gauge is not None
        assert [one.number for one in gauge.calibrations] == [1], "the other one counts no more"
    floor.check()


def test_what_was_made_of_what_a_bad_gauge_measured_is_held_too(floor: PlanFloor) -> None:
    calibrated(floor)
    parent, _ = measured(floor)
    (child,) = floor.act(split_off, parent, [(4, 400_000)])
    told = calibrated(floor, BAD)
    assert told == sorted([parent, child])
    assert all(floor.lot(code).holds for code in told)
    assert calibrated(floor, GOOD) == [], "found good: nothing is in doubt"


def test_a_calibration_that_is_told_late_leaves_nothing_out(floor: PlanFloor) -> None:
    """Found bad at ten and noted at noon: what was measured between is in doubt, too."""
    calibrated(floor)
    at_ms = floor.now_ms + 1
    late, _ = measured(floor)
    act = Act("late", "P1", "", at_ms, floor.now_ms + 5_000)
    assert carry_out(floor.engine, act, calibrate, "MIC-07", Calibrating("0.002", BAD)) == [late]
    with reading(floor.engine) as conn:
        gauge = load_gauge(conn, "MIC-07")
    assert gauge is not None
    early = Act("early", "P1", "", at_ms - 60_000, floor.now_ms + 6_000)
    carry_out(floor.engine, early, calibrate, "MIC-07", Calibrating("0.002", GOOD))
    with reading(floor.engine) as conn:
        again = load_gauge(conn, "MIC-07")
    assert again is not None
    assert again.last == gauge.last, "the last calibration is the last that was made, not noted"


def test_a_gauge_in_doubt_holds_what_it_measured_by_one_key_and_comes_back(
    floor: PlanFloor,
) -> None:
    calibrated(floor)
    code, _ = measured(floor)
    assert rules(floor.act(hold_measured, "MIC-07", 0, " ")) == ["reason_is_given"]
    assert rules(floor.act(hold_measured, "MIC-07", 7, "x")) == ["calibration_is_known"]
    assert rules(floor.act(hold_measured, "X-1", 0, "x")) == ["gauge_is_known"]
    assert floor.act(hold_measured, "MIC-07", 0, "it fell") == [code]
    assert list(floor.lot(code).holds.values()) == ["gauge MIC-07: it fell"]
    assert floor.act(retire_gauge, "MIC-07", "it fell") == []
    assert rules(floor.act(return_gauge, "MIC-07", "")) == ["reason_is_given"]
    assert floor.act(return_gauge, "MIC-07", "looked at") == []
    assert rules(floor.act(return_gauge, "MIC-07", "again")) == ["gauge_is_known"]
    with reading(floor.engine) as conn:
        gauge = load_gauge(conn, "MIC-07")
    assert gauge is not None
    assert gauge.state(floor.now_ms) == "good"
