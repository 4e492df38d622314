"""The wastewater treatment as its operator sees it: tanks, doses, clarifier, filter press."""

from firmware.plant.faults import FaultBook
from firmware.plant.layout import NICKEL_STREAMS
from firmware.plant.noise import wander
from firmware.plant.schedule import LOADS, Activity
from firmware.plant.station import Station
from firmware.plant.treatment_train import Train

NICKEL_TANK_M3 = 3.0
NICKEL_PH = 10.2
# Litres per m³ treated.
_DOSES = (("coagulant", 0.6), ("flocculant", 3.0), ("naoh", 1.8), ("sulphide", 0.25), ("acid", 0.7))
_PRESS_S = 12 * 3600
_PRESS_STEPS = (
    ("filling", 7200),
    ("pressing", 5400),
    ("blowing", 900),
    ("unloading", 1800),
    ("washing", 900),
)
_SLUDGE_KG = 74.0


class Treatment(Station):
    """The nickel train; doses follow the feed, the press its own cycle of twelve hours."""

    STEP_S = 30.0
    REPLAY_S = 26 * 3600.0
    POWER_KW = {"run": 8.5, "backwash": 11.0}

    def __init__(self, seed: int, station: str, station_type: str, book: FaultBook) -> None:
        super().__init__(seed, station, station_type, book)
        self.train = Train(seed, NICKEL_STREAMS, book, NICKEL_TANK_M3, NICKEL_PH)
        self.naoh_missed = 0.0

    def reset(self, act: Activity) -> None:
        self.train.reset(self.now_ms or 0)
        self.naoh_missed = 0.0

    def step(self, h: float, act: Activity) -> None:
        self.train.step(h, self.now_ms or 0)
        self.naoh_missed += self.train.flow * h / 3600 * 1.8 * min(1.0, self.train.slip)

    def publish(self, act: Activity) -> None:
        train = self.train
        key, at_s = self.key, self.now_s
        self.put("equalisation_level_pct", 100.0 * train.volume / train.tank_m3, 0.05, 1)
        self.put("equalisation_ph", train.tank_ph, 0.003, 2)
        self.put("equalisation_conductivity_us_cm", train.tank_us_cm, train.tank_us_cm * 0.001, 0)
        self.put("feed_flow_m3_h", train.flow, train.flow * 0.0015, 3)
        # Acid breaks the complexes first; then caustic precipitates; then back to neutral.
        self.put("reaction_1_ph", 3.2 + 0.08 * wander(key + 1, at_s, 1500.0), 0.003, 2)
        self.put("reaction_1_orp_mv", 410.0 + 15.0 * wander(key + 2, at_s, 4000.0), 0.6, 0)
        self.put("reaction_2_ph", train.ph + 0.05 * wander(key + 3, at_s, 1200.0), 0.003, 2)
        self.put("reaction_2_orp_mv", -120.0 + 15.0 * wander(key + 4, at_s, 4000.0), 0.6, 0)
        neutral = 7.5 + 0.1 * wander(key + 5, at_s, 2000.0) - 0.5 * train.slip
        self.put("neutral_ph", neutral, 0.003, 2)
        treated = train.treated_m3()
        for name, per_m3 in _DOSES:
            flow = train.flow * per_m3
            total = treated * per_m3
            if name == "naoh":
                flow *= 1.0 - min(1.0, train.slip)
                total -= self.naoh_missed
            self.put(name + "_flow_l_h", flow, flow * 0.0015, 3)
            self.values[name + "_l"] = max(
                round(total, 2), float(self.values.get(name + "_l", 0.0))
            )
        self.put("clarifier_turbidity_ntu", train.turbidity, 0.05, 1)
        into_s = at_s % _PRESS_S
        drawn = into_s < 7200
        blanket = 0.95 - 0.35 * into_s / 7200 if drawn else 0.6 + 0.35 * (into_s - 7200) / 36000
        self.put("sludge_blanket_m", blanket, 0.006, 2)
        washed = act.at_s if act.phase == "run" else 0.0
        self.put("sand_filter_dp_kpa", 14.0 + 30.0 * washed / 83700.0, 0.1, 1)
        slip = 1.0 + 3.0 * train.slip
        self.put("resin_outlet_conductivity_us_cm", 780.0 + 0.3 * train.tank_us_cm * slip, 1.5, 0)
        self._publish_press(into_s)

    def _publish_press(self, into_s: float) -> None:
        state = "idle"
        begun = 0
        mpa = 0.0
        for name, seconds in _PRESS_STEPS:
            if begun <= into_s < begun + seconds:
                state = name
                share = (into_s - begun) / seconds
                mpa = {"filling": 0.15 + 0.3 * share, "pressing": 0.45 + 0.22 * share}.get(
                    name, 0.0
                )
            begun += seconds
        self.values["filter_press_state"] = state
        self.put("filter_press_mpa", 0.0 if self.dark else mpa, 0.001, 3)
        cycles = int(self.now_s // _PRESS_S)
        dropped = cycles + (1 if into_s > 14400 else 0)
        self.count("filter_press_count", dropped, 0)
        blocks, rest = divmod(dropped, LOADS)
        kilos = blocks * self.schedule.mix_sum + sum(self.schedule.mix[:rest])
        self.count("sludge_kg", kilos * _SLUDGE_KG, 1)
