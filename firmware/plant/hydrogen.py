"""Hydrogen decrepitation: the alloy drinks hydrogen and heats itself, then vacuum drives it out."""

from math import exp

from firmware.plant.faults import FaultBook
from firmware.plant.noise import unit, wander
from firmware.plant.schedule import Activity
from firmware.plant.station import Station
from firmware.plant.thermal import ROOM_C, Desorption, toward
from firmware.plant.vacuum import ATMOSPHERE_PA, Pumps, Vessel

_RATED_KG = 920.0
_UPTAKE_M3_KG = 0.0444  # standard m³ per kg of alloy: 0.40 wt%
_HEAT_KJ_M3 = 2540.0  # 57 kJ per mol H2
_ALLOY_KJ_K = 0.45  # per kg
_AVRAMI_S = 2900.0
_AVRAMI_N = 2.1
_PUMPS = Pumps(((200000.0, 0.08), (2500.0, 0.9)))
_VOLUME = 2.6
_LEAK = 4e-4
_WATER_KW = 0.0698
_SOAK_C = 560.0


def absorbed(seconds: float) -> float:
    """The share taken up after a time: nucleation and growth (Johnson-Mehl-Avrami-Kolmogorov)."""
    if seconds <= 0:
        return 0.0
    return 1.0 - exp(-((seconds / _AVRAMI_S) ** _AVRAMI_N))


