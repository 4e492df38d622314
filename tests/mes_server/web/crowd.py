"""Connections that want something from a web server for ever: half a request, an answer never read."""

import http.client
import resource
import socket
from collections.abc import Iterator
from contextlib import contextmanager

FILES = 4096
HALF = b"GET /healthz HTTP/1.1\r\nHost: plant\r\nX-Never-Finished: "
WHOLE = "GET {} HTTP/1.1\r\nHost: plant\r\n\r\n"


def allow_files() -> None:
    """Let this process hold a crowd's sockets."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, FILES)), hard))


class Crowd:
    """Sockets to one port, all of them held until the end."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.held: list[socket.socket] = []

    def _open(self, sent: bytes, room: int | None = None) -> socket.socket:
        sock = socket.socket()
        self.held.append(sock)
        if room is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        sock.settimeout(20)
        sock.connect(("127.0.0.1", self.port))
        sock.sendall(sent)
        return sock

    def half_requests(self, count: int) -> None:
        """Requests whose head never ends, and some that never begin."""
        for number in range(count):
            self._open(HALF if number % 5 else b"")

    def idle(self, count: int) -> None:
        """Connections kept alive after one answer."""
        for _ in range(count):
            sock = self._open(WHOLE.format("/metrics").encode())
            http.client.HTTPResponse(sock, method="GET").begin()

    def unread(self, count: int, path: str) -> None:
        """Whole requests whose answers nobody reads, with little room for them on the way."""
        for _ in range(count):
            self._open(WHOLE.format(path).encode(), room=2048)

    def streams(self, count: int) -> list[bytes]:
        """Open event streams; the first bytes of each."""
        opened = [self._open(WHOLE.format("/api/v1/events").encode()) for _ in range(count)]
        return [sock.recv(4096) for sock in opened]


@contextmanager
def crowd(port: int) -> Iterator[Crowd]:
    """A crowd that goes home at the end."""
    allow_files()
    there = Crowd(port)
    try:
        yield there
    finally:
        for sock in there.held:
            sock.close()
