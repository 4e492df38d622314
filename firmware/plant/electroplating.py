"""Barrel plating line: every takt the barrels move on; cells for base Ni, Cu, bright Ni and Zn.

Charge is exact: a barrel's ampere-hours are its current times the closed-form time at current,
so that the counter survives a restart and Faraday's law can be checked against the log.
"""

from collections import namedtuple

from firmware.plant.bath import Bath, BathData, filter_dp_kpa
from firmware.plant.faults import FaultBook
from firmware.plant.noise import wander
from firmware.plant.rinse import RINSES, RinseTank, dragged_l, water_tally
from firmware.plant.schedule import LOADS, Activity
from firmware.plant.station import Station
from firmware.plant.thermal import toward

RATED_KG = 22.0
AREA_M2_KG = 0.128
_TRANSFER_S = 240.0  # the hoist moves every barrel one tank on
_RAMP_S = 60.0
_LIFT_S = 60.0  # current off before the barrel is lifted
_HOIST = (13, 12, 10, 8, 6, 4, 2, 1)  # tanks, in the order the hoist serves them

# bath; behind: takts after loading; amps: at rated load; back_v, ohm: of the cell at rated load
# and 50 °C; equivalent: g deposited per Ah at 100 % (Faraday); efficiency.
Cell = namedtuple(
    "Cell", ("name", "bath", "behind", "amps", "back_v", "ohm", "equivalent", "efficiency")
)

CELLS = (
    Cell(
        "ni_base", BathData(1400.0, 50.0, 18.0, 0.20, 4.7, 0.05), 0, 84.0, 2.4, 0.078, 1.0950, 0.95
    ),
    Cell("cu", BathData(1400.0, 50.0, 18.0, 0.20, 8.65, -0.03), 1, 112.0, 1.2, 0.046, 1.1855, 0.97),
    Cell(
        "ni_bright",
        BathData(1400.0, 54.0, 20.0, 0.21, 4.3, 0.06),
        2,
        106.0,
        2.3,
        0.072,
        1.0950,
        0.95,
    ),
    Cell("zn", BathData(1200.0, None, 0.0, 0.25, 5.2, 0.05), 0, 140.0, 1.6, 0.034, 1.2197, 0.96),
)
_BRIGHTENER_ML_AH = {"ni_bright": 0.14, "zn": 0.11}


def current_share(piece_s: float, takt_s: float) -> float:
    """The current within a takt, as a share of the set one: off, ramp, full, off."""
    if piece_s < _TRANSFER_S or piece_s >= takt_s - _LIFT_S:
        return 0.0
    return min(1.0, (piece_s - _TRANSFER_S) / _RAMP_S)


def charge_s(piece_s: float, takt_s: float) -> float:
    """The integral of current_share over a takt so far, in seconds at full current."""
    on = min(max(0.0, piece_s - _TRANSFER_S), takt_s - _LIFT_S - _TRANSFER_S)
    if on < _RAMP_S:
        return on * on / (2 * _RAMP_S)
    return on - _RAMP_S / 2


