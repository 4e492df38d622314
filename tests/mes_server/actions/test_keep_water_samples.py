"""A sample goes from hand to hand, its times go forward, and what cannot be is refused and kept as refused."""

from typing import Any

import pytest
from sqlalchemy import Engine

from mes_server.actions.act_once import Ask, act_once
from mes_server.actions.answer_scan import LATE_MS
from mes_server.actions.keep_water_samples import (
    Hand,
    Reporting,
    Taking,
    hand_over,
    receive_sample,
    report_sample,
    take_sample,
    void_sample,
    withdraw_result,
)
from mes_server.actions.record_events import Act
from mes_server.domain.attempts import Worker
from mes_server.domain.water_rules import Told
from mes_server.store.engine import reading
from mes_server.store.water_samples import count_refused, list_refused, samples_of
from tests.mes_server.actions.water_floor import HOUR_MS, MINUTE_MS, WaterFloor, ni


@pytest.fixture
def floor(engine: Engine) -> WaterFloor:
    return WaterFloor(engine).open()


def test_a_sample_goes_from_hand_to_hand_and_its_results_come_in_two_reports(
    floor: WaterFloor,
) -> None:
    drawn = floor.now_ms - 24 * HOUR_MS
    said = Taking("o-shop", "composite", drawn, floor.now_ms, "Wang", "", "HNO3", ("ni", "cr"))
    code = floor.done(take_sample, said)
    assert code.startswith("WS26-")
    assert floor.act(hand_over, code, Hand(floor.now_ms, "SF Express", "cooler 4 °C")) == []
    assert floor.act(receive_sample, code, Hand(floor.now_ms, "Li", "seal whole", "SGS")) == []
    assert floor.report(code, ni("0.31")) == [code]
    assert floor.sample(code).missing == ("cr",)
    cr = Told("cr", "<0.03", "mg/L", "HJ 776", "0.03")
    assert floor.report(code, cr, number="R-8") == [code]
    found = floor.sample(code)
    assert [one.kind for one in found.custody] == [
        "sample_taken", "sample_handed", "sample_received", "sample_reported", "sample_reported",
    ]  # fmt: skip
    assert [one.person for one in found.custody] == ["Wang", "SF Express", "Li", "Li", "Li"]
    assert (found.lab, found.report, found.missing) == ("SGS", "R-7, R-8", ())
    assert [(one.pollutant, one.qualifier, str(one.value)) for one in found.results] == [
        ("ni", "", "0.31"), ("cr", "<", "0.03"),
    ]  # fmt: skip
    floor.check()


def hour_ago(floor: WaterFloor) -> int:
    return floor.now_ms - HOUR_MS


