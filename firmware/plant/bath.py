"""A process bath: heated, topped up, dosed; and the cartridge that filters it."""

from collections import namedtuple
from math import exp

from firmware.plant.noise import unit, wander
from firmware.plant.station import Station
from firmware.plant.thermal import ROOM_C, toward

# litres; set point °C (None = follows the room); heater_kw; loss_kw_k: kW per K above the room;
# ph: set point; ph_per_h: how fast work lets pH drift before the doser pulls it back.
BathData = namedtuple(
    "BathData", ("litres", "setpoint", "heater_kw", "loss_kw_k", "ph", "ph_per_h")
)

_DOSE_BAND = 0.05
_TOP_UP_L_H = 90.0


class Bath:
    """name: the prefix of its metrics."""

    def __init__(self, station: Station, name: str, data: BathData) -> None:
        self.station = station
        self.name = name
        self.data = data
        self.kj_k = data.litres * 4.1
        self.reset()

    def reset(self) -> None:
        data = self.data
        self.t = ROOM_C + 1.0 if data.setpoint is None else float(data.setpoint)
        self.ph = float(data.ph)
        self.level = 97.6
        self.kw = 0.0
        self.dosing = False
        self.filling = False

    def step(self, h: float, work: float, dragged_l: float) -> None:
        """Integrate h seconds with work (0…1) in the bath and some litres of it carried off."""
        self._heat(h)
        self._hold_level(h, dragged_l)
        self._dose(h, work)

    def _heat(self, h: float) -> None:
        station, data = self.station, self.data
        ambient = ROOM_C + 1.5 * wander(station.key + 15, station.now_s, 43200.0)
        loss = data.loss_kw_k * (self.t - ambient)
        if data.setpoint is None:
            # No heater of its own: a stuck steam valve next door is what drives it off.
            ambient += 18.0 * station.off(self.name + "_temperature_c")
            self.t = toward(self.t, ambient + 1.0, h, self.kj_k / max(data.loss_kw_k, 0.05))
            self.kw = 0.0
            return
        # A thermostat welded shut heats on: the set point no longer holds it back.
        setpoint = data.setpoint + 11.0 * station.off(self.name + "_temperature_c")
        wanted = setpoint + (self.t - setpoint) * exp(-h / 600.0)
        kw = self.kj_k * (wanted - self.t) / h + loss
        self.kw = 0.0 if station.dark else min(data.heater_kw, max(0.0, kw))
        self.t += (self.kw - loss) * h / self.kj_k

    def _hold_level(self, h: float, dragged_l: float) -> None:
        """Evaporation, drag-out and leaks lower the bath; a float switch opens fresh water."""
        station = self.station
        leak = station.fault("leak", 240.0, self.name + "_level_pct")
        vapour = 0.9 * exp((self.t - 50.0) / 16.0) * self.data.litres / 1000.0
        lost = (vapour + leak) * h / 3600 + dragged_l
        if self.level < 96.6:
            self.filling = True
        elif self.level > 98.4:
            self.filling = False
        if self.filling and not station.dark:
            lost -= _TOP_UP_L_H * h / 3600
        self.level = max(0.0, min(101.0, self.level - 100.0 * lost / self.data.litres))

    def _dose(self, h: float, work: float) -> None:
        """pH creeps with the work and is pulled back by strokes of the doser: a sawtooth."""
        station, data = self.station, self.data
        creep = data.ph_per_h * work * h / 3600
        aim = data.ph + 1.1 * station.off(self.name + "_ph")
        away = self.ph - aim
        if away * data.ph_per_h > _DOSE_BAND * abs(data.ph_per_h):
            self.dosing = True
        elif away * data.ph_per_h < 0:
            self.dosing = False
        if self.dosing and not station.dark:
            creep -= data.ph_per_h * 4.0 * h / 3600
        self.ph += creep + (aim - self.ph) * (1.0 - exp(-h / 14000.0))
        if station.off(self.name + "_ph") > 0.01:
            self.ph = toward(self.ph, aim, h, 900.0)

    def put_temperature(self) -> None:
        self.station.put(self.name + "_temperature_c", self.t, 0.02, 1)

    def put_ph(self) -> None:
        self.station.put(self.name + "_ph", self.ph, 0.003, 2)

    def put_level(self) -> None:
        self.station.put(self.name + "_level_pct", self.level, 0.05, 1)


def filter_dp_kpa(key: int, at_s: float, days: float) -> float:
    """A cartridge loads up over some days and is changed: from 28 to 85 kPa."""
    period = days * 86400.0
    phase = ((at_s + unit(key, 3) * period) % period) / period
    return 28.0 + 57.0 * phase * phase
