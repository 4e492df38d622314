"""Many edges in one process, with journal, window and acknowledgement, at the speed of sockets.

`python -m mes_server.bench.swarm` reads one JSON line of orders and prints one of results, so that
the swarm is a process of its own, as edges are.
"""

import json
import selectors
import socket
import struct
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from mes_server.bench import payloads
from schemas import journal_metrics as names
from schemas.sparkplug import decode_payload
from schemas.topics import topic

WINDOW = 200
RESEND_S = 3.0
SOCKETS = 8
BURST = 20  # messages of one node in a row
_PUBLISH, _SUBACK = 0x30, 0x90


def _length(size: int) -> bytes:
    out = bytearray()
    while size > 127:
        out.append(size & 127 | 128)
        size >>= 7
    out.append(size)
    return bytes(out)


def _string(text: str) -> bytes:
    raw = text.encode()
    return struct.pack(">H", len(raw)) + raw


def frame(where: str, payload: bytes) -> bytes:
    """An MQTT 3.1.1 PUBLISH at QoS 0."""
    body = _string(where) + payload
    return b"\x30" + _length(len(body)) + body


class Line:
    """One MQTT connection that may lag: what the socket does not take waits here."""

    def __init__(self, host: str, port: int, name: str) -> None:
        self.socket = socket.create_connection((host, port), timeout=10)
        self.incoming = bytearray()
        self.outgoing = bytearray()
        body = _string("MQTT") + b"\x04\x02" + struct.pack(">H", 0) + _string(name)
        self.socket.sendall(b"\x10" + _length(len(body)) + body)
        if self.socket.recv(4)[:1] != b"\x20":
            raise ConnectionError(f"the broker at {host}:{port} refused the benchmark's connection")

    def subscribe(self, where: str) -> None:
        """Subscribe at QoS 0 and wait for the answer."""
        body = b"\x00\x01" + _string(where) + b"\x00"
        self.socket.sendall(b"\x82" + _length(len(body)) + body)
        while not any(kind & 0xF0 == _SUBACK for kind, _ in self.packets(self.socket.recv(4096))):
            pass

    def packets(self, data: bytes) -> list[tuple[int, bytes]]:
        """What is complete in everything received so far, as (first byte, body)."""
        self.incoming += data
        found = []
        while len(self.incoming) >= 2:
            size = shift = 0
            at = 1
            while at < len(self.incoming) and at < 5:
                size |= (self.incoming[at] & 127) << shift
                shift += 7
                at += 1
                if self.incoming[at - 1] < 128:
                    break
            if len(self.incoming) < at + size or self.incoming[at - 1] > 127:
                break
            found.append((self.incoming[0], bytes(self.incoming[at : at + size])))
            del self.incoming[: at + size]
        return found

    def flush(self) -> None:
        """Send what the socket takes."""
        while self.outgoing:
            try:
                sent = self.socket.send(memoryview(self.outgoing)[: 1 << 17])
            except BlockingIOError:
                return
            del self.outgoing[:sent]


@dataclass
class Sender:
    """One edge's messages and how far they are sent and acknowledged."""

    edge: payloads.Edge
    line: Line
    frames: list[bytes]
    sent_at: npt.NDArray[np.float64] = field(repr=False)
    acked_at: npt.NDArray[np.float64] = field(repr=False)
    following: int = 0
    acked: int = 0
    moved_at: float = 0.0
    resent: int = 0


