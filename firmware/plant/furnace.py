"""Vacuum furnaces with argon quench: sintering, ageing and diffusion differ only in their data."""

from firmware.plant.faults import FaultBook
from firmware.plant.furnace_builds import BUILDS
from firmware.plant.noise import unit, wander
from firmware.plant.schedule import LOADS, Activity
from firmware.plant.station import Station
from firmware.plant.thermal import ROOM_C, Desorption, Insulation, Zones, toward
from firmware.plant.vacuum import ATMOSPHERE_PA, Pumps, Vessel

_PUMPS = Pumps(((200000.0, 0.06), (1500.0, 2.0), (1.0, 5.0)))
_VOLUME = 4.0
_LEAK = 6e-5  # Pa·m³/s of a healthy furnace
_WATER_KW = 0.0698  # kW per L/min and K
_PUMP_KW = {"load": 3.0, "unload": 3.0, "quench": 45.0, "quench1": 45.0, "quench2": 40.0}
_OTHER_KW = 14.0


class Furnace(Station):
    """Zones heat the charge by radiation; the charge gives off gas; argon and a fan quench it."""

    STEP_S = 10.0
    POWER_KW = _PUMP_KW
    OTHER_KW = _OTHER_KW

    def __init__(self, seed: int, station: str, station_type: str, book: FaultBook) -> None:
        super().__init__(seed, station, station_type, book)
        build = BUILDS[station_type]
        count = len(build.shares)
        self.build = build
        self.insulation = Insulation(*build.loss)
        mean = Insulation(build.loss[0] / count, build.loss[1] / count)
        self.zones = Zones(build.shares, build.zone_kj_k / count, mean)
        self.zones.limit_kw = build.limit_kw
        self.trims = [1.2 * unit(self.key, 20 + n) - 0.6 for n in range(count)]
        self.lags = [0.85 + 0.35 * unit(self.key, 40 + n) for n in range(build.loads)]
        self.t_load = [ROOM_C] * build.loads
        self.vessel = Vessel(_VOLUME, _PUMPS, 1.1e-3)
        self.gases = [Desorption(gas[0], gas[1], gas[2]) for gas in build.gases]
        self.water_out = 26.0
        self.drawn_kw = 0.0
        self.gas_flow = 0.0
        self.foreline = 1.0
        self.oil_c = 55.0
        self.leak_pa_l_s = 0.0
        self._test_from: tuple[float, float] | None = None
        self._plan_heat()

    def _plan_heat(self) -> None:
        """Lay out the heat a cycle needs, phase by phase, for the energy meter."""
        at = ROOM_C
        lost = 0.0
        risen = 0.0
        self._plan = []
        for name, seconds, _ in self.schedule.program.phases:
            to = self.build.heated.get(name)
            self._plan.append((lost, risen, at, to))
            if to is None:
                at = ROOM_C if name in ("load", "pump_down") else 45.0
            else:
                lost += self.insulation.ramp_kwh(at, to, seconds)
                risen += to - at
                at = to
        self._cycle_heat = (lost, risen)

    def energy_kwh(self, act: Activity) -> float:
        """Pumps and fans by the clock, heat by the balance of insulation, zones and charge."""
        lost, risen, at, to = self._plan[act.step]
        if to is not None:
            now = at + (to - at) * act.at_s / act.of_s
            lost += self.insulation.ramp_kwh(at, now, act.at_s)
            risen += now - at
        per_k = self.build.zone_kj_k / 3600
        charge = self.build.load_kj_k / 3600
        heat = act.cycle * (self._cycle_heat[0] + per_k * self._cycle_heat[1])
        heat += charge * self.schedule.loads_before(act.cycle) * self._cycle_heat[1]
        heat += lost + (per_k + charge * act.load) * risen
        return super().energy_kwh(act) + float(heat)

    def reset(self, act: Activity) -> None:
        zones = self.zones
        zones.t = [ROOM_C + 12.0] * len(zones.t)
        zones.setpoint = zones.t[0]
        self.t_load = [ROOM_C + 14.0] * len(self.t_load)
        self.vessel.p = ATMOSPHERE_PA
        self.water_out = 26.0
        self.leak_pa_l_s = round((self._seals(act.cycle - 1) + 2.2e-5) * 1000, 3)
        self._charge_gas(act)

    def _charge_gas(self, act: Activity) -> None:
        for gas, data in zip(self.gases, self.build.gases):
            gas.bound = data[3] * act.load

    def setpoint(self, act: Activity) -> float | None:
        """The working set point, ramps included; None while the recipe does not heat."""
        _, _, at, to = self._plan[act.step]
        return None if to is None else at + (to - at) * act.at_s / act.of_s

    def step(self, h: float, act: Activity) -> None:
        if act.cycle != self.act.cycle:
            self._charge_gas(act)
        quench = act.phase.startswith("quench")
        zone_before = self.zones.mean()
        load_before = sum(self.t_load)
        setpoint = self.setpoint(act)
        if quench and not self.dark:
            self._quench(h, act)
        else:
            self._radiate(h, act)
            if setpoint is None or self.dark:
                self.zones.lose(h, self.drawn_kw / len(self.zones.t))
            else:
                self.zones.regulate(h, setpoint, self.drawn_kw / len(self.zones.t))
        self._breathe(h, act, quench)
        risen = (sum(self.t_load) - load_before) / len(self.t_load)
        stored = self.build.zone_kj_k * (self.zones.mean() - zone_before)
        stored += self.build.load_kj_k * self._filling(act) * risen
        shed = max(0.0, sum(self.zones.kw) - stored / h)
        self.water_out = toward(
            self.water_out, self._water_in() + shed / (250 * _WATER_KW), h, 90.0
        )
        busy = 0.0 if self.dark else 1.0
        self.oil_c = toward(self.oil_c, ROOM_C + busy * (36.0 + self.foreline / 60), h, 2400.0)

    def _filling(self, act: Activity) -> float:
        """The charge in the furnace as a share of the rated one."""
        if act.phase == "load":
            return act.load if act.at_s > act.of_s / 2 else 0.02
        if act.phase == "unload" and act.at_s > act.of_s / 2:
            return 0.02
        return float(act.load)

    def _radiate(self, h: float, act: Activity) -> None:
        """Zones to charge: radiation with the cube of the temperature, and gas when there is any."""
        hot = self.zones.mean()
        kelvin = (hot + 273.15) / 1273.15
        share = kelvin * kelvin * kelvin + 0.15 + (0.5 if self.vessel.p > 1000 else 0.0)
        before = sum(self.t_load)
        for n, lag in enumerate(self.lags):
            self.t_load[n] = toward(self.t_load[n], hot, h, 600.0 * lag / share)
        risen = (sum(self.t_load) - before) / len(self.t_load)
        self.drawn_kw = self.build.load_kj_k * self._filling(act) * risen / h

    def _quench(self, h: float, act: Activity) -> None:
        """Argon through a water-cooled exchanger: zones (light) cool ahead of the charge."""
        tau = self.build.quench_s * (0.7 + 0.3 * act.load) * 101325.0 / max(self.vessel.p, 5000.0)
        gas = self._water_in() + 6.0
        self.zones.blow(h, gas, tau * 0.7)
        for n, lag in enumerate(self.lags):
            self.t_load[n] = toward(self.t_load[n], gas, h, tau * lag)
        self.drawn_kw = 0.0

    def _breathe(self, h: float, act: Activity, quench: bool) -> None:
        """Gas in and out of the chamber: leak, desorption, pumps, argon, air at the door."""
        t_load = sum(self.t_load) / len(self.t_load)
        bound = 0.0
        for gas in self.gases:
            bound += gas.release(h, t_load)
        wall = 2e-5 + 4e-3 * (max(0.0, self.zones.mean() - 60.0) / 1000.0) ** 2
        load = self.leak() + wall + bound
        before = self.vessel.p
        if act.phase in ("load", "unload"):
            self.vessel.admit(h, ATMOSPHERE_PA, 240.0)
        elif self.dark:
            self.vessel.close(h, load + 2e-3)  # an unpowered pump lets some air back
        elif quench:
            self.vessel.admit(h, self.build.quench_pa, 300.0)
        elif act.phase == "leak_test":
            self.vessel.close(h, load)
        else:
            self.vessel.pump(h, load)
        rise = max(0.0, self.vessel.p - before) * _VOLUME / h
        self.gas_flow = rise / ATMOSPHERE_PA * 60000 if quench and not self.dark else 0.0
        throughput = load if act.phase not in ("leak_test", "load", "unload") else 0.0
        self.foreline = toward(self.foreline, 0.7 + throughput / 0.06 * 0.2, h, 60.0)
        self._test_leak(act)

    def _seals(self, cycle: int) -> float:
        """Air through the seals of a healthy furnace, Pa·m³/s; the door never closes quite alike."""
        return _LEAK * (1.0 + unit(self.key, 60 + cycle % LOADS))

    def leak(self) -> float:
        """Air that comes in now, Pa·m³/s; a leak fault adds its amount."""
        return self._seals(self.act.cycle) + self.fault("leak", 0.05)

    def _test_leak(self, act: Activity) -> None:
        """The leak test's result: pressure rise × volume over its time."""
        if act.phase == "leak_test":
            if self._test_from is None:
                self._test_from = (self.now_s, self.vessel.p)
        elif self._test_from is not None:
            self._test_from = None
        if self._test_from is not None and self.now_s - self._test_from[0] > act.of_s * 0.8:
            seconds = self.now_s - self._test_from[0]
            rate = (self.vessel.p - self._test_from[1]) * _VOLUME / seconds
            self.leak_pa_l_s = round(rate * 1000, 3)
            self._test_from = (self.now_s + 1e6, 0.0)

    def _water_in(self) -> float:
        return 22.0 + 1.5 * wander(self.key, self.now_s, 28800.0)

    def publish(self, act: Activity) -> None:
        zones = self.zones
        setpoint = self.setpoint(act)
        self.put("setpoint_temperature_c", 20.0 if setpoint is None else setpoint, 0.0, 1)
        mains = 0.0 if self.dark else 1.0 + 0.004 * wander(self.key + 7, self.now_s, 900.0)
        for n, t in enumerate(zones.t):
            name = f"zone_{n + 1}_"
            hunting = 0.35 * wander(self.key + 30 + n, self.now_s, 700.0)
            bias = (self.trims[n] + hunting) * min(1.0, t / 400)
            self.put(name + "temperature_c", t + bias, 0.06, 1)
            self.put(name + "power_kw", zones.kw[n] * (1.0 + (mains - 1.0) * 0.5), 0.01, 2)
        for n, t in enumerate(self.t_load):
            self.put(f"load_{n + 1}_temperature_c", t, 0.06, 1)
        self.put("overtemperature_c", max(zones.t) + 1.5 * min(1.0, zones.t[0] / 400), 0.08, 1)
        self._publish_gas(quench=act.phase.startswith("quench"))
        water = self._water_in()
        busy = 0.0 if self.dark else 1.0
        self.put("cooling_water_in_temperature_c", water, 0.02, 1)
        self.put("cooling_water_out_temperature_c", self.water_out, 0.03, 1)
        self.put("cooling_water_flow_l_min", 250.0 * (0.15 + 0.85 * busy), 0.3, 1)
        self.put("supply_voltage_v", 384.0 * mains - 0.025 * sum(zones.kw), 0.12, 1)
        self.put(
            "phase_imbalance_pct", 2.2 + 0.6 * wander(self.key + 9, self.now_s, 5000.0), 0.04, 2
        )
        self.values["door_closed"] = not (act.state == "setup" and 0.1 < act.at_s / act.of_s < 0.9)
        mass = self._filling(act) * self.build.rated_kg
        self.values["charge_mass_kg"] = round(mass, 1) if mass > 20.0 else 0.0

    def _publish_gas(self, quench: bool) -> None:
        p = self.vessel.p
        air = self.leak() * 900.0 * (1.0 + 0.1 * wander(self.key + 11, self.now_s, 7200.0))
        self.put_log("chamber_pressure_pa", p, 0.008)
        self.put_log("forevacuum_pressure_pa", min(110000.0, max(self.foreline, 0.4)), 0.008)
        self.values["leak_rate_pa_l_s"] = self.leak_pa_l_s
        self.put("argon_pressure_kpa", p / 1000 if p > 100 else 0.0, 0.05, 1)
        self.put("argon_flow_l_min", self.gas_flow, 0.0, 0)
        self.put("argon_dew_point_c", -68.0 + min(40.0, 8.0 * air), 0.06, 1)
        self.put("argon_oxygen_ppm", 0.8 + air, 0.01, 2)
        busy = 0.0 if self.dark else 1.0
        self.put("pump_oil_temperature_c", self.oil_c, 0.03, 1)
        amps = busy * (11.0 + 6.0 * min(1.0, self.foreline / 400))
        self.put("roots_current_a", amps, 0.008, 2)
        fan = 2850.0 * busy if quench and p > 50000 else 0.0
        self.put("fan_speed_rpm", fan, 0.6 if fan else 0.0, 0)
