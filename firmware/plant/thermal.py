"""Heat: furnace zones with their losses and controllers, what lags behind them, quench gas."""

from math import exp

ROOM_C = 24.0


def toward(value: float, target: float, h: float, tau: float) -> float:
    """A first-order lag over h seconds, exact for a constant target and stable for every h."""
    return target + (value - target) * exp(-h / tau)


class Insulation:
    """How a hot zone loses heat: conduction k (kW/K) and radiation r (kW at 1000 °C)."""

    def __init__(self, k: float, r: float) -> None:
        self.k = k
        self.r = r / (1273.15**4)

    def loss_kw(self, t_c: float) -> float:
        kelvin = t_c + 273.15
        kelvin *= kelvin
        return self.k * (t_c - ROOM_C) + self.r * (kelvin * kelvin - 7.8e9)

    def ramp_kwh(self, from_c: float, to_c: float, seconds: float) -> float:
        """Heat lost while the temperature goes evenly from one value to another (exact)."""
        a = from_c + 273.15
        b = to_c + 273.15
        fourth = (a**4 + a**3 * b + a * a * b * b + a * b**3 + b**4) / 5
        mean = self.k * ((from_c + to_c) / 2 - ROOM_C) + self.r * (fourth - 7.8e9)
        return mean * seconds / 3600


class Zones:
    """Zones side by side, each with heater, controller and control thermocouple.

    heat: kJ/K of one zone; tau_s: time constant of the closed loop; limit_kw: heater of one zone.
    """

    def __init__(self, shares: "tuple[float, ...]", heat: float, insulation: Insulation) -> None:
        self.shares = shares  # end zones lose more than middle ones; they add up to their number
        self.heat = heat
        self.insulation = insulation
        self.tau_s = 90.0
        self.limit_kw = 40.0
        self.t = [ROOM_C] * len(shares)
        self.kw = [0.0] * len(shares)
        self.setpoint = ROOM_C

    def regulate(self, h: float, setpoint: float, drawn_kw: float) -> None:
        """Heat towards a set point while the charge draws heat (kW per zone) out of the zone."""
        fade = exp(-h / self.tau_s)
        before = self.setpoint
        self.setpoint = setpoint
        for n, share in enumerate(self.shares):
            t = self.t[n]
            wanted = setpoint + (t - before) * fade
            out = self.insulation.loss_kw(t) * share + drawn_kw
            kw = self.heat * (wanted - t) / h + out
            kw = min(self.limit_kw, max(0.0, kw))
            self.kw[n] = kw
            self.t[n] = t + (kw - out) * h / self.heat

    def lose(self, h: float, drawn_kw: float) -> None:
        """Heaters without current: every zone falls by what insulation and charge take."""
        for n, share in enumerate(self.shares):
            t = self.t[n]
            self.t[n] = t - (self.insulation.loss_kw(t) * share + drawn_kw) * h / self.heat
            self.kw[n] = 0.0
        self.setpoint = self.mean()

    def blow(self, h: float, gas_c: float, tau_s: float) -> None:
        """Heaters off and gas blown through: towards the temperature of the gas."""
        for n in range(len(self.t)):
            self.t[n] = toward(self.t[n], gas_c, h, tau_s)
            self.kw[n] = 0.0
        self.setpoint = self.mean()

    def mean(self) -> float:
        return sum(self.t) / len(self.t)


class Desorption:
    """Gas bound in a charge and driven out by heat: first order, Arrhenius (E/R in K).

    The peak on a ramp and its tail on a soak come out of it by themselves.
    """

    def __init__(self, peak_c: float, e_over_r: float, ramp_k_s: float) -> None:
        kelvin = peak_c + 273.15
        self.e_over_r = e_over_r
        self.rate = ramp_k_s * e_over_r / (kelvin * kelvin)  # Redhead's condition for the peak
        self.peak_k = kelvin
        self.bound = 0.0

    def release(self, h: float, t_c: float) -> float:
        """The mean flow over h seconds, in units of `bound` per second."""
        if self.bound <= 0.0:
            return 0.0
        x = self.e_over_r * (1.0 / self.peak_k - 1.0 / (t_c + 273.15))
        gone = self.bound * (1.0 - exp(-self.rate * exp(min(x, 20.0)) * h))
        self.bound -= gone
        return gone / h
