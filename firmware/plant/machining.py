"""Cutting and grinding under emulsion: multi-wire saw and double-disc grinder."""

from math import sqrt

from firmware.plant.faults import FaultBook
from firmware.plant.noise import unit, wander
from firmware.plant.schedule import Activity
from firmware.plant.station import Station
from firmware.plant.thermal import toward

_PIECES_CUT = 640  # pieces of a rated load of blocks
_PIECES_GROUND = 1500
_WEAR_UM = 9.0  # growth of thickness between two dressings
_GAP_MM = 2.05


class Emulsion:
    """The coolant tank of one machine: warmed by the cut, thinned by drag-out, topped up."""

    def __init__(self, station: Station) -> None:
        self.station = station
        self.t = 23.0
        self.level = 84.0

    def step(self, h: float, cutting: float) -> None:
        station = self.station
        leak = station.fault("leak", 30.0)
        self.t = toward(self.t, 22.0 + 2.6 * cutting, h, 2700.0)
        # Chips carry coolant away; a float valve makes it up, slowly.
        drain = 0.9 * cutting + leak
        self.level += (1.5 * max(0.0, 86.0 - self.level) - drain) * h / 3600
        self.level = max(5.0, min(100.0, self.level))

    def publish(self, cutting: bool) -> None:
        station = self.station
        key, at_s = station.key, station.now_s
        worn = wander(key + 21, at_s, 30000.0)
        station.put("coolant_temperature_c", self.t, 0.02, 1)
        ph = 9.2 + 0.15 * worn - 1.4 * station.off("coolant_ph")
        station.put("coolant_ph", ph, 0.003, 2)
        rich = 4.5 + 0.4 * wander(key + 22, at_s, 26000.0)
        rich -= 2.4 * station.off("coolant_concentration_pct")
        station.put("coolant_concentration_pct", rich, 0.008, 2)
        flow = 0.0 if station.dark else (260.0 if cutting else 40.0)
        station.put("coolant_flow_l_min", flow, 0.4, 0)
        station.put("coolant_level_pct", self.level, 0.06, 1)


class Slicer(Station):
    """A web of diamond wire goes through the blocks, once per cycle."""

    POWER_KW = {"cut": 31.0, "approach": 12.0}
    OTHER_KW = 3.0

    def __init__(self, seed: int, station: str, station_type: str, book: FaultBook) -> None:
        super().__init__(seed, station, station_type, book)
        self.coolant = Emulsion(self)
        self.reset(self.act)

    def reset(self, act: Activity) -> None:
        self.speed = 0.0
        self.front = self.rear = 27.0
        self.coolant.t, self.coolant.level = 23.0, 84.0

    def step(self, h: float, act: Activity) -> None:
        cutting = act.phase == "cut" and not self.dark
        self.speed = toward(self.speed, 15.0 if cutting else 0.0, h, 8.0)
        self.front = toward(self.front, 41.0 if cutting else 25.0, h, 1500.0)
        self.rear = toward(self.rear, 39.5 if cutting else 25.0, h, 1700.0)
        self.coolant.step(h, 1.0 if cutting else 0.0)

    def _share(self, act: Activity) -> float:
        if act.phase == "cut":
            return act.at_s / act.of_s
        return 1.0 if act.step > 2 else 0.0

    def publish(self, act: Activity) -> None:
        share = self._share(act)
        cutting = act.phase == "cut" and not self.dark
        # The wire dulls over twelve loads; then a new spool is threaded.
        age = (act.cycle % 12 + share) / 12
        spool = act.cycle // 12
        # The chord of a round of blocks: longest in the middle of the cut.
        chord = sqrt(max(0.0, share * (1.0 - share))) * 2 if cutting else 0.0
        force = chord * (0.8 + 0.4 * age) * act.load
        self.put("wire_speed_m_s", self.speed if self.speed > 0.05 else 0.0, 0.012, 2)
        self.put("wire_tension_n", 24.0 if not self.dark else 0.0, 0.025, 2)
        self.put("table_feed_mm_min", 0.52 if cutting else 0.0, 0.0006, 4)
        self.put("table_position_mm", 52.0 * share if act.step < 4 else 0.0, 0.012, 2)
        self.put("main_drive_current_a", (28.0 + 22.0 * force) * self.speed / 15.0, 0.02, 2)
        self.put("web_deflection_mm", 2.4 * force, 0.003, 3)
        self.put("front_bearing_temperature_c", self.front, 0.03, 1)
        self.put("rear_bearing_temperature_c", self.rear, 0.03, 1)
        self.values["wire_diameter_mm"] = 0.18
        done = act.cycle + share
        self.count("wire_used_km", done * 1.25, 2)
        self.values["wire_broken"] = False
        self.values["wire_spool_id"] = f"W{2600 + spool % 400}"
        self.coolant.publish(cutting)
        cut = self.schedule.loads_before(act.cycle) + act.load * share
        self.count("swarf_kg", cut * 6.4, 1)
        out = self.schedule.loads_before(act.cycle) + act.load * float(act.step > 3)
        self.count("piece_count", out * _PIECES_CUT, 0)


