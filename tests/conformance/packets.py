"""MQTT 3.1.1 packets as they pass on the wire: bytes in, frozen values out.

Only what a conformance check asks for is kept; OASIS MQTT 3.1.1 chapters 2 and 3 name the fields.
"""

from collections.abc import Iterator
from dataclasses import dataclass


class PacketError(ValueError):
    """Bytes that are no MQTT 3.1.1 packet."""


@dataclass(frozen=True, slots=True)
class Publish:
    """A message on its way, or a Will (then `dup` is False)."""

    topic: str  # what is not UTF-8 comes as surrogates, so that it can be seen
    payload: bytes
    qos: int = 0
    retain: bool = False
    dup: bool = False


@dataclass(frozen=True, slots=True)
class Connect:
    """The first packet of a client."""

    client_id: str
    level: int
    clean: bool
    keepalive_s: int
    will: Publish | None


@dataclass(frozen=True, slots=True)
class Connack:
    """The broker's answer: 0 is welcome."""

    code: int


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Topic filters and the QoS asked for."""

    filters: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Suback:
    """The QoS granted to each filter; 128 is a refusal."""

    codes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Disconnect:
    """The client says goodbye: no Will."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The connection ended; not a packet, but no session is understood without it."""


@dataclass(frozen=True, slots=True)
class Other:
    """A packet no check asks about, by its type number."""

    type: int


Packet = Publish | Connect | Connack | Subscribe | Suback | Disconnect | Closed | Other


class _Reader:
    """Walks over the body of one packet."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.at = 0

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def take(self, size: int) -> bytes:
        if self.at + size > len(self.body):
            raise PacketError("a packet is shorter than its fields")
        self.at += size
        return self.body[self.at - size : self.at]

    def text(self) -> str:
        return self.take(self.number(2)).decode("utf-8", "surrogateescape")

    @property
    def left(self) -> int:
        return len(self.body) - self.at


def _connect(body: _Reader) -> Connect:
    if body.text() != "MQTT":
        raise PacketError("not MQTT")
    level, flags, keepalive = body.number(1), body.number(1), body.number(2)
    client_id = body.text()
    will = None
    if flags & 4:
        topic = body.text()
        payload = body.take(body.number(2))
        will = Publish(topic, payload, flags >> 3 & 3, bool(flags & 32))
    return Connect(client_id, level, bool(flags & 2), keepalive, will)


def _publish(flags: int, body: _Reader) -> Publish:
    qos = flags >> 1 & 3
    topic = body.text()
    if qos:
        body.take(2)
    return Publish(topic, body.take(body.left), qos, bool(flags & 1), bool(flags & 8))


def _subscribe(body: _Reader) -> Subscribe:
    body.take(2)
    filters = []
    while body.left:
        filters.append((body.text(), body.number(1)))
    return Subscribe(tuple(filters))


def _packet(first: int, body: _Reader) -> Packet:
    kind = first >> 4
    if kind == 1:
        return _connect(body)
    if kind == 2:
        return Connack(body.number(2) & 255)
    if kind == 3:
        return _publish(first & 15, body)
    if kind == 8:
        return _subscribe(body)
    if kind == 9:
        return Suback(tuple(body.body[2:]))
    return Disconnect() if kind == 14 else Other(kind)


class Splitter:
    """Cuts the bytes of one direction of a connection into packets."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[Packet, bytes]]:
        """Each packet that is complete now, with its bytes; raises PacketError."""
        self._waiting += data
        while (size := self._size()) is not None:
            head, total = size
            if len(self._waiting) < total:
                return
            raw = bytes(self._waiting[:total])
            del self._waiting[:total]
            yield _packet(raw[0], _Reader(raw[head:])), raw

    def _size(self) -> tuple[int, int] | None:
        """Bytes of the fixed header and of the whole packet, None when not yet known."""
        length = 0
        for index in range(4):
            if len(self._waiting) < index + 2:
                return None
            byte = self._waiting[index + 1]
            length |= (byte & 127) << 7 * index
            if byte < 128:
                return index + 2, index + 2 + length
        raise PacketError("a remaining length of more than four bytes")
