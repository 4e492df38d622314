"""A connection to the authority's platform: one frame after the other, each until it is answered."""

import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from mes_server.domain.hj212 import (
    ANSWERS,
    DATA_ANSWER,
    REQUEST_ANSWER,
    BadFrame,
    Frame,
    Stream,
    encode,
    refusal_of,
)

NO_ANSWER, REFUSED, CLOSED, AWAY = "no_answer", "refused", "closed", "away"
_READY = "1"


class Undelivered(Exception):
    """A frame was not acknowledged. `trouble`: one of the words above, with what the platform said."""

    def __init__(self, trouble: str, said: str = "") -> None:
        super().__init__(f"{trouble} {said}".strip())
        self.trouble = f"{trouble} {said}".strip()


@dataclass(slots=True)
class Link:
    """An open connection. `timeout_s`, `resends`: how long an answer is awaited, how often a frame is sent again.

    `refuses`: the system (ST) and the QnRtn with which a command of the platform is refused, None: it is only noted.
    `odd`: what came that was no answer to what was asked, in words, for the log.
    """

    connection: socket.socket
    timeout_s: float
    resends: int
    refuses: tuple[str, str] | None = None
    odd: list[str] = field(default_factory=list)
    _stream: Stream = field(default_factory=Stream)

    def close(self) -> None:
        """Nothing is sent any more."""
        self.connection.close()

    def deliver(self, frames: Sequence[Frame]) -> None:
        """Every part, in its order, each after the answer to the one before; raises Undelivered."""
        for frame in frames:
            self._deliver(frame)

    def _deliver(self, frame: Frame) -> None:
        data = encode(frame)
        for _ in range(1 + self.resends):
            try:
                self.connection.sendall(data)
            except OSError as error:
                raise Undelivered(CLOSED) from error
            if not frame.asks or self._answered(frame):
                return
        raise Undelivered(NO_ANSWER)

    def _answered(self, frame: Frame) -> bool:
        """Whether the answer came in time; what else comes is noted and counts for nothing."""
        deadline = time.monotonic() + self.timeout_s
        while (left := deadline - time.monotonic()) > 0:
            self.connection.settimeout(left)
            try:
                data = self.connection.recv(4096)
            except TimeoutError:
                return False
            except OSError as error:
                raise Undelivered(CLOSED) from error
            if not data:
                raise Undelivered(CLOSED)
            # Each of them is looked at: a command may stand behind the answer.
            told = [self._acknowledges(one, frame) for one in self._stream.feed(data)]
            if any(told):
                return True
        return False

    def _acknowledges(self, one: Frame | BadFrame, frame: Frame) -> bool:
        if isinstance(one, BadFrame):
            self.odd.append(str(one))
            return False
        same = one.qn == frame.qn and (
            not one.pnum or (one.pnum, one.pno) == (frame.pnum, frame.pno)
        )
        if same and one.cn == REQUEST_ANSWER and one.cp.startswith("QnRtn="):
            if (said := one.cp.removeprefix("QnRtn=")) != _READY:
                raise Undelivered(REFUSED, said)
            return False
        if same and one.cn == DATA_ANSWER and one.mn == frame.mn:
            return True
        self.odd.append(f"not awaited: {one.cn} QN={one.qn}")
        if one.cn not in ANSWERS and one.asks:
            self._refuse(one)
        return False

    def _refuse(self, one: Frame) -> None:
        """No command is carried out; the platform need not wait to learn it."""
        if self.refuses is None:
            return
        try:
            self.connection.sendall(encode(refusal_of(one, *self.refuses)))
        except OSError as error:
            raise Undelivered(CLOSED) from error


def connect(
    endpoint: str, timeout_s: float, resends: int, refuses: tuple[str, str] | None = None
) -> Link:
    """A connection to host:port; raises Undelivered."""
    host, _, port = endpoint.rpartition(":")
    try:
        connection = socket.create_connection((host.strip("[]"), int(port)), timeout=timeout_s)
    except OSError as error:
        raise Undelivered(AWAY, error.strerror or type(error).__name__) from error
    return Link(connection, timeout_s, resends, refuses)
