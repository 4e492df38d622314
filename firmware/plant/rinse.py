"""Rinse tanks: what a line drags out of its baths and sends, diluted, to the wastewater plant.

One table for both sides: the line reads its conductivities from it, the streams their loads.
"""

from collections import namedtuple
from math import exp

from firmware.plant.schedule import Schedule, Tally

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.plant.schedule import Activity

# volume_l: of the rinse; flow_l_h: fresh water while the line runs, idle_l_h: otherwise; drag_l:
# litres of bath carried over by a rated load (tumbler: per second and rated load);
# bath: grams per litre of bath of ni, cu, zn, p, cod, nh3_n, n, f; ph: of this water at 1 % bath;
# us_cm: conductivity at 1 % bath.
Rinse = namedtuple(
    "Rinse", ("name", "volume_l", "flow_l_h", "idle_l_h", "drag_l", "bath", "ph", "us_cm")
)

# Tuples, not dicts: MicroPython's dicts have no order and noise is drawn in order.
RINSES = {
    "electroplating_line": (
        Rinse("ni_rinse", 320.0, 420.0, 60.0, 1.05, {"ni": 74.0, "cod": 16.0}, 5.6, 1650.0),
        Rinse(
            "cu_rinse",
            320.0,
            380.0,
            60.0,
            0.95,
            {"cu": 26.0, "p": 88.0, "nh3_n": 9.0, "n": 9.0, "cod": 9.0},
            8.9,
            1500.0,
        ),
        Rinse("zn_rinse", 300.0, 340.0, 50.0, 0.95, {"zn": 33.0, "cod": 14.0}, 5.4, 1900.0),
    ),
    "phosphating_line": (
        Rinse("degrease_rinse", 400.0, 520.0, 80.0, 0.5, {"cod": 62.0, "p": 2.5}, 10.4, 520.0),
        Rinse("pickle_rinse", 400.0, 600.0, 80.0, 0.45, {"n": 11.0, "f": 0.1}, 2.6, 160.0),
        Rinse(
            "phosphate_rinse",
            400.0,
            560.0,
            80.0,
            0.5,
            {"p": 9.5, "zn": 2.2, "n": 2.4, "f": 0.5},
            4.4,
            230.0,
        ),
        Rinse("di_rinse", 300.0, 260.0, 30.0, 0.015, {"p": 1.0, "zn": 0.2}, 6.6, 900.0),
    ),
    "ecoat_line": (
        Rinse("di_rinse", 500.0, 340.0, 30.0, 0.05, {"cod": 140.0, "n": 1.5}, 6.0, 250.0),
    ),
    "tumbler": (
        Rinse("process_water", 180.0, 160.0, 15.0, 0.00011, {"cod": 320.0, "p": 0.5}, 9.4, 520.0),
    ),
}


def rinse_of(line_type: str, name: str) -> Rinse:
    """A rinse of a type of line, by its name."""
    for rinse in RINSES[line_type]:
        if rinse.name == name:
            return rinse
    raise KeyError(name)


class RinseTank:
    """A well-mixed tank; x = litres of bath in a litre of its water."""

    def __init__(self, rinse: Rinse) -> None:
        self.rinse = rinse
        self.x = 0.0

    def step(self, h: float, flow_l_h: float, dragged_l: float) -> None:
        """Dilute for h seconds, with a volume of bath carried in during that time."""
        volume = self.rinse.volume_l
        self.x = (self.x + dragged_l / volume) * exp(-flow_l_h * h / 3600 / volume)


def water_tally(schedule: Schedule, rinse: Rinse) -> Tally:
    """The fresh water of a rinse since simulated time 0, in litres."""
    run = rinse.flow_l_h / 3600
    rates = {}
    for name, _, state in schedule.program.phases:
        if state == "run":
            rates[name] = run
    return Tally(schedule, rates, rinse.idle_l_h / 3600)


def dragged_l(schedule: Schedule, rinse: Rinse, before: "Activity", now: "Activity") -> float:
    """Litres of bath carried into a rinse between two activities of its line."""
    if schedule.program.takt_s:
        loads = schedule.loads_before(now.piece) - schedule.loads_before(before.piece)
        return float(rinse.drag_l * loads)
    if now.state != "run":
        return 0.0
    seconds = (now.cycle - before.cycle) * schedule.cycle_s + now.since_s - before.since_s
    return float(rinse.drag_l * now.load * seconds)
