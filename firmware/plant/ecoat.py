"""Cathodic e-coat line: racks are dipped under voltage, rinsed with ultrafiltrate, cured."""

from math import exp

from firmware.plant.bath import Bath, BathData, filter_dp_kpa
from firmware.plant.faults import FaultBook
from firmware.plant.noise import wander
from firmware.plant.rinse import RinseTank, dragged_l, rinse_of, water_tally
from firmware.plant.schedule import LOADS, Activity
from firmware.plant.station import Station
from firmware.plant.thermal import toward

AREA_M2 = 4.2  # of a rated rack
_DIP_S = (120.0, 270.0)  # within the takt
_VOLTS = 210.0
_RAMP_S = 20.0
_FILM_S = 28.0  # the growing film chokes the current
_PEAK_A_M2 = 26.0
_TAIL = 0.05
_OVEN_C = (168.0, 178.0, 176.0)
_CURE_TAKTS = 3


def dip_share(s: float) -> float:
    """Current over the dip as a share of its peak: ramp, decay as the film closes, tail."""
    if s <= 0.0:
        return 0.0
    grown = 1.0 if s < _RAMP_S else _TAIL + (1.0 - _TAIL) * exp(-(s - _RAMP_S) / _FILM_S)
    return min(1.0, s / _RAMP_S) * grown


def dip_charge_s(s: float) -> float:
    """The integral of dip_share, in seconds at the peak current."""
    if s <= 0.0:
        return 0.0
    if s < _RAMP_S:
        return s * s / (2 * _RAMP_S)
    after = s - _RAMP_S
    decayed = (1.0 - _TAIL) * _FILM_S * (1.0 - exp(-after / _FILM_S))
    return _RAMP_S / 2 + _TAIL * after + decayed


