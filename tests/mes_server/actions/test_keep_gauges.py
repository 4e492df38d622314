"""Gauges: an expired one is refused, one found bad holds what it measured, special characteristics take a study."""

from typing import Any

import pytest
from sqlalchemy import Engine

from mes_server.actions.keep_gauges import (
    Calibrating,
    NewGauge,
    add_gauge,
    affected_lots,
    calibrate,
    retire_gauge,
)
from mes_server.actions.keep_studies import Studying, record_study
from mes_server.actions.record_events import rebuild_lots
from mes_server.domain.gauge_needs import accepted_kinds
from mes_server.domain.gauges import DAY_MS
from mes_server.store.engine import reading
from mes_server.store.gauges import list_gauges, load_gauge, studies_of
from tests.mes_server.actions.lot_floor import rules
from tests.mes_server.actions.plan_floor import LIGHT, PlanFloor
from tests.mes_server.domain.plan_making import line, plan
from tests.mes_server.domain.published import AIAG_GRR

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
    return rules(floor.act(calibrate, code, Calibrating("0.002", found, left, "CERT-1")))


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
    assert calibrated(floor, BAD, GOOD) == []
    holds = {code: list(floor.lot(code).holds.values()) for code in (before, after, free)}
    assert holds == {before: [], after: ["gauge MIC-07 was out of tolerance"], free: []}
    with reading(floor.engine) as conn:
        gauge = load_gauge(conn, "MIC-07")
        assert gauge is not None
        assert (gauge.last.found, gauge.last.left) == (False, True)  # type: ignore[union-attr]
        assert affected_lots(conn, gauge, floor.now_ms + 1) == []
    assert floor.measure("thickness", "5.00", "5.00", lot=free, gauge="MIC-07"), "it was adjusted"
    assert calibrated(floor, BAD) == []
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
