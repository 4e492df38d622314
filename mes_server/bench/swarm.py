"""Many edges in one process, with journal, window and acknowledgement, at the speed of sockets.

`python -m mes_server.bench.swarm` reads one JSON line of orders and prints one of results, so that
the swarm is a process of its own, as edges are.
"""

import json
import selectors
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from mes_server.bench import payloads
from mes_server.bench.wire import Line
from mes_server.ingest.packets import publish_packet
from schemas import journal_metrics as names
from schemas.sparkplug import decode_payload
from schemas.topics import topic

WINDOW = 200
RESEND_S = 3.0
SOCKETS = 8
BURST = 20  # messages of one node in a row


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
            span = payloads.Span(1, orders["messages"], 1000, first_ms)
            data = payloads.data_messages(edge, span)
            where = topic(payloads.GROUP, "DDATA", edge.node, edge.station)
            births = [payloads.nbirth(edge, 1, 1, now_ms), payloads.dbirth(edge, now_ms)]
            line = self.lines[i % len(self.lines)]
            line.outgoing += b"".join(publish_packet(*birth) for birth in births)
            frames = [
                publish_packet(where, payloads.with_seq(message, number % 256))
                for number, message in enumerate(data, start=2)  # 0 and 1 were the births
            ]
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
                for where, payload in key.data.messages():
                    self._acknowledged(where, payload, time.monotonic())
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
            "began": started,  # of the clock that all processes of a machine share
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
