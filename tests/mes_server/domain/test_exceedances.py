"""Exceedance episodes as values: what is a piece, what is joined, what the order of arrival does not change."""

import itertools
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from mes_server.domain.discharge import EXCEED, OK, Hour, OutletDay, PollutantDay, Verdict
from mes_server.domain.exceedances import (
    CLOSED,
    HOUR_MS,
    LASTS,
    Episode,
    Piece,
    join,
    pick,
    pieces_of,
)
from mes_server.domain.permits import DAILY, HOURLY, SPOT, Limit

LIMIT = {
    "low": None,
    "high": "0.5",
    "unit": "mg/L",
    "origin": "permit",
    "source": "P",
    "certainty": "H",
}
GAPS = {HOURLY: HOUR_MS, DAILY: 0, SPOT: 24 * HOUR_MS}
DAY_MS = 24 * HOUR_MS


def limit(averaging: str, low: str | None = None, high: str | None = "0.5") -> Limit:
    ends = [None if end is None else Decimal(end) for end in (low, high)]
    return Limit("ni", ends[0], ends[1], "mg/L", averaging, "permit", "P", "H")


def day(*verdicts: Verdict, hours: tuple[float | None, ...] = (), over: bool = True) -> OutletDay:
    told = tuple(Hour(n * HOUR_MS, mean, mean, mean, 2.0, 1.0) for n, mean in enumerate(hours))
    one = PollutantDay("ni", "mg/L", 9, 0.1, 0.4, 0.9, 0.8, 1.0, None, None, EXCEED, verdicts, told)
    return OutletDay("o-shop", "1970-01-01", 0, DAY_MS, over, "P/A", 48.0, {}, None, None, (one,))


def hour(n: int, value: float = 0.6) -> Piece:
    return Piece("ni", HOURLY, n * HOUR_MS, (n + 1) * HOUR_MS, value, LIMIT)


def test_hours_above_are_pieces_and_hours_without_a_mean_are_none() -> None:
    found = pieces_of(day(Verdict(limit(HOURLY), 0.8, 160, EXCEED), hours=(0.3, 0.8, None, 0.6, 0.5)), {})  # fmt: skip
    assert [(one.from_ms // HOUR_MS, one.value) for one in found] == [(1, 0.8), (3, 0.6)]


def test_an_hour_is_converted_as_the_one_that_decided() -> None:
    found = pieces_of(day(Verdict(limit(HOURLY), 0.8, 160, EXCEED), hours=(0.2, 0.4, 0.3)), {})
    assert [one.from_ms // HOUR_MS for one in found] == [
        1,
        2,
    ]  # twice the discharge that is allowed


def test_below_the_low_end_is_a_piece_too() -> None:
    low = limit(HOURLY, "6", "9")
    found = pieces_of(day(Verdict(low, 5.2, None, EXCEED), hours=(7.0, 5.2, 8.9)), {})
    assert [one.value for one in found] == [5.2]


def test_a_sample_counts_at_once_and_a_day_when_it_is_over() -> None:
    both = (Verdict(limit(SPOT), 0.7, 140, EXCEED, "WS1"), Verdict(limit(DAILY), 0.6, 120, EXCEED))
    (sample,) = pieces_of(day(*both, over=False), {"WS1": (5, 6)})
    assert (sample.from_ms, sample.to_ms, sample.sample) == (5, 6, "WS1")
    assert len(pieces_of(day(*both), {"WS1": (5, 6)})) == 2
    assert pieces_of(day(Verdict(limit(DAILY), 0.4, 80, OK)), {}) == []


@given(st.sets(st.integers(0, 60), max_size=20), st.randoms())
def test_the_order_of_pieces_changes_nothing_and_none_is_lost(hours: set[int], chance: object) -> None:  # fmt: skip
    pieces = [hour(n) for n in sorted(hours)]
    mixed = list(pieces)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    joined = join(mixed, GAPS)
    assert joined == join(pieces, GAPS)
    assert sorted(one.from_ms for each in joined for one in each.pieces) == sorted(n * HOUR_MS for n in hours)  # fmt: skip
    for before, after in itertools.pairwise(joined):
        assert after.from_ms - before.to_ms > HOUR_MS


def episode(begun: int, ended: int, state: str) -> Episode:
    return Episode("EX1", "o-shop", "ni", HOURLY, begun * HOUR_MS, ended * HOUR_MS, 0.6, 1, LIMIT, (), (), (), "", state)  # fmt: skip


def test_what_goes_on_is_the_episode_that_is_not_closed() -> None:
    (found,) = join([hour(3), hour(4)], GAPS)
    assert pick([episode(3, 4, LASTS)], found, HOUR_MS) == episode(3, 4, LASTS)
    assert pick([episode(3, 5, CLOSED)], found, HOUR_MS) == episode(3, 5, CLOSED)
    assert pick([episode(2, 4, CLOSED)], found, HOUR_MS) is None  # more than what was closed
    assert pick([episode(9, 10, LASTS)], found, HOUR_MS) is None
    assert found.worst.value == 0.6
    assert Episode.of(episode(3, 4, LASTS).content()) == episode(3, 4, LASTS)
