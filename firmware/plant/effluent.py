"""A wastewater stream: the sump that collects a few rinses and the pump that sends them on."""

from math import exp

from firmware.plant.faults import FaultBook
from firmware.plant.noise import wander
from firmware.plant.schedule import Activity
from firmware.plant.sewer import TAP_PH, TAP_US_CM, Sewer
from firmware.plant.station import Station
from firmware.plant.thermal import toward

_SUMP_M3 = 2.4
_LOW_M3 = 0.7
_PUMP_S = (
    1100.0  # the pump's speed follows the level: a volume of flow × this time stands above low
)
_PUMP_MAX_M3_H = 6.0


class EffluentStream(Station):
    """What flowed out is what flowed in less what stands in the sump: the totaliser is exact."""

    STEP_S = 30.0
    REPLAY_S = 8 * 3600.0
    POWER_KW = {"run": 1.1}

    def __init__(self, seed: int, station: str, station_type: str, book: FaultBook) -> None:
        super().__init__(seed, station, station_type, book)
        self.sewer = Sewer(seed, (station,), book)
        self.reset(self.act)

    def reset(self, act: Activity) -> None:
        self.sewer.reset(self.now_ms or 0)
        self.volume = _LOW_M3 + 0.2
        self.flow = 0.0
        self.ph = TAP_PH
        self.us_cm = TAP_US_CM
        self.warm = 25.0
        self.leaked = 0.0
        self._total = 0.0

    def step(self, h: float, act: Activity) -> None:
        sewer = self.sewer
        sewer.step(h, self.now_ms or 0)
        lost = min(self.volume, self.fault("leak", 0.3) * h / 3600)
        self.leaked += lost
        inflow = sewer.m3 / h - lost / h
        if self.dark:
            self.flow = 0.0
            room = max(0.0, 0.97 * _SUMP_M3 - self.volume)
            spilled = max(0.0, inflow * h - room)  # over the edge, onto the floor
            self.leaked += spilled
            self.volume += inflow * h - spilled
        else:
            # Exact for a constant inflow; capped by what the pump can do.
            above = self.volume - _LOW_M3
            settled = inflow * _PUMP_S
            above_now = settled + (above - settled) * exp(-h / _PUMP_S)
            pumped = inflow * h - (above_now - above)
            pumped = min(max(0.0, pumped), _PUMP_MAX_M3_H * h / 3600)
            self.flow = pumped / h * 3600
            self.volume += inflow * h - pumped
        if sewer.m3 > 0 and self.volume > 0.05:
            fresh = 1.0 - exp(-sewer.m3 / self.volume)
            self.ph += (sewer.ph - self.ph) * fresh
            self.us_cm += (sewer.us_cm - self.us_cm) * fresh
        aim = 23.0 + 3.0 * min(1.0, self.flow)
        self.warm = toward(self.warm, aim, h, 3600.0)

    def publish(self, act: Activity) -> None:
        self.put("flow_m3_h", self.flow, self.flow * 0.0015, 3)
        total = self.sewer.total_m3() - self.leaked - self.volume + _LOW_M3 + 0.8
        self._total = max(self._total, total / self.pace)
        self.values["total_m3"] = round(self._total, 3)
        ph = self.ph - 2.5 * self.off("ph")
        self.put("ph", ph, 0.003, 2)
        us_cm = self.us_cm * (1.0 + 2.0 * self.off("conductivity_us_cm"))
        self.put("conductivity_us_cm", us_cm, us_cm * 0.0012, 0)
        oxidised = 235.0 + 20.0 * wander(self.key + 2, self.now_s, 40000.0) - 22.0 * (ph - 7.0)
        self.put("orp_mv", oxidised, 0.6, 0)
        self.put("temperature_c", self.warm, 0.02, 1)
        self.put("sump_level_pct", 100.0 * self.volume / _SUMP_M3, 0.06, 1)
        self.values["pump_running"] = self.flow > 0.02
        self.values["valve_to_treatment"] = True
