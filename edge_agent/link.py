"""MQTT 3.1.1 over asyncio streams, as much as an edge needs, on both interpreters.

Every wait has a deadline. One task, the sender, calls publish(), keep() and flush(); another calls
receive(). Faults are OSError.
"""

import asyncio
import errno
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

PACKET_MAX = 4096  # a larger packet from the broker is read and thrown away
_DEADLINE_S = 10.0
_TLS_FAULTS = 0x1000  # Mbed TLS numbers its faults from here, below zero
_ALERT = -0x7780  # the other side said that it goes no further, and the port does not tell us why
_EARLY_MAX = 16  # messages before the SUBACK that are kept
_REFUSALS = (
    "accepted",
    "the broker does not speak MQTT 3.1.1",
    "the broker refuses this client id",
    "the broker is not available",
    "wrong user or password",
    "not authorised",
)
_SIZE_UNKNOWN = b"\x00\x00"  # as many bytes as the size of most messages has
_CONNECT, _CONNACK, _PUBLISH, _PUBACK, _SUBSCRIBE, _SUBACK, _PINGRESP = 1, 2, 3, 4, 8, 9, 13


def _text(text: str) -> bytes:
    raw = text.encode()
    return len(raw).to_bytes(2, "big") + raw


def _size(count: int) -> bytes:
    out = bytearray()
    while count > 127:
        out.append(count & 127 | 128)
        count >>= 7
    out.append(count)
    return bytes(out)


def _writable(sock: "Any") -> "Any":
    yield asyncio.core._io_queue.queue_write(sock)  # type: ignore[attr-defined]


async def open_stream(host: str, port: int) -> "tuple[Any, Any]":
    """A TCP stream; a board with TLS hands in its own."""
    if sys.implementation.name != "micropython":
        return await asyncio.open_connection(host, port)
    # As asyncio.open_connection, which leaves the socket open when it is cancelled.
    import socket

    info = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)[0]
    sock = socket.socket(info[0], info[1], info[2])
    done = False
    try:
        sock.setblocking(False)
        try:
            sock.connect(info[-1])
        except OSError as fault:
            if fault.errno != errno.EINPROGRESS:
                raise
        await _writable(sock)
        done = True
    finally:
        if not done:
            sock.close()
    stream: Any = asyncio.StreamReader(sock)  # type: ignore[arg-type]
    return stream, stream


async def within(seconds: float, work: "Any") -> "Any":
    """Await `work`; an OSError when it takes longer or the stream ends."""
    try:
        return await asyncio.wait_for(work, seconds)
    except asyncio.TimeoutError:
        raise OSError(errno.ETIMEDOUT, "the broker does not answer") from None
    except EOFError:
        raise OSError(errno.ECONNRESET, "the broker closed the connection") from None
    except ValueError as fault:  # MicroPython's TLS: of a certificate that it does not trust
        raise OSError(errno.EACCES, f"TLS: {str(fault).strip()}") from None
    except OSError as fault:
        if fault.args and isinstance(fault.args[0], int) and fault.args[0] < -_TLS_FAULTS:
            told = "it may not know this node's certificate" if fault.args[0] == _ALERT else ""
            words = f"TLS: the broker ended it ({-fault.args[0]:#x}) {told}"
            raise OSError(errno.EACCES, words.strip()) from None
        raise


