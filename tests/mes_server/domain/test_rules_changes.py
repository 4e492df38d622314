"""A temporary control that nobody reviewed says no (rules_changes)."""

from dataclasses import replace

from mes_server.domain.rules import Place
from mes_server.domain.rules_changes import temporary_is_reviewed
from tests.mes_server.domain.test_rules import GOOD


def test_the_rule_of_a_scan_names_what_is_to_be_reviewed() -> None:
    place = Place("age-1", "ageer", unreviewed=("TC26-1", "TC26-2"))
    refusal = temporary_is_reviewed(replace(GOOD, place=place))
    assert refusal is not None
    assert refusal.facts == {"station": "age-1", "changes": "TC26-1, TC26-2"}
    assert temporary_is_reviewed(GOOD) is None
