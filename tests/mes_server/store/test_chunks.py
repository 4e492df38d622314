"""mes_server.store.chunks, packing, columns: whatever goes in comes out, and it is short."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mes_server.store.chunks import ChunkBroken, decode_chunk, encode_chunk
from mes_server.store.columns import (
    BOOL,
    FLOAT,
    INT,
    TEXT,
    UINT,
    Column,
    Samples,
    joined,
    same,
    samples_of,
)
from mes_server.store.packing import PLACES_MAX, Reader, decimals, pack_ints, unpack_ints
from tests.mes_server.store.making import furnace

TIMES = st.integers(-(2**62), 2**62)
DECIMALS = st.builds(
    lambda whole, places: whole / 10**places, st.integers(-(10**9), 10**9), st.integers(0, 6)
)
FLOATS = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.floats(width=32, allow_nan=False, allow_infinity=False),
    DECIMALS,
)
QUALITIES = st.sampled_from([0, 192, 500])


def columns_of(values: Any, dtype: Any) -> st.SearchStrategy[Column]:
    """Columns of values with times, nulls and qualities of every sort."""

    def build(rows: list[tuple[int, Any, bool, int]], nulls: bool, qualities: bool) -> Column:
        times = np.array([row[0] for row in rows], np.int64)
        found: Any = [row[1] for row in rows]
        if dtype is not None:
            found = np.array(found, dtype)
        return Column(
            1,
            times,
            found,
            0,
            qualities=np.array([row[3] for row in rows], np.uint16) if qualities else None,
            nulls=np.array([row[2] for row in rows], bool) if nulls else None,
        )

    rows = st.lists(st.tuples(TIMES, values, st.booleans(), QUALITIES), max_size=50)
    return st.builds(build, rows, st.booleans(), st.booleans())


ANY_COLUMN = st.one_of(
    columns_of(FLOATS, np.float64),
    columns_of(DECIMALS, np.float64),
    columns_of(st.integers(-(2**63), 2**63 - 1), np.int64),
    columns_of(st.integers(0, 2**64 - 1), np.uint64),
    columns_of(st.booleans(), np.bool_),
    columns_of(st.one_of(st.none(), st.text(max_size=8)), None),
)


@given(ANY_COLUMN, st.booleans())
def test_a_chunk_gives_back_every_bit_of_what_was_put_into_it(
    column: Column, thorough: bool
) -> None:
    samples = samples_of(column)
    back = decode_chunk(encode_chunk(samples, thorough))
    assert same(back, samples)
    assert back.times.tolist() == column.times_ms.tolist()
    if back.kind == FLOAT:
        assert back.values.tobytes() == samples.values.tobytes()


@given(ANY_COLUMN)
def test_a_sample_without_a_value_is_null_and_its_quality_never_good(column: Column) -> None:
    samples = samples_of(column)
    for value, quality in zip(
        samples.python_values(), samples.quality_codes().tolist(), strict=True
    ):
        if isinstance(value, float):
            assert np.isfinite(value)
        assert value is not None or quality != 192


@given(st.lists(st.integers(-(2**63), 2**63 - 1)), st.booleans())
def test_any_whole_numbers_pack_and_unpack(numbers: list[int], thorough: bool) -> None:
    packed = pack_ints(np.array(numbers, np.int64), thorough)
    reader = Reader(packed)
    assert unpack_ints(reader, len(numbers)).tolist() == numbers
    assert reader.at == len(packed)


@given(ANY_COLUMN, st.data())
def test_a_flipped_bit_is_found_and_never_read_as_samples(
    column: Column, data: st.DataObject
) -> None:
    blob = bytearray(encode_chunk(samples_of(column)))
    at = data.draw(st.integers(0, len(blob) * 8 - 1))
    blob[at // 8] ^= 1 << at % 8
    with pytest.raises(ChunkBroken):
        decode_chunk(bytes(blob))


def test_a_cut_off_chunk_is_broken() -> None:
    blob = encode_chunk(samples_of(Column(1, np.arange(9), np.arange(9.0), 0)))
    for size in range(len(blob)):
        with pytest.raises(ChunkBroken):
            decode_chunk(blob[:size])


@pytest.mark.parametrize("places", range(PLACES_MAX + 1))
def test_decimals_are_kept_as_whole_numbers_of_their_last_place(places: int) -> None:
    values = np.array([round(0.1 + n / 10**places, places) for n in range(100)])
    found = decimals(values)
    assert found is not None
    assert found[0] <= places
    assert np.array_equal(found[1] / 10.0 ** found[0], values)


def test_decimals_that_came_as_single_precision_are_found_too() -> None:
    values = np.round(np.arange(100) * 0.1, 1).astype(np.float32).astype(np.float64)
    code_and_numbers = decimals(values)
    assert code_and_numbers is not None
    assert len(encode_chunk(Samples(FLOAT, np.arange(100), values))) < 60


def test_minus_zero_is_zero_and_does_not_spoil_the_decimals() -> None:
    values = np.round(np.linspace(-0.04, 0.5, 200), 1)
    samples = samples_of(Column(1, np.arange(200), values, 0))
    assert not np.signbit(samples.values[samples.values == 0]).any()
    assert decimals(samples.values) is not None


def test_an_hour_of_furnace_data_takes_less_than_a_byte_and_a_half_a_sample() -> None:
    times, values = furnace(3600)
    blob = encode_chunk(samples_of(Column(1, times, values, 0)))
    assert len(blob) / 3600 < 1.5


def test_noise_of_full_precision_takes_no_more_than_it_holds() -> None:
    values = np.random.default_rng(1).normal(1000, 1, 3600)
    blob = encode_chunk(samples_of(Column(1, np.arange(3600) * 1000, values, 0)))
    assert len(blob) / 3600 < 8.2


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [((INT, FLOAT), FLOAT), ((INT, UINT), FLOAT), ((BOOL, FLOAT), FLOAT), ((FLOAT, TEXT), TEXT)],
)
def test_samples_of_several_kinds_join_as_the_kind_that_shows_all(
    kinds: tuple[int, int], expected: int
) -> None:
    values = {
        INT: np.array([7]),
        UINT: np.array([7], np.uint64),
        BOOL: np.array([True]),
        FLOAT: np.array([7.5]),
        TEXT: np.array(["run"], object),
    }
    parts = [Samples(kind, np.array([1]), values[kind]) for kind in kinds]
    whole = joined(parts)
    assert whole.kind == expected
    assert len(whole) == 2
    assert json.dumps(whole.python_values())
