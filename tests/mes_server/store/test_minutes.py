"""A station minute by minute: merged, unmerged and fresh samples give the same minutes."""

import numpy as np
import pytest
from sqlalchemy import Engine

from mes_server.store.engine import reading
from mes_server.store.minutes import (
    Minutes,
    load_station_minutes,
    load_turns,
    no_minutes,
    reading_before,
)
from mes_server.store.nodes import ensure_node
from mes_server.store.stations import ensure_station
from mes_server.store.telemetry import Column, append_samples, ensure_series, merge_due
from mes_server.store.transaction import writing
from schemas.samples import BAD, STALE
from schemas.sparkplug import DATATYPES

T0 = 1_793_491_200_000
HOUR_MS, MINUTE_MS = 3_600_000, 60_000
EVER = T0 + 1000 * HOUR_MS


class Well:
    """A station with a number and a text."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def add(self, name: str, times: list[int], values: object, qualities: object = None) -> None:
        """Samples at seconds since T0."""
        text = isinstance(values, list)
        with writing(self.engine) as conn:
            key = ensure_station(conn, ensure_node(conn, "g", "n"), "w", None, None)
            kind = DATATYPES["string" if text else "double"]
            number = ensure_series(conn, key, [(name, kind)])[name]
            at = np.array(times, np.int64) * 1000 + T0
            column = Column(number, at, values, int(at.max()), qualities)  # type: ignore[arg-type]
            append_samples(conn, [column])

    def merge(self) -> None:
        done = 1
        while done:
            with writing(self.engine) as conn:
                done = merge_due(conn, EVER, 256)

    def minutes(self, from_min: int = 0, to_min: int = 180) -> Minutes:
        span = (T0 + from_min * MINUTE_MS, T0 + to_min * MINUTE_MS)
        with reading(self.engine) as conn:
            return load_station_minutes(conn, "w", ("ni",), span, ("ni",))["ni"]


@pytest.fixture
def well(engine: Engine) -> Well:
    return Well(engine)


def same(one: Minutes, other: Minutes) -> bool:
    """Bit for bit."""
    names = ("counts", "bads", "lows", "highs", "totals", "firsts", "lasts")
    return all(
        np.array_equal(getattr(one, n), getattr(other, n), equal_nan=n not in names[:2])
        for n in names
    )


def test_merged_or_not_the_minutes_are_the_same(well: Well) -> None:
    rng = np.random.default_rng(3)
    values = np.round(rng.uniform(0, 1, 7200), 3)
    values[100] = np.nan
    well.add("ni", list(range(7200)), values)
    fresh = well.minutes()
    well.merge()
    assert same(well.minutes(), fresh)
    assert fresh.counts[:3].tolist() == [60, 59, 60]
    assert fresh.bads[1] == 1
    assert fresh.means[0] == pytest.approx(values[:60].mean())
    assert fresh.lasts[0] == values[59]


def test_what_comes_late_into_a_merged_hour_counts_at_once(well: Well) -> None:
    well.add("ni", list(range(0, 3600, 10)), np.arange(360.0))
    well.merge()
    well.add("ni", [5], np.array([1000.0]))
    late = well.minutes()
    assert (late.counts[0], late.highs[0]) == (7, 1000.0)
    well.merge()
    assert same(well.minutes(), late)


def test_a_value_that_is_not_good_is_none(well: Well) -> None:
    well.add("ni", [0, 10, 20], np.array([1.0, 2.0, 3.0]), np.array([192, STALE, BAD]))
    well.add("ni", list(range(3600, 7200)), np.ones(3600), np.full(3600, STALE))
    assert (well.minutes().counts[0], well.minutes().bads[0]) == (1, 2)
    well.merge()
    found = well.minutes()
    assert (found.counts[0], found.bads[0], found.bads[60]) == (1, 2, 60)


def test_a_span_begins_and_ends_where_it_was_asked_to(well: Well) -> None:
    well.add("ni", list(range(7200)), np.arange(7200.0))
    well.merge()
    found = well.minutes(30, 90)
    assert (len(found), found.firsts[0], found.lasts[-1]) == (60, 1800.0, 5399.0)
    later = found.since(10)
    assert (later.from_ms, len(later)) == (found.from_ms + 10 * MINUTE_MS, 50)
    assert later.firsts[0] == 2400.0


def test_what_was_never_heard_has_no_minutes(well: Well) -> None:
    with reading(well.engine) as conn:
        assert load_station_minutes(conn, "nobody", ("ni",), (T0, T0 + HOUR_MS)) == {}
        assert load_turns(conn, "nobody", "state", (T0, T0 + HOUR_MS)) == []
        assert reading_before(conn, "nobody", "ni", T0) is None
    assert not no_minutes(T0, 5).counts.any()


def test_texts_are_told_where_they_turn_and_what_held_before_is_known(well: Well) -> None:
    texts = ["measuring"] * 300 + ["fault"] * 5 + ["measuring"] * 295
    well.add("state", [n * 10 for n in range(600)], texts)
    span = (T0 + HOUR_MS // 2, T0 + 2 * HOUR_MS)
    expected = [(span[0], "measuring"), (T0 + 3_000_000, "fault"), (T0 + 3_050_000, "measuring")]
    for _ in range(2):
        with reading(well.engine) as conn:
            assert load_turns(conn, "w", "state", span) == expected
            later = (T0 + 9 * HOUR_MS, T0 + 10 * HOUR_MS)
            assert load_turns(conn, "w", "state", later) == [(later[0], "measuring")]
        well.merge()


def test_the_reading_before_a_moment_is_found_however_old_it_is(well: Well) -> None:
    well.add("ni", [0, 10, 7190], np.array([1.0, 2.0, 3.0]))
    for _ in range(2):
        with reading(well.engine) as conn:
            assert reading_before(conn, "w", "ni", T0 + 2 * HOUR_MS) == 3.0
            assert reading_before(conn, "w", "ni", T0 + 50 * HOUR_MS) == 3.0
            assert reading_before(conn, "w", "ni", T0) is None
        well.merge()
