"""The day of a moment is that of UTC."""

import pytest

from mes_server.domain.days import utc_day


@pytest.mark.parametrize(
    ("at_ms", "day"),
    [(0, "1970-01-01"), (86_399_999, "1970-01-01"), (86_400_000, "1970-01-02"), (-1, "1969-12-31"),
     (1_764_287_999_999, "2025-11-27"), (1_764_288_000_000, "2025-11-28")],
)  # fmt: skip
def test_a_day_ends_at_midnight_utc(at_ms: int, day: str) -> None:
    assert utc_day(at_ms) == day
