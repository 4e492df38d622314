"""Titrations: points and g/L by hand and for all numbers; what cannot have been read is refused for its reason."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mes_server.domain.titration import (
    KINDS,
    Method,
    Taken,
    concentration,
    methods_from,
    points,
    result,
    titrated,
)
from schemas.limit_rows import load_rows

METHODS = methods_from(load_rows("titration_methods"), "2026-11-28")
FREE, TOTAL, RATIO = (METHODS[name] for name in ("free_acid", "total_acid", "ta_fa_ratio"))
PHOSPHATE = {"fa_points": FREE, "ta_points": TOTAL, "ta_fa_ratio": RATIO}


def value(method: Method, **said: str) -> Decimal | list[str]:
    found, refused = result(method, Taken("x", said))
    return found if found is not None else [one.rule for one in refused]


def test_a_point_is_a_ml_of_decinormal_soda_for_ten_ml_of_bath() -> None:
    assert value(FREE, volume_ml="1.20") == Decimal("1.20")
    assert value(TOTAL, volume_ml="24.0", normality="0.1", factor="1.01") == Decimal("24.24")
    assert value(TOTAL, volume_ml="12.0", sample_ml="5") == 24
    assert value(TOTAL, volume_ml="4.8", normality="0.5") == 24
    assert value(TOTAL, volume_ml="24.3", blank_ml="0.3") == 24


def test_a_concentration_is_volume_times_normality_times_equivalent_weight() -> None:
    nickel = value(METHODS["nickel_edta"], volume_ml="11.80")
    assert nickel == Decimal("69.2577"), "11.80 mL · 0.1 mol/L · 58.693 g/mol / 1 mL"
    assert value(METHODS["boric_acid"], volume_ml="6.50") == Decimal("40.1895")
    assert value(METHODS["ferrous_permanganate"], volume_ml="0") == 0, "no iron is a good answer"


@given(
    volume=st.decimals("0.1", "50", places=2), normality=st.decimals("0.02", "1", places=3),
    sample=st.decimals("1", "100", places=1), share=st.integers(2, 9),
)  # fmt: skip
def test_points_and_concentration_go_by_proportion(
    volume: Decimal, normality: Decimal, sample: Decimal, share: int
) -> None:
    whole = points(volume, normality, sample, FREE)
    assert points(volume * share, normality, sample, FREE) == pytest.approx(whole * share)
    assert points(volume, normality, sample * share, FREE) == pytest.approx(whole / share)
    assert points(volume, Decimal("0.1"), Decimal(10), FREE) == pytest.approx(volume)
    found = concentration(volume, normality, sample, Decimal("58.693"))
    assert found * sample / 1000 / Decimal("58.693") == pytest.approx(volume * normality / 1000)


@pytest.mark.parametrize(
    ("said", "rules"),
    [
        ({"volume_ml": "0"}, ["titration_is_possible"]),
        ({"volume_ml": "-1"}, ["titration_is_possible"]),
        ({"volume_ml": "1,2"}, ["figure_has_a_point"]),
        ({"volume_ml": "1.2 mL"}, ["figure_is_written"]),
        ({"volume_ml": "0.0012"}, ["titration_is_possible"]),
        ({"volume_ml": "1200"}, ["titration_is_possible"]),
        ({"volume_ml": "1.2", "normality": "100"}, ["titration_is_possible"]),
        ({"volume_ml": "1.2", "factor": "101"}, ["titration_is_possible"]),
        ({"volume_ml": "1.2", "sample_ml": "0"}, ["titration_is_possible"]),
        ({"volume_ml": "45", "sample_ml": "1"}, ["titration_is_possible"]),
        ({"value": "1.2"}, ["titration_is_by_method"]),
        ({}, ["titration_is_whole"]),
        ({"volume_ml": "1,2", "normality": "100"}, ["figure_has_a_point", "titration_is_possible"]),
    ],
)
def test_what_cannot_have_been_read_is_refused(said: dict[str, str], rules: list[str]) -> None:
    assert value(FREE, **said) == rules


def test_a_meter_has_a_value_and_no_volume() -> None:
    assert value(METHODS["ph_meter"], value="4.60") == Decimal("4.60")
    assert value(METHODS["ph_meter"], value="46") == ["titration_is_possible"]
    assert value(METHODS["ph_meter"], volume_ml="4.6") == ["titration_is_by_method"]


def both(free: str, total: str) -> tuple[dict[str, Decimal], list[str]]:
    taken = [Taken("fa_points", {"volume_ml": free}), Taken("ta_points", {"volume_ml": total})]
    values, refused = titrated(PHOSPHATE, taken)
    return values, [one.rule for one in refused]


def test_free_and_total_acid_make_their_ratio() -> None:
    values, refused = both("1.20", "24.0")
    assert (values["ta_fa_ratio"], refused) == (20, [])
    assert both("12.0", "1.2")[1] == ["total_holds_its_part"], "they were mixed up"
    alone, refused_ = titrated(PHOSPHATE, [Taken("ta_points", {"volume_ml": "24"})])
    assert (list(alone), refused_) == (["ta_points"], [])


@given(st.decimals("0.1", "10", places=2), st.decimals("0.1", "10", places=2))
def test_total_acid_is_never_below_free_acid(free: Decimal, more: Decimal) -> None:
    values, refused = both(str(free), str(free + more + 1))
    assert refused == []
    assert values["ta_fa_ratio"] > 1


def test_a_parameter_is_one_of_the_bath_and_told_once() -> None:
    one = Taken("fa_points", {"volume_ml": "1"})
    for taken in ([one, one], [Taken("ph", {"value": "4"})], [Taken("ta_fa_ratio", {"value": "20"})]):  # fmt: skip
        _, refused = titrated(PHOSPHATE, taken)
        assert [r.rule for r in refused] == ["parameter_is_of_bath"]


def test_the_newest_row_of_a_method_that_has_begun_counts() -> None:
    rows = load_rows("titration_methods")
    later = dict(next(row for row in rows if row["method"] == "ph_meter"), since="2027-01-01")
    later["limits"] = {"value": ["1", "13"]}
    found = methods_from([*rows, later], "2027-01-01")["ph_meter"].limits["value"]
    assert found == (1, 13)
    assert methods_from([*rows, later], "2026-12-31")["ph_meter"].limits["value"] == (0, 14)
    assert all(row["kind"] in KINDS for row in rows)
