"""A check that fails says since when values are doubtful; work on an analyser begins and ends; all of it can be voided.

The whole of keep_analysers; of read_water what it asks.
"""

from typing import Any

import pytest
from sqlalchemy import Engine

from mes_server.actions.keep_analysers import (
    Checking,
    Working,
    check_analyser,
    doubtful_from,
    end_maintenance,
    void_analyser_check,
    work_on_analyser,
)
from mes_server.actions.read_water import dated_row
from mes_server.domain.water_samples import AnalyserCheck
from mes_server.store.analyser_checks import load_analyser_check, open_work
from mes_server.store.engine import reading
from mes_server.store.water import checks_of
from tests.mes_server.actions.water_floor import HOUR_MS, WaterFloor


class AnalyserFloor(WaterFloor):
    """The nickel analyser of the workshop outlet."""

    def checked(self, kind: str = "span", **more: Any) -> AnalyserCheck:
        """A check as the store has it."""
        return self.load(self.done(check_analyser, self.said(kind, **more)))

    def said(self, kind: str = "span", **more: Any) -> Checking:
        """A span check with a standard of 0.5 mg/L that reads it."""
        usual = {"place": "o-shop", "pollutant": "ni", "kind": kind, "at_ms": self.now_ms,
                 "expected": "0.5" if kind == "span" else "", "read": "0.5" if kind == "span" else "0.01",
                 "full_scale": "2"}  # fmt: skip
        return Checking(**(usual | more))

    def load(self, code: str) -> AnalyserCheck:
        """A record as the store has it."""
        with reading(self.engine) as conn:
            found = load_analyser_check(conn, code)
        assert found is not None
        return found

    def doubtful(self, found: AnalyserCheck) -> int | None:
        """Since when."""
        with reading(self.engine) as conn:
            return doubtful_from(conn, self.load(found.code))


@pytest.fixture
def floor(engine: Engine) -> AnalyserFloor:
    found = AnalyserFloor(engine)
    found.open()
    return found


@pytest.mark.parametrize(
    ("kind", "more", "tolerance", "passed"),
    [
        ("span", {"read": "0.55"}, "0.05", True),
        ("span", {"read": "0.551"}, "0.05", False),
        ("span", {"read": "0.45"}, "0.05", True),
        ("zero", {"read": "0.1"}, "0.1", True),
        ("zero", {"read": "-0.11"}, "0.1", False),
        ("span", {"pollutant": "ph", "expected": "6.86", "read": "7.36"}, "0.5", True),
        ("zero", {"pollutant": "ph", "expected": "6.86", "read": "7.37", "full_scale": ""}, "0.5", False),
    ],
)  # fmt: skip
def test_a_check_passes_within_the_tolerance_of_the_dated_row(
    floor: AnalyserFloor, kind: str, more: dict[str, str], tolerance: str, passed: bool
) -> None:
    found = floor.checked(kind, **more)
    assert (format(found.tolerance or 0, "f"), found.passed) == (tolerance, passed)
    row = dated_row("analyser_checks", floor.now_ms)
    assert (row["span_percent"], row["zero_percent_of_range"], row["certainty"]) == ("10", "5", "M")


def test_a_failed_check_makes_doubtful_what_was_since_the_last_of_its_kind_that_passed(
    floor: AnalyserFloor,
) -> None:
    first = floor.checked(read="0.9")
    assert floor.doubtful(first) == 0, "it was never good"
    good = floor.checked()
    assert floor.doubtful(good) is None
    floor.checked("zero")
    bad = floor.checked(read="0.7")
    worse = floor.checked(read="0.8")
    assert floor.doubtful(bad) == floor.doubtful(worse) == good.at_ms
    assert floor.act(void_analyser_check, good.code, "standard had expired") == []
    assert floor.doubtful(bad) == 0, "it leaned on one that counts no more"
    assert floor.act(void_analyser_check, bad.code, "wrong bottle") == []
    assert floor.doubtful(bad) is None
    with reading(floor.engine) as conn:
        codes = [one.code for one in checks_of(conn, "o-shop", bad.at_ms, bad.at_ms + 1)]
    assert good.code not in codes
    assert bad.code not in codes
    assert worse.code in codes, "the next one tells of the time before it"
    floor.check()


@pytest.mark.parametrize(
    ("more", "rules"),
    [
        ({"place": "nowhere"}, ["water_place_is_known"]),
        ({"place": "t-all"}, ["place_is_measured"]),
        ({"pollutant": "hg"}, ["analyser_measures_it"]),
        ({"pollutant": "gold"}, ["analyser_measures_it"]),
        ({"expected": ""}, ["amount_is_a_figure"]),
        ({"expected": "0"}, ["amount_is_possible"]),
        ({"read": "0,5"}, ["amount_is_a_figure"]),
        ({"read": "1001"}, ["amount_is_possible"]),
        ({"kind": "zero", "full_scale": ""}, ["amount_is_a_figure"]),
        ({"note": "{{7*7}}"}, ["text_is_no_script"]),
    ],
)
def test_a_check_that_cannot_be_is_refused(
    floor: AnalyserFloor, more: dict[str, str], rules: list[str]
) -> None:
    assert floor.rules(check_analyser, floor.said(**more)) == rules


def test_nothing_is_checked_tomorrow(floor: AnalyserFloor) -> None:
    ahead = floor.said(at_ms=floor.now_ms + HOUR_MS)
    assert floor.rules(check_analyser, ahead) == ["time_is_not_ahead"]


def test_maintenance_begins_and_ends_once_and_a_repair_says_what_was_done(
    floor: AnalyserFloor,
) -> None:
    def work(kind: str = "maintenance", to_ms: int | None = None, note: str = "") -> Working:
        return Working("o-shop", "ni", kind, floor.now_ms, to_ms, "Wang", note)

    code = floor.done(work_on_analyser, work())
    began = floor.load(code).at_ms
    with reading(floor.engine) as conn:
        going = open_work(conn, "o-shop", "ni")
        assert going is not None
        assert going.code == code
        assert open_work(conn, "o-plant", "ni") is None
    assert floor.rules(work_on_analyser, work()) == ["maintenance_is_over"]
    assert floor.rules(work_on_analyser, work(to_ms=began)) == ["maintenance_takes_time"]
    assert floor.rules(end_maintenance, code, began) == ["maintenance_takes_time"]
    assert floor.rules(end_maintenance, "AC26-1", began) == ["analyser_check_is_known"]
    assert floor.act(end_maintenance, code, floor.now_ms) == []
    assert floor.load(code).to_ms is not None
    assert floor.rules(end_maintenance, code, floor.now_ms) == ["maintenance_goes_on"]
    assert floor.rules(work_on_analyser, work("repaired")) == ["repair_says_what"]
    repair = floor.done(work_on_analyser, work("repaired", note="new reagent pump"))
    assert floor.load(repair).passed is None
    assert floor.rules(void_analyser_check, repair, "") == ["reason_is_given"]
    assert floor.act(void_analyser_check, repair, "other analyser") == []
    assert floor.rules(void_analyser_check, repair, "x") == ["analyser_check_counts"]
    assert floor.rules(void_analyser_check, "AC26-1", "x") == ["analyser_check_is_known"]
    floor.check()
