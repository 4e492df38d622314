"""Limits as dated rows: the one in force on a day; what is wrong with a set is named."""

from schemas.limit_rows import LimitError, load_rows, row_at
from tests.device_help import fault_of

ROWS = [{"since": "2020-01-01", "most": 5}, {"since": "2026-07-01", "most": 3}]


def test_the_newest_row_that_has_begun_is_in_force():
    assert row_at(ROWS, "2026-06-30")["most"] == 5
    assert row_at(ROWS, "2026-07-01")["most"] == 3
    assert row_at(ROWS, "1999-01-01")["most"] == 5


def test_the_sets_of_the_plant_are_sound():
    (row,) = load_rows("line_clearance")
    assert (row["heavy_ppm_max"], row["certainty"]) == (1000, "M")
    assert set(row["note"]) == {"en", "zh"}


def test_a_set_that_is_not_there_is_an_oserror():
    fault_of(OSError, load_rows, "no_such_set")


def test_a_limit_error_is_a_value_error():
    assert issubclass(LimitError, ValueError)