@pytest.mark.parametrize(
    ("more", "rules"),
    [
        ({"place": "o-nowhere"}, ["water_place_is_known"]),
        ({"from_ms": 10 * LATE_MS}, ["time_is_not_ahead"]),
        ({"kind": "composite", "to_ms": 2 * HOUR_MS}, ["time_is_not_ahead"]),
        ({"kind": "composite", "to_ms": 0}, ["composite_takes_time"]),
        ({"kind": "composite", "to_ms": -HOUR_MS}, ["composite_takes_time"]),
        ({"asked": ("ni", "nickel")}, ["pollutant_is_known"]),
        ({"note": "=HYPERLINK(1)"}, ["text_is_no_script"]),
        ({"from_ms": LATE_MS // 2}, []),
        ({"kind": "composite", "to_ms": HOUR_MS, "from_ms": -HOUR_MS}, ["time_is_not_ahead"]),
    ],
)
def test_what_cannot_have_been_drawn_is_refused(
    floor: WaterFloor, more: dict[str, Any], rules: list[str]
) -> None:
    """Times are counted from now."""
    now = floor.now_ms
    said = {"place": "o-shop", "kind": "grab", "from_ms": 0, "to_ms": 0} | more
    said |= {name: now + said[name] for name in ("from_ms", "to_ms")}
    assert floor.rules(take_sample, Taking(**said)) == rules


def test_nobody_has_it_before_the_last_hand_had_it(floor: WaterFloor) -> None:
    code = floor.taken()
    drawn = floor.sample(code).from_ms
    early = Hand(drawn - 1, "SF", "", "SGS")
    assert floor.rules(hand_over, code, early) == ["custody_is_in_order"]
    assert floor.rules(receive_sample, code, early) == ["custody_is_in_order"]
    assert floor.rules(hand_over, code, Hand(drawn)) == ["hand_is_named"]
    assert floor.rules(receive_sample, code, Hand(drawn)) == ["laboratory_is_named"]
    assert floor.rules(report_sample, code, Reporting("R-1", drawn, [ni("1")])) == [
        "sample_is_received"
    ]
    ahead = Hand(floor.now_ms + HOUR_MS, "SF", "", "SGS")
    assert floor.rules(receive_sample, code, ahead) == ["time_is_not_ahead"]
    assert floor.act(receive_sample, code, Hand(drawn + 1, "Li", "", "SGS")) == []
    assert floor.rules(hand_over, code, Hand(drawn + 2, "SF")) == ["sample_is_on_its_way"]
    assert floor.rules(receive_sample, code, Hand(drawn + 2, "SF")) == ["sample_is_on_its_way"]
    before = Reporting("R-1", drawn - HOUR_MS, [ni("1")])
    assert floor.rules(report_sample, code, before) == ["custody_is_in_order"]
    for acting in (hand_over, receive_sample):
        assert floor.rules(acting, "WS26-999999-00", early) == ["water_sample_is_known"]


@pytest.mark.parametrize(
    ("results", "rules"),
    [
        ([ni("310", "µg/L")], ["result_is_in_its_unit"]),
        ([ni("0.31", "g/L")], ["result_is_in_its_unit"]),
        ([ni("1001")], ["result_is_plausible"]),
        ([ni("-0.1")], ["result_is_plausible"]),
        ([ni("0.3 mg")], ["result_is_a_figure"]),
        ([ni("<0.02", lod="")], ["non_detect_has_a_lod"]),
        ([Told("gold", "1", "mg/L")], ["pollutant_is_known"]),
        ([ni("0.3"), ni("0.4")], ["result_is_told_once"]),
        ([], ["report_has_results"]),
        ([ni("0.3", method="<script>")], ["text_is_no_script"]),
        ([ni("0.3"), Told("cr", "9", "µg/L")], ["result_is_in_its_unit"]),
    ],
)
def test_a_report_that_cannot_be_is_refused_whole(
    floor: WaterFloor, results: list[Told], rules: list[str]
) -> None:
    code = floor.received()
    told = floor.report(code, *results)
    assert [one.rule for one in told] == rules
    assert floor.sample(code).results == ()
    assert floor.report(code, ni("0.31")) == [code], "the negative control"
    assert floor.rules(report_sample, code, Reporting(" ", floor.now_ms, [Told("cr", "1", "mg/L")])) == [
        "report_has_a_number"
    ]  # fmt: skip


def test_a_second_figure_needs_the_first_withdrawn(floor: WaterFloor) -> None:
    code = floor.received()
    floor.report(code, ni("0.31"))
    assert [one.rule for one in floor.report(code, ni("0.31"), number="R-9")] == ["result_is_new"]
    assert floor.rules(withdraw_result, code, "ni", " ") == ["reason_is_given"]
    assert floor.rules(withdraw_result, code, "cr", "wrong") == ["result_is_there"]
    assert floor.act(withdraw_result, code, "ni", "diluted twice") == []
    assert floor.report(code, ni("0.62"), number="R-9") == [code]
    found = floor.sample(code)
    assert [str(one.value) for one in found.results] == ["0.62"]
    assert [(str(one.value), one.refused) for one in found.refused] == [("0.31", "diluted twice")]
    floor.check()


def test_a_voided_sample_stays_and_takes_nothing_more(floor: WaterFloor) -> None:
    code = floor.received()
    floor.report(code, ni("0.31"))
    assert floor.rules(void_sample, code, "") == ["reason_is_given"]
    assert floor.act(void_sample, code, "bottle of another outlet") == []
    found = floor.sample(code)
    assert (found.voided, len(found.results)) == ("bottle of another outlet", 1)
    assert floor.rules(void_sample, code, "again") == ["sample_counts"]
    assert floor.rules(withdraw_result, code, "ni", "x") == ["sample_counts"]
    assert [one.rule for one in floor.report(code, Told("cr", "1", "mg/L"))] == ["sample_counts"]
    with reading(floor.engine) as conn:
        assert [one.voided for one in samples_of(conn, "o-shop", 0, floor.now_ms)] == [found.voided]
    floor.check()


def test_what_was_refused_is_kept_counted_and_shown_at_its_sample(floor: WaterFloor) -> None:
    code = floor.received()
    at_ms = floor.now_ms + MINUTE_MS
    said = Reporting("R-7", at_ms, [ni("310", "µg/L"), Told("cr", "0.1", "mg/L")])
    act = Act("refused-1", "E-1", "lab", at_ms, at_ms)
    worker = Worker("E-1", frozenset({"environment"}), {})
    ask = Ask("water_report", (), code)
    answer = act_once(floor.engine, act, ask, worker, lambda book, _: report_sample(book, code, said))  # fmt: skip
    assert answer.outcome == "scan_refused"
    (kept,) = floor.sample(code).refused
    assert (kept.pollutant, str(kept.value), kept.unit, kept.refused) == (
        "ni", "310", "µg/L", "result_is_in_its_unit",
    )  # fmt: skip
    assert floor.sample(code).results == (), "nothing of it is averaged in"
    with reading(floor.engine) as conn:
        (told,) = list_refused(conn)
        assert count_refused(conn, at_ms) == 1
    assert (told.about, told.person, told.reasons[0][1]["would_be"]) == (code, "E-1", "0.31 mg/L")
    floor.check()
