"""The benchmark of discharge judges what it says: whole days of outlets that have limits, area and every parameter."""

from pathlib import Path

import pytest

from mes_server.bench import discharge


def test_a_small_bench_judges_days_from_all_of_their_parameters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discharge, "OUTLETS", 2)
    monkeypatch.setattr(discharge, "HOURS", 4)
    monkeypatch.setattr(discharge, "LOTS", 2)
    figures, days = discharge.measure(tmp_path)
    assert figures.samples == 2 * 12 * 4 * 3600
    assert [day.outlet for day in days] == ["o-0", "o-1"]
    first = days[0]
    assert {one.pollutant for one in first.pollutants} > {"ph", "cod", "cu"}
    assert all(len(one.verdicts) == 1 for one in first.pollutants)
    assert first.area_m2["multi"] == pytest.approx(60)
    assert "≤ 2000" in discharge.page_of(figures)
