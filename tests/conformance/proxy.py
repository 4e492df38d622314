"""A TCP proxy between MQTT clients and a broker that records what passes, packet by packet.

A packet is recorded before it is handed on, so that the order of the record is an order that both
sides can have seen. It can cut every connection, and refuse new ones, as a broken network would.
"""

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from tests.conformance.packets import Closed, Packet, PacketError, Splitter
from tests.conformance.recording import Event, Recording, story

Address = tuple[str, int]


class Proxy:
    """Listens on a free loopback port; use as a context manager."""

    def __init__(self, broker: Address) -> None:
        self._broker = broker
        self._events: list[Event] = []
        self._facts: dict[str, Any] = {}
        self._changed = threading.Condition()
        self._pairs: dict[int, tuple[socket.socket, socket.socket]] = {}
        self._count = 0
        self._open = True
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address: Address = self._listener.getsockname()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> "Proxy":
        return self

    def __exit__(self, *_: object) -> None:
        _shut(self._listener)
        self.cut(refuse=True)

    def recording(self) -> Recording:
        """All that passed so far."""
        with self._changed:
            return Recording(tuple(self._events), dict(self._facts))

    def note(self, name: str, value: Any) -> None:
        """Keep something observed beside the wire."""
        with self._changed:
            self._facts[name] = value

    def until(self, holds: Callable[[Recording], Any], what: str, seconds: float = 40) -> Any:
        """Wait until the recording makes `holds` true and return what it gave; raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while True:
            with self._changed:
                seen = len(self._events)
            found = holds(self.recording())
            if found:
                return found
            with self._changed:
                rest = deadline - time.monotonic()
                if rest <= 0:
                    said = story(self.recording())
                    raise TimeoutError(f"within {seconds} s there was never {what}\n{said}")
                self._changed.wait_for(lambda seen=seen: len(self._events) > seen, min(rest, 1))

    def cut(self, *, refuse: bool = False) -> None:
        """End every connection without a goodbye; with `refuse`, also those to come until `mend`."""
        with self._changed:
            self._open = not refuse
            pairs = list(self._pairs.values())
        for pair in pairs:
            for end in pair:
                _shut(end)

    def mend(self) -> None:
        """Take connections again."""
        with self._changed:
            self._open = True

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._connect(client)

    def _connect(self, client: socket.socket) -> None:
        """Join a client with the broker. Under the lock: a cut finds each connection or refuses it."""
        with self._changed:
            try:
                if not self._open:
                    raise ConnectionRefusedError
                broker = socket.create_connection(self._broker, timeout=10)
            except OSError:
                client.close()
                return
            broker.settimeout(None)
            self._count += 1
            number = self._count
            self._pairs[number] = (client, broker)
        for source, target, mine in ((client, broker, True), (broker, client, False)):
            pump = (number, source, target, mine)
            threading.Thread(target=self._pump, args=pump, daemon=True).start()

    def _pump(
        self, number: int, source: socket.socket, target: socket.socket, from_client: bool
    ) -> None:
        splitter = Splitter()
        try:
            while data := source.recv(65536):
                for packet, raw in splitter.feed(data):
                    self._record(number, from_client, packet)
                    target.sendall(raw)
        except (OSError, PacketError):
            pass  # either end is gone, or speaks no MQTT: in both cases this connection is over
        self._over(number, from_client)

    def _record(self, number: int, from_client: bool, packet: Packet) -> None:
        with self._changed:
            at_ms = time.time_ns() // 1_000_000
            self._events.append(Event(at_ms, number, from_client, packet))
            self._changed.notify_all()

    def _over(self, number: int, from_client: bool) -> None:
        with self._changed:
            pair = self._pairs.pop(number, None)
        if pair is not None:
            self._record(number, from_client, Closed())
            for end in pair:
                _shut(end)


def _shut(end: socket.socket) -> None:
    with suppress(OSError):  # it was over already
        end.shutdown(socket.SHUT_RDWR)
    end.close()
