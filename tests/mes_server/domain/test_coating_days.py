"""What a coating had day by day, and when it is enough to conclude anything."""

from dataclasses import replace
from datetime import date

import pytest

from mes_server.bench.comparison import LOTS, RUNS, days_of
from mes_server.domain.coating_comparison import PALE, WHOLE, Asked, Life, side_of
from mes_server.domain.coating_days import BASES, BY_M2, factor_of, observe
from schemas.limit_rows import load_rows

ROW = load_rows("comparison")[-1]
DAYS = list(days_of(12, date(2026, 11, 1)))


def looks(coating: str, count: int, by: str = BY_M2) -> dict[str, str]:
    said = ROW["coatings"][coating]
    days = observe(DAYS[:count], said, "", ROW)
    side = side_of((coating, said), days, Life(None), Asked(by, ROW))
    return {name: one.look for name, one in side.figures.items()}


def test_a_coating_that_drains_nothing_needs_no_sample() -> None:
    assert looks("pvd_coating", 12)["before-ni"] == WHOLE
    dry = [replace(day, samples={}) for day in DAYS]
    wet = observe(dry, ROW["coatings"]["phosphating"], "", ROW)
    said = ROW["coatings"]["phosphating"]
    side = side_of(("phosphating", said), wet, Life(None), Asked(BY_M2, ROW))
    assert side.figures["before-ni"].look == PALE
    assert side.figures["fresh_water"].look == WHOLE


@pytest.mark.parametrize("by", BASES)
def test_below_the_least_days_everything_is_pale(by: str) -> None:
    least = ROW["least"]["days"]
    assert set(looks("phosphating", least - 1, by).values()) == {PALE}


def test_co2e_is_of_what_has_a_factor_and_of_nothing_without_electricity() -> None:
    assert factor_of(ROW, "reagent", "sodium hydroxide") == 0.4
    assert factor_of(ROW, "reagent", "coagulant") is None
    said = ROW["coatings"]["ecoating"]
    (first, *_) = observe(DAYS, said, "", ROW)
    plain = {key: first.figures[key] for key in ("electricity", "water", "sludge", "reagent")}
    mg = plain["electricity"] * 570 + plain["water"] * 0.3 + plain["sludge"] * 0.3 + plain["reagent"] * 0.4  # fmt: skip
    assert first.figures["co2e"] == pytest.approx(mg, abs=10)
    blind = [
        replace(day, runs=tuple(replace(run, known=("water",)) for run in day.runs)) for day in DAYS
    ]
    assert "co2e" not in (observe(blind, said, "", ROW)[0].known or set())


def test_no_reject_among_few_pieces_is_no_proof_that_there_is_none() -> None:
    said = ROW["coatings"]["ecoating"]
    side = side_of(("ecoating", said), observe(DAYS, said, "", ROW), Life(None), Asked(BY_M2, ROW))
    rejects = side.figures["rejects"].estimate
    assert rejects is not None
    pieces = 12 * RUNS * LOTS * 1000
    assert (rejects.value, rejects.low) == (0, 0)
    assert rejects.high == pytest.approx(3.69 / pieces * 100, rel=0.01)


def test_of_one_part_a_run_has_the_parts_share_of_everything() -> None:
    said = ROW["coatings"]["electroplating"]
    whole = observe(DAYS, said, "", ROW)
    parts = [observe(DAYS, said, f"P-{n}", ROW) for n in range(6)]
    for key in ("water", "before:ni", "drained"):
        of_all = sum(day.figures[key] for day in whole)
        assert sum(day.figures.get(key, 0) for part in parts for day in part) == of_all
    assert sum(day.area_mm2 for part in parts for day in part) == sum(d.area_mm2 for d in whole)
