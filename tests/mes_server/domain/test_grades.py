"""Grades: what the names promise, which grade readings reach, and which readings say nothing."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mes_server.domain.grades import BHMAX, BR, HCJ, grade_of, is_at_room, reached

DAY = "2026-11-28"


def measured(br: str, hcj: str, bhmax: str = "") -> dict[str, Decimal]:
    said = {BR: Decimal(br), HCJ: Decimal(hcj)}
    return said | ({BHMAX: Decimal(bhmax)} if bhmax else {})


@pytest.mark.parametrize(
    ("name", "br", "bhmax", "hcj", "max_c"),
    [
        ("N42SH", "1.28", "318", "1592", "150"),
        ("42SH", "1.28", "318", "1592", "150"),
        ("n52", "1.42", "390", "955", "80"),
        ("N48M", "1.37", "358", "1114", "100"),
        ("N33AH", "1.13", "247", "2626", "220"),
        ("N38EH", "1.22", "287", "2388", "200"),
    ],
)  # fmt: skip
def test_a_grade_promises_by_its_number_and_its_letters(
    name: str, br: str, bhmax: str, hcj: str, max_c: str
) -> None:
    grade = grade_of(name, DAY)
    assert grade is not None
    assert grade.least == {BR: Decimal(br), BHMAX: Decimal(bhmax), HCJ: Decimal(hcj)}
    assert grade.max_c == Decimal(max_c)


@pytest.mark.parametrize("name", ["", "N99SH", "N42XX", "SmCo26", "N42SH-2", "４２"])
def test_a_name_that_the_table_does_not_know_promises_nothing(name: str) -> None:
    assert grade_of(name, DAY) is None


@pytest.mark.parametrize(
    ("readings", "told"),
    [
        (measured("1.290", "1600"), "N42SH"),
        (measured("1.280", "1592", "318"), "N42SH"),
        (measured("1.280", "1592", "317"), "N40SH"),
        (measured("1.279", "1592"), "N40SH"),
        (measured("1.37", "1990"), "N48UH"),
        (measured("1.30", "900"), ""),
        ({BR: Decimal("1.3")}, ""),
    ],
)
def test_readings_reach_the_best_grade_of_which_none_is_missed(
    readings: dict[str, Any], told: str
) -> None:
    assert reached(readings, DAY) == told


@given(st.decimals("0.9", "1.6", places=3), st.integers(800, 3000), st.integers(150, 450))
def test_what_is_reached_is_not_missed(br: Decimal, hcj: int, bhmax: int) -> None:
    readings = measured(str(br), str(hcj), str(bhmax))
    grade = grade_of(reached(readings, DAY), DAY)
    assert grade is None or grade.missed(readings) == {}
    better = readings | {HCJ: readings[HCJ] + 1}
    assert reached(readings, DAY) == "" or reached(better, DAY) != ""


@pytest.mark.parametrize(
    ("text", "told"),
    [("20.3", True), ("23", True), ("150", False), ("16.9", False), (None, True)],
)
def test_only_readings_at_room_temperature_speak_of_a_grade(text: str | None, told: bool) -> None:
    assert is_at_room(None if text is None else Decimal(text), DAY) is told
