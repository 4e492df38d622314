"""TLS towards the broker: its certificate is the site's, and so is ours.

OpenSSL must not be called by two threads for one connection at a time, and one thread reads while others
publish: each call is short and under a lock, the waiting is outside of it.
"""

import hashlib
import select
import socket
import ssl
import threading
import time
from pathlib import Path

_RECORD_BYTES = 16_384


def client_context(pki: Path) -> ssl.SSLContext:
    """What the MES shows and what it believes; raises OSError when a file is missing or wrong."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    for name in ("root.crt", "mes.crt", "mes.key"):
        (pki / name).stat()  # OpenSSL does not say which file it is that is not there
    context.load_verify_locations(pki / "root.crt")
    context.load_cert_chain(pki / "mes.crt", pki / "mes.key")
    return context


def client_tag(pki: Path) -> str:
    """A part of the client id that nobody else can guess: who connects by another's id ends that one's connection."""
    return hashlib.sha256(b"client id" + (pki / "mes.key").read_bytes()).hexdigest()[:16]


class TlsSocket:
    """As much of a socket as a Connection needs, over TLS; raises OSError as a socket does."""

    def __init__(self, raw: socket.socket, context: ssl.SSLContext, host: str) -> None:
        """Shakes hands within the socket's timeout."""
        self._timeout_s = raw.gettimeout() or 0.0
        self._ssl = context.wrap_socket(raw, server_hostname=host)
        self._ssl.setblocking(False)
        self._lock = threading.Lock()

    def settimeout(self, seconds: float) -> None:
        """As of a socket."""
        self._timeout_s = seconds

    def recv(self, count: int) -> bytes:
        """What has come, at most `count`; b"" at the end; TimeoutError when nothing comes."""
        deadline = time.monotonic() + self._timeout_s
        data = bytearray()
        while len(data) < count:
            try:
                with self._lock:
                    part = self._ssl.recv(min(count - len(data), _RECORD_BYTES))
            except ssl.SSLWantReadError:
                event = select.POLLIN
            except ssl.SSLWantWriteError:
                event = select.POLLOUT
            else:
                if not part:
                    break
                data += part
                continue
            if data:
                break
            self._wait(event, deadline)
        return bytes(data)

    def sendall(self, data: bytes) -> None:
        """Send all of it; one thread at a time."""
        deadline = time.monotonic() + self._timeout_s
        left = memoryview(data)
        while left:
            try:
                with self._lock:
                    left = left[self._ssl.send(left) :]
            except ssl.SSLWantReadError:
                self._wait(select.POLLIN, deadline)
            except ssl.SSLWantWriteError:
                self._wait(select.POLLOUT, deadline)

    def shutdown(self, how: int) -> None:
        """As of a socket: a thread that reads sees the end."""
        with self._lock:
            self._ssl.shutdown(how)

    def close(self) -> None:
        """As of a socket."""
        self._ssl.close()

    def _wait(self, event: int, deadline: float) -> None:
        left = deadline - time.monotonic()
        looking = select.poll()
        looking.register(self._ssl, event)
        if left <= 0 or not looking.poll(left * 1000):
            raise TimeoutError("the broker does not take or send anything")
