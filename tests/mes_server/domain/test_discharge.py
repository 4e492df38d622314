"""The worst of what was judged speaks for a pollutant and for its outlet."""

from decimal import Decimal

import pytest

from mes_server.domain.discharge import (
    EXCEED,
    NO_DATA,
    NO_LIMIT,
    OK,
    WARN,
    OutletDay,
    PollutantDay,
    Verdict,
)
from mes_server.domain.permits import Limit


def _day(*statuses: str) -> OutletDay:
    found = tuple(
        PollutantDay("ni", "mg/L", 1, 1, 1, 1, 1, 1, None, None, status) for status in statuses
    )
    return OutletDay("o", "2026-11-28", 0, 1, True, "P/A", 1.0, {}, None, None, found)


@pytest.mark.parametrize(
    ("statuses", "worst"),
    [
        ((OK, WARN, EXCEED), EXCEED),
        ((OK, WARN, NO_DATA), NO_DATA),
        ((OK, WARN), WARN),
        ((OK, NO_LIMIT), OK),
        ((NO_LIMIT,), NO_LIMIT),
        ((), NO_DATA),
    ],
)
def test_the_worst_pollutant_speaks_for_the_outlet(statuses: tuple[str, ...], worst: str) -> None:
    """An outlet of which nothing is known is not in order."""
    assert _day(*statuses).status == worst


def test_the_worst_verdict_speaks_for_a_pollutant() -> None:
    """Of two that are alike, the one nearer to its limit."""
    limit = Limit("ni", None, Decimal("0.5"), "mg/L", "daily", "permit", "P/A", "H")
    near, far = Verdict(limit, 0.3, 60, OK), Verdict(limit, 0.1, 20, OK)
    one = PollutantDay("ni", "mg/L", 1, 1, 1, 1, 1, 1, None, None, OK, (far, near))
    assert one.worst == near
    assert PollutantDay("ni", "mg/L", 0, None, None, None, None, 0, None, None, NO_DATA).worst is None  # fmt: skip
