"""A block gives back every sample, and how it came, whatever stands beside it."""

from typing import Any

import numpy as np
import pytest

from mes_server.store.blocks import Gathered, encode_block
from mes_server.store.columns import TEXT, Column, samples_of
from mes_server.store.series import SERIES_PER_STATION
from schemas.samples import BAD, GOOD, STALE

T0 = 1_795_000_000_000
STATION = 7 * SERIES_PER_STATION


def block(*columns: Column, received_ms: int = T0) -> bytes:
    return encode_block([(column, samples_of(column)) for column in columns], received_ms)


def column(index: int, values: Any, start_ms: int = T0, **more: Any) -> Column:
    times = np.arange(len(values), dtype=np.int64) * 1000 + start_ms
    return Column(STATION + index, times, values, more.pop("received_ms", T0 + 50), **more)


@pytest.mark.parametrize(
    "values",
    [
        np.array([20.5, np.nan, -1e300]),
        np.array([-(2**63), 2**63 - 1], np.int64),
        np.array([2**64 - 1], np.uint64),
        np.array([True, False]),
        ["run", None, "", "停机"],
    ],
    ids=["floats", "signed", "unsigned", "flags", "texts"],
)
def test_values_of_every_kind_come_back_beside_a_neighbour(values: Any) -> None:
    given = column(3, values, late=True, clock=1, received_ms=T0 + 900)
    gathered = Gathered()
    gathered.add(block(column(2, np.arange(5.0)), given))
    found = gathered.series()
    assert set(found) == {2, 3}
    (came,) = found[3]
    expected = samples_of(given)
    assert came.samples.python_values() == expected.python_values()
    assert came.samples.times.tolist() == expected.times.tolist()
    assert came.samples.quality_codes().tolist() == expected.quality_codes().tolist()
    assert (set(came.late), set(came.clocks), set(came.received)) == ({True}, {1}, {T0 + 900})


def test_pieces_of_several_blocks_join_in_the_order_they_came() -> None:
    stale = np.array([GOOD, STALE], np.uint16)
    gathered = Gathered()
    gathered.add(block(column(1, np.array([1.0, 2.0]), qualities=stale)))
    gathered.add(block(column(1, np.array([np.nan]), T0 - 5000, late=True)))
    (came,) = gathered.series()[1]
    assert came.samples.python_values() == [1.0, 2.0, None]
    assert came.samples.quality_codes().tolist() == [GOOD, STALE, BAD]
    assert came.late.tolist() == [False, False, True]
    assert came.take(came.late).samples.times.tolist() == [T0 - 5000]


def test_a_series_that_changes_its_kind_comes_as_two() -> None:
    gathered = Gathered()
    gathered.add(block(column(1, np.array([1.0])), column(1, ["one"])))
    kinds = sorted(came.samples.kind for came in gathered.series()[1])
    assert len(kinds) == 2
    assert TEXT in kinds


def test_one_series_of_a_block_can_be_taken_alone() -> None:
    gathered = Gathered()
    gathered.add(block(column(1, np.array([1.0])), column(2, np.array([2.0]))), wanted=2)
    (came,) = gathered.series()[2]
    assert came.samples.python_values() == [2.0]
    assert set(gathered.series()) == {2}


def test_times_that_neighbours_share_are_kept_once() -> None:
    values = np.arange(100.0)
    together = block(column(1, values), column(2, values))
    apart = block(column(1, values), column(2, values, T0 + 1))
    assert len(apart) - len(together) == 8 * len(values)