class Link:
    """One connection to a broker, from CONNECT to the end."""

    def __init__(
        self, keepalive_s: int, mono_ms: "Callable[[], int]", opener: "Any" = open_stream
    ) -> None:
        self._keepalive_s = keepalive_s
        self._mono_ms = mono_ms
        self._open = opener
        self._reader: Any = None
        self._writer: Any = None
        self._pinged_ms = 0
        self._early: list[tuple[str, bytes]] = []
        self.out = bytearray()  # what flush() will send
        self._begun = 0  # where the size of the message stands that is being written
        self.oversized = 0  # packets thrown away

    async def open(self, address: tuple[str, int]) -> None:
        """Open the stream; nothing is sent yet."""
        self._reader, self._writer = await within(_DEADLINE_S, self._open(*address))
        transport = getattr(self._writer, "transport", None)
        if transport is not None:  # CPython: drain() is to wait until all is on its way
            transport.set_write_buffer_limits(0)

    async def connect(self, client_id: str, will_topic: str, will: bytes) -> None:
        """CONNECT with a Will at QoS 1, not retained, and a clean session."""
        flags = 0x02 | 0x04 | 0x08
        self._pinged_ms = self._mono_ms()
        body = _text("MQTT") + bytes((4, flags)) + self._keepalive_s.to_bytes(2, "big")
        body += _text(client_id) + _text(will_topic) + len(will).to_bytes(2, "big") + will
        self.out += bytes((_CONNECT << 4,)) + _size(len(body)) + body
        await self.flush()
        kind, answer = await self._packet(_DEADLINE_S)
        if kind >> 4 != _CONNACK or len(answer) < 2:
            raise OSError(errno.EIO, "the broker did not answer CONNECT")
        if answer[1]:
            code = answer[1]
            raise OSError(errno.EACCES, _REFUSALS[code] if code < 6 else f"refused, code {code}")

    async def subscribe(self, topics: list[str]) -> None:
        """Subscribe at QoS 1. A refused topic is a fault: its silence would look like peace."""
        body = b"\x00\x01"
        for topic in topics:
            body += _text(topic) + b"\x01"
        self.out += bytes((_SUBSCRIBE << 4 | 2,)) + _size(len(body)) + body
        await self.flush()
        codes = await within(_DEADLINE_S, self._suback())
        if len(codes) != len(topics):
            raise OSError(errno.EIO, "the broker did not answer SUBSCRIBE")
        refused = [topics[n] for n in range(len(topics)) if codes[n] > 2]
        if refused:
            raise OSError(errno.EACCES, f"the broker refuses the subscription of {refused}")

    async def _suback(self) -> bytes:
        """The codes of the SUBACK; what comes before it is kept for receive(), as far as that is sane."""
        while True:
            kind, answer = await self._packet(_DEADLINE_S)
            if kind >> 4 == _SUBACK:
                return answer[2:]
            if kind >> 4 == _PUBLISH and answer:
                if len(self._early) < _EARLY_MAX:
                    self._early.append(self._received(kind, answer))
                else:
                    self.oversized += 1

    def publish(self, topic: bytes, payload: "bytes | bytearray") -> None:
        """Queue a message at QoS 0, not retained. `topic` as `topic_bytes` makes it."""
        out = self.begin(topic)
        out += payload
        self.end()

    def begin(self, topic: bytes) -> bytearray:
        """As publish, for who appends the payload to what is returned and calls end(): memory."""
        out = self.out
        out.append(_PUBLISH << 4)
        self._begun = len(out)
        out += _SIZE_UNKNOWN
        out += topic
        return out

    def end(self) -> None:
        """The payload is whole."""
        at = self._begun
        rest = at + len(_SIZE_UNKNOWN)
        self.out[at:rest] = _size(len(self.out) - rest)

    async def flush(self) -> None:
        """Send what is queued."""
        out = self.out
        if not out:
            return
        self.out = bytearray()
        is_closing = getattr(self._writer, "is_closing", None)
        if is_closing is not None and is_closing():
            return  # CPython knows already; who reads hears why
        await within(_DEADLINE_S, self._write(out))

    async def _write(self, out: bytearray) -> None:
        self._writer.write(out)
        await self._writer.drain()

    def keep(self) -> int:
        """Queue a PINGREQ every half keepalive; milliseconds until the next.

        Also while data flows: nothing answers QoS 0, and receive() takes silence for a dead broker.
        """
        left = self._pinged_ms + self._keepalive_s * 500 - self._mono_ms()
        if left > 0:
            return left
        self._pinged_ms = self._mono_ms()
        self.out += b"\xc0\x00"
        return self._keepalive_s * 500

    async def receive(self) -> "tuple[str, bytes]":
        """The next message. A fault when the broker is silent for 1.5 times the keepalive."""
        while True:
            if self._early:
                return self._early.pop(0)
            kind, body = await self._packet(self._keepalive_s * 1.5)
            if kind >> 4 == _PUBLISH and body:
                return self._received(kind, body)

    def _received(self, kind: int, body: bytes) -> "tuple[str, bytes]":
        at = 2 + int.from_bytes(body[:2], "big")
        if len(body) < at + (2 if kind & 6 else 0):
            raise OSError(errno.EIO, "the broker sent a message that is cut off")
        try:
            topic = body[2:at].decode()
        except ValueError:
            raise OSError(errno.EIO, "the broker sent a topic that is not UTF-8") from None
        if kind & 6:
            self.out += bytes((_PUBACK << 4, 2)) + body[at : at + 2]
            at += 2
        return topic, body[at:]

    async def _packet(self, seconds: float) -> tuple[int, bytes]:
        """First byte and body of the next packet; an oversized one has an empty body."""
        reader = self._reader
        kind = (await within(seconds, reader.readexactly(1)))[0]
        size = shift = 0
        while True:
            byte = (await within(_DEADLINE_S, reader.readexactly(1)))[0]
            size |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
            if shift > 21:
                raise OSError(errno.EIO, "the broker sent a packet without an end")
        if size <= PACKET_MAX:
            return kind, await within(_DEADLINE_S, reader.readexactly(size)) if size else b""
        self.oversized += 1
        while size:
            part = min(size, 512)
            await within(_DEADLINE_S, reader.readexactly(part))
            size -= part
        return kind, b""

    async def disconnect(self) -> None:
        """Say goodbye: the broker forgets the Will."""
        self.out += b"\xe0\x00"
        await self.flush()

    def close(self) -> None:
        writer = self._writer
        if writer is not None:
            self._writer = None
            writer.close()
            sock = getattr(writer, "s", None)
            if sock is not None:  # MicroPython's Stream.close() leaves the socket open
                sock.close()


def topic_bytes(topic: str) -> bytes:
    """A topic as publish() takes it."""
    return _text(topic)
