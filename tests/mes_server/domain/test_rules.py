"""The rules of a scan: each says no for its own reason, and all that say no are heard at once."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from mes_server.domain import lots
from mes_server.domain.amounts import Amount
from mes_server.domain.attempts import Place, ScanAttempt, Worker
from mes_server.domain.evidence import Evidence
from mes_server.domain.rules import SCAN_RULES, is_heavy, refusals
from tests.mes_server.domain.furnace_making import standing
from tests.mes_server.domain.lot_making import T0, History
from tests.mes_server.domain.test_routes import ROUTE

HOUR = 3_600_000
AGEING = replace(
    ROUTE.operations["age"], qualification="furnace", line_clearance=True, mix_max=2, reworks_max=1
)
NEODYMIUM = Amount(10, 1_000_000, elements={"Nd": 300_000})
DYSPROSIUM = Amount(10, 1_000_000, elements={"Nd": 280_000, "Dy": 20_000})


def lot(amount: Amount = NEODYMIUM, **changes: object) -> lots.Lot:
    return replace(History().created(amount).ran("sinter", amount).lot, route="R1/B", **changes)


GOOD = ScanAttempt(
    lot(),
    ROUTE,
    AGEING,
    Worker("P1", frozenset({"operator"}), {"furnace": T0 + HOUR}),
    Place("age-1", "ageer"),
    T0,
    heavy_ppm_max=1000,
)


def said(attempt: ScanAttempt) -> list[str]:
    return [refusal.rule for refusal in refusals(attempt)]


def test_what_is_in_order_is_not_refused() -> None:
    assert said(GOOD) == []


CASES = {
    "lot_is_free": {"lot": lot(holds={"h1": "oxygen"})},
    "lot_is_here": {"lot": lot(run="CH-1")},
    "operation_is_next": {"lot": lot(done=())},
    "station_fits": {"place": Place("press-1", "press")},
    "station_is_ready": {"place": Place("age-1", "ageer", fault="alarm")},
    "run_is_of_operation": {"place": Place("age-1", "ageer", operation="plate")},
    "station_is_unlocked": {"place": Place("age-1", "ageer", locked="leak")},
    "recipe_is_right": {"recipe": "A-8", "operation": replace(AGEING, recipe="A-7")},
    "resources_are_mounted": {"operation": replace(AGEING, resources=("thermocouple",))},
    "resources_are_good": {"place": Place("age-1", "ageer", unfit={"BM26-1": "expired"})},
    "person_is_signed_in": {"worker": Worker("", frozenset(), {"furnace": T0 + HOUR})},
    "person_is_qualified": {"worker": Worker("P2", frozenset({"operator"}), {})},
    "lots_may_mix": {"place": Place("age-1", "ageer", inside=(lot(grade="N52"),))},
    "charge_fits": {"operation": replace(AGEING, charge_mass_mg_max=999_999)},
    "line_is_clear": {"place": Place("age-1", "ageer", heavy=True)},
    "rework_is_allowed": {"lot": lot(reworks={"age": 2})},
    "lot_is_fresh": {"lot": lot(expires_ms=T0)},
    "checks_are_done": {"evidence": Evidence(missing=("density",))},
    "station_checks_are_done": {"evidence": Evidence(overdue=("oil",))},
    "setup_is_verified": {"evidence": Evidence(setup=("first",))},
    "restart_is_verified": {"evidence": Evidence(restart=("restart",))},
    "challenge_is_done": {"evidence": Evidence(challenge=("master",))},
    "instruction_is_read": {"evidence": Evidence(unread=("WI-1/B",))},
    "furnace_is_surveyed": {"place": Place("age-1", "ageer", furnace=standing(surveys=[]))},
    "thermocouple_has_life": {"place": Place("age-1", "ageer", furnace=standing(uses=90))},
    "bath_is_titrated": {"place": Place("age-1", "ageer", untitrated={"BM26-1": "ph:old"})},
    "temporary_is_reviewed": {"place": Place("age-1", "ageer", unreviewed=("TC26-1",))},
}


@pytest.mark.parametrize("rule", [rule.__name__ for rule in SCAN_RULES])
def test_each_rule_says_no_for_its_own_reason(rule: str) -> None:
    assert said(replace(GOOD, **CASES[rule])) == [rule]  # type: ignore[arg-type]


def test_all_that_say_no_are_heard_at_once_in_order() -> None:
    worst = {name: value for case in CASES.values() for name, value in case.items()}
    held = lot(holds={"h": "x"}, run="CH", done=(), grade="N52", reworks={"age": 9}, expires_ms=1)
    place = Place(
        "press-1", "press", "alarm", "leak", True, (lot(),), "plate", "X", unfit={"BM26-1": "held"},
        furnace=standing(surveys=[], uses=90),
        untitrated={"BM26-1": "ph:old"}, unreviewed=("TC26-1",),
    )  # fmt: skip
    operation = replace(AGEING, recipe="A-7", resources=("jig",), charge_pieces_max=1)
    nobody = Worker("", frozenset(), {})
    said_all = {"lot": held, "place": place, "worker": nobody, "operation": operation}
    missing = Evidence(*([("x",)] * 6))
    attempt = replace(GOOD, **worst | said_all | {"evidence": missing})  # type: ignore[arg-type]
    assert said(attempt) == [rule.__name__ for rule in SCAN_RULES]


def test_a_qualification_that_ran_out_is_told_apart_from_none() -> None:
    expired = replace(GOOD, worker=Worker("P1", frozenset({"operator"}), {"furnace": T0}))
    assert refusals(expired)[0].facts["state"] == "expired"


def test_unplanned_work_needs_a_reason_and_then_is_no_refusal() -> None:
    attempt = replace(GOOD, lot=lot(done=()))
    assert said(attempt) == ["operation_is_next"]
    assert said(replace(attempt, unplanned="re-age after a power cut")) == []


def test_a_run_takes_so_many_lots_and_no_more() -> None:
    for count, refused in ((1, []), (2, ["lots_may_mix"])):
        place = Place("age-1", "ageer", inside=tuple(lot() for _ in range(count)))
        assert said(replace(GOOD, place=place)) == refused
    full = replace(GOOD, operation=replace(AGEING, mix_max=0))
    assert said(replace(full, place=Place("age-1", "ageer", inside=(lot(),) * 50))) == []


def test_a_line_is_clear_for_a_lot_of_the_same_kind_or_after_clearance() -> None:
    assert is_heavy(lot(DYSPROSIUM), 1000)
    assert not is_heavy(lot(NEODYMIUM), 1000)
    for amount, heavy, rules in (
        (DYSPROSIUM, True, []),
        (DYSPROSIUM, None, []),
        (DYSPROSIUM, False, ["line_is_clear"]),
        (NEODYMIUM, False, []),
    ):
        place = Place("age-1", "ageer", heavy=heavy)
        assert said(replace(GOOD, lot=lot(amount), place=place)) == rules


def test_a_lot_that_waited_too_long_is_not_fresh() -> None:
    hasty = replace(GOOD, operation=replace(AGEING, wait_max_ms=HOUR))
    assert said(replace(hasty, finished_ms=T0 - HOUR)) == []
    assert said(replace(hasty, finished_ms=T0 - HOUR - 1)) == ["lot_is_fresh"]


def test_every_rule_stands_in_the_paper_in_its_order() -> None:
    paper = (Path(__file__).parents[3] / "docs" / "routes.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `([a-z_]+)` \|", paper.split("## What is checked")[1], re.MULTILINE)
    assert told == [rule.__name__ for rule in SCAN_RULES]


def test_no_reason_replaces_stripping_but_other_unplanned_work_may_come_between() -> None:
    blistered = replace(GOOD, lot=lot(first="stripping"), unplanned="urgent")
    assert said(blistered) == ["operation_is_next"]
    assert said(replace(blistered, operation=replace(AGEING, unplanned=True))) == []


def test_work_done_again_for_a_reason_counts_as_rework() -> None:
    again = replace(GOOD, lot=lot(done=("sinter", "age", "age")), unplanned="soft")
    assert said(again) == ["rework_is_allowed"]
    assert said(replace(again, operation=replace(AGEING, unplanned=True))) == []


def test_what_joins_a_run_goes_by_its_recipe() -> None:
    place = Place("age-1", "ageer", operation="age", recipe="A-1")
    assert said(replace(GOOD, place=place)) == []
    assert said(replace(GOOD, place=place, recipe="A-1")) == []
    assert said(replace(GOOD, place=place, recipe="A-2")) == ["recipe_is_right"]
