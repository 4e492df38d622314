"""Flux gauge: every part through a Helmholtz coil, judged against its nominal moment."""

from firmware.plant.faults import FaultBook
from firmware.plant.noise import unit, wander
from firmware.plant.schedule import Activity
from firmware.plant.station import Station
from firmware.plant.thermal import toward

_NOMINAL = 0.462  # mWb·cm of the part in production
_PER_K = -0.0011  # of the remanence


class FluxGauge(Station):
    """A load of the schedule is one part; lots differ a little, parts within a lot less."""

    STEP_S = 10.0
    POWER_KW = {"run": 0.45}
    OTHER_KW = 0.2

    def __init__(self, seed: int, station: str, station_type: str, book: FaultBook) -> None:
        super().__init__(seed, station, station_type, book)
        self.reset(self.act)

    def reset(self, act: Activity) -> None:
        self.part_c = 22.0
        self._part = -1

    def step(self, h: float, act: Activity) -> None:
        warm = 22.3 + 1.2 * wander(self.key, self.now_s, 15000.0)
        self.part_c = toward(self.part_c, warm, h, 900.0)

    def _gauge(self, part: int, cycle: int) -> None:
        self._part = part
        lot = 0.7 * (unit(self.key + 1, cycle) - 0.5) * 2
        scatter = unit(self.key, part) + unit(self.key + 2, part) + unit(self.key + 3, part) - 1.5
        deviation = lot + 1.1 * scatter
        reversed_ = self._reversed(part + 1) > self._reversed(part)
        if self._rejected(part + 1) > self._rejected(part) and not reversed_:
            deviation -= 3.6  # a chipped or half magnetised part
        values = self.values
        cold = 1.0 + _PER_K * (self.part_c - 20.0)
        moment = _NOMINAL * (1.0 + deviation / 100) * cold
        values["moment_mwb_cm"] = round(-moment if reversed_ else moment, 4)
        values["deviation_pct"] = round(deviation, 2)
        values["polarity_ok"] = not reversed_
        verdict = "low" if deviation < -3 else ("high" if deviation > 3 else "ok")
        values["verdict"] = "reversed" if reversed_ else verdict
        values["cycle_time_s"] = round(5.6 + 0.5 * unit(self.key + 4, part), 2)

    def _rejected(self, parts: int) -> int:
        return (parts * 3 + self.key % 1000) // 1000

    def _reversed(self, parts: int) -> int:
        return (parts + self.key % 9000) // 9000

    def publish(self, act: Activity) -> None:
        working = act.state == "run" and not self.dark
        gauged = act.piece + (1 if act.piece_s >= 4.0 else 0)
        if gauged - 1 != self._part and (working or self._part < 0):
            self._gauge(gauged - 1, act.cycle)
        self.values["nominal_moment_mwb_cm"] = _NOMINAL
        turned = self._reversed(gauged)
        bad = self._rejected(gauged) + turned
        self.count("nok_count", bad, 0)
        self.count("ok_count", gauged - bad, 0)
        self.count("reversed_count", turned, 0)
        self.put("part_temperature_c", self.part_c, 0.015, 2)
        drift = 0.4 * wander(self.key + 5, self.now_s, 5000.0)
        self.values["zero_drift_uwb_min"] = round(drift, 1)
        # The master check at the beginning of the cycle stands until the next.
        checked = act.cycle if act.step > 0 or act.at_s > 120 else act.cycle - 1
        self.values["master_deviation_pct"] = round(0.5 * (unit(self.key + 6, checked) - 0.5), 2)
        self.values["master_id"] = "M-048-02"
        self.values["master_due"] = act.step == 0 and act.at_s <= 120
        self.values["fixture_id"] = "H-48x32"
        self.values["reject_box_full"] = bad % 50 == 49
