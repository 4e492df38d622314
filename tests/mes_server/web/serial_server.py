"""A serial server that speaks RFC 2217, as boxes in plants do: a port far away with its settings; for tests."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import serial
from serial.rfc2217 import PortManager


class _Way:
    """What the manager writes its answers to."""

    def __init__(self, line: socket.socket) -> None:
        self._line, self._lock = line, threading.Lock()

    def write(self, data: bytes) -> None:
        with self._lock, suppress(OSError):
            self._line.sendall(data)


class _Pty(serial.Serial):  # type: ignore[misc]  # pyserial has no types
    """A pty has no modem lines, and takes no other settings than 8N1: the speed is what can be seen."""

    cts = dsr = ri = cd = False

    def _update_dtr_state(self) -> None:
        return

    def _update_rts_state(self) -> None:
        return


def _serve(server: socket.socket, port: Any, over: threading.Event) -> None:
    line, _ = server.accept()
    line.settimeout(0.05)
    way = _Way(line)
    manager = PortManager(port, way)
    while not over.is_set():
        with suppress(TimeoutError):
            port.write(b"".join(manager.filter(line.recv(1024))))
        if port.in_waiting:
            way.write(b"".join(manager.escape(port.read(port.in_waiting))))
    line.close()


@contextmanager
def serving_port(name: Path) -> Iterator[tuple[str, Any]]:
    """The address at which the port is to be had, and the port as the server has set it."""
    over = threading.Event()
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        _Pty(str(name), 1200, timeout=0) as port,
    ):
        thread = threading.Thread(target=_serve, args=(server, port, over))
        thread.start()
        try:
            yield f"rfc2217://127.0.0.1:{server.getsockname()[1]}", port
        finally:
            over.set()
            thread.join(20)
