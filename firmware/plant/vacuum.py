"""Vacuum: a vessel, its pumps, leaks and gas let in."""

from math import exp

ATMOSPHERE_PA = 101325.0


class Pumps:
    """A pumping set: (pressure below which a pump takes over, m³/s), coarse to fine."""

    def __init__(self, stages: "tuple[tuple[float, float], ...]") -> None:
        self.stages = stages

    def speed(self, p: float) -> float:
        speed = self.stages[0][1]
        for below, pumped in self.stages:
            if p <= below:
                speed = pumped
        return speed


class Vessel:
    """A vessel of some m³; gas loads in Pa·m³/s."""

    def __init__(self, volume: float, pumps: Pumps, ultimate: float) -> None:
        self.volume = volume
        self.pumps = pumps
        self.ultimate = ultimate  # what the pumps reach without any gas load, Pa
        self.p = ATMOSPHERE_PA

    def pump(self, h: float, load: float) -> None:
        """Pump for h seconds against a gas load; in parts, because pumps take over on the way."""
        part = h / 4
        for _ in range(4):
            speed = self.pumps.speed(self.p)
            floor = load / speed + self.ultimate
            self.p = floor + (self.p - floor) * exp(-part * speed / self.volume)

    def close(self, h: float, load: float) -> None:
        """Valves shut: pressure rises with what leaks in and desorbs, up to the air outside."""
        self.p = min(ATMOSPHERE_PA, self.p + load * h / self.volume)

    def admit(self, h: float, target: float, tau_s: float) -> None:
        """Let gas in (or blow it off) towards a pressure."""
        self.p = target + (self.p - target) * exp(-h / tau_s)
