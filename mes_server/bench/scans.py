"""How soon a scan is answered over HTTP, alone and while ingest works: the second half of `mes bench lots`.

Real processes on one store that is full already; tablets that load charges of ten lots and take them out.
"""

import http.client
import json
import sys
import threading
import time
import uuid
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Engine

from mes_server.actions.make_lots import receive_lot
from mes_server.actions.make_token import Made, Wish, make_token
from mes_server.actions.manage_people import Newcomer, add_person
from mes_server.actions.one_action import carry_out
from mes_server.actions.record_events import Act, Book
from mes_server.actions.release_route import release_route
from mes_server.bench import line, payloads
from mes_server.bench.machine import table
from mes_server.domain.amounts import Amount
from mes_server.store.engine import open_engine, reading
from mes_server.store.stations import list_stations

TABLETS = 8
LOADED = 10  # lots of a charge
EVERY_S = 0.25  # between two requests of a tablet
NODES, METRICS = 50, 50
OFFERED = 1_000  # messages a second
PHASE_S = 20
AIM_MS = 200
PHASES = ("alone", "busy")
_AMOUNT = Amount(20, 2_000_000, 0, {"Nd": 600_000})
_ROUTE = {
    "code": "BENCH",
    "revision": "A",
    "title": {"en": "Benchmark", "zh": "基准测试"},
    "operations": {
        "sinter": {
            "title": {"en": "Sintering", "zh": "烧结"},
            "station_types": [payloads.STATION_TYPE],
        }
    },
    "steps": [{"choices": ["sinter"]}],
}
_BADGE = "BENCH-1"
_SCAN, _UNLOAD, _WORK = "scan", "unload", "what waits and what is next"


@dataclass(slots=True)
class Answered:
    """One request: when its answer was there (seconds of the machine's clock), how long it took."""

    what: str
    at_s: float
    ms: float


@dataclass(slots=True)
class Tablet:
    """One worker at one station, over one connection."""

    port: int
    token: str
    station: str
    lots: deque[str]
    answered: list[Answered] = field(default_factory=list)
    fault: str = ""

    def work(self, stop: threading.Event) -> None:
        """Charge after charge until `stop`; what went wrong is in `fault`."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            while not stop.is_set():
                self._charge(connection, stop)
        except (OSError, line.BenchError, http.client.HTTPException) as error:
            self.fault = f"{self.station}: {type(error).__name__}: {error}"
        finally:
            connection.close()

    def _charge(self, connection: http.client.HTTPConnection, stop: threading.Event) -> None:
        run, inside = "", []
        for _ in range(LOADED):
            if not self.lots:
                raise line.BenchError("all lots are used up")
            said = {
                "scan_id": uuid.uuid4().hex,
                "station": self.station,
                "code": self.lots.popleft(),
            }
            answer = self._ask(connection, _SCAN, "POST", "/scans", said)
            run = answer["run"]
            inside.append(answer["lot"])
            self._ask(connection, _WORK, "GET", f"/stations/{self.station}/work")
            stop.wait(EVERY_S)
        told = {"pieces": _AMOUNT.pieces, "mass_mg": _AMOUNT.mass_mg}
        said = {"unload_id": uuid.uuid4().hex, "station": self.station}
        out = said | {"lots": [{"lot": lot, "product": told} for lot in inside]}
        self._ask(connection, _UNLOAD, "POST", f"/runs/{run}/unload", out)

    def _ask(
        self,
        connection: http.client.HTTPConnection,
        what: str,
        verb: str,
        path: str,
        said: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        head = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        body = None if said is None else json.dumps(said | {"at": datetime.now(UTC).isoformat()})
        began = time.monotonic()
        connection.request(verb, f"/api/v1{path}", body, head)
        answer = connection.getresponse()
        text = answer.read()
        ended = time.monotonic()
        if answer.status != 200:
            raise line.BenchError(f"{verb} {path}: {answer.status} {text[:300]!r}")
        self.answered.append(Answered(what, ended, (ended - began) * 1000))
        return dict(json.loads(text))


def _prepare(engine: Engine, tablets: int, lots: int) -> tuple[str, list[deque[str]]]:
    """A route, a worker's token and so many lots for each tablet."""
    now_ms = time.time_ns() // 1_000_000

    def act() -> Act:
        return Act(uuid.uuid4().hex, "console:bench", "", now_ms, now_ms)

    def receive(book: Book) -> list[str]:
        facts = {"part": "P-1", "grade": "N42SH", "route": "BENCH/A"}
        return [receive_lot(book, "green", _AMOUNT, **facts) for _ in range(lots)]

    faults = carry_out(engine, act(), release_route, _ROUTE)
    if faults:
        raise line.BenchError("; ".join(faults))
    add_person(engine, act(), Newcomer(_BADGE, "Bench", ("operator",)))
    made = make_token(engine, act(), Wish(_BADGE, "bench", ("read", "scan"), 1))
    if not isinstance(made, Made):
        raise line.BenchError(made.rule)
    return made.secret, [deque(carry_out(engine, act(), receive)) for _ in range(tablets)]


