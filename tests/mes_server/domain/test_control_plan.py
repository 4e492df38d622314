"""Control plans: read as they are written, and every fault told at once (plan_content)."""

from decimal import Decimal
from typing import Any

import pytest

from mes_server.domain.control_plan import plan_from
from mes_server.domain.documents import Document, in_force
from mes_server.domain.instructions import instruction_faults
from mes_server.domain.plan_content import plan_faults
from tests.mes_server.domain.plan_making import WORDS, attribute, line, plan


def test_a_plan_is_read_as_it_is_written() -> None:
    content = plan(
        line(), attribute("cracks", symbol="CC"), line("soak", kind="proof", upper=None, lower=None),
        instructions=[{"code": "WI-1", "operation": "sinter"}],
        recipes=[{"operation": "sinter", "code": "S-1060", "revision": "C"}],
        shifts_utc=["22:30", "06:30"],
    )  # fmt: skip
    assert plan_faults(content) == []
    found = plan_from(content)
    assert (found.name, found.phase, found.shifts) == ("CP-1/A", "production", (390, 1350))
    assert found.characteristics[0].lower == Decimal("4.95")
    assert [one.id for one in found.at("sinter")] == ["thickness", "cracks"], (
        "a curve proves the soak"
    )
    assert found.recipes == {"sinter": "S-1060/C"}
    assert found.has_critical
    assert found.find("nothing") is None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"phase": "soon"}, "phase: write one of prototype"),
        ({"parts": []}, "parts: write at least one"),
        ({"code": "a/b"}, "code: write a short text without /"),
        ({"title": {"en": "only"}}, "title: write"),
        ({"ppap": {"status": "maybe"}}, "ppap.status"),
        ({"shifts_utc": ["25:00"]}, "shifts_utc"),
        ({"characteristics": []}, "characteristics: write at least one"),
        ({"instructions": [{"code": "WI-1"}]}, "instructions[0]"),
        ({"certainty": "M"}, "certainty: write high"),
        ({"references": {}}, "references: write a list"),
        (
            {"references": [{"part": "P-9", "drawing": "D-1/A"}]},
            "references[0]: write a part of this plan",
        ),
        ({"references": [{"part": "P-1", "drawing": "D-1/A"}] * 2}, "references[1]"),
        ({"references": [{"part": "P-1", "drawing": 7}]}, "references[0]"),
        ({"references": [{"part": "P-1"}]}, "references[0]"),
        ({"note": 1.5}, "neither an integer nor a string"),
    ],
)
def test_what_is_wrong_with_a_plan_is_told(change: dict[str, Any], told: str) -> None:
    assert any(told in fault for fault in plan_faults(plan() | change))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"lower": "4,95"}, 'lower: write a text such as "4.95"'),
        ({"lower": "5.06"}, "lower <= action_lower"),
        ({"lower": None, "upper": None, "action_lower": None, "action_upper": None}, "at least one limit"),
        ({"unit": None}, "unit: write it"),
        ({"every": {"each": "moon"}}, "every.each"),
        ({"every": {"each": "hours", "count": 0}}, "every.count"),
        ({"sample": 0}, "sample: write"),
        ({"positions": ["T1"]}, "positions: write one for each"),
        ({"reaction": {"en": "x"}}, "reaction: write what to do"),
        ({"reactions": ["pray"]}, "reactions: write some of"),
        ({"chart": "aiag"}, 'chart: write {"rule_set": "aiag"}'),
        ({"chart": {"rule_set": "astrology"}}, "chart.rule_set: write one of"),
        ({"chart": {"rule_set": "aiag", "kind": "p"}}, "chart.kind: write one of xbar_r"),
        ({"symbol": "XX"}, "symbol: write one of"),
        ({"gage": "x"}, "gage: there is no such field"),
        ({"operation": ""}, "operation: write"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_line_is_told_with_its_name(change: dict[str, Any], told: str) -> None:
    faults = plan_faults(plan(line(**change)))
    assert any(
        fault.startswith("characteristics[0] (thickness): ") and told in fault for fault in faults
    )


def test_two_lines_have_not_one_id() -> None:
    assert "characteristics[1].id" in plan_faults(plan(line(), line()))[0]


def test_the_newest_revision_that_is_not_withdrawn_is_in_force() -> None:
    old = Document("plan", "CP-1", "A", {}, 10, "Q1")
    new = Document("plan", "CP-1", "B", {}, 20, "Q1", withdrawn_ms=30)
    assert [in_force([old, new], at) for at in (5, 10, 20, 30)] == [None, old, new, old]


def test_an_instruction_has_a_text_in_both_languages() -> None:
    whole = {"code": "WI-1", "revision": "A", "title": WORDS, "text": WORDS}
    assert instruction_faults(whole) == []
    assert "text: write" in instruction_faults(whole | {"text": {"en": "x"}})[0]
