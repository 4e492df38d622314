"""Pulse magnetizer: a capacitor bank charged and let into a coil, once per takt."""

from math import exp, sqrt

from firmware.plant.faults import FaultBook
from firmware.plant.noise import unit, wander
from firmware.plant.schedule import Activity
from firmware.plant.station import Station
from firmware.plant.thermal import toward

_VOLTS = 2400.0
_FARAD = 0.0078
_HENRY = 26e-6
_OHM = 0.019  # coil and leads at 20 °C
_TESLA_PER_KA = 0.128
_CHARGE_S = 9.0
_PIECES = 12  # in the fixture
_WATER_KW = 0.0698


class Magnetizer(Station):
    """The pulse is the discharge of a damped L-C circuit; its heat warms coil and water."""

    STEP_S = 4.0
    POWER_KW = {"run": 3.4}
    OTHER_KW = 0.6

    def __init__(self, seed: int, station: str, station_type: str, book: FaultBook) -> None:
        super().__init__(seed, station, station_type, book)
        self.reset(self.act)

    def reset(self, act: Activity) -> None:
        self.coil_c = 27.0
        self.water_out = 22.5
        self.caps_c = 28.0
        self._pulse = -1

    def step(self, h: float, act: Activity) -> None:
        working = act.state == "run" and not self.dark
        # Each pulse leaves nearly all of the bank's energy in the copper.
        kw = 0.5 * _FARAD * _VOLTS * _VOLTS / 1000 / 20.0 if working else 0.0
        flow = 0.3 if self.dark else 10.0
        water = self._water_in()
        self.coil_c = toward(self.coil_c, water + kw * 9.0 + 2.0, h, 260.0)
        self.water_out = toward(self.water_out, water + kw / (flow * _WATER_KW), h, 60.0)
        self.caps_c = toward(self.caps_c, 31.0 if working else 25.0, h, 3600.0)

    def _water_in(self) -> float:
        return 20.5 + wander(self.key, self.now_s, 20000.0)

    def _fire(self, pulse: int) -> None:
        """One discharge: peak current of a series circuit, damped by a warm coil."""
        self._pulse = pulse
        volts = _VOLTS + 6.0 * (unit(self.key + 1, pulse) - 0.5)
        ohm = _OHM * (1.0 + 0.0039 * (self.coil_c - 20.0))
        omega = 1.0 / sqrt(_HENRY * _FARAD)
        damping = ohm / 2 * sqrt(_FARAD / _HENRY)
        peak = volts * omega * _FARAD * exp(-damping * 0.95) / 1000
        values = self.values
        values["pulse_voltage_v"] = round(volts, 0)
        values["peak_current_ka"] = round(peak, 2)
        values["peak_field_t"] = round(peak * _TESLA_PER_KA, 3)
        values["pulse_energy_kj"] = round(0.5 * _FARAD * volts * volts / 1000, 2)
        values["pulse_width_ms"] = round(3141.6 / omega * (1.0 + 0.1 * damping), 2)
        values["charging_time_s"] = round(_CHARGE_S + 0.3 * unit(self.key + 2, pulse), 2)
        values["coil_temperature_c"] = round(self.coil_c, 1)
        values["polarity"] = "forward"

    def publish(self, act: Activity) -> None:
        working = act.state == "run" and not self.dark
        # The pulse falls at three quarters of the takt, after charging and closing the door.
        fired = act.piece + (1 if act.piece_s >= 15.0 else 0)
        if fired - 1 != self._pulse and (working or self._pulse < 0):
            self._fire(fired - 1)
        into = act.piece_s - 4.0
        bank = 0.0
        if working and into > 0.0 and act.piece_s < 15.0:
            bank = _VOLTS * min(1.0, sqrt(into / _CHARGE_S))  # constant power into the bank
        self.put("bank_voltage_v", bank, 0.6, 0)
        self.count("pulse_count", fired, 0)
        misfires = (fired * 3 + self.key % 1000) // 1000
        self.count("misfire_count", misfires, 0)
        self.count("piece_count", (fired - misfires) * _PIECES, 0)
        self.put("coil_water_flow_l_min", 0.3 if self.dark else 10.0, 0.01, 2)
        self.put("coil_water_out_temperature_c", self.water_out, 0.03, 1)
        self.put("capacitor_temperature_c", self.caps_c, 0.03, 1)
        self.values["fixture_id"] = "F-2P-48"
        self.values["enclosure_closed"] = working and 3.0 < act.piece_s < 17.0
