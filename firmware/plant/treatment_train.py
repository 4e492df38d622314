"""The wastewater works: equalisation, precipitation at a pH, clarifier, and what they let pass."""

from math import exp

from firmware.plant.faults import Fault, FaultBook, amount_of
from firmware.plant.layout import TREATMENT
from firmware.plant.sewer import POLLUTANTS, TAP_PH, TAP_US_CM, Sewer
from firmware.plant.thermal import toward

NI, CU, ZN, P, COD, NH3_N, N, F = range(len(POLLUTANTS))
_FEED_S = 4500.0  # the feed pump follows the level of the equalisation tank
_PH_SLIP = 1.9  # what a failing caustic pump costs
# What passes whatever the pH: bound in complexes, organic, or not precipitated at all.
_PASSES = (0.0011, 0.006, 0.003, 0.012, 0.2, 0.8, 0.72, 0.55)


def dissolved_mg_l(n: int, ph: float) -> float:
    """What hydroxide leaves in solution. Ni: Ksp 5.5e-16; Cu flatter; Zn amphoteric."""
    if n == NI:
        return float(58700.0 * 5.5e-16 * 10.0 ** (28.0 - 2.0 * ph))
    if n == CU:
        return float(0.02 + 10.0 ** (7.6 - ph))
    if n == ZN:
        return float(0.05 + 0.05 * (10.0 ** (2.0 * (9.0 - ph)) + 10.0 ** (ph - 10.6)))
    return 0.0


class Train:
    """Volumes in m³; concentrations in mg/L, in the order of POLLUTANTS."""

    def __init__(
        self, seed: int, streams: "tuple[str, ...]", book: FaultBook, tank_m3: float, ph: float
    ) -> None:
        self.sewer = Sewer(seed, streams, book)
        self.book = book
        self.tank_m3 = tank_m3
        self.clarifier_m3 = tank_m3 * 0.25
        self.low_m3 = tank_m3 * 0.24
        self.ph_setpoint = ph
        self.reset(0)

    def reset(self, sim_ms: int) -> None:
        self.sewer.reset(sim_ms)
        self.volume = self.tank_m3 * 0.6
        self.flow = 0.0
        self.tank = [0.0] * len(POLLUTANTS)
        self.out = [0.0] * len(POLLUTANTS)
        self.tank_ph = TAP_PH
        self.tank_us_cm = TAP_US_CM
        self.ph = self.ph_setpoint
        self.turbidity = 4.0
        self.dark = False
        self.slip = 0.0

    def step(self, h: float, sim_ms: int) -> None:
        faults: list[Fault] = []
        if self.book.faults:
            faults = self.book.of(TREATMENT)
        self.dark = amount_of(faults, "power_dip", "", sim_ms, 1.0) > 0
        slip = amount_of(faults, "bath_out_of_range", "reaction_2_ph", sim_ms, 1.0)
        self.slip = toward(self.slip, slip, h, 1200.0)
        self._equalise(h, sim_ms)
        self.ph = toward(self.ph, self.ph_setpoint - _PH_SLIP * self.slip, h, 500.0)
        off = abs(self.ph - self.ph_setpoint)
        self.turbidity = toward(
            self.turbidity, 3.5 + 1.2 * self.flow / self.tank_m3 + 9.0 * off, h, 4000.0
        )
        self._clarify(h)

    def _equalise(self, h: float, sim_ms: int) -> None:
        sewer = self.sewer
        sewer.step(h, sim_ms)
        before = self.volume
        inflow = sewer.m3 / h
        if self.dark:
            self.flow = 0.0
            self.volume += sewer.m3
        else:
            settled = inflow * _FEED_S
            above = before - self.low_m3
            above_now = settled + (above - settled) * exp(-h / _FEED_S)
            pumped = max(0.0, sewer.m3 - (above_now - above))
            self.flow = pumped / h * 3600
            self.volume = before + sewer.m3 - pumped
        if sewer.m3 > 0:
            fresh = 1.0 - exp(-sewer.m3 / before)
            for n in range(len(POLLUTANTS)):
                self.tank[n] += (sewer.grams[n] / sewer.m3 - self.tank[n]) * fresh
            self.tank_ph += (sewer.ph - self.tank_ph) * fresh
            self.tank_us_cm += (sewer.us_cm - self.tank_us_cm) * fresh

    def _clarify(self, h: float) -> None:
        if self.flow <= 0:
            return
        fresh = 1.0 - exp(-self.flow * h / 3600 / self.clarifier_m3)
        floc = self.turbidity * 0.0012
        for n, share in enumerate(_PASSES):
            given = self.tank[n]
            left = min(
                given, dissolved_mg_l(n, self.ph) + share * given + floc * min(1.0, given / 50)
            )
            self.out[n] += (left - self.out[n]) * fresh

    def treated_m3(self) -> float:
        """What left since simulated time 0: what came less what stands in the tank."""
        return self.sewer.total_m3() - self.volume + self.tank_m3
