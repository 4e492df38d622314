"""The bounded queue between the broker's connection and the writer.

When it is full the newest message is dropped and counted: the edge's journal sends it again, and what
is in the queue already came first.
"""

from collections import deque
from threading import Event

from mes_server.domain.messages import Message

MESSAGES_MAX = 100_000
BYTES_MAX = 256 << 20
TAKE_BYTES = 2 << 20  # of back-fill, that is what one commit takes in less than 0.1 s


class Mailbox:
    """One thread puts, one thread takes; no lock is shared between them for each message."""

    def __init__(self, messages_max: int = MESSAGES_MAX, bytes_max: int = BYTES_MAX) -> None:
        self._messages: deque[Message] = deque()
        self._messages_max = messages_max
        self._bytes_max = bytes_max
        self._arrived = Event()
        self._bytes_in = 0  # written by the thread that puts
        self._bytes_out = 0  # written by the thread that takes
        self.received = 0
        self.dropped = 0

    def put(self, message: Message) -> bool:
        """Whether there was room."""
        self.received += 1
        if (
            len(self._messages) >= self._messages_max
            or self._bytes_in - self._bytes_out > self._bytes_max
        ):
            self.dropped += 1
            return False
        self._bytes_in += len(message.payload) + len(message.topic)
        self._messages.append(message)
        if not self._arrived.is_set():
            self._arrived.set()
        return True

    def wait(self, timeout_s: float) -> bool:
        """Wait until there is a message; whether there is one."""
        if self._messages:
            return True
        self._arrived.clear()
        if self._messages:  # it came between the look and the clear
            return True
        return self._arrived.wait(timeout_s)

    def wake(self) -> None:
        """End a `wait` early."""
        self._arrived.set()

    def take(self, limit: int) -> list[Message]:
        """Up to `limit` messages of up to TAKE_BYTES together (or one), oldest first."""
        taken = []
        size = 0
        messages = self._messages
        for _ in range(min(limit, len(messages))):
            message = messages.popleft()
            size += len(message.payload) + len(message.topic)
            taken.append(message)
            if size >= TAKE_BYTES:
                break
        self._bytes_out += size
        return taken

    def __len__(self) -> int:
        return len(self._messages)
