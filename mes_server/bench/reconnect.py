"""The morning after a day without network: many nodes come back at once, with a backlog each."""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from mes_server.bench import line
from mes_server.bench.machine import table
from mes_server.bench.returning import BACK_OFF_S, BATCH, RATE, WINDOW
from mes_server.bench.watch import Watch, delays_ms, watching
from mes_server.settings import read_settings
from mes_server.store.engine import open_engine, reading
from mes_server.store.telemetry import iter_samples, list_series, load_series

METRICS = 10
DAY_MS = 86_400_000


def check_store(data: Path, expected: dict[str, list[int]], metrics: Iterable[str]) -> None:
    """Raises BenchError unless every record of every station is in the store, exactly once.

    By the times of one metric, and by the count of the others.
    """
    engine = open_engine(read_settings({"MES_DATA_DIR": str(data)}).url)
    first, *others = metrics
    with reading(engine, limit_s=line.DEADLINE_S) as conn:
        for station, times in expected.items():
            numbers = {series.metric: series.series_id for series in list_series(conn, station)}
            found = [s.at_ms for s in iter_samples(conn, numbers[first], 0, line.FOR_EVER_MS)]
            if found != times:
                missing, extra = len(set(times) - set(found)), len(found) - len(set(found))
                raise line.BenchError(f"{station}: {missing} records lost, {extra} there twice")
            for name in others:
                count = load_series(conn, station, name, 0, line.FOR_EVER_MS, points_max=10).count
                if count != len(times):
                    raise line.BenchError(f"{station}: {count} samples of {name}, not {len(times)}")
    engine.dispose()


def _delays(watch: Watch, figures: dict[str, Any]) -> dict[str, Any]:
    """Of all live records: how long until they were durable, and until they were shown."""
    backlog = figures["old"] // len(figures["published_ms"])
    durable, shown = [], []
    for node, published in figures["published_ms"].items():
        numbers = [backlog + 1 + at for at in range(len(published))]
        durable.append(delays_ms(published, numbers, watch.durable[node]))
        shown.append(delays_ms(published, published, watch.shown[node]))
    return {"durable": np.concatenate(durable), "shown": np.concatenate(shown)}


def reconnect(folder: Path, nodes: int, records: int) -> list[str]:
    """`nodes` come back with about `records` each, spread over 24 h; the figures as a table."""
    folder.mkdir()
    names = line.metric_names(METRICS)
    records = max(records // BATCH, 1) * BATCH
    every_ms = DAY_MS // records
    first_ms = time.time_ns() // 1_000_000 - DAY_MS
    orders = {"nodes": nodes, "records": records, "metrics": names, "every_ms": every_ms,
              "first_ms": first_ms, "seed": 12}  # fmt: skip
    with line.own_broker(folder) as port, line.own_ingest(folder, port) as data:
        line.program("mes_server.bench.returning", port, orders | {"records": 0})
        line.wait_for(lambda: line.inbox_is_empty(data), "the births")
        with watching(data, names[0]) as watch:
            figures = line.program("mes_server.bench.returning", port, orders)
            line.wait_for(lambda: line.inbox_is_empty(data), "the fold")
        old_ms = [first_ms + at * every_ms for at in range(records)]
        expected = {
            node.replace("node", "furnace"): old_ms + published
            for node, published in figures["published_ms"].items()
        }
        check_store(data, expected, names)
    delays = _delays(watch, figures)
    live = len(delays["shown"])
    header = (
        f"{nodes} nodes return with 24 h of backlog, {METRICS} metrics", "records",
        "records/s", "p50 ms", "p99 ms", "max ms", "aim p99",
    )  # fmt: skip
    rows: list[tuple[object, ...]] = [
        (f"back-fill, {records} records a node", figures["old"],
         figures["old"] / figures["filled_in_s"], "", "", "", ""),
    ]  # fmt: skip
    for what, aim in (("durable", ""), ("shown", "≤ 2,000 ms")):
        found = delays[what]
        p50, p99 = (float(np.percentile(found, q)) for q in (50, 99))
        rows.append((f"live, publish to {what}", live, live / figures["lived_s"], p50, p99,
                     int(found.max()), aim))  # fmt: skip
    rows.append(("lost or twice in the store", 0, "", "", "", "", "0"))
    return [*table(header, rows), "", _SAID.format(BATCH=BATCH, WINDOW=WINDOW, RATE=RATE, BACK_OFF_S=BACK_OFF_S,
            resent=figures["resent"], seconds=figures["filled_in_s"])]  # fmt: skip


_SAID = """Each node comes back at a random moment within {BACK_OFF_S:.0f} s, as edges do; it measures once a second and fills in
batches of {BATCH} in a window of {WINDOW} that closes when answers take long, at most {RATE} old records a second. It took {seconds:.0f} s; {resent:,} records were
sent again. Every record was then looked up in the store: each there, none twice."""
