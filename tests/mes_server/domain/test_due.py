"""Which checks are due, missed or done, and which of them stand in the way (evidence, plan_rules)."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mes_server.domain import plan_rules
from mes_server.domain.checks import Check, reading_from
from mes_server.domain.control_plan import plan_from
from mes_server.domain.due import (
    DAY_MS,
    HOUR_MS,
    Place,
    evidence_of,
    of_place,
    of_work,
    shift_start,
)
from tests.mes_server.domain.plan_making import attribute, line, plan

T0 = 1_795_478_400_000  # midnight, UTC


def check(name: str = "thickness", at_ms: int = T0, **more: Any) -> Check:
    made = Check(
        f"CK-{name}-{at_ms}", at_ms, at_ms, "P1", "mill-1", "CP-1/A", name, "sinter", "during",
        "B1", "CH1", "P-1", "", (reading_from("5.00"),), 1, 0, "ok", "tablet",
    )  # fmt: skip
    return replace(made, **more)


def states(dues: Any) -> dict[str, str]:
    return {one.line.id: one.state for one in dues}


def work(content: dict[str, Any], *checks: Check) -> dict[str, str]:
    return states(
        of_work(plan_from(content), "sinter", "CH1", ("B1", frozenset(("B1", "L1"))), checks)
    )


def test_a_lot_is_checked_in_each_run_under_any_of_its_codes() -> None:
    content = plan(
        line(), line("density", every={"each": "charge"}), line("other", operation="grind")
    )
    assert work(content) == {"thickness": "due", "density": "due"}
    assert work(content, check(), check("density", lot="B9")) == dict.fromkeys(
        ("thickness", "density"), "done"
    )
    assert work(content, check(lot="L1"))["thickness"] == "done", "measured behind the run"
    assert work(content, check(lot="B2"))["thickness"] == "due"
    assert work(content, check(run="CH2"))["thickness"] == "due"


def test_the_newest_check_that_counts_decides() -> None:
    bad = check(at_ms=T0 + 1, verdict="out")
    assert work(plan(), check(), bad)["thickness"] == "out"
    assert work(plan(), check(), bad, check(at_ms=T0 + 2))["thickness"] == "done", "measured again"
    assert work(plan(), check(), replace(bad, voided="wrong lot"))["thickness"] == "done"
    assert work(plan(), check(verdict="action"))["thickness"] == "done", "an action limit warns"


def place(content: dict[str, Any], now_ms: int, *checks: Check, **more: Any) -> dict[str, str]:
    at = Place("mill-1", "P-1", now_ms, checks=checks, **more)
    return states(of_place(plan_from(content), "sinter", at))


@pytest.mark.parametrize(
    ("every", "after_ms", "state"),
    [({"each": "hours", "count": 2}, 2 * HOUR_MS, "done"),
     ({"each": "hours", "count": 2}, 2 * HOUR_MS + 1, "missed"),
     ({"each": "day"}, DAY_MS, "done"), ({"each": "day"}, DAY_MS + 1, "missed"),
     ({"each": "week"}, 7 * DAY_MS, "done"), ({"each": "week"}, 7 * DAY_MS + 1, "missed"),
     ({"each": "shift"}, 8 * HOUR_MS - 1, "done"), ({"each": "shift"}, 8 * HOUR_MS, "missed")],
)  # fmt: skip
def test_a_timed_check_holds_for_its_span(every: dict[str, Any], after_ms: int, state: str) -> None:
    assert place(plan(line(every=every)), T0 + after_ms, check()) == {"thickness": state}
    assert place(plan(line(every=every)), T0 + after_ms) == {"thickness": "missed"}


def test_a_set_up_is_verified_until_another_part_runs() -> None:
    content = plan(line("first", moment="first_off", every={"each": "setup"}))
    first = check("first")
    assert place(content, T0 + DAY_MS, first) == {"first": "done"}
    assert place(content, T0 + DAY_MS, first, changed_ms=T0 + 1) == {"first": "missed"}
    assert place(content, T0 + DAY_MS, replace(first, part="P-2")) == {"first": "missed"}
    assert place(content, T0 + DAY_MS, replace(first, verdict="out")) == {"first": "out"}


def test_a_station_that_was_stopped_is_verified_before_it_goes_on() -> None:
    content = plan(attribute("restart", moment="restart", every={"each": "restart"}))
    assert place(content, T0 + 1) == {}, "it never was stopped"
    assert place(content, T0 + 2, check("restart"), stopped_ms=T0 + 1) == {"restart": "missed"}
    assert place(content, T0 + 3, check("restart", T0 + 2), stopped_ms=T0 + 1) == {
        "restart": "done"
    }


@given(
    st.integers(0, 10 * DAY_MS), st.lists(st.integers(0, 1439), min_size=1, max_size=4, unique=True)
)
def test_every_moment_is_in_one_shift(at_ms: int, starts: list[int]) -> None:
    begun, following = shift_start(starts, at_ms), shift_start(starts, at_ms, 1)
    assert begun <= at_ms < following
    assert following - begun <= DAY_MS


def test_what_is_open_is_told_by_the_rule_it_concerns() -> None:
    content = plan(
        line(), line("hourly", every={"each": "hours"}),
        line("first", moment="first_off", every={"each": "setup"}),
        attribute("again", moment="restart", every={"each": "restart"}),
        attribute("fool", moment="challenge", every={"each": "shift"}),
    )  # fmt: skip
    found = plan_from(content)
    made = evidence_of(
        found,
        of_work(found, "sinter", "CH1", ("B1", frozenset(("B1",))), ()),
        of_place(found, "sinter", Place("mill-1", "P-1", T0, stopped_ms=T0 - 1)),
        ["WI-1/A"],
    )
    assert (made.missing, made.overdue, made.setup) == (("thickness",), ("hourly",), ("first",))
    assert (made.restart, made.challenge, made.unread) == (("again",), ("fool",), ("WI-1/A",))


def test_each_kind_of_evidence_has_its_rule() -> None:
    assert {name for name in dir(plan_rules) if name.endswith(("_done", "_verified", "_read"))} == {
        "challenge_is_done", "checks_are_done", "instruction_is_read", "restart_is_verified",
        "setup_is_verified", "station_checks_are_done",
    }  # fmt: skip