class Grinder(Station):
    """Two wheels facing each other; thickness creeps up as they wear, dressing takes it back."""

    POWER_KW = {"grind": 27.0, "dress": 14.0}
    OTHER_KW = 4.0

    def __init__(self, seed: int, station: str, station_type: str, book: FaultBook) -> None:
        super().__init__(seed, station, station_type, book)
        self.coolant = Emulsion(self)
        self.reset(self.act)

    def reset(self, act: Activity) -> None:
        self.rpm = 0.0
        self.upper = self.lower = 36.0
        self.coolant.t, self.coolant.level = 23.5, 84.0

    def step(self, h: float, act: Activity) -> None:
        turning = act.phase in ("grind", "dress") and not self.dark
        self.rpm = toward(self.rpm, 1350.0 if turning else 0.0, h, 12.0)
        self.upper = toward(self.upper, 45.0 if turning else 26.0, h, 2400.0)
        self.lower = toward(self.lower, 43.5 if turning else 26.0, h, 2600.0)
        self.coolant.step(h, 1.0 if act.phase == "grind" and not self.dark else 0.0)

    def _ground(self, act: Activity) -> float:
        share = act.at_s / act.of_s if act.phase == "grind" else float(act.step > 2)
        return self.schedule.loads_before(act.cycle) + act.load * share

    def publish(self, act: Activity) -> None:
        grinding = act.phase == "grind" and not self.dark
        share = act.at_s / act.of_s if act.phase == "grind" else 1.0
        ground = self._ground(act) * _PIECES_GROUND
        piece = int(ground)
        scatter = (
            unit(self.key, piece) + unit(self.key + 1, piece) + unit(self.key + 2, piece) - 1.5
        )
        warm = (self.upper - 42.0) * -0.35
        deviation = _WEAR_UM * (share - 0.5) + warm + 3.0 * scatter
        if grinding or "part_thickness_mm" not in self.values:
            self.values["thickness_deviation_um"] = round(deviation, 1)
            self.values["part_thickness_mm"] = round(_GAP_MM + deviation / 1000, 4)
        turn = self.rpm if self.rpm > 1 else 0.0
        self.put("upper_wheel_speed_rpm", turn, 0.8, 0)
        self.put("lower_wheel_speed_rpm", turn * 0.985, 0.8, 0)
        kw = 2.2 * turn / 1350 + (8.4 * act.load * (1.0 + 0.18 * share) if grinding else 0.0)
        self.put("upper_spindle_power_kw", kw, 0.01, 2)
        self.put("lower_spindle_power_kw", kw * 0.94, 0.01, 2)
        self.put("upper_bearing_temperature_c", self.upper, 0.03, 1)
        self.put("lower_bearing_temperature_c", self.lower, 0.03, 1)
        shake = turn / 1350 * (0.9 + 0.2 * wander(self.key + 5, self.now_s, 2500.0))
        self.put("upper_vibration_mm_s", shake, 0.012, 2)
        self.put("lower_vibration_mm_s", shake * 0.9, 0.012, 2)
        self.put("carrier_speed_rpm", 6.0 if grinding else 0.0, 0.012, 2)
        gap = _GAP_MM - 0.004 if grinding else (30.0 if act.state == "setup" else 2.6)
        self.put("wheel_gap_mm", gap, 0.0001, 4)
        self.count("dress_count", act.cycle + (1 if act.step > 1 else 0), 0)
        self.count("piece_count", ground, 0)
        nok = piece * 7 // 1000
        self.count("nok_count", nok, 0)
        self.count("ok_count", piece - nok, 0)
        self.coolant.publish(grinding)
        self.count("swarf_kg", self._ground(act) * 2.3, 1)
