"""Broker, consumer and swarm as processes of their own: what a plant's machine would run."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import socket
from typing import Any

from mes_server import broker
from mes_server.bench import payloads
from mes_server.settings import read_settings
from mes_server.store.engine import open_engine, reading
from mes_server.store.ingest_status import read_status
from mes_server.store.stations import list_stations
from mes_server.store.telemetry import list_series, load_series
from schemas.station_types import load_station_types

DEADLINE_S = 120.0
FOR_EVER_MS = 1 << 45


class BenchError(RuntimeError):
    """The benchmark could not be run to its end; the message says where it stopped."""


def free_port() -> int:
    """A port nobody listens on now."""
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(condition: Callable[[], bool], what: str, deadline_s: float = DEADLINE_S) -> None:
    """Wait for a condition; raises BenchError that names it."""
    end = time.monotonic() + deadline_s
    while not condition():
        if time.monotonic() > end:
            raise BenchError(f"waited {deadline_s:.0f} s in vain for {what}")
        time.sleep(0.01)


@contextmanager
def process(command: list[str], log: Path, env: dict[str, str] | None = None) -> Iterator[None]:
    """A process that lives as long as the block."""
    with log.open("ab") as out:
        running = subprocess.Popen(command, stdout=out, stderr=out, env=os.environ | (env or {}))  # noqa: S603
    try:
        yield
    finally:
        running.terminate()
        try:
            running.wait(15)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


@contextmanager
def own_broker(folder: Path) -> Iterator[int]:
    """A nats-server of its own; its MQTT port."""
    port = free_port()
    file = folder / "nats.conf"
    file.write_text(broker.configuration("127.0.0.1", port, folder / "state"), encoding="utf-8")
    with process([str(broker.binary()), "-c", str(file)], folder / "broker.log"):
        wait_for(lambda: broker.answers("127.0.0.1", port), "the broker")
        yield port


@contextmanager
def own_ingest(folder: Path, port: int, url: str = "") -> Iterator[Path]:
    """`mes ingest` on an empty store, or on that of `url`; its data directory."""
    data = folder / "data"
    data.mkdir()
    env = {"MES_DATA_DIR": str(data), "MES_MQTT_PORT": str(port), "MES_BROKER": "external"}
    if url:
        env["MES_DATABASE_URL"] = url

    def connected() -> bool:
        status = read_status(data)
        return status is not None and status.connected

    with process([sys.executable, "-m", "mes_server.cli", "ingest"], folder / "ingest.log", env):
        wait_for(connected, "ingest")
        yield data


@contextmanager
def plain_script(folder: Path, port: int, batch: int) -> Iterator[Path]:
    """The script of `bench/plain.py`; its database file."""
    file = folder / "plain.db"
    command = [
        sys.executable,
        "-m",
        "mes_server.bench.plain",
        "127.0.0.1",
        str(port),
        str(file),
        str(batch),
    ]
    with process(command, folder / "plain.log"):
        wait_for(file.exists, "the plain script")
        yield file


def metric_names(count: int) -> tuple[str, ...]:
    """The sintering furnace's own numbers, so that limits are judged, filled up to `count`."""
    folder = Path(sys.modules["schemas"].__path__[0]) / "stations"
    contract = load_station_types(str(folder))[payloads.STATION_TYPE]
    own = [m.name for m in contract.metrics if m.datatype == "double"]
    return (*own, *(f"extra_{i}" for i in range(count)))[:count]


def swarm(port: int, nodes: int, messages: int, metrics: int, rate: int = 0) -> dict[str, Any]:
    """Let `nodes` edges publish `messages` each; the figures once everything is acknowledged."""
    orders = {"nodes": nodes, "messages": messages, "metrics": metric_names(metrics),
              "rate": rate, "seed": 11}  # fmt: skip
    return program("mes_server.bench.swarm", port, orders)


def program(module: str, port: int, orders: dict[str, Any]) -> dict[str, Any]:
    """What a program of many edges says when it has carried out its orders."""
    orders = {"host": "127.0.0.1", "port": port, **orders}
    done = subprocess.run(  # noqa: S603  a module of ours
        [sys.executable, "-m", module],
        input=json.dumps(orders) + "\n", capture_output=True, text=True, timeout=DEADLINE_S * 5,
    )  # fmt: skip
    if done.returncode:
        raise BenchError(f"{module} stopped: {done.stderr.strip()[-400:]}")
    return dict(json.loads(done.stdout))


def stored_samples(data: Path) -> int:
    """Samples that asking for every series of every station finds in the store of `data`."""
    settings = read_settings({"MES_DATA_DIR": str(data)})
    engine = open_engine(settings.url)
    total = 0
    with reading(engine, limit_s=DEADLINE_S) as conn:
        for station in list_stations(conn):
            for series in list_series(conn, station.id):
                found = load_series(conn, station.id, series.metric, 0, FOR_EVER_MS, points_max=10)
                total += found.count
    engine.dispose()
    return total


def inbox_is_empty(data: Path) -> bool:
    """Whether ingest says that everything received is folded."""
    status = read_status(data)
    return status is not None and status.inbox_depth == 0 and status.queue == 0
