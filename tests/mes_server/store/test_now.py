"""mes_server.store.series_now, changes, numbering: what is shown as the present, and what has changed."""

from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine

from mes_server.store.changes import changes_since, latest_change
from mes_server.store.engine import reading
from mes_server.store.numbering import next_change
from mes_server.store.series_now import SeriesNow, list_now, load_latest_times
from mes_server.store.stations import set_station_online, station_key
from mes_server.store.transaction import writing
from tests.mes_server.store.making import T0, append, column, make_series


def now(engine: Engine, station: str) -> list[SeriesNow]:
    with reading(engine) as conn:
        return list_now(conn, station)


@pytest.mark.parametrize(
    ("datatype", "values", "shown"),
    [
        ("double", np.array([1.0, 21.5]), 21.5),
        ("double", np.array([1.0, np.nan]), None),
        ("uint64", np.array([1, 2**64 - 1], np.uint64), 2**64 - 1),
        ("int64", np.array([1, -(2**63)]), -(2**63)),
        ("boolean", np.array([False, True]), True),
        ("string", ["", "a\0\N{SNOWMAN}"], "a\0\N{SNOWMAN}"),
    ],
)
def test_the_latest_value_of_every_kind_is_shown(
    engine: Engine, datatype: str, values: Any, shown: Any
) -> None:
    with writing(engine) as conn:
        station, series = make_series(conn, datatype)
    append(engine, column(series, [T0, T0 + 1], values))
    found = now(engine, station)
    assert [(n.series_id, n.metric, n.at_ms, n.value) for n in found] == [
        (series, "value", T0 + 1, shown)
    ]
    assert type(found[0].value) is type(shown)
    assert found[0].quality == (0 if shown is None else 192)
    with reading(engine) as conn:
        assert load_latest_times(conn, series // 65536) == {series: T0 + 1}


def test_the_latest_is_the_latest_by_its_own_time(engine: Engine) -> None:
    with writing(engine) as conn:
        station, series = make_series(conn)
    append(engine, column(series, [T0 + 5, T0 + 9, T0], [1.0, 2.0, 3.0]))
    append(engine, column(series, [T0 + 8], [4.0], received_ms=T0 + 100))
    assert [n.value for n in now(engine, station)] == [2.0]
    append(engine, column(series, [T0 + 9], [5.0]))
    assert [n.value for n in now(engine, station)] == [5.0]


def test_what_is_historical_never_takes_the_place_of_what_is_live(engine: Engine) -> None:
    with writing(engine) as conn:
        station, series = make_series(conn)
    append(engine, column(series, [T0], [1.0], late=True))
    append(engine, column(series, [T0 + 5], [2.0], late=True))
    assert [(n.value, n.historical) for n in now(engine, station)] == [(2.0, True)]
    append(engine, column(series, [T0 + 9], [3.0]))
    append(engine, column(series, [T0 + 10], [4.0], late=True))
    assert [(n.value, n.historical) for n in now(engine, station)] == [(3.0, False)]


def test_a_clock_far_ahead_does_not_freeze_what_is_shown(engine: Engine) -> None:
    with writing(engine) as conn:
        station, series = make_series(conn)
    append(engine, column(series, [T0 + 10**10], [1.0], received_ms=T0))
    append(engine, column(series, [T0 + 1000], [2.0], received_ms=T0 + 1000))
    assert [n.value for n in now(engine, station)] == [2.0]


def test_a_page_hears_of_what_has_changed_and_of_nothing_else(engine: Engine) -> None:
    with reading(engine) as conn:
        assert latest_change(conn) == 0
        assert changes_since(conn, 0).samples == []
    with writing(engine) as conn:
        quiet, quiet_series = make_series(conn)
        busy, busy_series = make_series(conn)
    append(engine, column(quiet_series, [T0], [1.0]))
    number = append(engine, column(busy_series, [T0], [1.0]))
    with reading(engine) as conn:
        seen = changes_since(conn, 0)
        assert {view.id for view in seen.stations} == {quiet, busy}
        assert seen.number == number == latest_change(conn)
        assert changes_since(conn, number).samples == []
    append(engine, column(busy_series, [T0 + 1], [2.0]))
    with writing(engine) as conn:
        key = station_key(conn, quiet)
        assert key is not None
        set_station_online(conn, key, True, T0)
    with reading(engine) as conn:
        seen = changes_since(conn, number)
    assert [(s.station, s.value) for s in seen.samples] == [(busy, 2.0)]
    assert [view.id for view in seen.stations] == [quiet]


def test_numbers_of_changes_only_grow(engine: Engine) -> None:
    with writing(engine) as conn:
        assert [next_change(conn) for _ in range(3)] == [1, 2, 3]
