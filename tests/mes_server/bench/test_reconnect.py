"""The benchmark of returning nodes works, and notices when a record is lost or there twice."""

from pathlib import Path

import numpy as np
import pytest

from mes_server.actions.append_history import add_stations, append_history
from mes_server.actions.upgrade_store import upgrade_store
from mes_server.bench.line import BenchError
from mes_server.bench.reconnect import check_store, reconnect
from mes_server.bench.watch import delays_ms
from mes_server.settings import read_settings
from mes_server.store.columns import Column
from mes_server.store.engine import open_engine

TIMES = [1_795_500_000_000 + n * 1000 for n in range(10)]


@pytest.mark.slow
def test_nodes_come_back_and_everything_is_found_once(tmp_path: Path) -> None:
    lines = reconnect(tmp_path / "run", nodes=5, records=45)
    assert "| 200 " in next(line for line in lines if "back-fill, 40 records a node" in line)
    assert any("publish to shown" in line for line in lines)
    assert any("lost or twice" in line for line in lines)


@pytest.mark.parametrize(
    ("stored", "told"),
    [(TIMES, None), (TIMES[1:], "1 records lost"), ([*TIMES, TIMES[3]], "1 there twice")],
)
def test_a_record_that_is_lost_or_twice_is_noticed(
    tmp_path: Path, stored: list[int], told: str | None
) -> None:
    url = read_settings({"MES_DATA_DIR": str(tmp_path)}).url
    upgrade_store(url)
    engine = open_engine(url)
    ((station, series),) = add_stations(engine, "bench", "sinter_furnace", 1, ("a",)).items()
    append_history(
        engine, [Column(series["a"], np.array(stored), np.zeros(len(stored)), TIMES[-1])]
    )
    engine.dispose()
    if told is None:
        check_store(tmp_path, {station: TIMES}, ("a",))
    else:
        with pytest.raises(BenchError, match=told):
            check_store(tmp_path, {station: TIMES}, ("a",))


def test_a_delay_is_counted_until_the_look_that_found_the_record() -> None:
    seen = [(1000, 2), (2000, 5)]
    published = [100, 900, 1500, 1900]
    assert delays_ms(published, [1, 2, 3, 5], seen).tolist() == [900, 100, 500, 100]
