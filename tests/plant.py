"""A small real plant for tests: broker, ingest, pages when asked, agents on MicroPython, their buses."""

import json
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine

from firmware.boards.unix.wiring import ports_of, wire
from mes_server.store.engine import open_engine, reading
from mes_server.store.ingest_status import IngestStatus, read_status
from schemas.station_types import load_station_types
from tests.brokers import Broker, Process, free_port, wait_until
from tests.conftest import ROOT

PYTHON = sys.executable


def board(
    folder: Path, port: int, node: str, stations: list[tuple[str, str]], /, **options: Any
) -> dict[str, Any]:
    """A station.json of simulated stations (id, type); `options` replace whole sections."""
    return {
        "group": "test",
        "node": node,
        "broker": {"host": "127.0.0.1", "port": port},
        "keepalive_s": 10,
        "primary_host": None,
        "journal": {"path": str(folder / f"{node}.journal"), "bytes": 16_000_000,
                    "segment_bytes": 65536, "sync_ms": 200},
        "plant": {"seed": 7, "speed": 60, "origin_ms": time.time_ns() // 1_000_000 - 3_600_000,
                  "faults": str(folder / "faults.json")},
        "stations": [{"station": s, "type": t, "driver": "simulated", "args": {}} for s, t in stations],
        **options,
    }  # fmt: skip


class Plant:
    """Everything of it runs in `folder`; `stop` ends all that was started."""

    def __init__(
        self,
        folder: Path,
        broker: str = "nats",
        interpreter: str = PYTHON,
        data: Path | None = None,
    ) -> None:
        self.folder, self.interpreter = folder, interpreter
        folder.mkdir(parents=True, exist_ok=True)
        self.data = data or folder / "data"
        self.data.mkdir(parents=True)
        self.broker = Broker(broker, folder / "broker")
        self.http_port = free_port()
        self.url = f"http://127.0.0.1:{self.http_port}"
        self.env = {
            "MES_DATA_DIR": str(self.data),
            "MES_MQTT_PORT": str(self.broker.port),
            "MES_HTTP_PORT": str(self.http_port),
            "MES_BROKER": "external",
            "MES_TIMEZONE": "Asia/Shanghai",
        }
        mes = [PYTHON, "-m", "mes_server.cli"]
        self.ingest = Process([*mes, "ingest"], folder / "ingest.log", self.env)
        self.web = Process([*mes, "web"], folder / "web.log", self.env)
        self.agents: dict[str, Process] = {}
        self.buses: dict[str, Process] = {}
        self._engine: Engine | None = None

    @property
    def store_url(self) -> str:
        return f"sqlite:///{self.data / 'lodestone.db'}"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """The store as a page reads it."""
        if self._engine is None:
            self._engine = open_engine(self.store_url)
        with reading(self._engine) as conn:
            yield conn

    def status(self) -> IngestStatus | None:
        return read_status(self.data)

    def collecting(self) -> bool:
        status = self.status()
        alive = self.ingest.running is not None and self.ingest.running.poll() is None
        return (
            alive
            and status is not None
            and self.ingest.running is not None
            and status.pid == self.ingest.running.pid
            and status.connected
            and status.storing
        )

    def start(self, *, web: bool = False) -> None:
        """Broker, ingest and, when asked, pages; returns when ingest collects."""
        self.broker.start()
        self.ingest.start()
        wait_until(self.collecting, "ingest to collect")
        if web:
            self.web.start()

    def wait_for_pages(self) -> None:
        """Until the web server answers."""

        def answers() -> bool:
            try:
                with urllib.request.urlopen(self.url + "/nodes", timeout=2):
                    return True
            except OSError:
                return False

        wait_until(answers, "the pages to answer")

    def agent(self, node: str, stations: list[tuple[str, str]], /, **options: Any) -> Process:
        """Start an agent; `options` go into its station.json."""
        file = self._write(node, board(self.folder, self.broker.port, node, stations, **options))
        command = [self.interpreter, "-m", "firmware.boards.unix.main", str(file)]
        self.agents[node] = self._started(command, f"{node}.log")
        return self.agents[node]

    def agent_on_buses(self, node: str, stations: list[tuple[str, str]], **options: Any) -> Process:
        """Start an agent that reads its stations by the drivers modbus_rtu and aibus."""
        types, folder = load_station_types(), self.folder / node
        wired = [wire(name, types[kind], n, folder) for n, (name, kind) in enumerate(stations, 1)]
        options = {"stations": wired, **options}
        file = self._write(node, board(self.folder, self.broker.port, node, stations, **options))
        command = [PYTHON, "-m", "firmware.boards.unix.buses", str(file)]
        self.buses[node] = self._started(command, f"{node}-buses.log")
        ports = ports_of({"stations": wired})
        wait_until(lambda: all(port.exists() for port in ports), f"the lines of {node}")
        return self.agent(node, stations, **options)

    def _write(self, node: str, board: dict[str, Any]) -> Path:
        file = self.folder / f"{node}.json"
        file.write_text(json.dumps(board))
        return file

    def _started(self, command: list[str], log: str) -> Process:
        process = Process(command, self.folder / log)
        process.folder = ROOT
        process.start()
        return process

    def stop(self) -> None:
        started = (*self.agents.values(), *self.buses.values(), self.web, self.ingest, self.broker)
        for process in started:
            process.stop()
        if self._engine is not None:
            self._engine.dispose()
