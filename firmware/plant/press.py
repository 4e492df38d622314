"""Aligning press: one stroke after the other in a nitrogen box, each with its own peak values."""

from math import exp

from firmware.plant.faults import FaultBook
from firmware.plant.noise import mix, unit, wander
from firmware.plant.schedule import Activity
from firmware.plant.station import Station
from firmware.plant.thermal import toward

_COMPACT_G = 312.0
_DIE_MM2 = 48.0 * 32.0
_DENSITY = 3.92  # g/cm³ of the green compact
_FIELD_T = 1.92


class AlignPress(Station):
    """A stroke fills, aligns, presses, demagnetises, ejects; its values stand until the next."""

    POWER_KW = {"run": 38.0}
    OTHER_KW = 7.0

    def __init__(self, seed: int, station: str, station_type: str, book: FaultBook) -> None:
        super().__init__(seed, station, station_type, book)
        self.reset(self.act)
        self._stroke = -1

    def reset(self, act: Activity) -> None:
        self.oxygen = 140.0
        self.box_pa = 240.0
        self.die_c = 31.0
        self.coil_c = 44.0
        self.oil_c = 41.0
        self._stroke = -1

    def step(self, h: float, act: Activity) -> None:
        on = not self.dark
        working = act.phase == "run" and on
        leak = self.fault("leak", 1.0)
        opened = act.phase == "clean" and act.at_s < act.of_s * 0.6
        inflow = 180.0 if opened else 0.0
        rest = 95.0 + 25.0 * wander(self.key + 2, self.now_s, 2400.0) + inflow + 700.0 * leak
        self.oxygen = toward(self.oxygen, rest if on else 3000.0, h, 300.0 if on else 3000.0)
        held = 240.0 - 70.0 * leak - (90.0 if opened else 0.0)
        self.box_pa = toward(self.box_pa, max(2.0, held) if on else 5.0, h, 25.0)
        self.die_c = toward(self.die_c, 33.0 if working else 27.0, h, 2400.0)
        self.coil_c = toward(self.coil_c, 49.0 if working else 30.0, h, 900.0)
        self.oil_c = toward(self.oil_c, 44.0 if working else 32.0, h, 2700.0)

    def _strike(self, stroke: int) -> None:
        """The values of one stroke: what follows from what, plus the scatter of filling."""
        self._stroke = stroke
        values = self.values
        warm = (self.coil_c - 45.0) * 0.0016  # copper's resistance takes current away
        field = _FIELD_T * (1.0 - warm) * (1.0 + 0.004 * (unit(self.key, stroke) - 0.5))
        scatter = unit(self.key + 1, stroke) + unit(self.key + 2, stroke) - 1.0
        mass = _COMPACT_G * (1.0 + 0.0035 * scatter)
        pressure = 62.0 * (1.0 + 0.008 * (unit(self.key + 3, stroke) - 0.5))
        # A fixed stroke height would press heavier fillings harder; this press holds pressure.
        density = _DENSITY * (1.0 + 0.05 * (pressure / 62.0 - 1.0))
        values["align_field_t"] = round(field, 3)
        values["align_current_a"] = round(field / _FIELD_T * 905.0, 0)
        values["die_pressure_mpa"] = round(pressure, 2)
        values["press_force_kn"] = round(pressure * _DIE_MM2 / 1000, 2)
        values["compact_g"] = round(mass, 2)
        values["compact_height_mm"] = round(mass / density / _DIE_MM2 * 1000, 3)
        values["demag_residual_mt"] = round(1.2 + 1.4 * unit(self.key + 4, stroke), 2)
        values["stroke_time_s"] = round(52.0 + 3.0 * unit(self.key + 5, stroke), 1)

    def publish(self, act: Activity) -> None:
        working = act.phase == "run" and not self.dark
        if act.piece != self._stroke and (working or self._stroke < 0):
            self._strike(act.piece)
        self.count("stroke_count", act.piece + 1, 0)
        self.count("reject_count", self._rejected(act.piece), 0)
        self.values["compact_setpoint_g"] = _COMPACT_G
        self.values["die_id"] = f"D-{48:02d}x{32:02d}-{1 + mix(self.key, 9) % 6}"
        self.put("box_oxygen_ppm", self.oxygen, 0.6, 0)
        self.put("box_pressure_pa", self.box_pa, 0.6, 0)
        wet = 14.0 * min(1.0, self.fault("leak", 1.0))
        self.put(
            "box_dew_point_c", -52.0 + 1.5 * wander(self.key + 6, self.now_s, 9000.0) + wet, 0.06, 1
        )
        flow = 22.0 + 14.0 * self.fault("leak", 1.0)
        self.put("nitrogen_flow_m3_h", 0.0 if self.dark else flow, 0.03, 2)
        at = act.piece_s if working else 0.0
        # Filling, closing over the powder, pressing, ejecting: the ram within one stroke.
        down = 1.0 - exp(-at / 4.0) if at < 38 else exp(-(at - 38) / 5.0)
        self.put("ram_position_mm", 410.0 * down, 0.012, 2)
        self.put("die_temperature_c", self.die_c, 0.03, 1)
        self.put("coil_temperature_c", self.coil_c, 0.03, 1)
        pressing = 18.5 if working and 22 < at < 38 else 6.2
        self.put("hydraulic_pressure_mpa", 0.0 if self.dark else pressing, 0.006, 3)
        self.put("hydraulic_oil_temperature_c", self.oil_c, 0.03, 1)

    def _rejected(self, stroke: int) -> int:
        """About one compact in 90 cracks; closed form, so that a restart cannot take any back."""
        return (stroke * 11 + self.key % 990) // 990
