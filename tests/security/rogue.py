"""An MQTT client that does as it likes: any topic, any Will, any certificate or none, and no waiting for answers."""

import socket
import ssl
import struct
import time
from contextlib import suppress

from mes_server.ingest.packets import length_at, packet, text_bytes
from tests.security.secured import Identity

PATIENCE_S = 20.0


def context_for(identity: Identity | None) -> ssl.SSLContext:
    """TLS as this client wants it: whether it believes the broker is not what is asked here."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if identity is not None:
        context.load_cert_chain(identity.certificate, identity.key)
    return context


class Rogue:
    """One connection. What it is sent is in `heard`: (topic, payload)."""

    def __init__(self, port: int, identity: Identity | None) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.answers: list[tuple[int, bytes]] = []
        self._rest = b""
        self._number = 0
        raw = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        try:
            self._socket = context_for(identity).wrap_socket(raw)
        except OSError:
            raw.close()
            raise

    def connect(
        self, client_id: str, will: tuple[str, bytes] | None = None, user: str | None = None
    ) -> None:
        """Send CONNECT; `welcome` waits for the answer."""
        flags = 0x02 | (0x04 | 0x08 if will else 0) | (0x80 | 0x40 if user else 0)
        body = text_bytes("MQTT") + bytes((4, flags)) + struct.pack(">H", 60)
        body += text_bytes(client_id)
        if will:
            body += text_bytes(will[0]) + struct.pack(">H", len(will[1])) + will[1]
        if user:
            body += text_bytes(user) + text_bytes("password")
        self.send(packet(0x10, body))

    def welcome(self) -> bool:
        """Whether the broker lets it in."""
        try:
            return self._answer(0x20)[1:2] == b"\x00"
        except OSError:
            return False

    def subscribe(self, topic_filter: str, qos: int = 1) -> int:
        """Subscribe; the code of the SUBACK: 128 is a refusal."""
        self.ask(topic_filter, qos)
        return self._answer(0x90)[-1]

    def ask(self, topic_filter: str, qos: int = 1) -> None:
        """Send SUBSCRIBE, and do not wait."""
        self.send(packet(0x82, self._next() + text_bytes(topic_filter) + bytes((qos,))))

    def publish(self, topic: str, payload: bytes, qos: int = 0, retain: bool = False) -> None:
        """Send it, and do not wait."""
        number = self._next() if qos else b""
        self.send(packet(0x30 | qos << 1 | retain, text_bytes(topic) + number + payload))

    def settle(self) -> None:
        """Until the broker has taken in all that was sent before."""
        self.send(b"\xc0\x00")
        self._answer(0xD0)

    def until(self, payload: bytes) -> None:
        """Read until this payload has come."""
        deadline = time.monotonic() + PATIENCE_S
        while not any(one == payload for _, one in self.heard):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{payload!r} did not come")
            self._read()

    def vanish(self) -> None:
        """End without a goodbye: the broker is to publish the Will."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def is_cut(self, seconds: float) -> bool:
        """Whether the broker ends the connection within so long."""
        deadline = time.monotonic() + seconds
        try:
            while time.monotonic() < deadline:
                with suppress(TimeoutError):
                    self._socket.settimeout(0.2)
                    self._read()
        except OSError:
            return True
        return False

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def _next(self) -> bytes:
        self._number = self._number % 65535 + 1
        return struct.pack(">H", self._number)

    def _answer(self, kind: int) -> bytes:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            for n, (head, body) in enumerate(self.answers):
                if head & 0xF0 == kind:
                    del self.answers[n]
                    return body
            if time.monotonic() > deadline:
                raise TimeoutError(f"no packet {kind:#x} came")
            self._read()

    def _read(self) -> None:
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionResetError("the broker closed the connection")
        data = self._rest + data
        at = 0
        while len(data) - at >= 2:
            size, start = length_at(data, at + 1)
            if start < 0 or len(data) - start < size:
                break
            self._take(data[at], data[start : start + size])
            at = start + size
        self._rest = data[at:]

    def _take(self, head: int, body: bytes) -> None:
        if head & 0xF0 != 0x30:
            self.answers.append((head, body))
            return
        end = 2 + struct.unpack(">H", body[:2])[0]
        topic = body[2:end].decode()
        if head & 0x06:
            self.send(packet(0x40, body[end : end + 2]))
            end += 2
        self.heard.append((topic, body[end:]))
