"""The collector of faults and the small questions it asks; both interpreters run this file."""

from schemas.contract_check import Check, ContractError, is_date, is_number, is_snake, show


def test_a_fault_names_file_field_wrong_and_remedy():
    check = Check("bath.json")
    assert check.say("metrics[0].unit", "is odd", "write °C") is False
    assert check.faults == ["bath.json: metrics[0].unit: is odd; write °C"]


def test_an_error_carries_every_fault_and_reads_as_one_text():
    error = ContractError(["a: b: c; d", "e: f: g; h"])
    assert error.faults == ["a: b: c; d", "e: f: g; h"]
    assert str(error) == "a: b: c; d\ne: f: g; h"


def test_an_object_has_all_required_keys_and_no_unknown_one():
    check = Check("f")
    assert check.keys("x", {"a": 1, "c": 2}, "a b", "c") is False
    assert check.faults == ['f: x.b: is missing; write "b": …']
    assert check.keys("", {"a": 1, "z": 2}, "a", "c") is False
    assert check.faults[1] == "f: z: is not a known key; write one of a, c"
    assert check.keys("x", {"a": 1}, "a") is True
    assert check.keys("x", [], "a") is False


def test_a_long_value_is_cut_where_it_is_shown():
    assert show("槽") == '"槽"' and show(None) == "null" and show([1, 2]) == "[1, 2]"
    assert len(show("x" * 500)) == 60


def test_a_number_is_finite_and_not_a_truth():
    for value in (0, -3, 2.5, 1 << 70):
        assert is_number(value), value
    for value in (True, None, "1", float("inf"), float("nan"), [1]):
        assert not is_number(value), value


def test_a_name_is_snake_case():
    for name in ("a", "zone_1_temperature_c", "d50_um"):
        assert is_snake(name), name
    for name in ("", "A", "1a", "_a", "a_", "a__b", "a-b", "a b", "温度"):
        assert not is_snake(name), name


def test_a_day_is_year_month_and_day():
    assert is_date("2026-11-23")
    for value in ("2026-00-01", "2026-01-32", "26-01-01", "2026-1-01", "2026-01-0x", None, 5):
        assert not is_date(value), value
