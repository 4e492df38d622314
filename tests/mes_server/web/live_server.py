"""The app on a port of its own in a thread, and a reader of its event stream."""

import http.client
import json
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from werkzeug.serving import make_server

DEADLINE_S = 10.0


@contextmanager
def serving(app: Flask, port: int = 0) -> Iterator[int]:
    """The port on which the app answers: a free one, or one that was given before."""
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.port
    finally:
        app.extensions["lodestone-hub"].close()
        server.shutdown()
        thread.join(DEADLINE_S)
        server.server_close()


class Stream:
    """An open event stream; events are read in a thread."""

    def __init__(self, port: int, query: str = "", last_id: str | None = None) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE_S)
        headers = {"Last-Event-ID": last_id} if last_id is not None else {}
        self._connection.request("GET", f"/api/v1/events{query}", headers=headers)
        self.answer = self._connection.getresponse()
        self.events: queue.Queue[tuple[str, Any, str | None]] = queue.Queue()
        self.comments = 0
        self.last_id: str | None = None
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        topic = data = ""
        number = None
        try:
            while line := self.answer.readline().decode():
                name, _, value = line.rstrip("\n").partition(": ")
                if line == "\n" and topic:
                    self.events.put((topic, json.loads(data), number))
                    topic, number = "", None
                elif name == "event":
                    topic = value
                elif name == "data":
                    data = value
                elif name == "id":
                    number = self.last_id = value
                elif line.startswith(":"):
                    self.comments += 1
        except (OSError, ValueError, AttributeError):
            pass  # closed by the test
        self.events.put(("end", None, None))

    def wait(self, topic: str) -> Any:
        """The next event of a topic; fails after the deadline."""
        while True:
            told, facts, _ = self.events.get(timeout=DEADLINE_S)
            if told == topic:
                return facts
            assert told != "end", f"the stream ended before {topic!r}"

    def close(self) -> None:
        """Hang up."""
        sock = self._connection.sock
        if sock is not None:
            sock.close()
        self._connection.close()
