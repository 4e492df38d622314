"""The demo's control plan can be released, and its workers make the checks that a scan was refused for."""

import random

import pytest

from mes_server.actions.release_document import document_faults
from mes_server.demo.checking import (
    check_asks,
    checks_follow,
    documents,
    is_planned,
    missing,
    release_asks,
)
from mes_server.demo.floor import Ask, Heard
from mes_server.demo.simulation import load_routes, load_simulation
from mes_server.demo.workers import pin_of
from mes_server.domain.control_plan import plan_from
from mes_server.domain.decimals import figure

SCAN = Ask("load", "/scans", {}, "W-101", "grinder-1", id="demo-1", lot="L1")


@pytest.mark.parametrize("one", documents(), ids=lambda one: one["content"]["code"])
def test_what_the_demo_releases_has_no_fault(one: dict[str, object]) -> None:
    assert document_faults(str(one["kind"]), one["content"]) == []  # type: ignore[arg-type]


def test_the_plan_is_for_a_product_of_the_demo_and_its_operations() -> None:
    plans = [plan_from(one["content"]) for one in documents() if one["kind"] == "plan"]
    plan = plans[0]
    (route,) = [r for r in load_routes() if r["code"] in plan.routes]
    assert load_simulation().products[route["code"]]["part"] in plan.parts
    assert {line.operation for line in plan.characteristics} <= set(route["operations"])
    assert is_planned(f"{route['code']}/A")
    assert not is_planned("LS-RNG-35CE/A")


def test_nothing_is_signed_without_a_pin() -> None:
    assert list(release_asks("")) == []
    paths = [ask.path for ask in release_asks("480261")]
    kinds = ("recipe", "pyrometry", "bath", "instruction", "plan", "waterworks", "permit")
    assert list(dict.fromkeys(paths)) == [f"/documents/{kind}" for kind in kinds]
    assert pin_of([{"badge": "Q-301", "pin": "480261"}]) == "480261"
    assert pin_of([]) == ""


def item(**more: object) -> dict[str, object]:
    said = {"characteristic": "thickness", "kind": "variable", "lot": "L1", "run": "", "plan": "CP/A", "part": "P",
            "lower": "4.95", "upper": "5.05", "nominal": "5.00", "sample": 5, "state": "due", "gauge": "micrometer"}  # fmt: skip
    return said | more


def test_all_that_is_listed_is_made_and_what_is_done_is_left_alone() -> None:
    due = {
        "instructions": [{"name": "WI/A", "read": False}, {"name": "WI/B", "read": True}],
        "items": [
            item(),
            item(state="done"),
            item(lot="", run="CH1"),
            item(lot="", kind="attribute", sample=1),
        ],
    }
    asks = list(check_asks(SCAN, due, random.Random(1)))
    assert [ask.about for ask in asks] == ["acknowledge", "check", "check", "check"]
    assert len({ask.id for ask in asks}) == 4
    readings = [figure(r["value"]) for r in asks[1].body["readings"]]
    assert len(readings) == 5
    assert all(4.9 < float(value) < 5.1 for value in readings)
    assert asks[1].body["gauge"] == "MIC-001"
    assert asks[2].body["run"] == "CH1"
    assert (asks[3].body["plan"], asks[3].body["rejected"]) == ("CP/A", 0)


def test_only_what_waits_for_a_check_is_checked() -> None:
    assert missing(SCAN, Heard(("lot_is_free", "checks_are_done")))
    assert not missing(SCAN, Heard(("lot_is_free",)))
    assert not missing(Ask("mistake", "", {}, "", mistake=True), Heard(("checks_are_done",)))
    assert checks_follow(Ask("unload", "", {}, "", "press-1"), Heard(operation="pressing"))
    assert not checks_follow(Ask("unload", "", {}, "", "mill-1"), Heard(operation="jet_milling"))
    assert not checks_follow(Ask("pack", "", {}, "", ""), Heard(("checks_are_done",)))
