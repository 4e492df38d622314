"""Many edges that come back at once with a backlog, and go on measuring while it is sent.

`python -m mes_server.bench.returning` reads one JSON line of orders and prints one of results; without
records to send they are only born, so that the store knows them. Windows, batches, token bucket and patience are those of `edge_agent/replay.py`.
"""

import json
import random
import selectors
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from mes_server.bench import payloads
from mes_server.bench.wire import Line
from mes_server.ingest.packets import publish_packet
from schemas import journal_metrics as names
from schemas.sparkplug import decode_payload
from schemas.topics import topic

WINDOW, WINDOW_MIN = 200, 20
ANSWER_S = 0.5
BATCH = 20
RATE = 200  # old records per second
BACK_OFF_S = 10.0  # each comes back at a random moment within these
GRACE_S = 2.0  # an answer to the birth is waited for so long
PATIENCE_S, PATIENCE_MAX_S = 5.0, 60.0
LIVE_S = 1.0
AFTER_S = 2.0  # live records go on so long after the last old one is acknowledged
SOCKETS = 8
_LIVE_MADE = 30


@dataclass
class Edge:
    """One edge: what of its journal is sent and acknowledged. Times are of time.monotonic."""

    edge: payloads.Edge
    line: Line
    old: list[bytes]  # messages of BATCH records
    live_at: float
    live: list[bytes] = field(default_factory=list)  # as published, for sending again
    made: list[bytes] = field(default_factory=list)  # not published yet
    published_ms: list[int] = field(default_factory=list)
    seq: int = 2  # 0 and 1 are the births
    following: int = 0  # of `old`
    acked: int = 0  # records
    tokens: float = 0.0
    filled_at: float = 0.0
    moved_at: float = 0.0
    patience_s: float = PATIENCE_S
    window: int = WINDOW
    probe: tuple[int, float] = (0, 0.0)  # a record, and when it was sent
    born_at: float | None = None
    welcome: bool = False  # its birth was answered
    resent: int = 0

    @property
    def backlog(self) -> int:
        """Old records."""
        return len(self.old) * BATCH

    @property
    def done(self) -> bool:
        """Whether all that was ever sent is acknowledged."""
        return self.acked >= self.backlog + len(self.live)

    def send(self, message: bytes) -> None:
        """One data message, with the next seq."""
        where = topic(payloads.GROUP, "DDATA", self.edge.node, self.edge.station)
        self.line.outgoing += publish_packet(where, payloads.with_seq(message, self.seq))
        self.seq = (self.seq + 1) % 256

    def measure(self, now: float) -> None:
        """A live record, if it is time for one."""
        if now < self.live_at:
            return
        self.live_at += LIVE_S
        if not self.made:
            first = self.backlog + len(self.live) + 1
            self.made = payloads.data_messages(self.edge, payloads.Span(first, _LIVE_MADE))
        at_ms = time.time_ns() // 1_000_000
        message = self.made.pop(0).replace(payloads.AT_MARK, payloads.time_bytes(at_ms))
        self.live.append(message)
        self.published_ms.append(at_ms)
        self.send(message)

    def fill_in(self, now: float) -> None:
        """Old records, as far as window and tokens allow."""
        self.tokens = min(self.tokens + (now - self.filled_at) * RATE, RATE)
        self.filled_at = now
        while (
            self.tokens >= BATCH
            and self.following < len(self.old)
            and (self.following + 1) * BATCH <= self.acked + self.window
        ):
            if self.following * BATCH <= self.acked:
                self.moved_at = now
            self.following += 1
            if not self.probe[0] and not self.resent:
                self.probe = (self.following * BATCH, now)
            self.tokens -= BATCH
            self.send(self.old[self.following - 1])

    def go_back_if_stuck(self, now: float) -> None:
        """Begin anew after the last acknowledgement, ever more patiently."""
        if self.done or now - self.moved_at < self.patience_s:
            return
        self.moved_at = now
        self.patience_s = min(self.patience_s * 2, PATIENCE_MAX_S)
        before, self.following = self.following, min(self.acked // BATCH, len(self.old))
        self.resent += (before - self.following) * BATCH
        if self.following == len(self.old):
            again = self.live[self.acked - self.backlog :][:WINDOW]
            self.resent += len(again)
            for message in again:
                self.send(message)

    def acknowledged(self, seq: int, now: float) -> None:
        """Everything up to `seq` is stored."""
        if self.probe[0] and seq >= self.probe[0]:
            took = now - self.probe[1]
            if took <= ANSWER_S:
                self.window = min(2 * self.window, WINDOW)
            else:
                self.window = max(int(self.window * ANSWER_S / took), WINDOW_MIN)
            self.probe = (0, 0.0)
        if seq > self.acked:
            self.acked, self.moved_at, self.patience_s = seq, now, PATIENCE_S
            self.following = max(self.following, min(seq // BATCH, len(self.old)))


class Returning:
    """All of them; `run` ends when everything is acknowledged."""

    def __init__(self, orders: dict[str, Any]) -> None:
        host, port, count = str(orders["host"]), orders["port"], orders["nodes"]
        self.lines = [Line(host, port, f"returning-{i}") for i in range(min(SOCKETS, count))]
        self.listener = Line(host, port, "returning-acks")
        self.listener.subscribe(f"spBv1.0/{payloads.GROUP}/NCMD/+")
        self.selector = selectors.DefaultSelector()
        for line in (*self.lines, self.listener):
            line.socket.setblocking(False)
            self.selector.register(line.socket, selectors.EVENT_READ, line)
        self.edges: dict[str, Edge] = {}
        batches = orders["records"] // BATCH
        for i, edge in enumerate(payloads.edges(count, tuple(orders["metrics"]), orders["seed"])):
            span = payloads.Span(1, batches * BATCH, orders["every_ms"], orders["first_ms"], BATCH,
                                 historical=True)  # fmt: skip
            old = payloads.data_messages(edge, span) if batches else []
            live_at = i / count * LIVE_S
            self.edges[edge.node] = Edge(edge, self.lines[i % len(self.lines)], old, live_at)

    def _bear(self, e: Edge, now: float) -> None:
        now_ms = time.time_ns() // 1_000_000
        births = (
            payloads.nbirth(e.edge, 1, e.backlog + 1, now_ms),
            payloads.dbirth(e.edge, now_ms),
        )
        e.line.outgoing += b"".join(publish_packet(*birth) for birth in births)
        e.live_at += now
        e.born_at = e.moved_at = now
        e.filled_at = now + GRACE_S

    def introduce(self) -> dict[str, object]:
        """Only be born, all of them, and wait for the answers."""
        for e in self.edges.values():
            self._bear(e, time.monotonic())
        while not all(e.welcome for e in self.edges.values()):
            self._exchange()
        return {}

    def run(self) -> dict[str, object]:
        """Come back, send everything, wait for every acknowledgement; the figures."""
        began = now = time.monotonic()
        back_at = {name: now + random.uniform(0, BACK_OFF_S) for name in self.edges}  # noqa: S311
        filled_in, live_until = 0.0, float("inf")
        while now < live_until or not all(e.done for e in self.edges.values()):
            for name, e in self.edges.items():
                if e.born_at is None and now >= back_at[name]:
                    self._bear(e, now)
                if e.born_at is not None:
                    self._turn(e, now, now < live_until)
            self._exchange()
            now = time.monotonic()
            if not filled_in and all(e.acked >= e.backlog for e in self.edges.values()):
                filled_in, live_until = now - began, now + AFTER_S
        edges = list(self.edges.values())
        return {
            "old": sum(e.backlog for e in edges),
            "filled_in_s": filled_in,
            "lived_s": live_until - began,
            "resent": sum(e.resent for e in edges),
            "published_ms": {e.edge.node: e.published_ms for e in edges},
        }

    def _turn(self, e: Edge, now: float, lives: bool) -> None:
        if lives:
            e.measure(now)
        if now >= e.filled_at:
            e.fill_in(now)
        e.go_back_if_stuck(now)

    def _exchange(self) -> None:
        for line in self.lines:
            line.flush()
        for key, _ in self.selector.select(0.005):
            for where, payload in key.data.messages():
                self._heard(where, payload)

    def _heard(self, where: str, payload: bytes) -> None:
        e = self.edges.get(where.rpartition("/")[2])
        now = time.monotonic()
        for m in decode_payload(payload).metrics:
            if e and m.name == names.ACK and m.value is not None:
                epoch, seq = names.split_position(m.value)
                if epoch == e.edge.epoch:
                    e.filled_at, e.welcome = min(e.filled_at, now), True
                    e.acknowledged(seq, now)


if __name__ == "__main__":
    given = json.loads(sys.stdin.readline())
    edges = Returning(given)
    sys.stdout.write(json.dumps(edges.run() if given["records"] else edges.introduce()) + "\n")
