"""Cold isostatic press: green compacts in bags under oil, up to pressure, hold, slowly down."""

from math import exp

from firmware.plant.faults import FaultBook
from firmware.plant.noise import unit, wander
from firmware.plant.schedule import Activity
from firmware.plant.station import Station
from firmware.plant.thermal import toward

_PRESSURE_MPA = 200.0
_STROKES = 64  # intensifier strokes for one rise to pressure
_RATED_KG = 240.0
_RELEASE_S = 22.0


class ColdIsostaticPress(Station):
    """One vessel load per cycle."""

    STEP_S = 2.0
    POWER_KW = {"pump": 62.0, "dwell": 20.0, "fill": 9.0, "drain": 9.0}
    OTHER_KW = 3.0

    def __init__(self, seed: int, station: str, station_type: str, book: FaultBook) -> None:
        super().__init__(seed, station, station_type, book)
        self.reset(self.act)

    def reset(self, act: Activity) -> None:
        self.p = 0.1
        self.peak = _PRESSURE_MPA + 0.3
        self.hold_s = 150.0
        self.release = 7.3
        self.medium_c = 29.0
        self.oil_c = 40.0
        self.level = 88.0
        self._held = 0.0
        self._peak = 0.0

    def step(self, h: float, act: Activity) -> None:
        leak = self.fault("leak", 1.0)
        on = not self.dark
        if act.phase == "pump" and on:
            wanted = 0.1 + _PRESSURE_MPA * (act.at_s / act.of_s) ** 0.85
            self.p = toward(self.p, wanted * (1.0 - 0.1 * min(1.0, leak)), h, 2.0)
            self._held = 0.0
            self._peak = 0.0
        elif act.phase == "dwell":
            # The intensifier makes up what the seal loses, as far as it can.
            made_up = _PRESSURE_MPA + 0.3 - 24.0 * leak if on else 60.0
            self.p = toward(self.p, made_up, h, 6.0 if on else 60.0)
            self._held += h if self.p > _PRESSURE_MPA - 5 else 0.0
            self._peak = max(self._peak, self.p)
        else:
            self.p = toward(self.p, 0.1, h, _RELEASE_S)
            if act.phase == "release" and self._peak:
                self.peak, self.hold_s = self._peak, self._held
                self.release = self._peak * (1.0 - exp(-10.0 / _RELEASE_S)) / 10.0
        self.medium_c = toward(self.medium_c, 30.5 + (self.p - 60.0) * 0.01, h, 5000.0)
        self.oil_c = toward(self.oil_c, 43.0 if on else 26.0, h, 3600.0)
        filled = 74.0 if 0 < act.step < 5 else 88.0
        self.level = toward(self.level, max(20.0, filled - 45.0 * leak), h, 25.0)

    def publish(self, act: Activity) -> None:
        on = 0.0 if self.dark else 1.0
        self.put("vessel_pressure_mpa", self.p, 0.05, 1)
        self.values["pressure_setpoint_mpa"] = _PRESSURE_MPA
        self.values["peak_pressure_mpa"] = round(self.peak, 1)
        self.values["dwell_time_s"] = float(round(self.hold_s))
        self.values["decompression_rate_mpa_s"] = round(self.release, 1)
        self.put("medium_temperature_c", self.medium_c, 0.03, 1)
        self.put("medium_level_pct", self.level, 0.06, 1)
        working = act.phase in ("pump", "dwell")
        driven = 24.0 * self.p / _PRESSURE_MPA + 3.0 if working else 2.5
        self.put("pump_pressure_mpa", driven * on, 0.012, 2)
        self.put(
            "pump_current_a", on * (95.0 * self.p / _PRESSURE_MPA if working else 12.0), 0.04, 2
        )
        self.put("pump_oil_temperature_c", self.oil_c, 0.03, 1)
        leak = self.fault("leak", 1.0)
        seep = 0.22 + 0.05 * wander(self.key + 2, self.now_s, 40000.0) + 4.0 * leak
        self.put("seal_leak_l_h", seep * min(1.0, self.p / _PRESSURE_MPA), 0.004, 3)
        share = act.at_s / act.of_s if act.phase == "pump" else float(act.step > 2)
        self.count("intensifier_stroke_count", (act.cycle + share) * _STROKES, 0)
        self.count("cycle_count", act.cycle + (1.0 if act.step > 4 else 0.0), 0)
        loaded = act.load if 0 < act.step < 6 else 0.0
        self.values["charge_mass_kg"] = round(
            _RATED_KG * loaded * (0.9 + 0.1 * unit(self.key, 5)), 1
        )
        self.values["closure_locked"] = 0 < act.step < 6
