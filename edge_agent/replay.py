"""What is sent again: records older than the session, and those the MES did not acknowledge.

Live records are sent once as they are recorded; this is everything else. A bounded window is in
flight; without progress it begins anew after the last acknowledged record, ever more slowly.
"""

import random

from edge_agent.memory import is_small

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_agent.journal import Journal
    from edge_agent.reader import Entry

WINDOW = 200  # records in flight at most; fewer while the answers take long
_ANSWER_MS = (
    500  # the window grows while they are quicker: what is live must not wait behind what is old
)
_WINDOW_MIN = 20
_READ_RECORDS = 40
_READ_BYTES = 6144  # in one message they are three times as many
_READ_BYTES_SMALL = 512  # in a small heap
BATCH_RECORDS = 20  # in one message
_GRACE_MS = 2000  # after a birth the MES says what it holds before anything old is sent
_PATIENCE_MS = (1500, 5000)
_PATIENCE_MAX_MS = 60_000
_AMBIGUOUS_MS = 2000


class Replay:
    """`rate`: records per second at most, so that live records keep flowing."""

    def __init__(self, journal: "Journal", rate: int, mono_ms: "Callable[[], int]") -> None:
        self._journal = journal
        self._reader = journal.reader()
        self._rate = rate
        self._mono_ms = mono_ms
        self._read_bytes = _READ_BYTES_SMALL if is_small() else _READ_BYTES
        self._tokens = 0.0
        self._window = WINDOW
        self._answer_ms = 0  # how long an acknowledgement takes, smoothed
        self._filled_ms = mono_ms()
        self.begin()

    def begin(self) -> None:
        """A session was born: all that is recorded and not acknowledged is old."""
        now = self._mono_ms()
        self._acked = self._journal.ack
        self._next = self._acked + 1
        self._upto = self._journal.durable
        self._top = self._acked  # the highest number sent in this session
        self._not_before = now + _GRACE_MS
        self._rewound_to = 0  # below, acknowledgements do not hold up what was asked for again
        self._again = 0  # where the next rewind begins, once this one has ended
        self._probe = (0, 0)  # a number and when it was sent, to time its acknowledgement
        self._window = WINDOW
        self._moved(now)

    def _moved(self, now: int) -> None:
        """There was progress: patience begins anew."""
        self._moved_ms = now
        self._doubled = 0
        self._patience_ms = max(random.randint(*_PATIENCE_MS), 2 * self._answer_ms)

    def sent(self, seq: int) -> None:
        """A record is on its way."""
        now = self._mono_ms()
        if self._top <= self._acked:
            self._moved_ms = now
        if not self._probe[0] and seq > self._top:
            self._probe = (seq, now)
        self._top = max(self._top, seq)
        self._journal.sent = max(self._journal.sent, seq)

    def missed(self) -> None:
        """Live records were not sent."""
        self._upto = self._journal.durable

    def acknowledged(self) -> None:
        """The journal took an acknowledgement."""
        ack = self._journal.ack
        now = self._mono_ms()
        self._not_before = min(self._not_before, now)
        if ack < self._acked:
            self._upto = max(self._upto, self._top)
            self._next = ack + 1
        if self._probe[0] and ack >= self._probe[0]:
            self._answered(now - self._probe[1])
        if ack != self._acked:
            self._moved(now)
        self._acked = ack
        if self._next > self._rewound_to:
            self._next = max(self._next, ack + 1)

    def _answered(self, took: int) -> None:
        """An acknowledgement took so long; sent twice, it may say that the MES was away, not slow."""
        known = self._answer_ms
        if self._doubled:
            self._answer_ms = max(known, min(took, max(_AMBIGUOUS_MS, 2 * known)))
        else:
            self._answer_ms = (7 * known + took) // 8 if known else took
        if took <= _ANSWER_MS:
            self._window = min(2 * self._window, WINDOW)
        else:
            self._window = max(self._window * _ANSWER_MS // took, _WINDOW_MIN)
        self._probe = (0, 0)

    def rewind(self, seq: int) -> None:
        """Send again from `seq`, or the oldest record that is held, whatever was acknowledged.

        While that is under way another one waits for its end: asked for without pause, it would keep
        what was never sent from its turn.
        """
        if self._next <= self._rewound_to:
            self._again = min(self._again or seq, seq)
            return
        self._upto = self._rewound_to = max(self._upto, self._top)
        self._next = max(seq, self._journal.first)

    def idle(self) -> bool:
        """Whether everything old was sent."""
        return self._next > self._upto

    def batch(self) -> "dict[str, list[Entry]]":
        """What may be sent now, by station; nothing while it must wait."""
        now = self._mono_ms()
        if now < self._not_before:
            return {}
        if self._again and self._next > self._rewound_to:
            seq, self._again = self._again, 0
            self.rewind(seq)
        self._go_back_if_stuck(now)
        room = min(self._acked + self._window + 1, self._upto + 1) - self._next
        self._refill(now)
        count = min(room, int(self._tokens), _READ_RECORDS)
        if count <= 0 or (count < room and count < BATCH_RECORDS):
            return {}
        return self._read(count)

    def _go_back_if_stuck(self, now: int) -> None:
        waiting = self.idle() or self._next > self._acked + self._window
        if not waiting or self._top <= self._acked:
            return
        if now - self._moved_ms < self._patience_ms:
            return
        self._upto = max(self._upto, self._top)
        self._next = self._acked + 1
        self._moved_ms = now
        self._doubled += 1
        patience = max(random.randint(*_PATIENCE_MS), 2 * self._answer_ms) << min(self._doubled, 6)
        self._patience_ms = min(patience, _PATIENCE_MAX_MS)

    def _refill(self, now: int) -> None:
        gained = (now - self._filled_ms) * self._rate / 1000
        self._tokens = min(self._tokens + gained, float(max(self._rate, BATCH_RECORDS)))
        self._filled_ms = now

    def _read(self, count: int) -> "dict[str, list[Entry]]":
        if self._reader.seq != self._next:
            self._reader.seek(self._next)
        found: dict[str, list[Entry]] = {}
        size = 0
        while count and size < self._read_bytes:
            entry = self._reader.next(self._upto)
            if entry is None:
                break
            found.setdefault(entry.layout.station, []).append(entry)
            size += len(entry.body)
            count -= 1
            self._tokens -= 1
        self._next = self._reader.seq
        return found

    def wait_ms(self) -> int:
        """How long until batch() may have something, if nothing happens before."""
        now = self._mono_ms()
        if now < self._not_before:
            return self._not_before - now
        if self.idle() or self._next > self._acked + self._window:
            if self._top <= self._acked:
                return 60_000
            return max(self._moved_ms + self._patience_ms - now, 1)
        return max(int((BATCH_RECORDS - self._tokens) * 1000 / self._rate), 1)