class Swarm:
    """Publishes `messages` records of every edge; with `rate` no faster than that in all."""

    def __init__(self, orders: dict[str, Any]) -> None:
        count = orders["nodes"]
        metrics = tuple(orders["metrics"])
        self.rate = orders.get("rate", 0)
        host, port = str(orders["host"]), orders["port"]
        self.lines = [Line(host, port, f"swarm-{i}") for i in range(min(SOCKETS, count))]
        self.listener = Line(host, port, "swarm-acks")
        now_ms = time.time_ns() // 1_000_000
        first_ms = now_ms - orders["messages"] * 1000
        self.senders: dict[str, Sender] = {}
        for i, edge in enumerate(payloads.edges(count, metrics, orders["seed"])):
            data = payloads.data_messages(edge, orders["messages"], first_ms, 1000)
            where = topic(payloads.GROUP, "DDATA", edge.node, edge.station)
            births = [payloads.nbirth(edge, 1, 1, now_ms), payloads.dbirth(edge, now_ms)]
            line = self.lines[i % len(self.lines)]
            line.outgoing += b"".join(frame(*birth) for birth in births)
            frames = [frame(where, message) for message in data]
            sent_at, acked_at = np.zeros(len(frames)), np.zeros(len(frames))
            self.senders[edge.node] = Sender(edge, line, frames, sent_at, acked_at)

    def run(self) -> dict[str, object]:
        """Send everything and wait for every acknowledgement; the figures."""
        self.listener.subscribe(f"spBv1.0/{payloads.GROUP}/NCMD/+")
        selector = selectors.DefaultSelector()
        for line in (*self.lines, self.listener):
            line.socket.setblocking(False)
            selector.register(line.socket, selectors.EVENT_READ, line)
        started = time.monotonic()
        offered = 0
        while any(s.acked < len(s.frames) for s in self.senders.values()):
            now = time.monotonic()
            allowed = int((now - started) * self.rate) - offered if self.rate else 1 << 30
            offered += self._send(now, allowed)
            for line in self.lines:
                line.flush()
            for key, _ in selector.select(0.001):
                self._read(key.data)
        return self._figures(started, time.monotonic())

    def _send(self, now: float, allowed: int) -> int:
        done = 0
        for sender in self.senders.values():
            if sender.acked < sender.following and now - sender.moved_at > RESEND_S:
                sender.resent += sender.following - sender.acked
                sender.following, sender.moved_at = sender.acked, now
            free = min(WINDOW - (sender.following - sender.acked), BURST, allowed - done)
            if self.rate:
                free = min(free, 1 + allowed // len(self.senders))
            upto = min(sender.following + max(free, 0), len(sender.frames))
            if upto == sender.following or len(sender.line.outgoing) > 1 << 20:
                continue
            if sender.following == sender.acked:
                sender.moved_at = now
            fresh = sender.sent_at[sender.following : upto] == 0
            sender.sent_at[sender.following : upto][fresh] = now
            sender.line.outgoing += b"".join(sender.frames[sender.following : upto])
            done += upto - sender.following
            sender.following = upto
        return done

    def _read(self, line: Line) -> None:
        try:
            data = line.socket.recv(1 << 16)
        except BlockingIOError:
            return
        if not data:
            raise ConnectionError("the broker closed a connection of the benchmark")
        now = time.monotonic()
        for kind, body in line.packets(data):
            if kind & 0xF0 == _PUBLISH:
                size = struct.unpack(">H", body[:2])[0]
                self._acknowledged(body[2 : 2 + size].decode(), body[2 + size :], now)

    def _acknowledged(self, where: str, payload: bytes, now: float) -> None:
        sender = self.senders.get(where.rpartition("/")[2])
        for m in decode_payload(payload).metrics:
            if sender and m.name == names.ACK and m.value is not None:
                epoch, seq = names.split_position(m.value)
                if epoch == sender.edge.epoch and seq > sender.acked:
                    sender.acked_at[sender.acked : seq] = now
                    sender.acked, sender.moved_at = seq, now
                    sender.following = max(sender.following, seq)

    def _figures(self, started: float, ended: float) -> dict[str, object]:
        senders = list(self.senders.values())
        waits = np.concatenate([s.acked_at - s.sent_at for s in senders]) * 1000
        total = sum(len(s.frames) for s in senders)
        return {
            "messages": total,
            "seconds": ended - started,
            "bytes": sum(len(f) for s in senders for f in s.frames),
            "resent": sum(s.resent for s in senders),
            "p50_ms": float(np.percentile(waits, 50)),
            "p99_ms": float(np.percentile(waits, 99)),
            "max_ms": float(waits.max()),
        }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(Swarm(json.loads(sys.stdin.readline())).run()) + "\n")
