"""Jet mill: a closed loop of nitrogen with dosed oxygen, a classifier, bags, and the blender."""

from firmware.plant.faults import FaultBook
from firmware.plant.noise import unit, wander
from firmware.plant.schedule import Activity
from firmware.plant.station import Station
from firmware.plant.thermal import ROOM_C, toward

_HOPPER_KG = 480.0  # at rated load; the mill empties it within the phase "mill"
_FINES = 0.017  # share of the feed that ends in the superfines bag


class JetMill(Station):
    """Feed in, powder out; oxygen follows dosing against what the fresh surface takes up."""

    POWER_KW = {"mill": 235.0, "inert": 60.0, "blend": 12.0}
    OTHER_KW = 5.0

    def __init__(self, seed: int, station: str, station_type: str, book: FaultBook) -> None:
        super().__init__(seed, station, station_type, book)
        self.reset(self.act)

    def reset(self, act: Activity) -> None:
        self.oxygen = 90000.0
        self.dose = 0.0
        self.pressure = 0.0
        self.supply = 0.74
        self.rpm = 0.0
        self.bearing = self.gas_c = 26.0
        self.compressor_c = 60.0
        self.bag = 0.0
        self.d50 = 4.2
        self.loop = 0.5
        self.blend_min = 60.0

    def _target_um(self, act: Activity) -> float:
        return 4.2 if act.piece % 2 == 0 else 3.8

    def _milled(self, act: Activity) -> float:
        """Share of this charge that went through the mill."""
        if act.phase == "mill":
            return min(1.0, act.at_s / (act.of_s - 600.0))
        return 1.0 if act.step > 2 else 0.0

    def step(self, h: float, act: Activity) -> None:
        on = not self.dark
        milling = act.phase == "mill" and on
        flowing = milling or (act.phase == "inert" and on)
        feeding = milling and self._milled(act) < 1.0
        leak = self.fault("leak", 400.0)
        sag = 0.012 * wander(self.key + 5, self.now_s, 1500.0)
        self.supply = toward(self.supply, (0.74 + sag) if on else 0.0, h, 200.0)
        self.pressure = toward(
            self.pressure, min(self.supply - 0.08, 0.62) if flowing else 0.0, h, 12.0
        )
        speed = (3400.0 if self._target_um(act) > 4 else 3750.0) if milling else 0.0
        self.rpm = toward(self.rpm, speed, h, 40.0)
        self._oxygen(h, act, flowing, leak)
        load = 1.0 if feeding else 0.4
        self.bearing = toward(self.bearing, ROOM_C + 24.0 * self.rpm / 3600, h, 1500.0)
        self.gas_c = toward(self.gas_c, 23.0 + (9.0 * load if flowing else 0.0), h, 500.0)
        self.compressor_c = toward(
            self.compressor_c, 30.0 + (48.0 if flowing else 8.0 * on), h, 900.0
        )
        dust = (0.9 + 2.2 * ((act.at_s % 5400.0) / 5400.0)) if flowing else 0.0  # cleaned by pulses
        self.bag = toward(self.bag, dust, h, 30.0)
        self.loop = toward(self.loop, (3.2 if flowing else 0.6) if on else 0.0, h, 60.0)
        # Coarser with less pressure, finer with more classifier speed.
        worn = (0.62 / max(0.3, self.pressure)) ** 0.5 if milling else 1.0
        aim = self._target_um(act) + 0.06 * wander(self.key + 6, self.now_s, 5400.0)
        self.d50 = toward(self.d50, aim * worn, h, 300.0)
        if act.phase == "blend":
            self.blend_min = float(int(act.at_s / 60 + 0.5))

    def _oxygen(self, h: float, act: Activity, flowing: bool, leak: float) -> None:
        """ppm in the loop: dosed, leaking in, bound by fresh surface, purged by nitrogen."""
        aim = self._aim(act)
        if act.phase == "load" or act.phase == "clean":
            self.oxygen = toward(self.oxygen, 90000.0, h, 200.0)
            self.dose = 0.0
        elif flowing:
            wanted = 4.0 + (aim - self.oxygen) * 0.012
            self.dose = min(18.0, max(0.0, wanted)) if act.phase == "mill" else 0.0
            rest = (
                aim + (self.dose - 4.0) * 60.0 + leak * 3.0 if act.phase == "mill" else 25.0 + leak
            )
            self.oxygen = toward(self.oxygen, max(8.0, rest), h, 144.0)
        else:
            self.dose = 0.0
            self.oxygen = toward(self.oxygen, 30.0 + leak * 40.0 * self.dark, h, 1800.0)

    def _aim(self, act: Activity) -> float:
        return 600.0 if act.piece % 2 == 0 else 350.0

    def publish(self, act: Activity) -> None:
        on = 0.0 if self.dark else 1.0
        milled = self._milled(act)
        feeding = act.phase == "mill" and milled < 1.0 and not self.dark
        self.put("mill_gas_pressure_mpa", self.pressure, 0.0003, 4)
        self.put("mill_gas_flow_m3_h", 1480.0 * self.pressure / 0.62, 2.0, 0)
        self.put("mill_gas_temperature_c", self.gas_c, 0.06, 1)
        self.put_log("system_oxygen_ppm", min(self.oxygen, 1950.0), 0.006)  # the cell saturates
        self.values["oxygen_setpoint_ppm"] = self._aim(act)
        self.values["oxygen_dose_l_min"] = round(self.dose, 0)
        self.put("loop_pressure_kpa", self.loop, 0.006, 3)
        self.put("classifier_speed_rpm", self.rpm if self.rpm > 1 else 0.0, 0.8, 0)
        amps = self.rpm / 3600 * (13.0 + (6.0 if feeding else 0.0))
        self.put("classifier_current_a", amps, 0.012, 2)
        shake = self.rpm / 3600 * (1.4 + 0.3 * wander(self.key + 8, self.now_s, 4000.0))
        self.put("classifier_vibration_mm_s", shake, 0.015, 2)
        self.put("classifier_bearing_temperature_c", self.bearing, 0.03, 1)
        rated = _HOPPER_KG * act.load
        rate = rated / (480 * 60 - 600) * 3600 if feeding else 0.0
        self.put(
            "feed_rate_kg_h", rate * (1 + 0.004 * wander(self.key + 9, self.now_s, 200.0)), 0.05, 1
        )
        full = act.step > 0 or act.at_s > act.of_s / 2
        self.put("hopper_kg", rated * (1.0 - milled) if full else 0.0, 0.08, 1)
        self.put("bag_dp_kpa", self.bag, 0.003, 3)
        self.put("d50_um", self.d50, 0.003, 3)
        done = (self.schedule.loads_before(act.cycle) + act.load * milled) * _HOPPER_KG
        self.count("powder_kg", done * (1.0 - _FINES), 1)
        self.count("superfines_kg", done * _FINES, 2)
        blended = min(1.0, act.at_s / 300) if act.phase == "blend" else float(act.step > 3)
        dosed = self.schedule.loads_before(act.cycle) + act.load * blended
        self.count("additive_ml", dosed * _HOPPER_KG * 1.4, 1)
        self.put("blender_speed_rpm", 12.0 * on if act.phase == "blend" else 0.0, 0.012, 2)
        self.values["blend_time_min"] = self.blend_min
        self.put("compressor_pressure_mpa", self.supply, 0.0006, 4)
        self.put("compressor_temperature_c", self.compressor_c, 0.03, 1)
        wet = 12.0 * min(1.0, self.fault("leak", 400.0) / 400)
        dew = -58.0 + 2.0 * unit(self.key, 12) + wet
        self.put("gas_dew_point_c", dew, 0.06, 1)
