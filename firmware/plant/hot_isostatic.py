"""Hot isostatic press: zones under argon whose pressure follows pumping and the gas law."""

from firmware.plant.faults import FaultBook
from firmware.plant.noise import unit, wander
from firmware.plant.schedule import Activity
from firmware.plant.station import Station
from firmware.plant.thermal import ROOM_C, Insulation, Zones, toward
from firmware.plant.vacuum import ATMOSPHERE_PA, Pumps, Vessel

_SOAK_C = 900.0
_SOAK_MPA = 100.0
_FILL_MPA = 32.0
_SHARES = (1.06, 0.94, 1.0)
_PUMPS = Pumps(((200000.0, 0.03), (1000.0, 0.2)))
_VOLUME = 0.25
_WATER_KW = 0.0698
_RATED_KG = 260.0


class HotIsostaticPress(Station):
    """Dense argon couples everything: charge follows the zones closely, the wall stays cold."""

    POWER_KW = {"evacuate": 8.0, "fill": 58.0, "heat": 128.0, "soak": 74.0}
    OTHER_KW = 9.0

    def __init__(self, seed: int, station: str, station_type: str, book: FaultBook) -> None:
        super().__init__(seed, station, station_type, book)
        self.zones = Zones(_SHARES, 42.0, Insulation(0.012, 8.0))
        self.zones.limit_kw = 58.0
        self.vacuum = Vessel(_VOLUME, _PUMPS, 1.2)
        self.reset(self.act)

    def reset(self, act: Activity) -> None:
        self.zones.t = [36.0, 36.0, 36.0]
        self.zones.setpoint = 36.0
        self.t_load = [36.0, 36.0]
        self.vacuum.p = ATMOSPHERE_PA
        self.mpa = 0.1
        self.reserve = 14.0
        self.wall = 34.0
        self.water_out = 24.0
        self.compressor = 40.0

    def setpoint(self, act: Activity) -> float | None:
        if act.phase == "heat":
            return 40.0 + (_SOAK_C - 40.0) * act.at_s / act.of_s
        return _SOAK_C if act.phase == "soak" else None

    def wanted_mpa(self, act: Activity) -> float:
        if act.phase == "fill":
            return 0.1 + _FILL_MPA * act.at_s / act.of_s
        if act.phase == "heat":
            return _FILL_MPA + (_SOAK_MPA - _FILL_MPA) * act.at_s / act.of_s
        return _SOAK_MPA if act.phase == "soak" else 0.0

    def step(self, h: float, act: Activity) -> None:
        setpoint = self.setpoint(act)
        zones = self.zones
        drawn = 0.0
        filled = act.load if 0 < act.step < 7 else 0.05
        dense = 0.25 + self.mpa / 40.0
        hot = zones.mean()
        for n, lag in enumerate((0.9, 1.2)):
            before = self.t_load[n]
            self.t_load[n] = toward(before, hot, h, 900.0 * lag / (0.3 + dense))
            drawn += 66.0 * filled * (self.t_load[n] - before) / h
        if setpoint is not None and not self.dark:
            zones.regulate(h, setpoint, drawn / 3)
        elif act.phase in ("heat", "soak"):
            zones.lose(h, drawn / 3)
        else:
            zones.blow(h, 30.0, 1500.0)
        self._press(h, act)
        shed = sum(zones.kw) * 0.6 + (hot - ROOM_C) * 0.05 + 2.0
        self.wall = toward(self.wall, 28.0 + (hot - 30.0) * 0.03, h, 1500.0)
        out = self._water_in() + shed / (210 * _WATER_KW)
        self.water_out = toward(self.water_out, out, h, 90.0)

    def _press(self, h: float, act: Activity) -> None:
        leak = self.fault("leak", 0.4)
        wanted = self.wanted_mpa(act)
        gas_k = self.zones.mean() + 273.15
        if act.phase == "cool":
            # Closed vessel: the pressure falls with the temperature of the gas.
            self.mpa = toward(self.mpa, _SOAK_MPA * gas_k / (_SOAK_C + 273.15), h, 60.0)
        elif act.phase in ("fill", "heat", "soak") and not self.dark:
            self.mpa = toward(self.mpa, wanted, h, 30.0)
        elif act.phase in ("release", "unload", "load"):
            self.mpa = toward(self.mpa, 0.1, h, 260.0)
        if leak:
            self.mpa = max(0.1, self.mpa - leak * self.mpa * h / 600.0)
        if act.phase == "evacuate" and not self.dark:
            self.vacuum.pump(h, 2e-3 + leak * 0.1)
        else:
            self.vacuum.admit(h, ATMOSPHERE_PA, 60.0)
        self.reserve = toward(self.reserve, 14.0 - 6.5 * self.mpa / _SOAK_MPA, h, 600.0)
        pumping = act.phase in ("fill", "heat") and not self.dark
        self.compressor = toward(self.compressor, 92.0 if pumping else 32.0, h, 1200.0)

    def _water_in(self) -> float:
        return 21.5 + 1.2 * wander(self.key, self.now_s, 22000.0)

    def publish(self, act: Activity) -> None:
        setpoint = self.setpoint(act)
        self.put("setpoint_temperature_c", 20.0 if setpoint is None else setpoint, 0.0, 1)
        on = 0.0 if self.dark else 1.0
        zones = self.zones
        for n, t in enumerate(zones.t):
            hunting = 0.4 * wander(self.key + 30 + n, self.now_s, 600.0) * min(1.0, t / 400)
            self.put(f"zone_{n + 1}_temperature_c", t + hunting, 0.06, 1)
            self.put(f"zone_{n + 1}_power_kw", zones.kw[n], 0.01, 2)
        for n, t in enumerate(self.t_load):
            self.put(f"load_{n + 1}_temperature_c", t, 0.06, 1)
        self.put("overtemperature_c", max(zones.t) + 1.2, 0.08, 1)
        self.put("vessel_pressure_mpa", self.mpa, 0.02, 2)
        self.values["pressure_setpoint_mpa"] = round(self.wanted_mpa(act), 0)
        self.put("vessel_wall_temperature_c", self.wall, 0.06, 1)
        air = 3.0 * min(1.0, self.fault("leak", 0.4))
        self.put(
            "argon_oxygen_ppm", 1.1 + 0.2 * wander(self.key + 3, self.now_s, 9000.0) + air, 0.01, 2
        )
        self.put("argon_reserve_mpa", self.reserve, 0.006, 3)
        self.put_log("vessel_vacuum_pa", min(self.vacuum.p, 105000.0), 0.006)
        pumping = act.phase in ("fill", "heat")
        amps = (62.0 + 48.0 * self.mpa / _SOAK_MPA) * on if pumping else 0.0
        self.put("compressor_current_a", amps, 0.06, 1)
        self.put("compressor_temperature_c", self.compressor, 0.03, 1)
        self.count("cycle_count", 1280 + act.cycle + (1 if act.step > 5 else 0), 0)
        self.values["rupture_disc_due"] = f"2027-{1 + int(unit(self.key, 5) * 9):02d}-15"
        self.values["closure_locked"] = 0 < act.step < 7
        self.put("cooling_water_in_temperature_c", self._water_in(), 0.02, 1)
        self.put("cooling_water_out_temperature_c", self.water_out, 0.03, 1)
        self.put("cooling_water_flow_l_min", 210.0 * (0.15 + 0.85 * on), 0.3, 1)
        mains = 1.0 + 0.004 * wander(self.key + 7, self.now_s, 900.0)
        volts = (384.0 * mains - 0.03 * sum(zones.kw)) * on
        self.put("supply_voltage_v", volts, 0.12, 1)
        self.put(
            "phase_imbalance_pct", 2.4 + 0.5 * wander(self.key + 9, self.now_s, 5000.0), 0.04, 2
        )
        filled = act.load if 0 < act.step < 7 else 0.0
        self.values["charge_mass_kg"] = round(_RATED_KG * filled, 1)
