"""The averages of a calendar month from the values of its days, and those of consecutive days of monitoring."""

from collections.abc import Sequence
from datetime import date, timedelta

Valued = Sequence[tuple[str, float]]


def days_of(month: str) -> list[str]:
    """The days of a month ("2026-11"), in order."""
    first = date.fromisoformat(f"{month}-01")
    after = (first + timedelta(days=32)).replace(day=1)
    return [(first + timedelta(days=n)).isoformat() for n in range((after - first).days)]


def mean_of(values: Valued) -> float | None:
    """The mean of daily values, each day the same (40 CFR 403, monthly average)."""
    return sum(value for _, value in values) / len(values) if values else None


def worst_run(values: Valued, before: Valued, length: int) -> float | None:
    """The greatest mean of so many consecutive monitoring days that end in the month; None: there are too few.

    `before`: values of days before the month, of which as many are taken as reach in.
    """
    told = [*before[-(length - 1) :], *values] if length > 1 else list(values)
    means = [
        sum(value for _, value in told[n : n + length]) / length
        for n in range(len(told) - length + 1)
    ]
    return max(means, default=None)
