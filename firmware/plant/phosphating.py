"""Zinc phosphating line: baskets move on every takt through cleaner, pickle, conditioner, bath."""

from firmware.plant.bath import Bath, BathData, filter_dp_kpa
from firmware.plant.faults import FaultBook
from firmware.plant.noise import unit, wander
from firmware.plant.rinse import RINSES, RinseTank, dragged_l, water_tally
from firmware.plant.schedule import LOADS, Activity, Tally
from firmware.plant.station import Station
from firmware.plant.thermal import toward

RATED_KG = 38.0
AREA_M2_KG = 0.128
_HOIST = (14, 12, 11, 9, 8, 7, 5, 4, 2, 1)  # tanks, in the order the hoist serves them
_HOIST_S = 220.0
_RINSE_BASE = {
    "degrease_rinse": 95.0,
    "pickle_rinse": 35.0,
    "phosphate_rinse": 60.0,
    "di_rinse": 6.0,
}
_COLLOID_DAYS = 1.5  # the conditioner is dumped and made up again


class PhosphatingLine(Station):
    """A load of the schedule is one basket."""

    POWER_KW = {"run": 33.0}
    REPLAY_S = 10 * 3600.0
    OTHER_KW = 11.0

    def __init__(self, seed: int, station: str, station_type: str, book: FaultBook) -> None:
        super().__init__(seed, station, station_type, book)
        self.degrease = Bath(self, "degrease", BathData(1200.0, 52.0, 18.0, 0.2, 10.6, -0.03))
        self.pickle = Bath(self, "pickle", BathData(600.0, None, 0.0, 0.2, 1.4, 0.0))
        self.conditioner = Bath(self, "conditioning", BathData(800.0, None, 0.0, 0.2, 8.8, -0.02))
        self.phosphate = Bath(self, "phosphate", BathData(2000.0, 30.0, 20.0, 0.26, 2.9, 0.04))
        self.baths = (self.degrease, self.pickle, self.conditioner, self.phosphate)
        self.rinses = [RinseTank(rinse) for rinse in RINSES[station_type]]
        self.water = [water_tally(self.schedule, tank.rinse) for tank in self.rinses]
        self.working = Tally(self.schedule, {"run": 1.0 / 3600})
        self.dryer_c = 96.0
        self.salt = 1.0

    def reset(self, act: Activity) -> None:
        for bath in self.baths:
            bath.reset()
        for tank in self.rinses:
            tank.x = 0.0006
        self.dryer_c = 60.0
        self.salt = 1.0

    def step(self, h: float, act: Activity) -> None:
        moved = act.piece - self.act.piece
        running = act.state == "run" and not self.dark
        work = act.load if running else 0.0
        for bath in self.baths:
            bath.step(h, work, 0.35 * act.load * moved)
        for tank in self.rinses:
            rinse = tank.rinse
            flow = rinse.flow_l_h if running else rinse.idle_l_h
            carried = 0.0 if self.dark else dragged_l(self.schedule, rinse, self.act, act)
            tank.step(h, 0.0 if self.dark else flow, carried)
        self.dryer_c = toward(self.dryer_c, 96.0 if running else 55.0, h, 900.0)
        # Water that replaces leaking bath thins it; the replenisher brings it back over hours.
        leak = self.fault("leak", 240.0, "phosphate_level_pct")
        self.salt = toward(self.salt, 1.0 - min(0.6, leak / 600), h, 14000.0)

    def _done_m2(self, act: Activity) -> float:
        share = act.piece_s / self.schedule.program.takt_s
        loads = self.schedule.loads_before(act.piece) + act.load * share
        return float(loads * RATED_KG * AREA_M2_KG)

    def publish(self, act: Activity) -> None:
        running = act.state == "run" and not self.dark
        self._publish_baths(act, running)
        self._publish_rinses(running)
        self._publish_hoist(act)
        self.put("dryer_temperature_c", self.dryer_c, 0.06, 1)
        self.values["dryer_time_min"] = round(14.2 + 0.6 * unit(self.key + 3, act.piece), 1)
        area = self._done_m2(act)
        hours = self.working.until(act)
        self.count("pickle_acid_l", int(area * 0.055 / 0.1) * 0.1, 1)
        self.count("replenisher_l", int(area * 0.16 / 0.25) * 0.25, 2)
        # Nitrite is used by the film and decays on its own.
        self.count("accelerator_l", int((area * 0.05 + hours * 0.4) / 0.1) * 0.1, 2)
        takts = act.piece_s / self.schedule.program.takt_s
        self.count("basket_count", act.piece + takts, 0)
        self.count("processed_area_m2", area, 2)
        water = 0.0
        for tally in self.water:
            water += tally.until(act)
        self.count("water_m3", water / 1000, 3)

    def _publish_baths(self, act: Activity, running: bool) -> None:
        self.degrease.put_temperature()
        self.degrease.put_ph()
        self.degrease.put_level()
        self.pickle.put_temperature()
        self.pickle.put_level()
        self.conditioner.put_temperature()
        self.conditioner.put_ph()
        self.phosphate.put_temperature()
        self.phosphate.put_ph()
        self.phosphate.put_level()
        watts = 2100.0 if running else 0.0
        self.put("degrease_ultrasonic_power_w", watts, 1.2, 0)
        self.put("desmut_ultrasonic_power_w", watts * 0.7, 1.0, 0)
        period = _COLLOID_DAYS * 24
        age = (self.now_s / 3600 + period * unit(self.key, 6)) % period
        self.values["conditioning_age_h"] = round(age, 1)
        salts = 24500.0 * (1.0 + 0.03 * wander(self.key + 8, self.now_s, 90000.0)) * self.salt
        salts *= 1.0 + 0.5 * self.off("phosphate_conductivity_us_cm")
        self.put("phosphate_conductivity_us_cm", salts, 25.0, 0)
        self.put("phosphate_circulation_m3_h", 0.0 if self.dark else 11.0, 0.012, 2)
        dp = 0.0 if self.dark else filter_dp_kpa(self.key, self.now_s, 2.0)
        self.put("phosphate_filter_dp_kpa", dp, 0.1, 1)
        self.put("phosphate_heater_power_kw", self.phosphate.kw, 0.003, 2)
        self.values["pickle_time_s"] = round(34.0 + 2.0 * unit(self.key + 1, act.piece), 1)
        self.values["phosphate_time_s"] = round(396.0 + 9.0 * unit(self.key + 2, act.piece), 0)

    def _publish_rinses(self, running: bool) -> None:
        for n, tank in enumerate(self.rinses):
            name = tank.rinse.name
            us_cm = _RINSE_BASE[name] + tank.x * 100.0 * tank.rinse.us_cm
            self.put(name + "_conductivity_us_cm", us_cm, us_cm * 0.0015, 1)
            flow = tank.rinse.flow_l_h if running else tank.rinse.idle_l_h
            flow *= 1.0 + 0.004 * wander(self.key + 50 + n, self.now_s, 2600.0)
            self.put(name + "_flow_l_h", 0.0 if self.dark else flow, flow * 0.001, 1)
        alkali = self.rinses[0].x * 100
        acid = self.rinses[2].x * 100
        self.put("degrease_rinse_ph", 7.4 + 1.6 * alkali / (alkali + 0.35), 0.003, 2)
        self.put("phosphate_rinse_ph", 6.9 - 1.5 * acid / (acid + 0.35), 0.003, 2)

    def _publish_hoist(self, act: Activity) -> None:
        """While the hoist moves, the basket it lowered last; afterwards the one just loaded."""
        served = min(len(_HOIST) - 1, int(act.piece_s / _HOIST_S * len(_HOIST)))
        piece = act.piece - (len(_HOIST) - 1 - served)
        bathed = act.piece - 3
        self.values["basket_id"] = f"K-{bathed % 36 + 1:02d}"
        self.values["basket_position"] = _HOIST[served]
        self.values["load_kg"] = round(RATED_KG * self.schedule.mix[piece % LOADS], 1)
