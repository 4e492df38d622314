"""Wherever the samples of a series lie, they are found, in the order in which they came."""

import numpy as np
from sqlalchemy import Engine

from mes_server.store.engine import reading
from mes_server.store.sources import (
    Raw,
    add_chunks,
    add_fresh,
    add_small_chunks,
    list_hours,
    load_blobs,
)
from mes_server.store.tables import run
from mes_server.store.transaction import writing
from tests.mes_server.store.making import (
    HOUR,
    T0,
    append,
    column,
    count_rows,
    make_series,
    merge_all,
)

FIRST = T0 // HOUR
FAR = (T0 - 100 * HOUR, T0 + 100 * HOUR)


def spread(engine: Engine) -> int:
    """A series with one merged hour, and later samples that are not merged."""
    with writing(engine) as conn:
        series = make_series(conn)[1]
    append(engine, column(series, [T0, T0 + 1], [1.0, 2.0]))
    merge_all(engine)
    append(engine, column(series, [T0 + 2, T0 + 2 * HOUR], [3.0, 4.0], late=True))
    return series


def values(raw: Raw) -> list[object]:
    return [value for part in raw.parts for value in part.python_values()]


def test_merged_and_fresh_samples_together_are_all_of_them(engine: Engine) -> None:
    series = spread(engine)
    with reading(engine) as conn:
        raw = Raw()
        add_chunks(conn, series, list_hours(conn, series, FIRST - 9, FIRST + 9), raw)
        assert values(raw) == [1.0, 2.0]
        add_small_chunks(conn, series, (FIRST - 9, FIRST + 9), raw)
        add_fresh(conn, series, *FAR, raw)
    assert values(raw) == [1.0, 2.0, 3.0, 4.0]
    assert (raw.late, raw.broken) == (2, [])


def test_fresh_samples_outside_the_span_stay_out(engine: Engine) -> None:
    series = spread(engine)
    with reading(engine) as conn:
        raw = Raw()
        add_fresh(conn, series, T0 + HOUR, T0 + 3 * HOUR, raw)
    assert values(raw) == [4.0]
    assert raw.late == 1


def test_hours_are_listed_once_with_those_named_beside(engine: Engine) -> None:
    series = spread(engine)
    merge_all(engine)
    with reading(engine) as conn:
        assert list_hours(conn, series, FIRST, FIRST + 9) == [FIRST, FIRST + 2]
        named = [FIRST + 2, FIRST + 3, FIRST + 99]
        assert list_hours(conn, series, FIRST + 1, FIRST + 9, named) == [FIRST + 2, FIRST + 3]
        assert list_hours(conn, series + 1, FIRST, FIRST + 9) == []


def test_more_hours_than_one_statement_takes_are_all_read(engine: Engine) -> None:
    with writing(engine) as conn:
        series = make_series(conn)[1]
    hours = 250
    append(engine, column(series, T0 + np.arange(hours) * HOUR, np.arange(float(hours))))
    merge_all(engine)
    with reading(engine) as conn:
        raw = Raw()
        add_chunks(conn, series, [FIRST + at for at in range(hours)], raw)
    assert values(raw) == list(np.arange(float(hours)))


def test_a_chunk_that_cannot_be_read_is_named_by_its_hour_and_the_rest_is_read(
    engine: Engine,
) -> None:
    series = spread(engine)
    merge_all(engine)
    assert count_rows(engine, "chunk") >= 2
    with writing(engine) as conn:
        run(conn, "UPDATE chunk SET blob = ? WHERE hour = ?", (b"\0" * 9, FIRST))
    with reading(engine) as conn:
        raw = Raw()
        add_chunks(conn, series, [FIRST, FIRST + 2], raw)
        assert len(load_blobs(conn, series, FIRST + 2)) == 1
    assert raw.broken == [FIRST]
    assert values(raw) == [4.0]
