"""Strip caster: induction melting under argon, the pour over the wheel, flakes in the cooler."""

from firmware.plant.faults import FaultBook
from firmware.plant.noise import unit, wander
from firmware.plant.schedule import LOADS, Activity
from firmware.plant.station import Station
from firmware.plant.thermal import ROOM_C, Insulation, toward
from firmware.plant.vacuum import ATMOSPHERE_PA, Pumps, Vessel

_RATED_KG = 590.0
_POUR_KG_S = 0.565
_PUMPS = Pumps(((200000.0, 0.12), (3000.0, 1.5)))
_VOLUME = 6.0
_LEAK = 1.2e-3
_ARGON_PA = 42000.0
_WATER_KW = 0.0698
_COUPLING = 0.72  # share of the electric power that reaches the melt
_MELT_KWH_KG = 0.44  # from the mains to the end of melting


def _heat_kj_kg_k(t_c: float) -> float:
    """Apparent heat capacity of the alloy: the heat of fusion sits between solidus and liquidus."""
    return 0.55 + (1.75 if 1185.0 < t_c < 1325.0 else 0.0)


class StripCaster(Station):
    """One heat per cycle."""

    STEP_S = 8.0
    POWER_KW = {"pump_down": 22.0, "leak_test": 20.0, "cast": 45.0, "cool": 16.0}
    OTHER_KW = 9.0

    def __init__(self, seed: int, station: str, station_type: str, book: FaultBook) -> None:
        super().__init__(seed, station, station_type, book)
        self.vessel = Vessel(_VOLUME, _PUMPS, 0.55)
        self.lining = Insulation(0.012, 26.0)
        self.reset(self.act)

    def reset(self, act: Activity) -> None:
        self.vessel.p = ATMOSPHERE_PA
        self.air_pa = ATMOSPHERE_PA
        self.melt_c = 60.0
        self.melt_kw = 0.0
        self.left_kg = 0.0
        self.tundish_c = 90.0
        self.wheel = 0.0
        self.wheel_out = self.coil_out = self.cooler_out = 23.0
        self.flake_c = 40.0
        self.flake_out_c = 35.0
        self.pour = 0.0
        self.oil_c = 52.0
        self._test: tuple[float, float] | None = None
        self.leak_up = round((_LEAK * (1.0 + 0.5 * unit(self.key, 61))) / _VOLUME * 3600, 2)
        self.cast_s = round(_RATED_KG * self.schedule.mix[(act.cycle - 1) % LOADS] / _POUR_KG_S)

    def energy_kwh(self, act: Activity) -> float:
        share = 0.0
        if act.phase == "melt":
            share = act.at_s / act.of_s
        elif act.step > 3:
            share = 1.0
        melted = self.schedule.loads_before(act.cycle) + act.load * share
        return super().energy_kwh(act) + melted * _RATED_KG * _MELT_KWH_KG

    def step(self, h: float, act: Activity) -> None:
        if act.phase == "load" and act.at_s > act.of_s / 2:
            self.left_kg = _RATED_KG * act.load
            self.melt_c = toward(self.melt_c, ROOM_C, h, 300.0)
        self._melt(h, act)
        self._pour(h, act)
        self._breathe(h, act)
        water = self._water_in()
        self.coil_out = toward(
            self.coil_out, water + 2.0 + 0.26 * self.melt_kw / (190 * _WATER_KW), h, 60.0
        )
        chilled = self.pour * 560.0
        self.wheel_out = toward(self.wheel_out, water + 0.7 * chilled / (480 * _WATER_KW), h, 25.0)
        self.cooler_out = toward(
            self.cooler_out, water + (self.flake_out_c - 30.0) * 0.12 + chilled * 0.012, h, 300.0
        )

    def _melt(self, h: float, act: Activity) -> None:
        """Power by the recipe, temperature by the balance of coil, charge and lining."""
        target = {"melt": 1480.0, "superheat": 1455.0, "cast": 1440.0}.get(act.phase)
        loss = self.lining.loss_kw(self.melt_c)
        if target is None or self.dark:
            self.melt_kw = 0.0
        else:
            mass = max(60.0, self.left_kg)
            heat = mass * _heat_kj_kg_k(self.melt_c)
            wanted = loss + heat * (target - self.melt_c) / 60.0
            most = _MELT_KWH_KG * _RATED_KG * act.load * 1.4 if act.phase == "melt" else 160.0
            self.melt_kw = min(most, max(0.0, wanted / _COUPLING))
        mass = max(60.0, self.left_kg)
        heat = mass * _heat_kj_kg_k(self.melt_c)
        self.melt_c = max(ROOM_C, self.melt_c + (self.melt_kw * _COUPLING - loss) * h / heat)

    def _pour(self, h: float, act: Activity) -> None:
        casting = act.phase == "cast" and self.left_kg > 0 and not self.dark
        if casting:
            self.pour = min(_POUR_KG_S, self.left_kg / h)
            self.left_kg -= self.pour * h
            if self.left_kg <= 0.01:
                self.left_kg = 0.0
                self.cast_s = round(_RATED_KG * act.load / _POUR_KG_S)
        else:
            self.pour = 0.0
        hot = 1305.0 if self.pour else (950.0 if act.phase in ("melt", "superheat") else ROOM_C)
        self.tundish_c = toward(self.tundish_c, hot, h, 140.0 if self.pour else 1500.0)
        wheel = 1.6 if act.phase in ("superheat", "cast") and not self.dark else 0.0
        self.wheel = toward(self.wheel, wheel, h, 15.0)
        self.flake_c = toward(
            self.flake_c, 560.0 if self.pour else 45.0, h, 60.0 if self.pour else 900.0
        )
        self.flake_out_c = toward(self.flake_out_c, 62.0 if self.pour else ROOM_C, h, 700.0)

    def _breathe(self, h: float, act: Activity) -> None:
        vessel = self.vessel
        leak = _LEAK * (1.0 + 0.5 * unit(self.key, 61)) + self.fault("leak", 0.3)
        before = vessel.p
        if act.state in ("setup", "clean"):
            vessel.admit(h, ATMOSPHERE_PA, 180.0)
            self.air_pa = toward(self.air_pa, ATMOSPHERE_PA, h, 180.0)
        elif act.phase == "pump_down" and not self.dark:
            vessel.pump(h, leak)
            self.air_pa *= vessel.p / before
        elif act.phase in ("leak_test", "pump_down"):
            vessel.close(h, leak)
            self.air_pa += leak * h / _VOLUME
        else:
            vessel.admit(h, _ARGON_PA, 150.0)
            self.air_pa += leak * h / _VOLUME
        self._test_leak(act)
        busy = act.phase in ("pump_down", "leak_test") and not self.dark
        self.oil_c = toward(self.oil_c, 64.0 if busy else 48.0, h, 1800.0)

    def _test_leak(self, act: Activity) -> None:
        if act.phase != "leak_test":
            self._test = None
        elif self._test is None:
            self._test = (self.now_s, self.vessel.p)
        elif act.at_s > act.of_s * 0.7 and self.now_s > self._test[0]:
            rise = (self.vessel.p - self._test[1]) / (self.now_s - self._test[0])
            if self._test[0] < 1e17:
                self.leak_up = round(rise * 3600, 2)
            self._test = (1e18, 0.0)

    def _water_in(self) -> float:
        return 21.5 + 1.2 * wander(self.key, self.now_s, 21600.0)

    def publish(self, act: Activity) -> None:
        busy = 0.0 if self.dark else 1.0
        melt = self.melt_c
        self.put("melt_temperature_c", melt, 0.08, 1)
        self.put("tundish_temperature_c", self.tundish_c, 0.08, 1)
        self.put("melt_power_kw", self.melt_kw, 0.4, 1)
        self.put(
            "crucible_leak_current_ma", busy * (1.5 + 4.5 * max(0.0, melt / 1480) ** 3), 0.06, 1
        )
        emptied = 1.0 - self.left_kg / (_RATED_KG * act.load)
        tilt = 18.0 + 78.0 * emptied if act.phase == "cast" else 0.0
        self.put("tilt_angle_deg", tilt, 0.05, 1)
        self.put_log("furnace_pressure_pa", self.vessel.p, 0.008)
        self.values["leak_up_rate_pa_h"] = self.leak_up
        self.put(
            "argon_pressure_kpa", self.vessel.p / 1000 if self.vessel.p > 100 else 0.0, 0.04, 1
        )
        self.put_log("chamber_oxygen_ppm", 209000.0 * self.air_pa / self.vessel.p, 0.006)
        self.put(
            "cast_rate_kg_min",
            self.pour * 60 * (1.0 + 0.01 * wander(self.key + 3, self.now_s, 90.0)),
            0.06,
            1,
        )
        self.values["cast_time_s"] = float(self.cast_s)
        loaded = act.step > 0 or act.at_s > act.of_s / 2
        self.values["charge_mass_kg"] = round(_RATED_KG * act.load, 1) if loaded else 0.0
        self.put("flake_temperature_c", self.flake_c, 0.15, 1)
        self.put("flake_out_temperature_c", self.flake_out_c, 0.07, 1)
        self.put("pump_oil_temperature_c", self.oil_c, 0.03, 1)
        roots = 13.0 if act.phase in ("pump_down", "leak_test") else 0.0
        self.put("roots_current_a", busy * roots, 0.01, 2)
        self.values["door_closed"] = not (act.state == "setup" and 0.1 < act.at_s / act.of_s < 0.9)
        self._publish_water(busy)

    def _publish_water(self, busy: float) -> None:
        water = self._water_in()
        self.put("wheel_speed_m_s", self.wheel, 0.0015, 3)
        amps = 14.0 + 9.0 * self.pour / _POUR_KG_S if self.wheel > 0.05 else 0.0
        self.put("wheel_current_a", amps * min(1.0, self.wheel / 1.6), 0.02, 2)
        self.put("wheel_water_in_temperature_c", water, 0.02, 1)
        self.put("wheel_water_out_temperature_c", self.wheel_out, 0.03, 1)
        pumped = 0.1 + 0.9 * busy
        self.put("wheel_water_flow_l_min", 480.0 * pumped, 0.6, 0)
        self.put("coil_water_out_temperature_c", self.coil_out, 0.03, 1)
        self.put("coil_water_flow_l_min", 190.0 * pumped, 0.3, 1)
        self.put("flake_cooler_water_out_temperature_c", self.cooler_out, 0.03, 1)
