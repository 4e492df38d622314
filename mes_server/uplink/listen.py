"""`mes hj212 listen`: a platform for tests and commissioning. It prints and stores what it gets, and answers as told."""

import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from mes_server.domain.hj212 import (
    ANSWER,
    GET_TIME,
    REQUEST_ANSWER,
    BadFrame,
    Frame,
    Stream,
    answer_to,
    encode,
)

# What it does instead of answering well.
SILENT, LATE, WRONG_QN, HALF, CLOSE, REFUSE, JUNK, COMMAND = FAULTS = (
    "silent", "late", "wrong-qn", "half", "close", "refuse", "junk", "command",
)  # fmt: skip


@dataclass(slots=True)
class Platform:
    """`faults`: what happens to the next frames, one each; then all are answered. `late_s`: how long LATE takes.

    `got`: every frame; `bad`: what was none; `file`: where they are stored, a JSON object a line.
    """

    host: str = "127.0.0.1"
    port: int = 0
    system: str = "91"
    faults: list[str] = field(default_factory=list)
    late_s: float = 1.0
    file: Path | None = None
    say: Callable[[str], None] = lambda _text: None
    got: list[Frame] = field(default_factory=list)
    bad: list[BadFrame] = field(default_factory=list)
    _listener: socket.socket | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> "Platform":
        """Listen; `port` is the one that was found."""
        self._listener = socket.create_server((self.host, self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, name="hj212", daemon=True).start()
        return self

    def stop(self) -> None:
        """Nobody listens any more."""
        if self._listener is not None:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()

    @property
    def endpoint(self) -> str:
        """host:port."""
        return f"{self.host}:{self.port}"

    @property
    def distinct(self) -> dict[tuple[str, str, int], Frame]:
        """What it got, each request (and part) once, however often it was sent."""
        with self._lock:
            return {(one.mn, one.qn, one.pno): one for one in self.got}

    def _accept(self) -> None:
        assert self._listener is not None  # noqa: S101  # start() made it
        while True:
            try:
                connection, peer = self._listener.accept()
            except OSError:
                return
            self.say(f"connected: {peer[0]}:{peer[1]}")
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        stream = Stream()
        with connection:
            try:
                while data := connection.recv(4096):
                    for one in stream.feed(data):
                        if not self._take(connection, one):
                            return
            except OSError as error:
                self.say(f"lost: {error}")

    def _take(self, connection: socket.socket, one: Frame | BadFrame) -> bool:
        """Whether the connection stays open."""
        with self._lock:
            (self.bad if isinstance(one, BadFrame) else self.got).append(one)  # type: ignore[arg-type]
            fault = (
                self.faults.pop(0) if self.faults and isinstance(one, Frame) and one.asks else ""
            )
            self._store(one, fault)
        if isinstance(one, BadFrame) or not one.asks:
            return True
        return self._answer(connection, one, fault)

    def _store(self, one: Frame | BadFrame, fault: str) -> None:
        said = {"bad": one.rule, "said": one.said.decode("utf-8", "replace")} if isinstance(one, BadFrame) else asdict(one)  # fmt: skip
        line = json.dumps(said | {"fault": fault}, ensure_ascii=False)
        self.say(line)
        if self.file is not None:
            with self.file.open("a", encoding="utf-8") as file:
                file.write(line + "\n")

    def _answer(self, connection: socket.socket, one: Frame, fault: str) -> bool:
        good = encode(answer_to(one, self.system))
        if fault == SILENT:
            return True
        if fault == CLOSE:
            return False
        if fault == LATE:
            time.sleep(self.late_s)
        elif fault == WRONG_QN:
            good = encode(answer_to(replace(one, qn="2" * 17), self.system))
        elif fault == REFUSE:
            said = replace(answer_to(one, self.system), cn=REQUEST_ANSWER, cp="QnRtn=3")
            good = encode(replace(said, flag=said.flag & ~ANSWER))
        elif fault == COMMAND:
            asked = replace(one, qn="3" * 17, cn=GET_TIME, cp="PolId=w00000")
            good = encode(asked) + good
        elif fault == JUNK:
            good = b"\x00\xff##99zz" + good[:8]
        connection.sendall(good[: len(good) // 2] if fault == HALF else good)
        return fault != HALF
