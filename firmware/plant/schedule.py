"""What a station does when: a pure function of seed, station and simulated time.

The line and the wastewater plant run in different processes and still agree, because both ask
here. It is also what a restarted process resumes from.
"""

from collections import namedtuple

from firmware.plant.noise import key_of, unit
from firmware.plant.programs import PROGRAMS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple

    from firmware.plant.programs import Program

LOADS = 8  # the product mix of a station repeats after so many loads, so that sums stay closed

# cycle: runs of the program so far; step: index of the phase; at_s, of_s: seconds into the phase
# and its length; piece: loads begun so far; piece_s: seconds into this load; load: its size, 0…1
# of the rated one; since_s: seconds into the cycle.
if TYPE_CHECKING:

    class Activity(NamedTuple):
        cycle: int
        step: int
        phase: str
        state: str
        at_s: float
        of_s: float
        piece: int
        piece_s: float
        load: float
        since_s: float

else:
    Activity = namedtuple(
        "Activity",
        ["cycle", "step", "phase", "state", "at_s", "of_s", "piece", "piece_s", "load", "since_s"],
    )


class Schedule:
    """The program of one station, laid on the time axis with an offset of its own."""

    def __init__(self, seed: int, station: str, station_type: str) -> None:
        self.program: Program = PROGRAMS[station_type]
        self.key = key_of(seed, station)
        starts = []
        total = 0
        for phase in self.program.phases:
            starts.append(total)
            total += phase[1]
        self.starts_s = starts
        self.cycle_s = total
        self.offset_ms = int(unit(self.key, 1) * total) * 1000
        self.mix = [0.72 + 0.28 * unit(self.key, 100 + n) for n in range(LOADS)]
        self.mix_sum = sum(self.mix)
        self._run_step = 0
        self._pieces = 1
        if self.program.takt_s:
            names = [phase[0] for phase in self.program.phases]
            self._run_step = names.index("run")
            self._pieces = self.program.phases[self._run_step][1] // self.program.takt_s

    def at(self, sim_ms: int) -> Activity:
        """The activity at a simulated time; loads go in when the program (or the takt) begins."""
        cycle, into_ms = divmod(sim_ms + self.offset_ms, self.cycle_s * 1000)
        since = into_ms / 1000
        starts = self.starts_s
        step = len(starts) - 1
        while since < starts[step]:
            step -= 1
        name, of_s, state = self.program.phases[step]
        at_s = since - starts[step]
        piece, piece_s = self._piece(cycle, step, at_s, since)
        load = self.mix[piece % LOADS]
        return Activity(cycle, step, name, state, at_s, of_s, piece, piece_s, load, since)

    def _piece(self, cycle: int, step: int, at_s: float, since: float) -> tuple[int, float]:
        takt = self.program.takt_s
        if not takt:
            return cycle, since
        first = cycle * self._pieces
        if step < self._run_step:
            return first, 0.0
        if step > self._run_step:
            return first + self._pieces - 1, float(takt)
        n = int(at_s // takt)
        return first + n, at_s - n * takt

    def loads_before(self, piece: int) -> float:
        """The sum of the loads 0 … piece-1: closed form, because the mix repeats."""
        blocks, rest = divmod(piece, LOADS)
        total = blocks * self.mix_sum
        for n in range(rest):
            total += self.mix[n]
        return total


class Tally:
    """A quantity that grows at a fixed rate in each phase: its sum since time 0 in closed form."""

    def __init__(self, schedule: Schedule, rates: dict[str, float], other: float = 0.0) -> None:
        self.schedule = schedule
        self.rates = []
        self.sums = []
        total = 0.0
        for name, seconds, _ in schedule.program.phases:
            rate = rates.get(name, other)
            self.rates.append(rate)
            self.sums.append(total)
            total += rate * seconds
        self.per_cycle = total
        self._zero = 0.0
        self._zero = self.until(schedule.at(0))

    def until(self, act: Activity) -> float:
        """The sum from simulated time 0 to this activity."""
        done = act.cycle * self.per_cycle + self.sums[act.step] + self.rates[act.step] * act.at_s
        return done - self._zero


def activity(seed: int, station: str, station_type: str, sim_ms: int) -> Activity:
    """What the station does at that simulated time, for whoever asks only once."""
    return Schedule(seed, station, station_type).at(sim_ms)
