"""The two outlets where the law looks: behind the nickel treatment, and at the fence."""

from firmware.plant.faults import FaultBook
from firmware.plant.layout import NICKEL_STREAMS, STREAMS
from firmware.plant.noise import unit, wander
from firmware.plant.schedule import Activity
from firmware.plant.station import Station
from firmware.plant.thermal import toward
from firmware.plant.treatment import NICKEL_PH, NICKEL_TANK_M3
from firmware.plant.treatment_train import COD, CU, NH3_N, NI, ZN, F, N, P, Train

_DAY_S = 86400.0
_CALIBRATION_S = 1500.0
_GENERAL_TANK_M3 = 17.0
_GENERAL_PH = 9.6


class WorkshopOutlet(Station):
    """First-class pollutants are judged here: nickel follows the plating lines with a lag."""

    STEP_S = 30.0
    REPLAY_S = 26 * 3600.0

    def __init__(self, seed: int, station: str, station_type: str, book: FaultBook) -> None:
        super().__init__(seed, station, station_type, book)
        self.nickel = Train(seed, NICKEL_STREAMS, book, NICKEL_TANK_M3, NICKEL_PH)
        self.warm = 24.0

    def reset(self, act: Activity) -> None:
        self.nickel.reset(self.now_ms or 0)
        self.warm = 24.0

    def step(self, h: float, act: Activity) -> None:
        self.nickel.step(h, self.now_ms or 0)
        aim = 23.5 + 2.0 * wander(self.key + 1, self.now_s, _DAY_S / 2)
        self.warm = toward(self.warm, aim, h, 5000.0)

    def publish(self, act: Activity) -> None:
        train = self.nickel
        self.put_water(
            train.flow, train.treated_m3(), 7.5 - 0.5 * train.slip, 950.0 + train.tank_us_cm * 0.9
        )
        self.put("nickel_mg_l", train.out[NI], train.out[NI] * 0.002, 4)
        self.put("copper_mg_l", 0.02 + train.out[CU], 0.0001, 4)
        trace = 0.006 + 0.002 * wander(self.key + 4, self.now_s, _DAY_S)
        self.put("total_chromium_mg_l", trace, 0.00002, 4)
        self.put("chromium_6_mg_l", trace * 0.2, 0.000005, 5)
        self.put("turbidity_ntu", train.turbidity * 0.5, 0.05, 1)
        self.values["sampler_bottle"] = int(self.now_s % _DAY_S / 3600) + 1

    def put_water(self, flow: float, total: float, ph: float, us_cm: float) -> None:
        """What both outlets measure; the totaliser never runs back."""
        self.put("flow_m3_h", 0.0 if self.dark else flow, flow * 0.0015, 3)
        last = self.values.get("total_m3", 0.0)
        self.values["total_m3"] = max(round(total / self.pace, 3), float(last))
        self.put("ph", ph + 0.06 * wander(self.key + 2, self.now_s, 3000.0), 0.003, 2)
        self.put("conductivity_us_cm", us_cm, us_cm * 0.001, 0)
        self.put("temperature_c", self.warm, 0.02, 1)
        into_s = (self.now_s + unit(self.key, 8) * _DAY_S) % _DAY_S
        state = "fault" if self.dark else "measuring"
        self.values["analyser_state"] = "calibrating" if into_s < _CALIBRATION_S else state
        self.values["valve_open"] = not self.dark


class PlantOutlet(WorkshopOutlet):
    """Everything meets here: the treated nickel stream and the general treatment."""

    def __init__(self, seed: int, station: str, station_type: str, book: FaultBook) -> None:
        super().__init__(seed, station, station_type, book)
        others = tuple([name for name in sorted(STREAMS) if name not in NICKEL_STREAMS])
        self.general = Train(seed, others, book, _GENERAL_TANK_M3, _GENERAL_PH)

    def reset(self, act: Activity) -> None:
        super().reset(act)
        self.general.reset(self.now_ms or 0)

    def step(self, h: float, act: Activity) -> None:
        super().step(h, act)
        self.general.step(h, self.now_ms or 0)

    def _mixed(self, n: int) -> float:
        nickel, general = self.nickel, self.general
        flow = nickel.flow + general.flow
        if flow <= 0:
            return general.out[n]
        return (nickel.out[n] * nickel.flow + general.out[n] * general.flow) / flow

    def publish(self, act: Activity) -> None:
        nickel, general = self.nickel, self.general
        total = nickel.treated_m3() + general.treated_m3()
        us_cm = 900.0 + 0.5 * nickel.tank_us_cm + 0.6 * general.tank_us_cm
        self.put_water(nickel.flow + general.flow, total, 7.6 - 0.3 * general.slip, us_cm)
        for name, n, base in (
            ("cod_mg_l", COD, 18.0),
            ("ammonia_n_mg_l", NH3_N, 0.4),
            ("total_nitrogen_mg_l", N, 1.5),
            ("total_phosphorus_mg_l", P, 0.05),
            ("copper_mg_l", CU, 0.01),
            ("zinc_mg_l", ZN, 0.02),
            ("fluoride_mg_l", F, 0.5),
        ):
            value = base + self._mixed(n)
            self.put(name, value, value * 0.002, 3)
        turbidity = 0.55 * general.turbidity
        self.put("turbidity_ntu", turbidity, 0.05, 1)
        self.put("suspended_solids_mg_l", 3.0 + 1.7 * turbidity, 0.02, 1)
