"""Serves the pages: one process in which nobody holds a thread by asking or reading slowly.

Requests are gathered and answers sent by one loop; a thread works only on a request that is all there.
An event stream keeps its thread, so there are as many more of them as there may be streams.
"""

import logging
import resource
import signal
import socket
import time
from types import FrameType
from typing import Any

from flask import Flask
from waitress.channel import HTTPChannel
from waitress.server import create_server

from mes_server.actions.anchor_ledger import anchoring
from mes_server.actions.close_days import adding_up
from mes_server.actions.manage_people import prepare_pepper
from mes_server.actions.prove_in_time import proving
from mes_server.app import REQUEST_BYTES_MAX, create_app
from mes_server.settings import Settings
from mes_server.store.engine import open_engine
from mes_server.store.faults import StoreFault
from mes_server.web.events import HUB
from mes_server.web.hub import LISTENERS_MAX
from mes_server.web.site import EXTENSION

PAGE_THREADS = 40
REQUEST_S = 10.0  # from the first byte of a request to its last
IDLE_S = 30
UNTAKEN_MS = 30_000  # an answer of which nothing is taken for so long is given up
CONNECTIONS_MAX = 3000
FILES = CONNECTIONS_MAX + 200
_HEAD_BYTES_MAX = 16_384
# Answers wait in memory: a temporary file could not be written when the disk is full, and then above
# all the pages must be seen.
_WAITING_BYTES_MAX = 4 << 20
_log = logging.getLogger(__name__)


class _Connection(HTTPChannel):  # type: ignore[misc]  # waitress ships no types
    """A connection that may not take for ever to say what it wants."""

    _begun_s = 0.0

    def received(self, data: bytes) -> Any:
        """Called with what came."""
        if self.request is None:
            self._begun_s = time.monotonic()
        return super().received(data)

    def readable(self) -> Any:
        """Called before every wait for all connections, at least once a second."""
        asking = self.request is not None and not self.requests
        if asking and time.monotonic() - self._begun_s > REQUEST_S:
            self.will_close = True
        return super().readable()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    listener = socket.create_server((host, port), family=family, backlog=1024)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux; what is accepted inherits it
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNTAKEN_MS)
    return listener


def _allow_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


def _stop_when_asked(app: Flask) -> None:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        app.extensions[HUB].close()  # streams never end by themselves
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


def _prepare(settings: Settings) -> None:
    """The key of the PINs is made at the first start, before anybody needs it."""
    engine = open_engine(settings.url)
    try:
        prepare_pepper(engine, settings.data_dir)
    except StoreFault as fault:
        _log.warning("whether the key of the PINs is there will be seen later: %s", fault)
    finally:
        engine.dispose()


def serve_web(settings: Settings) -> None:
    """Serve the pages until stopped."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    _allow_files()
    _prepare(settings)
    app = create_app(settings)
    server = create_server(
        app,
        sockets=[_listen(settings.http_host, settings.http_port)],
        threads=LISTENERS_MAX + PAGE_THREADS,
        connection_limit=CONNECTIONS_MAX,
        channel_timeout=IDLE_S,
        cleanup_interval=5,
        max_request_header_size=_HEAD_BYTES_MAX,
        max_request_body_size=REQUEST_BYTES_MAX,
        inbuf_overflow=REQUEST_BYTES_MAX,
        outbuf_overflow=_WAITING_BYTES_MAX,
        outbuf_high_watermark=_WAITING_BYTES_MAX,
        asyncore_use_poll=True,  # select knows no file beyond number 1023
        log_socket_errors=False,
        ident=None,
    )
    server.channel_class = _Connection
    _stop_when_asked(app)
    engine = app.extensions[EXTENSION].engine
    zone = settings.zone.key
    with anchoring(engine, settings.data_dir), proving(engine, zone), adding_up(engine, zone):
        server.run()
