"""The stations of a node: what each measures now, and turning its readings into records."""

from edge_agent.bugs import DriverBugs
from edge_agent.messages import Now
from edge_agent.records import Layout
from edge_agent.sampler import Sampler
from schemas.samples import STALE
from schemas.sparkplug import DATATYPES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from edge_agent.journal import Journal
    from edge_agent.ports import Channel, OpenChannel
    from schemas.board_config import BoardMetric, BoardStation

_RECORD_SPAN_MS = 60_000


class _Sensors:
    """Opens the sensors of a station, each once; what it needs for one it keeps until then: memory."""

    def __init__(self, open_channel: "OpenChannel", station: "BoardStation") -> None:
        self._open_channel = open_channel
        self._station = station.station
        self._specs: list[BoardMetric | None] = list(station.metrics)

    def open(self, index: int) -> "Channel":
        """Raises OSError."""
        spec: Any = self._specs[index]  # there until it was opened
        found = self._open_channel(spec.driver, spec.args, self._station, spec.name)
        self._specs[index] = None
        return found


class Stations:
    """Slot n of the journal is station n of the board's file."""

    def __init__(
        self,
        stations: "list[BoardStation]",
        open_channel: "OpenChannel",
        mono_ms: "Callable[[], int]",
        say: "Callable[[str], None]" = print,
    ) -> None:
        self._bugs = DriverBugs(say)
        self.layouts: list[Layout] = []
        self.samplers: list[Sampler] = []
        self._kinds: list[tuple[str | None, str | None]] = []
        for station in stations:
            metrics = [(spec.name, DATATYPES[spec.datatype]) for spec in station.metrics]
            layout = Layout(station.station, metrics)
            self.layouts.append(layout)
            sensors = _Sensors(open_channel, station)
            tell = self._teller(layout)
            self.samplers.append(Sampler(station.metrics, sensors.open, mono_ms, tell))
            self._kinds.append((station.type, station.revision))

    def _teller(self, layout: Layout) -> "Callable[[int, Exception], None]":
        def tell(index: int, bug: Exception) -> None:
            self._bugs.tell(f"{layout.station}.{layout.metrics[index][0]}", bug)

        return tell

    def record(self, slot: int, journal: "Journal", now_ms: int) -> None:
        """Put what a station's sampler has read into the journal, as one record."""
        sampler = self.samplers[slot]
        if sampler.dropped:
            journal.give_up(slot, "thinned", now_ms, sampler.dropped)
        readings = sampler.close_record()
        while readings:
            # A sensor may have held up the others for long; a record counts its time in 16 bits.
            begun = readings[0][1]
            count = len(readings)
            while readings[count - 1][1] - begun > _RECORD_SPAN_MS:
                count -= 1
            journal.append(slot, begun, readings[:count])
            readings = readings[count:]

    def names(self, old: "list[Layout]") -> "list[str]":
        """Every station a record may come from; those only in `old` are measured no longer."""
        found = [layout.station for layout in self.layouts]
        for layout in old:
            if layout.station not in found:
                found.append(layout.station)
        return found

    def now(
        self, station: str, old: "list[Layout]"
    ) -> "tuple[tuple[str | None, str | None], list[Now]]":
        """Type and revision of a station, and every metric it may report with its value now."""
        kind: tuple[str | None, str | None] = (None, None)
        metrics = []
        for slot in range(len(self.layouts)):
            layout = self.layouts[slot]
            if layout.station == station:
                kind = self._kinds[slot]
                channels = self.samplers[slot].channels
                for index, (name, code) in enumerate(layout.metrics):
                    channel = channels[index]
                    metrics.append(Now(name, code, channel.value, channel.quality))
        known = [now.name for now in metrics]
        for layout in old:
            if layout.station == station:
                for name, code in layout.metrics:
                    if name not in known:
                        known.append(name)
                        metrics.append(Now(name, code, None, STALE))
        return kind, metrics

    def is_lost(self, station: str) -> bool:
        """Whether nothing of it answers any more, or nothing measures it."""
        for slot in range(len(self.layouts)):
            if self.layouts[slot].station == station:
                return self.samplers[slot].dead
        return True
