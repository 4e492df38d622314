"""Sputter coater of the grain-boundary route: vacuum, argon, four targets, a moving carrier."""

from firmware.plant.coating_chamber import ChamberData, CoatingChamber
from firmware.plant.faults import FaultBook
from firmware.plant.noise import mix, unit, wander
from firmware.plant.schedule import Activity
from firmware.plant.station import Station
from firmware.plant.thermal import ROOM_C, toward
from firmware.plant.vacuum import Pumps, Vessel

_PUMPS = Pumps(((200000.0, 0.05), (1000.0, 0.6), (20.0, 1.6)))
_VOLUME = 1.8
_CHAMBER = ChamberData(
    leak=4e-4, wall=0.02, vent_s=45.0, dry_s=500.0, argon_pa=0.5,
    throttle=0.35, strain=0.985, foreline_pa=1.2, foreline_m3_s=0.05,
)  # fmt: skip
_TARGET_KW = (14.0, 14.0, 13.5, 13.5)
_TARGET_LIFE_KWH = 900.0
_WATER_KW = 0.0698


class SputterCoater(Station):
    """One carrier per cycle, both faces; film and target wear follow power × time."""

    STEP_S = 5.0
    POWER_KW = {"etch": 24.0, "coat_front": 78.0, "coat_back": 78.0, "pump_down": 16.0}
    OTHER_KW = 9.0
    COATING = ("coat_front", "coat_back")

    def __init__(self, seed: int, station: str, station_type: str, book: FaultBook) -> None:
        super().__init__(seed, station, station_type, book)
        self.chamber = CoatingChamber(Vessel(_VOLUME, _PUMPS, 8e-4), _CHAMBER)
        self.at_power_s = 0
        for name, seconds, _ in self.schedule.program.phases:
            if name in self.COATING:
                self.at_power_s += seconds
        self.reset(self.act)

    def reset(self, act: Activity) -> None:
        self.chamber.reset(turbo=33000.0 * 0.7)
        self.power = 0.0
        self.substrate = 30.0

    def coated_s(self, act: Activity) -> float:
        """Seconds at power within this cycle so far."""
        done = 0
        for step, (name, seconds, _) in enumerate(self.schedule.program.phases):
            if name in self.COATING:
                if step < act.step:
                    done += seconds
                elif step == act.step:
                    return done + act.at_s
        return float(done)

    def step(self, h: float, act: Activity) -> None:
        on = not self.dark
        coating = act.phase in self.COATING and on
        glowing = (coating or act.phase == "etch") and on
        self.power = toward(self.power, 1.0 if coating else 0.0, h, 6.0)
        self._breathe(h, act, glowing)
        heated = 245.0 * (0.8 + 0.2 * act.load) if coating else (120.0 if glowing else ROOM_C)
        slow = 1500.0 if coating else (2600.0 if self.chamber.vessel.p < 1000 else 700.0)
        self.substrate = toward(self.substrate, heated, h, slow)

    def _breathe(self, h: float, act: Activity, glowing: bool) -> None:
        if act.phase in ("load", "unload", "vent"):
            self.chamber.vent(h)
        else:
            self.chamber.hold(h, self.fault("leak", 0.25), self.dark, glowing)
        self.chamber.spin(h, self.dark, glowing)

    def arcs(self, target: int, worn: float) -> float:
        """Arcs per minute: a new target cleans itself, an old or leaking one spits."""
        minute = int(self.now_s / 60)
        dirty = 0.6 + 1.2 * worn + 30.0 * self.fault("leak", 0.25)
        return float(int(dirty * (unit(self.key + 70 + target, minute) * 1.6)))

    def publish(self, act: Activity) -> None:
        p = self.chamber.vessel.p
        self.put_log("chamber_pressure_pa", p, 0.008)
        self.put_log("forevacuum_pressure_pa", self.chamber.foreline, 0.008)
        self.put("argon_pressure_pa", p if p < 3 and self.chamber.flow > 1 else 0.0, 0.0006, 4)
        self.put("argon_flow_sccm", self.chamber.flow, 0.15, 1)
        coats = act.cycle * self.at_power_s + self.coated_s(act)
        for n, kw in enumerate(_TARGET_KW):
            self._publish_target(n, kw, coats)
        self.put(
            "target_water_in_temperature_c", 20.0 + wander(self.key, self.now_s, 20000.0), 0.02, 1
        )
        self.put("substrate_temperature_c", self.substrate, 0.15, 1)
        moving = self.power > 0.5
        self.put("carrier_speed_mm_s", 18.0 if moving else 0.0, 0.012, 2)
        passes = 0
        if act.phase in self.COATING:
            passes = int(act.at_s / 144.0)
        elif act.step > 2:
            passes = 20
        self.values["pass_count"] = passes
        self.values["deposition_rate_nm_min"] = round(62.0 * self.power, 0)
        self.put("turbo_speed_rpm", self.chamber.turbo, 6.0, 0)
        terbium = act.piece % 2 == 0
        life = int(act.cycle * self.at_power_s / 3600 * _TARGET_KW[0] / _TARGET_LIFE_KWH)
        self.values["target_lot_id"] = f"{'TB' if terbium else 'DY'}-{410 + life % 90}"
        self.values["carrier_id"] = f"C-{act.cycle % 18 + 1:02d}"
        self.values["door_closed"] = not (act.state == "setup" and 0.1 < act.at_s / act.of_s < 0.9)

    def _publish_target(self, n: int, kw: float, coats: float) -> None:
        name = f"target_{n + 1}_"
        energy = coats / 3600 * kw
        worn = (energy % _TARGET_LIFE_KWH) / _TARGET_LIFE_KWH
        power = kw * self.power
        # The race track deepens with use and the voltage for the same power falls.
        volts = (468.0 - 62.0 * worn) * (1.0 + 0.002 * wander(self.key + n, self.now_s, 900.0))
        share = min(1.0, self.power * 1.4)
        running = share > 0.02
        self.put(name + "power_kw", power if running else 0.0, 0.012, 3)
        self.put(name + "voltage_v", volts * share**0.25 if running else 0.0, 0.25, 1)
        amps = power * 1000 / (volts * share**0.25) if running else 0.0
        self.put(name + "current_a", amps, 0.015, 2)
        self.values[name + "arcs_per_min"] = self.arcs(n, worn) if running else 0.0
        self.count(name + "energy_kwh", energy, 2)
        flow = 15.0 + (mix(self.key, n) % 20) / 10
        self.put(name + "water_flow_l_min", 0.0 if self.dark else flow, 0.015, 2)
