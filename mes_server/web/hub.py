"""Fans events out to the open pages of this process: one producer, many bounded listeners."""

import queue
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass

LISTENERS_MAX = 160  # an event stream holds a thread of the web server
EVENTS_WAITING_MAX = 400


@dataclass(frozen=True, slots=True)
class Event:
    """One server-sent event; `station` is None when it concerns every page."""

    topic: str
    data: str
    number: int | None = None
    station: str | None = None

    def lines(self) -> str:
        """As the event stream carries it; a number only where a page may resume."""
        number = "" if self.number is None else f"id: {self.number}\n"
        return f"{number}event: {self.topic}\ndata: {self.data}\n\n"


RESET = Event("reset", "{}")


class HubFull(Exception):
    """Too many pages are open for this process."""


class Listener:
    """One open page. What it cannot take in time is dropped and said: it must load afresh."""

    def __init__(self) -> None:
        self._waiting: queue.Queue[Event | None] = queue.Queue(EVENTS_WAITING_MAX)
        self._dropped = threading.Event()
        self._ended = threading.Event()

    def offer(self, event: Event) -> None:
        """Hand an event over without ever waiting."""
        try:
            self._waiting.put_nowait(event)
        except queue.Full:
            self._dropped.set()

    def end(self) -> None:
        """No more events will come."""
        self._ended.set()
        with suppress(queue.Full):
            self._waiting.put_nowait(None)

    def take(self, timeout_s: float) -> Event | None:
        """The next event, None after the last. Raises queue.Empty when there is none for so long."""
        if self._ended.is_set():
            return None
        if self._dropped.is_set():
            self._dropped.clear()
            with suppress(queue.Empty):
                while True:
                    self._waiting.get_nowait()
            return RESET
        return self._waiting.get(timeout=timeout_s)

    def take_waiting(self) -> list[Event]:
        """What else has come already."""
        found = []
        with suppress(queue.Empty):
            while True:
                found.append(self._waiting.get_nowait())
        return [event for event in found if event is not None]


class Hub:
    """Runs `produce` every `period_s` in one thread for as long as anybody listens."""

    def __init__(self, produce: Callable[[], Sequence[Event]], period_s: float = 0.25) -> None:
        self._produce = produce
        self._period_s = period_s
        self._lock = threading.Lock()
        self._listeners: list[Listener] = []
        self._thread: threading.Thread | None = None

    def __len__(self) -> int:
        return len(self._listeners)

    def join(self) -> Listener:
        """A new listener; raises HubFull. Every one of them must `leave`."""
        listener = Listener()
        with self._lock:
            if len(self._listeners) >= LISTENERS_MAX:
                raise HubFull
            self._listeners.append(listener)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="events", daemon=True)
                self._thread.start()
        return listener

    def leave(self, listener: Listener) -> None:
        """Stop listening; harmless when repeated."""
        with self._lock:
            if listener in self._listeners:
                self._listeners.remove(listener)

    def close(self) -> None:
        """End every stream."""
        with self._lock:
            listeners, self._listeners = self._listeners, []
        for listener in listeners:
            listener.end()

    def _run(self) -> None:
        done = False
        try:
            while self._wanted():
                self._tell(self._produce())
                time.sleep(self._period_s)
            done = True
        finally:
            if not done:
                # Pages whose stream ends come back by themselves and start the thread anew.
                with self._lock:
                    self._thread = None
                self.close()

    def _wanted(self) -> bool:
        with self._lock:
            if not self._listeners:
                self._thread = None
            return bool(self._listeners)

    def _tell(self, events: Sequence[Event]) -> None:
        with self._lock:
            listeners = tuple(self._listeners)
        for listener in listeners:
            for event in events:
                listener.offer(event)


def stream(
    hub: Hub,
    listener: Listener,
    first: Sequence[Event],
    wanted: Callable[[Event], bool],
    beat_s: float,
) -> Generator[str]:
    """What one page receives: `first`, then events, then comments that keep the line open."""
    try:
        yield "retry: 2000\n\n"
        yield from (event.lines() for event in first)
        while True:
            try:
                event = listener.take(beat_s)
            except queue.Empty:
                yield ": still here\n\n"
                continue
            if event is None:
                return
            # Many pages are open: what has come together goes out in one write.
            lines = [e.lines() for e in (event, *listener.take_waiting()) if wanted(e)]
            if lines:
                yield "".join(lines)
    finally:
        hub.leave(listener)