class EcoatLine(Station):
    """A load of the schedule is one rack; the oven holds those of the takts before."""

    STEP_S = 6.0
    REPLAY_S = 10 * 3600.0
    POWER_KW = {"run": 118.0}
    OTHER_KW = 24.0

    def __init__(self, seed: int, station: str, station_type: str, book: FaultBook) -> None:
        super().__init__(seed, station, station_type, book)
        self.degrease = Bath(self, "degrease", BathData(900.0, 53.0, 16.0, 0.18, 10.5, -0.02))
        self.bath = Bath(self, "bath", BathData(3600.0, 31.0, 12.0, 0.35, 5.85, -0.01))
        self.rinse = rinse_of(station_type, "di_rinse")
        self.tank = RinseTank(self.rinse)
        self.water = water_tally(self.schedule, self.rinse)
        self.oven = [24.0, 24.0, 24.0]
        self.metal_c = 24.0
        self.solvent = 1.0

    def reset(self, act: Activity) -> None:
        self.degrease.reset()
        self.bath.reset()
        self.tank.x = 0.0002
        self.oven = [150.0, 150.0, 150.0]
        self.metal_c = 40.0
        self.solvent = 1.0

    def step(self, h: float, act: Activity) -> None:
        running = act.state == "run" and not self.dark
        moved = act.piece - self.act.piece
        self.degrease.step(h, 1.0 if running else 0.0, 0.3 * moved)
        self.bath.step(h, 1.0 if running else 0.0, 0.25 * moved)
        flow = self.rinse.flow_l_h if running else self.rinse.idle_l_h
        carried = 0.0 if self.dark else dragged_l(self.schedule, self.rinse, self.act, act)
        self.tank.step(h, 0.0 if self.dark else flow, carried)
        warming = act.state != "clean" and not self.dark
        for n, setpoint in enumerate(_OVEN_C):
            # A cold rack at the door of a zone takes heat out of it for a while.
            door = 3.5 * act.load * exp(-act.piece_s / 90.0) if running and n == 0 else 0.0
            aim = setpoint - door + 8.0 * self.off(f"oven_zone_{n + 1}_temperature_c")
            self.oven[n] = toward(
                self.oven[n], aim if warming else 24.0, h, 420.0 if warming else 2700.0
            )
        # The traced rack goes in cold, is cured for three takts, and a new one follows.
        into = act.piece % _CURE_TAKTS
        if running and moved > 0 and into == 0:
            self.metal_c = 32.0
        self.metal_c = toward(
            self.metal_c, self.oven[into] - 1.0, h, 300.0 * (0.8 + 0.4 * act.load)
        )
        self.solvent = toward(self.solvent, 4.2 if running else 1.0, h, 600.0)

    def _dip_s(self, act: Activity) -> float:
        return min(max(0.0, act.piece_s - _DIP_S[0]), _DIP_S[1] - _DIP_S[0])

    def coulomb(self, act: Activity) -> float:
        """Charge since simulated time 0, in coulombs."""
        whole = dip_charge_s(_DIP_S[1] - _DIP_S[0])
        loads = self.schedule.loads_before(act.piece) * whole
        loads += act.load * dip_charge_s(self._dip_s(act))
        return float(loads * AREA_M2 * _PEAK_A_M2)

    def publish(self, act: Activity) -> None:
        running = act.state == "run" and not self.dark
        dipping = running and _DIP_S[0] < act.piece_s < _DIP_S[1]
        self._publish_bath(running)
        s = self._dip_s(act)
        amps = AREA_M2 * act.load * _PEAK_A_M2 * dip_share(s) if dipping else 0.0
        self.put("rectifier_voltage_v", _VOLTS * min(1.0, s / _RAMP_S) if dipping else 0.0, 0.1, 1)
        self.put("rectifier_current_a", amps, amps * 0.0006, 2)
        self.count("rectifier_coulomb", self.coulomb(act), 1)
        self.values["dip_time_s"] = _DIP_S[1] - _DIP_S[0]
        for n, t in enumerate(self.oven):
            hunting = 0.4 * wander(self.key + 30 + n, self.now_s, 500.0)
            self.put(f"oven_zone_{n + 1}_temperature_c", t + hunting, 0.06, 1)
        self.put("part_metal_temperature_c", self.metal_c, 0.06, 1)
        self.put("oven_solvent_pct_lel", self.solvent * (1.0 if not self.dark else 1.6), 0.05, 1)
        self.put("conveyor_speed_m_min", 1.1 if running else 0.0, 0.0012, 3)
        shown = act.piece if act.piece_s >= _DIP_S[0] else act.piece - 1
        self.values["rack_id"] = f"R-{shown % 40 + 1:02d}"
        finished = 1.0 if act.piece_s >= _DIP_S[1] else 0.0
        self.count("rack_count", act.piece + finished, 0)
        last = self.schedule.mix[act.piece % LOADS] * finished
        area = (self.schedule.loads_before(act.piece) + last) * AREA_M2
        self.count("processed_area_m2", area, 2)
        self.count("paint_l", area * 0.072, 2)
        self.count("water_m3", self.water.until(act) / 1000, 3)

    def _publish_bath(self, running: bool) -> None:
        key, at_s = self.key, self.now_s
        self.degrease.put_temperature()
        self.bath.put_temperature()
        self.bath.put_ph()
        self.bath.put_level()
        us_cm = 1310.0 * (1.0 + 0.04 * wander(key + 3, at_s, 120000.0))
        us_cm *= 1.0 + 0.6 * self.off("bath_conductivity_us_cm")
        self.put("bath_conductivity_us_cm", us_cm, 1.5, 0)
        flowing = 0.0 if self.dark else 1.0
        self.put("bath_circulation_m3_h", 52.0 * flowing, 0.06, 1)
        self.put("bath_filter_dp_kpa", flowing * filter_dp_kpa(key, at_s, 5.0), 0.1, 1)
        rinsed = self.tank.x * 100.0 * self.rinse.us_cm
        self.put("pretreat_rinse_conductivity_us_cm", 12.0 + rinsed, 0.03, 1)
        self.put("di_rinse_conductivity_us_cm", 9.0 + rinsed, 0.03, 1)
        self.put(
            "anolyte_conductivity_us_cm", 820.0 + 60.0 * wander(key + 5, at_s, 30000.0), 1.2, 0
        )
        self.put("uf_flow_l_h", 420.0 * flowing * (1.0 if running else 0.5), 0.6, 0)
        self.put(
            "uf_rinse_conductivity_us_cm", 830.0 + 50.0 * wander(key + 6, at_s, 9000.0), 1.2, 0
        )
