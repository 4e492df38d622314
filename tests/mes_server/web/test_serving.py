"""The real server process under a crowd: who is slow to ask, or to take an answer, holds nobody up."""

import http.client
import signal
import socketserver
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from typing import Any

import numpy as np
import pytest

from mes_server.domain.amounts import Amount
from mes_server.serving import PAGE_THREADS, REQUEST_S
from mes_server.settings import Settings
from mes_server.store.anchors import read_anchors
from mes_server.web.formats import iso_text
from tests.brokers import Process, free_port, wait_until
from tests.mes_server.actions.lot_floor import Floor
from tests.mes_server.web.crowd import crowd
from tests.mes_server.web.plant_data import NOW_MS, Plant

PATIENCE_S = 8.0  # below REQUEST_S: the crowd is still there when the answer comes
UNREAD_PATIENCE_S = 25.0  # below the 30 s after which an answer is given up that nobody takes
MANY = 500
UNREAD = 100  # each is a page to be made: more are a flood of work, which is another matter
LONG_MS = 300_000_000  # at a sample a second more than fits on the way to who does not read


def ask(port: int, path: str, patience_s: float = PATIENCE_S) -> int:
    """The status of an answer, 0 when none comes in time."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience_s)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def answers(port: int, patience_s: float = PATIENCE_S) -> bool:
    healthy = ask(port, "/healthz", patience_s) in (200, 503)
    return healthy and ask(port, "/metrics", patience_s) == 200


class Web(Process):
    """`mes web` over a store."""

    def __init__(self, settings: Settings) -> None:
        self.port = free_port()
        env = {"MES_DATA_DIR": str(settings.data_dir), "MES_HTTP_PORT": str(self.port)}
        command = [sys.executable, "-m", "mes_server.cli", "web"]
        super().__init__(command, settings.data_dir / "web.log", env)

    def start(self) -> None:
        super().start()
        wait_until(lambda: answers(self.port), "the pages to be served")


@pytest.fixture
def web(settings: Settings, stations: dict[str, int]) -> Iterator[Web]:
    web = Web(settings)
    web.start()
    yield web
    web.stop()


def test_half_requests_idle_connections_and_streams_keep_nobody_from_an_answer(web: Web) -> None:
    with crowd(web.port) as there:
        first = there.streams(100)
        assert all(told.startswith(b"HTTP/1.1 200") for told in first)
        there.idle(50)
        there.half_requests(MANY)
        assert answers(web.port)
        assert ask(web.port, "/") == 200


def test_answers_that_nobody_reads_keep_nobody_from_an_answer(
    plant: Plant, stations: dict[str, int], web: Web
) -> None:
    times = np.arange(NOW_MS - LONG_MS, NOW_MS, 1000)
    plant.samples(stations["mill-1"], "oxygen_ppm", times, np.sin(times))
    span = f"from={iso_text(NOW_MS - LONG_MS)}&to={iso_text(NOW_MS)}"
    with crowd(web.port) as there:
        there.unread(UNREAD, "/")
        there.unread(
            PAGE_THREADS * 2, f"/api/v1/stations/mill-1/series.csv?metric=oxygen_ppm&{span}"
        )
        assert answers(web.port, UNREAD_PATIENCE_S)


def test_a_request_that_does_not_end_is_hung_up_on(web: Web) -> None:
    with crowd(web.port) as there:
        there.half_requests(2)
        sock = there.held[1]
        sock.settimeout(REQUEST_S + 30)
        assert sock.recv(100) == b"", "the server ended it"


def test_a_server_with_open_streams_stops_at_once_when_asked(web: Web) -> None:
    with crowd(web.port) as there:
        there.streams(5)
        assert web.stop(signal.SIGTERM) == 0


@pytest.fixture
def pool_of_threads() -> Iterator[int]:
    """The port of a server that gives each connection a thread of a pool."""
    pool = ThreadPoolExecutor(PAGE_THREADS)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_args: Any) -> None:
            pass

    class Server(socketserver.TCPServer):
        request_queue_size = 1024

        def process_request(self, request: Any, client_address: Any) -> None:
            pool.submit(self.process_request_here, request, client_address)

        def process_request_here(self, request: Any, client_address: Any) -> None:
            try:
                self.finish_request(request, client_address)
            finally:
                self.shutdown_request(request)

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()
    pool.shutdown(cancel_futures=True)


def test_the_same_crowd_does_keep_a_pool_of_threads_from_answering(
    pool_of_threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{__name__}.PATIENCE_S", 1.0)
    assert ask(pool_of_threads, "/") == 200
    with crowd(pool_of_threads) as there:
        there.half_requests(MANY)
        assert ask(pool_of_threads, "/") == 0


def test_pages_that_end_leave_an_anchor_of_the_ledger(
    web: Web, plant: Plant, settings: Settings
) -> None:
    Floor(plant.engine).receive(Amount(1, 1000))
    assert web.stop() == 0
    assert [anchor.number for anchor in read_anchors(settings.data_dir)[0]][-1:] == [1]