class HydrogenVessel(Station):
    """One charge per cycle in a turning, water-cooled retort."""

    POWER_KW = {"heat": 88.0, "dehydride": 46.0, "cool": 14.0, "purge": 16.0}
    OTHER_KW = 6.0

    def __init__(self, seed: int, station: str, station_type: str, book: FaultBook) -> None:
        super().__init__(seed, station, station_type, book)
        self.vessel = Vessel(_VOLUME, _PUMPS, 1.6)
        self.hydride = Desorption(500.0, 11000.0, 0.098)
        self.reset(self.act)

    def reset(self, act: Activity) -> None:
        self.leak_up = round(_LEAK * (1.0 + 0.5 * unit(self.key, 61)) / _VOLUME * 3600, 2)
        self.vessel.p = ATMOSPHERE_PA
        self.air_pa = ATMOSPHERE_PA
        self.load_c = self.wall_c = self.heater_c = 36.0
        self.heater_kw = 0.0
        self.flow_m3_h = 0.0
        self.uptake = 0.0
        self.hydride.bound = 0.0
        self.oil_c = 55.0
        self.water_out = 24.0
        self.area = [0.4, 0.3]
        self._test: tuple[float, float] | None = None

    def capacity(self, act: Activity) -> float:
        """What this charge takes up, standard m³."""
        return _RATED_KG * act.load * _UPTAKE_M3_KG

    def _share(self, act: Activity) -> float:
        if act.phase == "absorb":
            return absorbed(act.at_s)
        return 1.0 if act.step > 2 else 0.0

    def setpoint(self, act: Activity) -> float | None:
        if act.phase == "heat":
            return 60.0 + (_SOAK_C - 60.0) * act.at_s / act.of_s
        return _SOAK_C if act.phase == "dehydride" else None

    def step(self, h: float, act: Activity) -> None:
        share = self._share(act)
        taken = max(0.0, share - self.uptake) if act.cycle == self.act.cycle else 0.0
        self.uptake = share
        if self.dark:
            taken = 0.0  # the valve closes without power
        capacity = self.capacity(act)
        self.flow_m3_h = taken * capacity / h * 3600
        if act.phase == "heat" and self.act.phase != "heat":
            self.hydride.bound = 0.72 * capacity * ATMOSPHERE_PA  # the rest stays in the powder
        self._heat(h, act, taken * capacity * _HEAT_KJ_M3)
        self._breathe(h, act)
        escaping = self.fault("leak", 0.5) * (1.0 if 2 <= act.step <= 4 else 0.0)
        for n, gain in enumerate((26.0, 15.0)):
            self.area[n] = toward(self.area[n], 0.3 + 0.1 * n + gain * escaping, h, 420.0)
        busy = 0.0 if self.dark else 1.0
        self.oil_c = toward(self.oil_c, ROOM_C + busy * 36.0, h, 2400.0)

    def _heat(self, h: float, act: Activity, reaction_kj: float) -> None:
        """The wall takes the heater's power and gives it to the charge and the water jacket."""
        mass = _RATED_KG * act.load * _ALLOY_KJ_K
        give = 0.44 + 0.0012 * max(0.0, self.load_c)  # kW/K from wall to charge
        setpoint = self.setpoint(act)
        if setpoint is None or self.dark:
            self.heater_kw = 0.0
            self.heater_c = toward(self.heater_c, self.wall_c, h, 500.0)
        else:
            wanted = (setpoint - self.wall_c) * 1.5 + (self.wall_c - ROOM_C) * 0.03
            wanted += (self.wall_c - self.load_c) * give
            self.heater_kw = min(140.0, max(0.0, wanted))
            self.heater_c = toward(self.heater_c, self.wall_c + self.heater_kw * 0.8, h, 120.0)
        jacket = self._cooled(act) * 0.5
        out = self.load_c * give + self.heater_kw + (jacket + 0.03) * ROOM_C
        before = self.wall_c
        self.wall_c = toward(before, out / (give + jacket + 0.03), h, 240.0)
        self.load_c = toward(self.load_c, self.wall_c, h, mass / give) + reaction_kj / mass
        shed = jacket * (before - ROOM_C) + 3.0
        warm = self._water_in() + shed / (130 * _WATER_KW)
        self.water_out = toward(self.water_out, warm, h, 90.0)

    def _cooled(self, act: Activity) -> float:
        """How much of the water jacket is open."""
        if self.dark:
            return 0.05
        if act.phase == "absorb":
            return 0.55
        return 0.8 if act.phase in ("cool", "passivate", "unload", "load") else 0.0

    def _breathe(self, h: float, act: Activity) -> None:
        vessel = self.vessel
        leak = _LEAK * (1.0 + 0.5 * unit(self.key, 61)) + self.fault("leak", 0.5) * 0.2
        before = vessel.p
        testing = act.phase == "purge" and 0.66 < act.at_s / act.of_s < 0.85
        if act.phase in ("load", "unload"):
            vessel.admit(h, ATMOSPHERE_PA, 120.0)
            self.air_pa = toward(self.air_pa, vessel.p, h, 120.0)
        elif testing or (self.dark and act.phase in ("purge", "heat", "dehydride")):
            vessel.close(h, leak + (self.hydride.release(h, self.load_c) if self.dark else 0.0))
            self.air_pa += leak * h / _VOLUME
        elif act.phase == "absorb":
            vessel.admit(h, 205000.0 - 420.0 * self.flow_m3_h, 150.0)
        elif act.phase in ("cool", "passivate"):
            vessel.admit(h, 96000.0, 300.0)
        else:
            vessel.pump(h, leak + self.hydride.release(h, self.load_c))
            self.air_pa = min(vessel.p, self.air_pa * vessel.p / before)
        self._test_leak(testing)

    def _test_leak(self, testing: bool) -> None:
        if not testing:
            self._test = None
        elif self._test is None:
            self._test = (self.now_s, self.vessel.p)
        elif self.now_s - self._test[0] > 200:
            rise = (self.vessel.p - self._test[1]) / (self.now_s - self._test[0])
            self.leak_up = round(rise * 3600, 2)

    def _water_in(self) -> float:
        return 22.0 + 1.3 * wander(self.key, self.now_s, 25200.0)

    def publish(self, act: Activity) -> None:
        busy = 0.0 if self.dark else 1.0
        p = self.vessel.p
        self.put("hydrogen_pressure_mpa", p / 1e6 if p > 500 else 0.0, 0.0002, 4)
        self.put("hydrogen_flow_m3_h", self.flow_m3_h, 0.03, 2)
        done = self.schedule.loads_before(act.cycle) + act.load * self._share(act)
        self.count("hydrogen_total_m3", done * _RATED_KG * _UPTAKE_M3_KG, 2)
        self.put("load_temperature_c", self.load_c, 0.06, 1)
        self.put("wall_temperature_c", self.wall_c, 0.06, 1)
        self.put("heater_temperature_c", self.heater_c, 0.07, 1)
        setpoint = self.setpoint(act)
        self.put("setpoint_temperature_c", 30.0 if setpoint is None else setpoint, 0.0, 1)
        self.put("heater_power_kw", self.heater_kw, 0.02, 2)
        self.put_log("vessel_vacuum_pa", min(p, 105000.0), 0.008)
        self.values["leak_up_rate_pa_h"] = self.leak_up
        air = 4.0 if act.step in (2, 3, 4) else 209000.0 * self.air_pa / max(p, 1.0)
        self.put_log("purge_oxygen_ppm", min(209000.0, max(air, 2.0)), 0.006)
        self.put("area_1_hydrogen_pct_lel", self.area[0], 0.03, 1)
        self.put("area_2_hydrogen_pct_lel", self.area[1], 0.03, 1)
        inert = act.phase in ("cool", "passivate")
        self.put("argon_pressure_kpa", p / 1000 if inert else 0.0, 0.04, 1)
        self.put(
            "nitrogen_supply_mpa",
            0.62 + 0.015 * wander(self.key + 4, self.now_s, 3000.0),
            0.0006,
            4,
        )
        turning = 1.5 if 2 <= act.step <= 5 else 0.0
        self.put("drum_speed_rpm", turning * busy, 0.01, 2)
        self.put("drum_current_a", turning * busy * (11.5 - 3.6 * self._share(act)), 0.01, 2)
        self.values["charge_mass_kg"] = round(_RATED_KG * act.load, 1) if act.step > 0 else 0.0
        self.values["hydrogen_valve_open"] = act.phase == "absorb" and not self.dark
        self.values["exhaust_fan_running"] = not self.dark
        self.put("cooling_water_in_temperature_c", self._water_in(), 0.02, 1)
        self.put("cooling_water_out_temperature_c", self.water_out, 0.03, 1)
        self.put("cooling_water_flow_l_min", 130.0 * (0.2 + 0.8 * busy), 0.2, 1)
        self.put("pump_oil_temperature_c", self.oil_c, 0.03, 1)
        pumping = 1.0 if act.phase in ("purge", "heat", "dehydride") else 0.0
        self.put("roots_current_a", busy * pumping * (9.0 + 5.0 * min(1.0, p / 900)), 0.01, 2)
        self.values["door_closed"] = not (act.state == "setup" and 0.1 < act.at_s / act.of_s < 0.9)
