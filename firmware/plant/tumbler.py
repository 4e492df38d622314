"""Vibratory tumbler: magnets, ceramic media and alkaline water round the edges for hours."""

from firmware.plant.faults import FaultBook
from firmware.plant.noise import wander
from firmware.plant.rinse import RinseTank, rinse_of, water_tally
from firmware.plant.schedule import Activity
from firmware.plant.station import Station
from firmware.plant.thermal import toward

_RATED_KG = 46.0


class Tumbler(Station):
    """One bowl load per cycle."""

    POWER_KW = {"tumble": 9.0, "rinse": 8.0, "unload": 6.0}
    OTHER_KW = 0.5

    def __init__(self, seed: int, station: str, station_type: str, book: FaultBook) -> None:
        super().__init__(seed, station, station_type, book)
        self.rinse = rinse_of(station_type, "process_water")
        self.water = water_tally(self.schedule, self.rinse)
        self.tank = RinseTank(self.rinse)
        self.reset(self.act)

    def reset(self, act: Activity) -> None:
        self.speed = 0.0
        self.water_c = 24.0
        self.dryer_c = 60.0
        self.tank.x = 0.002

    def step(self, h: float, act: Activity) -> None:
        going = act.phase in ("tumble", "rinse") and not self.dark
        self.speed = toward(self.speed, 1.0 if going else 0.0, h, 6.0)
        self.water_c = toward(self.water_c, 27.5 if going else 23.0, h, 3000.0)
        drying = act.phase in ("rinse", "unload") and not self.dark
        self.dryer_c = toward(self.dryer_c, 78.0 if drying else 40.0, h, 900.0)
        flow = self.rinse.flow_l_h if going else self.rinse.idle_l_h
        self.tank.step(
            h, 0.0 if self.dark else flow, self.rinse.drag_l * act.load * h if going else 0.0
        )

    def publish(self, act: Activity) -> None:
        going = act.phase in ("tumble", "rinse") and not self.dark
        self.put("bowl_amplitude_mm", 3.6 * self.speed if self.speed > 0.01 else 0.0, 0.006, 3)
        self.put("bowl_speed_rpm", 1190.0 * self.speed if self.speed > 0.01 else 0.0, 0.8, 0)
        self.put("motor_current_a", (9.0 + 6.5 * act.load) * self.speed, 0.01, 2)
        if act.phase == "tumble":
            self.values["run_time_min"] = float(int(act.at_s / 60))
        else:
            self.values.setdefault("run_time_min", 300.0)
        full = act.load if 0 < act.step < 4 else 0.0
        self.values["load_kg"] = round(_RATED_KG * full, 1)
        self.values["media_kg"] = 230.0
        self.put("process_water_temperature_c", self.water_c, 0.02, 1)
        ph = (
            9.3
            + 0.1 * wander(self.key + 3, self.now_s, 20000.0)
            - 1.7 * self.off("process_water_ph")
        )
        self.put("process_water_ph", ph, 0.003, 2)
        self.put("process_water_conductivity_us_cm", 620.0 + self.tank.x * 52000.0, 1.2, 0)
        flow = self.rinse.flow_l_h if going else self.rinse.idle_l_h
        self.put("process_water_flow_l_h", 0.0 if self.dark else flow, 0.2, 1)
        share = min(1.0, act.at_s / act.of_s) if act.phase == "tumble" else float(act.step > 1)
        done = self.schedule.loads_before(act.cycle) + act.load * share
        self.count("compound_ml", done * 1800.0, 1)
        self.count("rinse_water_l", self.water.until(act), 1)
        self.put("dryer_temperature_c", self.dryer_c, 0.03, 1)
        self.count("swarf_kg", done * 0.55, 2)
