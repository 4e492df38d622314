"""The part of MQTT 3.1.1 a Sparkplug host needs, over one socket, many messages to a read.

A general client hands over packet by packet, three system calls each; at 5,000 messages a second that
was more than half of ingest (docs/decisions). One thread reads; any thread may publish.
"""

import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from mes_server.ingest.packets import MqttError, length_at, packet, publish_packet, text_bytes
from mes_server.ingest.tls import TlsSocket

PACKET_MAX = 2 << 20  # a larger one is cut: it is going to quarantine, and memory is not endless
CUT_BYTES = 300 * 1024
READ_BYTES = 1 << 18
PATIENCE_S = 5.0  # for one answer, one write, and the look at the clock between two reads
_LOOK_S = 1.0
_TOPICS_MAX = 20_000
_TOPIC_BYTES = (
    200  # a longer one is no station's: the broker lets pass 64 KB, and they are remembered
)
_CONNACK, _PUBLISH, _PUBACK, _SUBACK = 0x20, 0x30, 0x40, 0x90
_PINGREQ, _DISCONNECT = b"\xc0\x00", b"\xe0\x00"
_REFUSED = (
    "accepted", "unacceptable protocol version", "client id rejected", "server unavailable",
    "bad user name or password", "not authorized",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Publish:
    """A message to publish: also a Will."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message that came. `topic` may hold anything the broker let pass."""

    topic: str
    payload: bytes
    retained: bool


def connect(
    address: tuple[str, int],
    client_id: str,
    keepalive_s: int,
    will: Publish,
    tls: ssl.SSLContext | None = None,
) -> "Connection":
    """A Connection with this Will and a clean session; raises OSError."""
    plain = socket.create_connection(address, timeout=PATIENCE_S)
    raw: socket.socket | TlsSocket = plain
    try:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            raw = TlsSocket(plain, tls, address[0])
        flags = 0x02 | 0x04 | will.qos << 3 | (0x20 if will.retain else 0)
        body = text_bytes("MQTT") + bytes((4, flags)) + struct.pack(">H", keepalive_s)
        body += text_bytes(client_id) + text_bytes(will.topic)
        body += struct.pack(">H", len(will.payload)) + will.payload
        raw.sendall(packet(0x10, body))
        _expect_welcome(raw)
    except OSError:
        raw.close()
        raise
    return Connection(raw, keepalive_s)


def _expect_welcome(raw: socket.socket | TlsSocket) -> None:
    answer = b""
    while len(answer) < 4:
        part = raw.recv(4 - len(answer))
        if not part:
            raise MqttError("it closed the connection at once")
        answer += part
    if answer[0] != _CONNACK:
        raise MqttError("it does not speak MQTT 3.1.1")
    if answer[3]:
        known = answer[3] < len(_REFUSED)
        raise MqttError(f"it refused: {_REFUSED[answer[3]] if known else answer[3]}")


class Connection:
    """One connection, until it ends; never used again after that."""

    def __init__(self, raw: socket.socket | TlsSocket, keepalive_s: int) -> None:
        self._socket = raw
        self._socket.settimeout(_LOOK_S)
        self._keepalive_s = keepalive_s
        self._heard_s = self._asked_s = time.monotonic()
        self._rest = b""
        self._cut = 0
        self._sending = threading.Lock()
        self._acknowledged = threading.Event()
        self._packet_id = 0
        self._granted: list[int] | None = None
        self._topics: dict[bytes, str] = {}

    def subscribe(self, filters: list[tuple[str, int]]) -> list[Arrived]:
        """Subscribe; what came before the answer. Raises MqttError when a filter is refused."""
        body = struct.pack(">H", self._next_id())
        for name, qos in filters:
            body += text_bytes(name) + bytes((qos,))
        self._send(packet(0x82, body))
        arrived = []
        deadline = time.monotonic() + PATIENCE_S
        while self._granted is None:
            if time.monotonic() > deadline:
                raise MqttError("it did not answer the subscription")
            arrived += self.read()
        refused = [
            name for (name, _), code in zip(filters, self._granted, strict=False) if code > 2
        ]
        if refused or len(self._granted) != len(filters):
            raise MqttError(f"it refused the subscription to {', '.join(refused) or 'all'}")
        return arrived

    def publish(self, message: Publish) -> None:
        """Publish from any thread; raises OSError."""
        body = text_bytes(message.topic)
        if message.qos:
            self._acknowledged.clear()
            body += struct.pack(">H", self._next_id())
        head = _PUBLISH | message.qos << 1 | (1 if message.retain else 0)
        self._send(packet(head, body + message.payload))

    def publish_many(self, messages: Iterable[tuple[str, bytes]]) -> None:
        """Publish at QoS 0, not retained, all in one write; raises OSError."""
        self._send(b"".join([publish_packet(topic, payload) for topic, payload in messages]))

    def wait_acknowledged(self, timeout_s: float) -> bool:
        """Whether the broker acknowledges the last message of QoS 1 in time."""
        return self._acknowledged.wait(timeout_s)

    def read(self) -> list[Arrived]:
        """What has come, after a short wait at most; raises OSError when the connection is dead."""
        try:
            data = self._socket.recv(READ_BYTES)
        except TimeoutError:
            self._look_at_the_clock()
            return []
        if not data:
            raise MqttError("it closed the connection")
        self._heard_s = time.monotonic()
        if self._heard_s - self._asked_s > self._keepalive_s / 2:
            self._look_at_the_clock()
        return list(self._packets(data))

    def leave(self) -> None:
        """Say goodbye: the broker does not publish the Will, and closes. Raises OSError.

        Read on until it has. To close a socket that holds unread bytes resets the connection, and what
        the broker has not read yet, this goodbye with it, is lost.
        """
        self._send(_DISCONNECT)

    def close(self) -> None:
        """End it."""
        with suppress(OSError):  # it is gone already
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _send(self, data: bytes) -> None:
        with self._sending:
            self._socket.sendall(data)

    def _next_id(self) -> int:
        self._packet_id = self._packet_id % 65535 + 1
        return self._packet_id

    def _look_at_the_clock(self) -> None:
        now = time.monotonic()
        if now - self._heard_s > self._keepalive_s * 1.5:
            raise MqttError(f"it has been silent for {now - self._heard_s:.0f} s")
        if now - self._asked_s >= self._keepalive_s / 2:
            self._asked_s = now
            self._send(_PINGREQ)

    def _packets(self, data: bytes) -> Iterator[Arrived]:
        if self._cut:
            dropped = min(self._cut, len(data))
            self._cut -= dropped
            data = data[dropped:]
        if self._rest:
            data = self._rest + data
        at, end = 0, len(data)
        while end - at >= 2:
            size = data[at + 1]
            start = at + 2
            if size > 127:
                size, start = length_at(data, at + 1)
                if start < 0:
                    break
                if size > PACKET_MAX and end - start >= CUT_BYTES:
                    yield from self._handle(data[at], data[start : start + CUT_BYTES])
                    self._cut = max(start + size - end, 0)
                    at = min(start + size, end)
                    continue
            if start + size > end:
                break
            yield from self._handle(data[at], data[start : start + size])
            at = start + size
        self._rest = data[at:] if at < end else b""

    def _handle(self, head: int, body: bytes) -> Iterator[Arrived]:
        kind = head & 0xF0
        if kind == _PUBLISH:
            yield self._message(head, body)
        elif kind == _PUBACK:
            self._acknowledged.set()
        elif kind == _SUBACK:
            self._granted = list(body[2:])

    def _message(self, head: int, body: bytes) -> Arrived:
        if len(body) < 2:
            raise MqttError("a message without a topic")
        end = 2 + (body[0] << 8 | body[1])
        raw = body[2:end]
        topic = self._topics.get(raw)
        if topic is None:
            topic = raw.decode(errors="backslashreplace")
            if len(raw) <= _TOPIC_BYTES and len(self._topics) < _TOPICS_MAX:
                self._topics[raw] = topic
        if head & 0x06:
            self._send(packet(_PUBACK, body[end : end + 2]))
            end += 2
        return Arrived(topic, body[end:], bool(head & 1))
