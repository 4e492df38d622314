"""Averages of months and of consecutive monitoring days."""

from mes_server.domain.month_means import days_of, mean_of, worst_run


def test_a_month_has_its_days() -> None:
    assert len(days_of("2026-11")) == 30
    assert days_of("2028-02")[-1] == "2028-02-29"
    assert days_of("2026-12")[-1] == "2026-12-31"


def test_each_day_counts_the_same() -> None:
    assert mean_of([("a", 1.0), ("b", 3.0)]) == 2.0
    assert mean_of([]) is None


def test_four_consecutive_monitoring_days_may_begin_before_the_month() -> None:
    values = [("d", 1.0), ("e", 1.0)]
    before = [("a", 9.0), ("b", 5.0), ("c", 3.0)]
    assert worst_run(values, before, 4) == (9 + 5 + 3 + 1) / 4
    assert worst_run(values, before[1:], 4) == (5 + 3 + 1 + 1) / 4
    assert worst_run(values, [], 4) is None
    assert worst_run(values, before, 1) == 1.0
