"""Sputter coater of the grain-boundary route: vacuum, argon, four targets, a moving carrier."""

from firmware.plant.faults import FaultBook
from firmware.plant.noise import mix, unit, wander
from firmware.plant.schedule import Activity
from firmware.plant.station import Station
from firmware.plant.thermal import ROOM_C, toward
from firmware.plant.vacuum import ATMOSPHERE_PA, Pumps, Vessel

_PUMPS = Pumps(((200000.0, 0.05), (1000.0, 0.6), (20.0, 1.6)))
_VOLUME = 1.8
_LEAK = 4e-4
_WALL = 0.02  # Pa·m³/s of water on the walls just after venting; it falls with time
_SCCM = 0.00169  # Pa·m³/s of one sccm
_TARGET_KW = (14.0, 14.0, 13.5, 13.5)
_TARGET_LIFE_KWH = 900.0
_WATER_KW = 0.0698


class SputterCoater(Station):
    """One carrier per cycle, both faces; film and target wear follow power × time."""

    STEP_S = 5.0
    POWER_KW = {"etch": 24.0, "coat_front": 78.0, "coat_back": 78.0, "pump_down": 16.0}
    OTHER_KW = 9.0
    COATING = ("coat_front", "coat_back")
    ARGON_PA = 0.5

    def __init__(self, seed: int, station: str, station_type: str, book: FaultBook) -> None:
        super().__init__(seed, station, station_type, book)
        self.vessel = Vessel(_VOLUME, _PUMPS, 8e-4)
        self.at_power_s = 0
        for name, seconds, _ in self.schedule.program.phases:
            if name in self.COATING:
                self.at_power_s += seconds
        self.reset(self.act)

    def reset(self, act: Activity) -> None:
        self.vessel.p = ATMOSPHERE_PA
        self.wet = 1.0
        self.flow = 0.0
        self.power = 0.0
        self.substrate = 30.0
        self.turbo = 33000.0 * 0.7
        self.foreline = 2.0

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
        slow = 1500.0 if coating else (2600.0 if self.vessel.p < 1000 else 700.0)
        self.substrate = toward(self.substrate, heated, h, slow)
        spin = 33000.0 if on else 0.0
        if self.vessel.p > 50:
            spin *= 0.72  # stand-by behind its closed gate
        elif glowing:
            spin *= 0.985
        self.turbo = toward(self.turbo, spin, h, 150.0)

    def _breathe(self, h: float, act: Activity, glowing: bool) -> None:
        vessel = self.vessel
        leak = _LEAK + self.fault("leak", 0.25)
        if act.phase in ("load", "unload", "vent"):
            vessel.admit(h, ATMOSPHERE_PA, 45.0)
            self.wet = toward(self.wet, 1.0, h, 400.0)
            self.flow = 0.0
            self.foreline = toward(self.foreline, 1.5, h, 60.0)
            return
        self.wet = toward(self.wet, 0.02, h, 500.0)
        gas = leak + _WALL * self.wet
        if self.dark:
            self.flow = 0.0
            vessel.close(h, gas + 0.02)
            self.foreline = toward(self.foreline, ATMOSPHERE_PA, h, 3000.0)
            return
        # The controller opens the argon valve until the gauge shows its set point: with a leak it
        # gives less argon, and no more when the leak alone holds the pressure.
        speed = vessel.pumps.speed(min(vessel.p, 1.0)) * 0.35  # throttled for the process
        wanted = max(0.0, (self.ARGON_PA * speed - gas) / _SCCM) if glowing else 0.0
        self.flow = toward(self.flow, wanted, h, 4.0)
        if glowing:
            vessel.p = toward(vessel.p, (gas + self.flow * _SCCM) / speed, h, 3.0)
        else:
            vessel.pump(h, gas + self.flow * _SCCM)
        self.foreline = toward(self.foreline, 1.2 + (gas + self.flow * _SCCM) / 0.05, h, 40.0)

    def arcs(self, target: int, worn: float) -> float:
        """Arcs per minute: a new target cleans itself, an old or leaking one spits."""
        minute = int(self.now_s / 60)
        dirty = 0.6 + 1.2 * worn + 30.0 * self.fault("leak", 0.25)
        return float(int(dirty * (unit(self.key + 70 + target, minute) * 1.6)))

    def publish(self, act: Activity) -> None:
        p = self.vessel.p
        self.put_log("chamber_pressure_pa", p, 0.008)
        self.put_log("forevacuum_pressure_pa", self.foreline, 0.008)
        self.put("argon_pressure_pa", p if p < 3 and self.flow > 1 else 0.0, 0.0006, 4)
        self.put("argon_flow_sccm", self.flow, 0.15, 1)
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
        self.put("turbo_speed_rpm", self.turbo, 6.0, 0)
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