@contextmanager
def _own_web(data: Path, url: str) -> Iterator[int]:
    """`mes web` on that store; its port."""
    port = line.free_port()
    env = {"MES_DATA_DIR": str(data), "MES_HTTP_PORT": str(port), "MES_DATABASE_URL": url}

    def answers() -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status in (200, 503)
        except OSError:
            return False
        finally:
            connection.close()

    command = [sys.executable, "-m", "mes_server.cli", "web"]
    with line.process(command, data.parent / "web.log", env):
        line.wait_for(answers, "the pages")
        yield port


def measure_scans(folder: Path, url: str, phase_s: int = PHASE_S) -> dict[str, list[Answered]]:
    """What tablets were answered: "busy" while ingest takes 1,000 messages a second, "alone" after it."""
    engine = open_engine(url)
    lots = int(2 * (phase_s + 10) / EVERY_S)
    token, supply = _prepare(engine, TABLETS, lots)
    load = {}

    def offer(port: int) -> None:
        load.update(line.swarm(port, NODES, OFFERED * (phase_s + 5) // NODES, METRICS, OFFERED))

    with (
        line.own_broker(folder) as mqtt,
        line.own_ingest(folder, mqtt, url) as data,
        _own_web(data, url) as port,
    ):
        swarm = threading.Thread(target=offer, args=(mqtt,))
        swarm.start()
        stations = _wait_for_stations(engine)
        tablets = [
            Tablet(port, token, station, waiting)
            for station, waiting in zip(stations, supply, strict=False)
        ]
        busy = _let_work(tablets, phase_s)
        swarm.join()
        line.wait_for(lambda: line.inbox_is_empty(data), "the fold")
        alone = _let_work(tablets, phase_s)
    engine.dispose()
    ended = load["began"] + load["seconds"]
    return {"busy": [one for one in busy if one.at_s < ended], "alone": alone}


def _wait_for_stations(engine: Engine) -> list[str]:
    found: list[str] = []

    def online() -> bool:
        with reading(engine) as conn:
            found[:] = [view.id for view in list_stations(conn) if view.online and view.type]
        return len(found) >= TABLETS

    line.wait_for(online, "the stations to be born")
    return found[:TABLETS]


def _let_work(tablets: list[Tablet], seconds: float) -> list[Answered]:
    stop = threading.Event()
    threads = [threading.Thread(target=tablet.work, args=(stop,)) for tablet in tablets]
    for tablet, thread in zip(tablets, threads, strict=True):
        tablet.answered = []
        thread.start()
    stop.wait(seconds)
    ended = time.monotonic()
    stop.set()  # what is loaded now is still taken out, without pauses; that is not counted
    for thread in threads:
        thread.join()
    faults = [tablet.fault for tablet in tablets if tablet.fault]
    if faults:
        raise line.BenchError("; ".join(faults))
    return [one for tablet in tablets for one in tablet.answered if one.at_s <= ended]


def lines_of(found: dict[str, list[Answered]]) -> list[str]:
    """The figures as Markdown, with how much slower ingest makes it."""
    rows: list[tuple[object, ...]] = []
    for what in (_SCAN, _UNLOAD, _WORK):
        alone, busy = ([one.ms for one in found[phase] if one.what == what] for phase in PHASES)
        if not alone or not busy:
            raise line.BenchError(f"{what}: nothing was answered")
        ratio = float(np.percentile(busy, 95) / np.percentile(alone, 95))
        rows.append((f"{what}, nothing else", *_figures(alone), ""))
        rows.append((f"{what}, ingest at {OFFERED:,} messages/s", *_figures(busy), ratio))
    rows.append(("aim of a scan", "", "", f"≤ {AIM_MS}", "", ""))
    header = ("answered over HTTP", "requests", "p50 ms", "p95 ms", "max ms", "p95 to alone")
    return table(header, rows)


def _figures(times: list[float]) -> tuple[object, ...]:
    return len(times), float(np.median(times)), float(np.percentile(times, 95)), max(times)
