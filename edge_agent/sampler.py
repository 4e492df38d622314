"""Reads the metrics of one station, each on its own period, and decides what is worth recording.

A value is reported when it moved by its deadband, and at least every report_ms so that silence is
visible. A sensor that cannot be read is reported at once as BAD, without a value.
"""

from edge_agent.journal import EVENTS_ONLY
from edge_agent.records import TEXT_MAX
from schemas.samples import BAD, GOOD, STALE
from schemas.sparkplug import DATATYPES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_agent.ports import Channel
    from edge_agent.records import Reading, Value
    from schemas.board_config import BoardMetric

    Open = Callable[[], Channel]

RECORD_MS = 1000  # one record holds at most so much time
DEAD_MS = 10_000  # a station none of whose channels answers for so long is lost
_INTEGERS = {1: 8, 2: 16, 3: 32, 4: 64, 5: 8, 6: 16, 7: 32, 8: 64}
_SIGNED = (1, 2, 3, 4)
_BOOLEAN, _STRING = DATATYPES["boolean"], DATATYPES["string"]


def fitted(code: int, value: object) -> "Value":
    """A reading as its datatype has it; None when it cannot be that (NaN, out of range, text)."""
    if code == _STRING:
        return _cut(value) if isinstance(value, str) else None
    if isinstance(value, bool):  # on MicroPython that is no int
        value = int(value)
    if not isinstance(value, (int, float)) or value - value != 0:
        return None
    if code == _BOOLEAN:
        return bool(value) if value in (0, 1) else None
    bits = _INTEGERS.get(code)
    if bits is None:
        return float(value)
    number = round(value)
    low = -(1 << (bits - 1)) if code in _SIGNED else 0
    return number if low <= number < low + (1 << bits) else None


def _cut(text: str) -> str:
    while len(text.encode()) > TEXT_MAX:
        text = text[:-1]
    return text


class _Channel:
    """One metric: its sensor, when it is due, and what was last reported."""

    def __init__(self, spec: "BoardMetric", open_channel: "Open", now: int) -> None:
        self.code: int = DATATYPES[spec.datatype]
        self._open = open_channel
        self._sensor: Channel | None = None
        self._scale = (spec.scale, spec.offset) if (spec.scale, spec.offset) != (1, 0) else None
        self.every_ms: int = spec.every_ms
        self.report_ms: int = spec.report_ms
        # Absolute, or a share of the last value.
        self._band, self._share = 0.0, 0.0
        if isinstance(spec.deadband, str):
            self._share = float(spec.deadband[:-1]) / 100
        else:
            self._band = float(spec.deadband)
        low, high = spec.alarm or (None, None)
        self._low = -float("inf") if low is None else low
        self._high = float("inf") if high is None else high
        self._limited = low is not None or high is not None
        self.analog = spec.kind == "analog"
        # What must not wait for the next sync: events, and edges of counters that count things.
        self.edge = spec.kind == "event" or (spec.kind == "counter" and self.code in _INTEGERS)
        self.due = now
        self.wait_ms = self.every_ms
        self.quiet_until = now  # a thinned metric is not recorded before
        self.value: Value = None
        self.quality = STALE  # never read
        self.reported = now
        self.alarmed = False

    def read(self) -> "Value":
        """The reading, None when it is no value of its datatype. Raises OSError."""
        if self._sensor is None:
            self._sensor = self._open()
        value = self._sensor.read()
        if self._scale and isinstance(value, (int, float)):
            value = value * self._scale[0] + self._scale[1]
        return fitted(self.code, value)

    def differs(self, value: "Value") -> bool:
        """Whether a good value is news."""
        last = self.value
        if last is None or isinstance(value, (str, bool)) or value == last:
            return value != last
        moved: float = abs(value - last)  # type: ignore[operator]
        return moved >= (self._band or self._share * abs(last))  # type: ignore[arg-type]

    def outside(self, value: "Value") -> bool:
        return self._limited and not self._low <= value <= self._high  # type: ignore[operator]


class Sampler:
    """The channels of one station. Times are milliseconds since boot."""

    def __init__(
        self,
        specs: "list[BoardMetric]",
        openers: "list[Open]",
        mono_ms: "Callable[[], int]",
    ) -> None:
        self._mono_ms = mono_ms
        now = mono_ms()
        self.channels = [_Channel(specs[n], openers[n], now) for n in range(len(specs))]
        self.readings: list[Reading] = []  # of the record that is open
        self.dropped = 0  # samples thinned out of it
        self.urgent = False  # it holds an event
        self.thinning = 1
        self.next_ms = now  # when the next channel is due
        self._failing_since: int | None = None
        self.dead = False  # no channel answers

    def take(self) -> None:
        """Read what is due."""
        now = self._mono_ms()
        next_ms = now + 60_000
        answered = failed = 0
        for index, channel in enumerate(self.channels):
            if channel.due <= now:
                if self._read(index, channel):
                    answered += 1
                else:
                    failed += 1
                channel.due += channel.wait_ms
                if channel.due <= now:  # we were held up: go on in step
                    late = now - channel.due
                    channel.due = now - late % channel.every_ms + channel.every_ms
            if channel.due < next_ms:
                next_ms = channel.due
        self.next_ms = next_ms
        self._judge(now, answered, failed)

    def _read(self, index: int, channel: _Channel) -> bool:
        """Read one channel and add what is worth recording; whether it answered."""
        try:
            value = channel.read()
        except OSError:
            channel.wait_ms = min(channel.wait_ms * 2, max(channel.report_ms, channel.every_ms))
            self._note(index, channel, None)
            return False
        channel.wait_ms = channel.every_ms
        self._note(index, channel, value)
        return True

    def _note(self, index: int, channel: _Channel, value: "Value") -> None:
        quality = GOOD if value is not None else BAD
        changed = quality != channel.quality
        urgent = changed
        if value is not None:
            if channel.differs(value):
                changed = True
                urgent = urgent or channel.edge
            if channel.outside(value) != channel.alarmed:
                channel.alarmed = not channel.alarmed
                changed = urgent = True
        if not changed and channel.due - channel.reported < channel.report_ms:
            return
        if self.dead and value is None:
            return
        if channel.analog and self.thinning > 1 and not urgent and self._thin(channel):
            return
        channel.value = value
        channel.quality = quality
        channel.reported = channel.due
        self.urgent = self.urgent or urgent
        self.readings.append((index, self._mono_ms(), value, quality))

    def _thin(self, channel: _Channel) -> bool:
        """Whether the journal is too full for this sample."""
        if self.thinning >= EVENTS_ONLY or channel.due < channel.quiet_until:
            self.dropped += 1
            return True
        channel.quiet_until = channel.due + channel.every_ms * self.thinning
        return False

    def _judge(self, now: int, answered: int, failed: int) -> None:
        """Find out whether the station is lost."""
        if answered:
            self._failing_since = None
            self.dead = False
        elif failed and all(channel.quality == BAD for channel in self.channels):
            if self._failing_since is None:
                self._failing_since = now
            self.dead = now - self._failing_since >= DEAD_MS

    def record_is_full(self) -> bool:
        """Whether the open record must be closed before the next channel is due."""
        if not self.readings and not self.dropped:
            return False
        begun = self.readings[0][1] if self.readings else self.next_ms - RECORD_MS
        return self.urgent or self.next_ms - begun >= RECORD_MS

    def close_record(self) -> "list[Reading]":
        """The readings of the open record; a new one begins."""
        readings = self.readings
        self.readings = []
        self.dropped = 0
        self.urgent = False
        return readings
