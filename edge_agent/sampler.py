"""Reads the metrics of one station, each on its own period, and decides what is worth recording.

A value is reported when it moved by its deadband, and at least every report_ms so that silence is
visible. A sensor that cannot be read is reported at once as BAD, without a value and with its reason.
"""

from collections import namedtuple

from edge_agent.bugs import attempt
from edge_agent.journal import EVENTS_ONLY
from edge_agent.records import TEXT_MAX
from schemas.samples import GOOD, STALE, bad_because, is_bad
from schemas.sparkplug import DATATYPES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NamedTuple, TypeGuard

    from edge_agent.ports import Channel
    from edge_agent.records import Reading, Value
    from schemas.board_config import BoardMetric

    Open = Callable[[int], Channel]

RECORD_MS = 1000  # one record holds at most so much time
RETRY_MS = 5_000  # a sensor that failed is tried again after so long: somebody is mending it
DEAD_MS = 10_000  # a station none of whose channels answers for so long is lost
_INTEGERS = {1: 8, 2: 16, 3: 32, 4: 64, 5: 8, 6: 16, 7: 32, 8: 64}
_SIGNED = (1, 2, 3, 4)
_INFINITE = float("inf")
_HUGE = 1e300  # no reading is larger; scaled, it might be no number any more
_UNFIT = bad_because("value")  # what was read is none of its datatype
_BOOLEAN, _STRING = DATATYPES["boolean"], DATATYPES["string"]


def _is_number(value: object) -> "TypeGuard[float]":
    # The difference is 0 of no infinity: to boards with short floats _HUGE is one.
    return isinstance(value, (int, float)) and value - value == 0 and -_HUGE <= value <= _HUGE


def fitted(code: int, value: object) -> "Value":
    """A reading as its datatype has it; None when it cannot be that (NaN, out of range, text)."""
    if code == _STRING:
        return _cut(value) if isinstance(value, str) else None
    if isinstance(value, bool):  # on MicroPython that is no int
        value = int(value)
    if not _is_number(value):
        return None
    if code == _BOOLEAN:
        return bool(value) if value in (0, 1) else None
    bits = _INTEGERS.get(code)
    if bits is None:
        return float(value)
    number = round(value)
    low = -(1 << (bits - 1)) if code in _SIGNED else 0
    return number if low <= number < low + (1 << bits) else None


def _cut(text: str) -> "str | None":
    text = text[:TEXT_MAX]
    try:
        while len(text.encode()) > TEXT_MAX:
            text = text[:-1]
    except ValueError:  # half a character
        return None
    return text


# What a contract and a calibration ask of a metric. band: deadband, or share: deadband as a share of
# the last value; low, high: alarm limits; edge: its changes must not wait for the next sync.
_FIELDS = "code every_ms report_ms band share low high analog edge scale offset"
if TYPE_CHECKING:

    class Rules(NamedTuple):
        code: int
        every_ms: int
        report_ms: int
        band: float
        share: float
        low: float
        high: float
        analog: bool
        edge: bool
        scale: float
        offset: float

else:
    Rules = namedtuple("Rules", _FIELDS.split())


def rules_of(spec: "BoardMetric") -> Rules:
    """The Rules of a metric of a board's file."""
    code = DATATYPES[spec.datatype]
    band = share = 0.0
    if isinstance(spec.deadband, str):
        share = float(spec.deadband[:-1]) / 100
    else:
        band = float(spec.deadband)
    low, high = spec.alarm or (None, None)
    return Rules(
        code,
        spec.every_ms,
        spec.report_ms,
        band,
        share,
        -_INFINITE if low is None else low,
        _INFINITE if high is None else high,
        spec.kind == "analog",
        spec.kind == "event" or (spec.kind == "counter" and code in _INTEGERS),
        spec.scale,
        spec.offset,
    )


