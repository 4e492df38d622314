"""A coater's chamber: pumped down and dried, then held at its argon pressure; turbo pump and foreline."""

from collections import namedtuple

from firmware.plant.thermal import toward
from firmware.plant.vacuum import ATMOSPHERE_PA, Vessel

SCCM = 0.00169  # Pa·m³/s of one standard cubic centimetre a minute
_TURBO_RPM = 33000.0

# leak: Pa·m³/s; wall: Pa·m³/s of water on the walls just after venting, which falls with dry_s;
# throttle: share of the pumping speed left for the process; strain: what argon costs the turbo pump;
# foreline: Pa it idles at, and m³/s that draw on it.
ChamberData = namedtuple(
    "ChamberData",
    ("leak", "wall", "vent_s", "dry_s", "argon_pa", "throttle", "strain", "foreline_pa", "foreline_m3_s"),
)  # fmt: skip


class CoatingChamber:
    """`vessel.p`: its pressure, Pa; `flow`: argon, sccm; `turbo`: rpm; `foreline`: Pa."""

    def __init__(self, vessel: Vessel, data: ChamberData) -> None:
        self.vessel = vessel
        self.data = data

    def reset(self, turbo: float) -> None:
        self.vessel.p = ATMOSPHERE_PA
        self.wet = 1.0
        self.flow = 0.0
        self.foreline = 2.0
        self.turbo = turbo

    def vent(self, h: float) -> None:
        """Open for loading."""
        self.vessel.admit(h, ATMOSPHERE_PA, self.data.vent_s)
        self.wet = toward(self.wet, 1.0, h, 400.0)
        self.flow = 0.0
        self.foreline = toward(self.foreline, 1.5, h, 60.0)

    def hold(self, h: float, leak: float, dark: bool, glowing: bool) -> None:
        """Closed: pumped, at its argon pressure while it glows; without power the air comes in."""
        vessel, data = self.vessel, self.data
        self.wet = toward(self.wet, 0.02, h, data.dry_s)
        gas = data.leak + leak + data.wall * self.wet
        if dark:
            self.flow = 0.0
            vessel.close(h, gas + 0.02)
            self.foreline = toward(self.foreline, ATMOSPHERE_PA, h, 3000.0)
            return
        # The controller opens the argon valve until the gauge shows its set point: with a leak it
        # gives less argon, and no more when the leak alone holds the pressure.
        speed = vessel.pumps.speed(min(vessel.p, 1.0)) * data.throttle
        wanted = max(0.0, (data.argon_pa * speed - gas) / SCCM) if glowing else 0.0
        self.flow = toward(self.flow, wanted, h, 4.0)
        load = gas + self.flow * SCCM
        if glowing:
            vessel.p = toward(vessel.p, load / speed, h, 3.0)
        else:
            vessel.pump(h, load)
        drawn = data.foreline_pa + load / data.foreline_m3_s
        self.foreline = toward(self.foreline, drawn, h, 40.0)

    def spin(self, h: float, dark: bool, glowing: bool) -> None:
        """The turbo pump: on stand-by behind its closed gate until the rough pumps have done."""
        aim = 0.0 if dark else _TURBO_RPM
        if self.vessel.p > 50:
            aim *= 0.72
        elif glowing:
            aim *= self.data.strain
        self.turbo = toward(self.turbo, aim, h, 150.0)
