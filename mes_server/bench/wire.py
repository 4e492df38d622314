"""An MQTT connection for many edges at once: it never waits, and what the socket does not take stays."""

import socket
import struct
from collections.abc import Iterator

from mes_server.ingest.packets import length_at, packet, text_bytes

_PUBLISH, _CONNACK, _SUBACK = 0x30, 0x20, 0x90
_CLEAN_SESSION = 0x02


class Line:
    """One connection. `outgoing` is what is still to be sent."""

    def __init__(self, host: str, port: int, name: str) -> None:
        self.socket = socket.create_connection((host, port), timeout=10)
        self.incoming = bytearray()
        self.outgoing = bytearray()
        flags = bytes((4, _CLEAN_SESSION)) + struct.pack(">H", 0)
        self.socket.sendall(packet(0x10, text_bytes("MQTT") + flags + text_bytes(name)))
        if self.socket.recv(4)[0] != _CONNACK:
            raise ConnectionError(f"the broker at {host}:{port} refused the benchmark's connection")

    def subscribe(self, where: str) -> None:
        """Subscribe at QoS 0 and wait for the answer; from then on nothing waits."""
        self.socket.sendall(packet(0x82, b"\x00\x01" + text_bytes(where) + b"\x00"))
        while not any(kind & 0xF0 == _SUBACK for kind, _ in self._packets(self.socket.recv(4096))):
            pass

    def _packets(self, data: bytes) -> list[tuple[int, bytes]]:
        """What is complete in everything received so far, as (first byte, body)."""
        self.incoming += data
        found = []
        at = 0
        while at + 2 <= len(self.incoming):
            size, start = length_at(self.incoming, at + 1)
            if start < 0 or start + size > len(self.incoming):
                break
            found.append((self.incoming[at], bytes(self.incoming[start : start + size])))
            at = start + size
        del self.incoming[:at]
        return found

    def messages(self) -> Iterator[tuple[str, bytes]]:
        """Topic and payload of what has come."""
        try:
            data = self.socket.recv(1 << 16)
        except BlockingIOError:
            return
        if not data:
            raise ConnectionError("the broker closed a connection of the benchmark")
        for kind, body in self._packets(data):
            if kind & 0xF0 == _PUBLISH:
                end = 2 + struct.unpack(">H", body[:2])[0]
                yield body[2:end].decode(), body[end:]

    def flush(self) -> None:
        """Send what the socket takes."""
        while self.outgoing:
            try:
                sent = self.socket.send(memoryview(self.outgoing)[: 1 << 17])
            except BlockingIOError:
                return
            del self.outgoing[:sent]