class _Channel:
    """One metric: its sensor, when it is due, and what was last reported."""

    def __init__(self, rules: Rules, now: int) -> None:
        self.rules = rules
        self.sensor: Channel | None = None  # not open yet
        self.due = now
        self.wait_ms = rules.every_ms
        self.quiet_until = now  # a thinned metric is not recorded before
        self.value: Value = None
        self.quality = STALE  # never read
        self.reported = now
        self.alarmed = False

    def read(self, sensor: "Channel") -> "Value":
        """The reading, None when it is no value of its datatype. Raises OSError."""
        value: Any = sensor.read()
        rules = self.rules
        if (rules.scale != 1 or rules.offset) and _is_number(value):
            value = value * rules.scale + rules.offset
        return fitted(rules.code, value)

    def differs(self, value: "Value") -> bool:
        """Whether a good value is news."""
        last = self.value
        if last is None or isinstance(value, (str, bool)) or value == last:
            return value != last
        rules = self.rules
        moved: float = abs(value - last)  # type: ignore[operator]
        return moved >= (rules.band or rules.share * abs(last))  # type: ignore[arg-type]

    def outside(self, value: "Value") -> bool:
        """Whether a good value is beyond an alarm limit."""
        if isinstance(value, str):
            return False
        return not self.rules.low <= value <= self.rules.high  # type: ignore[operator]


def _raise(_index: int, bug: Exception) -> None:
    raise bug


class Sampler:
    """The channels of one station. Times are milliseconds since boot."""

    def __init__(
        self,
        specs: "list[BoardMetric]",
        open_sensor: "Open",
        mono_ms: "Callable[[], int]",
        bug: "Callable[[int, Exception], None]" = _raise,
    ) -> None:
        """`open_sensor` opens that of `specs[n]`, given n; `bug` is told what is no OSError."""
        self._mono_ms = mono_ms
        self._open = open_sensor
        self._bug = bug
        now = mono_ms()
        known: dict[Rules, Rules] = {}  # memory: many metrics have the same
        self.channels: list[_Channel] = []
        for spec in specs:
            rules = rules_of(spec)
            self.channels.append(_Channel(known.setdefault(rules, rules), now))
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
                    channel.due = now - late % channel.rules.every_ms + channel.rules.every_ms
            if channel.due < next_ms:
                next_ms = channel.due
        self.next_ms = next_ms
        self._judge(now, answered, failed)

    def _read(self, index: int, channel: _Channel) -> bool:
        """Read one channel and add what is worth recording; whether it answered."""
        try:
            value = attempt(self._value, index, channel, self._bug)
        except OSError as fault:
            rules = channel.rules
            longest = max(min(rules.report_ms, RETRY_MS), rules.every_ms)
            channel.wait_ms = min(channel.wait_ms * 2, longest)
            self._note(index, channel, None, bad_because(getattr(fault, "kind", None)))
            return False
        channel.wait_ms = channel.rules.every_ms
        self._note(index, channel, value, _UNFIT if value is None else GOOD)
        return True

    def _value(self, index: int, channel: _Channel) -> "Value":
        if channel.sensor is None:
            channel.sensor = self._open(index)
        return channel.read(channel.sensor)

    def _note(self, index: int, channel: _Channel, value: "Value", quality: int) -> None:
        changed = quality != channel.quality
        otherwise_bad = changed and is_bad(quality) and is_bad(channel.quality)
        urgent = changed and not otherwise_bad
        if value is not None:
            if channel.differs(value):
                changed = True
                urgent = urgent or channel.rules.edge
            if channel.outside(value) != channel.alarmed:
                channel.alarmed = not channel.alarmed
                changed = urgent = True
        if not changed and channel.due - channel.reported < channel.rules.report_ms:
            return
        if self.dead and value is None:
            return
        may_thin = (channel.rules.analog or otherwise_bad) and not urgent
        if may_thin and self.thinning > 1 and self._thin(channel):
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
        channel.quiet_until = channel.due + channel.rules.every_ms * self.thinning
        return False

    def _judge(self, now: int, answered: int, failed: int) -> None:
        """Find out whether the station is lost."""
        if answered:
            self._failing_since = None
            self.dead = False
        elif failed and all(is_bad(channel.quality) for channel in self.channels):
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