class ElectroplatingLine(Station):
    """A load of the schedule is one barrel; a cell holds the barrel that came some takts before."""

    POWER_KW = {"run": 74.0}
    REPLAY_S = 10 * 3600.0
    OTHER_KW = 26.0

    def __init__(self, seed: int, station: str, station_type: str, book: FaultBook) -> None:
        super().__init__(seed, station, station_type, book)
        self.takt_s = float(self.schedule.program.takt_s)
        self.baths = [Bath(self, cell.name, cell.bath) for cell in CELLS]
        self.degrease = Bath(self, "degrease", BathData(900.0, 54.0, 15.0, 0.16, 10.5, -0.02))
        self.pickle = Bath(self, "pickle", BathData(500.0, None, 0.0, 0.2, 1.5, 0.0))
        self.rinses = [RinseTank(rinse) for rinse in RINSES[station_type]]
        self.water = [water_tally(self.schedule, tank.rinse) for tank in self.rinses]
        self.dryer_c = 78.0

    def reset(self, act: Activity) -> None:
        for bath in self.baths:
            bath.reset()
        self.degrease.reset()
        self.pickle.reset()
        for tank in self.rinses:
            tank.x = 0.0008
        self.dryer_c = 78.0

    def load_in(self, cell: Cell, act: Activity) -> float:
        """The size of the barrel now in a cell."""
        return float(self.schedule.mix[(act.piece - cell.behind) % LOADS])

    def amps(self, cell: Cell, act: Activity) -> float:
        if self.dark or act.state != "run":
            return 0.0
        share = current_share(act.piece_s, self.takt_s)
        return float(cell.amps * self.load_in(cell, act) * share)

    def ampere_hours(self, cell: Cell, act: Activity) -> float:
        """Charge through a cell since simulated time 0."""
        before = self.schedule.loads_before(act.piece - cell.behind)
        whole = charge_s(self.takt_s, self.takt_s)
        now = self.load_in(cell, act) * charge_s(act.piece_s, self.takt_s)
        return float(cell.amps * (before * whole + now) / 3600)

    def step(self, h: float, act: Activity) -> None:
        moved = act.piece - self.act.piece
        for cell, bath in zip(CELLS, self.baths):
            current = self.amps(cell, act) / cell.amps
            bath.step(h, current, 0.8 * moved * self.load_in(cell, act))
        self.degrease.step(h, 1.0, 0.3 * moved)
        self.pickle.step(h, 1.0, 0.2 * moved)
        running = act.state == "run"
        for tank in self.rinses:
            rinse = tank.rinse
            flow = rinse.flow_l_h if running else rinse.idle_l_h
            carried = 0.0 if self.dark else dragged_l(self.schedule, rinse, self.act, act)
            tank.step(h, 0.0 if self.dark else flow, carried)
        self.dryer_c = toward(self.dryer_c, 24.0 if self.dark else 78.0, h, 900.0)

    def publish(self, act: Activity) -> None:
        self.degrease.put_temperature()
        self.pickle.put_temperature()
        for n, cell in enumerate(CELLS):
            self._publish_cell(n, cell, act)
        running = act.state == "run" and not self.dark
        plating = running and act.piece_s >= _TRANSFER_S
        self.put("barrel_rpm", 7.0 if plating else 0.0, 0.01, 2)
        for n, tank in enumerate(self.rinses):
            stem = tank.rinse.name[:2]
            us_cm = 85.0 + tank.x * 100.0 * tank.rinse.us_cm
            self.put(stem + "_rinse_conductivity_us_cm", us_cm, us_cm * 0.0015, 0)
            flow = tank.rinse.flow_l_h if act.state == "run" else tank.rinse.idle_l_h
            flow *= 1.0 + 0.004 * wander(self.key + 50 + n, self.now_s, 2600.0)
            self.put(stem + "_rinse_flow_l_h", 0.0 if self.dark else flow, flow * 0.001, 1)
        self.put("dryer_temperature_c", self.dryer_c, 0.06, 1)
        self._publish_hoist(act)
        done = self.schedule.loads_before(act.piece) * RATED_KG * AREA_M2_KG
        self.count("processed_area_m2", done, 2)
        water = 0.0
        for tally in self.water:
            water += tally.until(act)
        self.count("water_m3", water / 1000, 3)

    def _publish_cell(self, n: int, cell: Cell, act: Activity) -> None:
        name = cell.name
        bath = self.baths[n]
        amps = self.amps(cell, act)
        regulated = 1.0 + 0.0012 * wander(self.key + 40 + n, self.now_s, 400.0)
        self.put(name + "_current_a", amps * regulated, 0.02, 2)
        # Barrel contacts wear over weeks; a cold bath conducts worse.
        worn = 1.0 + 0.05 * wander(self.key + 44 + n, self.now_s, 400000.0)
        cold = 1.0 - 0.012 * (bath.t - (bath.data.setpoint or 26.0))
        ohm = cell.ohm * worn * cold / self.load_in(cell, act)
        self.put(name + "_voltage_v", cell.back_v + amps * ohm if amps else 0.0, 0.006, 3)
        charge = self.ampere_hours(cell, act)
        self.count(name + "_ah", charge, 2)
        if name in _BRIGHTENER_ML_AH:
            # The pump gives strokes of 5 mL, as the charge asks for them.
            strokes = int(charge * _BRIGHTENER_ML_AH[name] / 5.0)
            self.count(name + "_brightener_ml", strokes * 5.0, 1)
        bath.put_temperature()
        bath.put_ph()
        bath.put_level()
        self.put(name + "_filter_dp_kpa", filter_dp_kpa(self.key + n, self.now_s, 6.0), 0.1, 1)

    def _publish_hoist(self, act: Activity) -> None:
        """While the hoist moves, the barrel it lowered last; afterwards the one just loaded."""
        served = min(len(_HOIST) - 1, int(act.piece_s / _TRANSFER_S * len(_HOIST)))
        behind = (6, 5, 4, 3, 2, 1, 0, 0)[served]
        piece = act.piece - behind
        self.values["barrel_id"] = f"B-{piece % 24 + 1:02d}"
        self.values["barrel_position"] = _HOIST[served]
        self.values["load_kg"] = round(RATED_KG * self.schedule.mix[piece % LOADS], 1)
