"""What every simulated station shares: its clock, its counters, its sensors and their faults."""

from math import exp

from firmware.plant.faults import Fault, FaultBook, amount_of
from firmware.plant.noise import BELL, mix
from firmware.plant.schedule import Activity, Schedule, Tally

TYPE_CHECKING = False
if TYPE_CHECKING:
    Value = float | int | bool | str

_EIO = 5
_RESUME_MS = 4 * 3600 * 1000  # a longer silence is replayed from the schedule, not integrated
_REPLAY_STEPS = 1800
_HISTORY_MS = 3 * 3600 * 1000
_UPSET_S = 1500.0


class Station:
    """Physics between two moments; a kind of station says how in reset(), step() and publish()."""

    STEP_S = 10.0  # the integration step aimed at, simulated seconds
    STEPS = 24  # at most so many in one advance(), so that a call has a bounded cost
    POWER_KW: dict[str, float] = {}  # what the station draws from the mains in each phase
    OTHER_KW = 1.0
    REPLAY_S = 0.0  # how far back a start begins; 0 = at the beginning of a cycle

    def __init__(self, seed: int, station: str, station_type: str, book: FaultBook) -> None:
        self.station = station
        self.schedule = Schedule(seed, station, station_type)
        self.key = self.schedule.key
        self.values: dict[str, Value] = {}
        self.act: Activity = self.schedule.at(0)
        self.now_ms: int | None = None
        self.now_s = 0.0
        self.pace = 1.0  # simulated time by real time: a totaliser of water agrees with its flow in the latter
        self.dark = False  # no mains: heaters, pumps and drives stand still
        self.faults: list[Fault] = []
        self._book = book
        self._book_version = -1
        self._alarms = 0
        self._stuck: dict[str, Value] = {}
        self._upset: dict[str, float] = {}
        self._counted: dict[str, float] = {}
        self._uncounted: dict[str, float] = {}
        self._tick = 0
        self._draw = 0
        self._energy = Tally(self.schedule, self.POWER_KW, self.OTHER_KW)

    def reset(self, act: Activity) -> None:
        """Set the state a cycle begins with."""

    def step(self, h: float, act: Activity) -> None:
        """Integrate h seconds up to the activity `act`."""

    def publish(self, act: Activity) -> None:
        """Put every metric's reading."""

    def advance(self, sim_ms: int) -> None:
        """Move to a simulated time; after a start or a long silence by replaying the cycle."""
        if self._book_version != self._book.version:
            self._book_version = self._book.version
            self.faults = self._book.of(self.station)
            self._stuck = {}
        if self.now_ms is None or not 0 <= sim_ms - self.now_ms <= _RESUME_MS:
            begun = sim_ms - self._history_ms(sim_ms)
            self.act = self.schedule.at(begun)
            self.now_ms = begun
            self.reset(self.act)
            self._integrate(sim_ms, _REPLAY_STEPS)
        else:
            self._integrate(sim_ms, self.STEPS)
        self._tick = mix(self.key, sim_ms)
        self._draw = 0
        self._publish_common()
        self.publish(self.act)

    def _history_ms(self, sim_ms: int) -> int:
        """How far back a start begins: whole cycles, but enough for what outlasts a cycle."""
        if self.REPLAY_S:
            return int(self.REPLAY_S * 1000)
        back_ms = int(self.schedule.at(sim_ms).since_s * 1000)
        while back_ms < _HISTORY_MS:
            back_ms += self.schedule.cycle_s * 1000
        return back_ms

    def _integrate(self, sim_ms: int, most: int) -> None:
        start = self.now_ms or 0
        span = sim_ms - start
        count = min(most, int(span / (self.STEP_S * 1000)) + 1)
        for n in range(count):
            at_ms = start + span * (n + 1) // count
            act = self.schedule.at(at_ms)
            h = (at_ms - (self.now_ms or 0)) / 1000
            self.now_ms = at_ms
            self.now_s = at_ms / 1000
            if self.faults or self._upset:
                self.dark = self.fault("power_dip", 1.0) > 0
                self._drive_upsets(h)
            if h > 0:
                self.step(h, act)
            self.act = act
        if not self.faults:
            self.dark = False

    def fault(self, kind: str, default: float, metric: str = "") -> float:
        """The strength of a physics fault now, 0.0 when there is none.

        With a metric it counts only when the fault names that metric or none.
        """
        if not self.faults:
            return 0.0
        return amount_of(self.faults, kind, metric, self.now_ms or 0, default)

    def off(self, metric: str) -> float:
        """How far the fault bath_out_of_range has driven a bath so far, 1.0 = its whole amount."""
        if not self._upset:
            return 0.0
        return self._upset.get("", 0.0) + self._upset.get(metric, 0.0)

    def _drive_upsets(self, h: float) -> None:
        """A bath leaves its band, and comes back, as slowly as its volume wants."""
        for fault in self.faults:
            if fault.fault == "bath_out_of_range":
                self._upset.setdefault(fault.metric or "", 0.0)
        fade = exp(-h / _UPSET_S)
        for metric, level in self._upset.items():
            target = 0.0
            for fault in self.faults:
                if fault.fault == "bath_out_of_range" and (fault.metric or "") == metric:
                    target += amount_of([fault], fault.fault, metric, self.now_ms or 0, 1.0)
            self._upset[metric] = target + (level - target) * fade

    def _publish_common(self) -> None:
        act = self.act
        values = self.values
        recipes = self.schedule.program.recipes
        values["state"] = "alarm" if self.dark else act.state
        values["recipe_id"] = recipes[act.piece % len(recipes)]
        values["step_no"] = act.step + 1
        begun = 0
        for fault in self.faults:
            if fault.from_ms <= (self.now_ms or 0):
                begun += 1
        self._alarms = max(self._alarms, begun)
        values["alarm_count"] = self._alarms
        self.count("energy_kwh", self.energy_kwh(act), 2)

    def energy_kwh(self, act: Activity) -> float:
        """Energy drawn since simulated time 0, in closed form."""
        return self._energy.until(act) / 3600

    def put(self, name: str, value: float, sigma: float, digits: int) -> None:
        """A reading: the truth, the sensor's noise (sigma) and its resolution (decimal digits).

        Near zero a transmitter cuts off: it reads nothing rather than its own noise.
        """
        self._draw += 37
        if sigma:
            if -4.0 * sigma < value < 4.0 * sigma:
                value = 0.0
            else:
                value += sigma * BELL[(self._tick ^ self._draw) & 255]
        self.values[name] = round(value, digits)

    def put_log(self, name: str, value: float, share: float) -> None:
        """A reading over decades (vacuum): noise as a share of it, four significant digits."""
        self._draw += 37
        value *= 1.0 + share * BELL[(self._tick ^ self._draw) & 255]
        digits = 3
        limit = 1.0
        while digits < 9 and value < limit:
            digits += 1
            limit /= 10
        self.values[name] = round(value, digits)

    def count(self, name: str, nominal: float, digits: int) -> None:
        """A counter: what the schedule says, less what was not done while the mains were away."""
        lost = self._uncounted.get(name, 0.0)
        if self.dark and name in self._counted:
            lost = max(lost, nominal - self._counted[name])
            self._uncounted[name] = lost
        self._counted[name] = nominal - lost
        self.values[name] = round(nominal - lost, digits) if digits else int(nominal - lost)

    def value(self, metric: str) -> "Value":
        """The reading of a metric as its sensor gives it; OSError when the sensor is open."""
        if not self.faults:
            return self.values[metric]
        reading = self.values[metric]
        at_ms = self.now_ms or 0
        for fault in self.faults:
            if fault.metric is not None and fault.metric != metric:
                continue
            if fault.from_ms > at_ms or (fault.to_ms is not None and at_ms >= fault.to_ms):
                continue
            reading = self._through(fault, metric, reading)
        return reading

    def _through(self, fault: Fault, metric: str, reading: "Value") -> "Value":
        if fault.fault == "sensor_open":
            raise OSError(_EIO, "sensor open: " + metric)
        if fault.fault == "stuck":
            return self._stuck.setdefault(metric, reading)
        if fault.fault == "drift" and isinstance(reading, float):
            hours = ((self.now_ms or 0) - fault.from_ms) / 3600000
            return float(reading + (5.0 if fault.amount is None else fault.amount) * hours)
        return reading
