"""PVD coater: aluminium onto parts in a turning drum, from magnetrons and from heated boats."""

from firmware.plant.coating_chamber import ChamberData, CoatingChamber
from firmware.plant.faults import FaultBook
from firmware.plant.noise import unit, wander
from firmware.plant.schedule import Activity
from firmware.plant.station import Station
from firmware.plant.thermal import ROOM_C, toward
from firmware.plant.vacuum import Pumps, Vessel

_PUMPS = Pumps(((200000.0, 0.08), (1000.0, 0.8), (20.0, 2.6)))
_VOLUME = 2.6
_ARGON_PA = 1.2
_CHAMBER = ChamberData(
    leak=5e-4, wall=0.03, vent_s=60.0, dry_s=600.0, argon_pa=_ARGON_PA,
    throttle=0.2, strain=0.98, foreline_pa=1.0, foreline_m3_s=0.08,
)  # fmt: skip
_RATE_NM_MIN = 54.0
_WIRE_MM_MIN = 420.0
_SOURCE_KW = (11.0, 10.5)
_RATED_KG = 90.0
_WATER_KW = 0.0698


class PvdCoater(Station):
    """One drum per cycle; the film is rate × time, the wire is what the film and the walls take."""

    STEP_S = 5.0
    POWER_KW = {"etch": 28.0, "coat": 96.0, "pump_down": 18.0}
    OTHER_KW = 9.0

    def __init__(self, seed: int, station: str, station_type: str, book: FaultBook) -> None:
        super().__init__(seed, station, station_type, book)
        self.chamber = CoatingChamber(Vessel(_VOLUME, _PUMPS, 7e-4), _CHAMBER)
        self.coat_s = 1
        for name, seconds, _ in self.schedule.program.phases:
            if name == "coat":
                self.coat_s = seconds
        self.reset(self.act)

    def reset(self, act: Activity) -> None:
        self.chamber.reset(turbo=26000.0)
        self.power = 0.0
        self.substrate = 30.0
        self.water_out = 22.0
        self.film = 8.1

    def _share(self, act: Activity) -> float:
        if act.phase == "coat":
            return act.at_s / act.of_s
        return 1.0 if act.step > 3 else 0.0

    def step(self, h: float, act: Activity) -> None:
        on = not self.dark
        coating = act.phase == "coat" and on
        glowing = (coating or act.phase == "etch") and on
        self.power = toward(self.power, 1.0 if coating else 0.0, h, 15.0)
        self._breathe(h, act, glowing)
        aim = 165.0 + 25.0 * act.load if coating else (90.0 if glowing else ROOM_C)
        self.substrate = toward(
            self.substrate, aim, h, 2400.0 if self.chamber.vessel.p < 1000 else 900.0
        )
        heat = 84.0 * self.power + (20.0 if glowing else 4.0)
        self.water_out = toward(
            self.water_out, self._water_in() + heat / (120 * _WATER_KW), h, 60.0
        )
        if act.phase == "coat" and act.at_s > act.of_s - 2 * h:
            scatter = 1.0 + 0.03 * (unit(self.key, act.cycle) - 0.5)
            self.film = round(_RATE_NM_MIN * self.coat_s / 60 / 1000 * scatter, 2)

    def _breathe(self, h: float, act: Activity, glowing: bool) -> None:
        if act.phase in ("load", "unload", "vent"):
            self.chamber.vent(h)
        else:
            self.chamber.hold(h, self.fault("leak", 0.3), self.dark, glowing)
        self.chamber.spin(h, self.dark, glowing)

    def _water_in(self) -> float:
        return 19.5 + wander(self.key, self.now_s, 20000.0)

    def publish(self, act: Activity) -> None:
        p = self.chamber.vessel.p
        self.put_log("chamber_pressure_pa", p, 0.008)
        self.put_log("forevacuum_pressure_pa", self.chamber.foreline, 0.008)
        self.put("argon_pressure_pa", p if p < 6 and self.chamber.flow > 1 else 0.0, 0.002, 4)
        self.put("argon_flow_sccm", self.chamber.flow, 0.15, 1)
        etching = act.phase == "etch" and not self.dark
        bias = 950.0 if etching else (620.0 if self.power > 0.02 else 0.0)
        self.put("bias_voltage_v", bias, 0.4, 1)
        amps = (6.2 if etching else 9.4 * self.power) * p / _ARGON_PA if bias else 0.0
        self.put("bias_current_a", min(18.0, amps), 0.004, 3)
        self._publish_sources(act)
        self.put("drum_rpm", 4.0 if bias else 0.0, 0.012, 2)
        self.put("substrate_temperature_c", self.substrate, 0.15, 1)
        self.values["deposition_rate_nm_min"] = round(_RATE_NM_MIN * self.power, 0)
        self.values["film_thickness_um"] = self.film
        self.put("turbo_speed_rpm", self.chamber.turbo, 6.0, 0)
        self.values["source_lot_id"] = f"AL-{730 + act.cycle // 40 % 70}"
        full = act.load if 0 < act.step < 6 else 0.0
        self.values["charge_mass_kg"] = round(_RATED_KG * full, 1)
        self.put("cooling_water_in_temperature_c", self._water_in(), 0.02, 1)
        self.put("cooling_water_out_temperature_c", self.water_out, 0.03, 1)
        flow = 12.0 if self.dark else 120.0
        self.put("cooling_water_flow_l_min", flow, 0.15, 1)
        self.values["door_closed"] = not (act.state == "setup" and 0.1 < act.at_s / act.of_s < 0.9)

    def _publish_sources(self, act: Activity) -> None:
        running = self.power > 0.02
        hours = (act.cycle + self._share(act)) * self.coat_s / 3600
        for n, kw in enumerate(_SOURCE_KW):
            name = f"source_{n + 1}_"
            worn = (hours * kw % 1200.0) / 1200.0
            volts = (520.0 - 60.0 * worn) * (1 + 0.002 * wander(self.key + n, self.now_s, 900.0))
            volts *= min(1.0, self.power * 1.4) ** 0.25 if running else 0.0
            power = kw * self.power if running else 0.0
            self.put(name + "power_kw", power, 0.01, 3)
            self.put(name + "voltage_v", volts, 0.25, 1)
            self.put(name + "current_a", power * 1000 / volts if running else 0.0, 0.012, 2)
            draw = unit(self.key + 70 + n, int(self.now_s / 60))
            dirty = 0.8 + worn + 30.0 * self.fault("leak", 0.3)
            self.values[name + "arcs_per_min"] = float(int(dirty * draw * 1.6)) if running else 0.0
        for n in range(4):
            # A boat loses section as the aluminium attacks it and is replaced after some charges.
            age = ((act.cycle + 5 * n) % 22 + self._share(act)) / 22
            amps = (560.0 + 70.0 * age) * self.power if running else 0.0
            self.put(f"boat_{n + 1}_current_a", amps, 0.4, 1)
        self.put("wire_feed_mm_min", _WIRE_MM_MIN * self.power if running else 0.0, 0.6, 1)
        metres = _WIRE_MM_MIN / 1000 * self.coat_s / 60
        self.count("wire_used_m", (act.cycle + self._share(act)) * metres, 2)
