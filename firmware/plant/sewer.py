"""What the lines send to the wastewater plant: their rinses, followed from the same schedules.

Nothing is measured here: the lines may run in other processes or be switched off altogether.
"""

from firmware.plant.faults import FaultBook, amount_of
from firmware.plant.layout import STREAMS
from firmware.plant.rinse import RinseTank, dragged_l, rinse_of, water_tally
from firmware.plant.schedule import Schedule

POLLUTANTS = ("ni", "cu", "zn", "p", "cod", "nh3_n", "n", "f")
TAP_PH = 7.3
TAP_US_CM = 320.0


class Feed:
    """One rinse of one line: its water exactly, its drag-out load by load."""

    def __init__(self, seed: int, line: str, line_type: str, rinse: str) -> None:
        self.line = line
        self.schedule = Schedule(seed, line, line_type)
        self.rinse = rinse_of(line_type, rinse)
        self.tank = RinseTank(self.rinse)
        self.tally = water_tally(self.schedule, self.rinse)
        self.act = self.schedule.at(0)
        self.strength = [float(self.rinse.bath.get(name, 0.0)) for name in POLLUTANTS]

    def reset(self, sim_ms: int) -> None:
        self.act = self.schedule.at(sim_ms)
        self.tank.x = 0.0015

    def step(self, h: float, sim_ms: int, dark: bool) -> float:
        """Litres that ran in h seconds; none while the line has no power."""
        act = self.schedule.at(sim_ms)
        before = self.act
        self.act = act
        if dark:
            return 0.0
        litres = self.tally.until(act) - self.tally.until(before)
        self.tank.step(h, litres / h * 3600, dragged_l(self.schedule, self.rinse, before, act))
        return litres


class Sewer:
    """The rinses of some streams together; after step(): m³, grams, pH and conductivity."""

    def __init__(self, seed: int, streams: "tuple[str, ...]", book: FaultBook) -> None:
        self.book = book
        self.feeds = []
        for stream in streams:
            default = ((stream + "-line", "electroplating_line", "ni_rinse"),)
            for line, line_type, rinse in STREAMS.get(stream, default):
                self.feeds.append(Feed(seed, line, line_type, rinse))
        self.m3 = 0.0
        self.missed_m3 = 0.0  # what the schedule promised and a line without power did not send
        self.grams = [0.0] * len(POLLUTANTS)
        self.ph = TAP_PH
        self.us_cm = TAP_US_CM

    def reset(self, sim_ms: int) -> None:
        self.missed_m3 = 0.0
        for feed in self.feeds:
            feed.reset(sim_ms)

    def step(self, h: float, sim_ms: int) -> None:
        litres_all = 0.0
        push = 0.0
        salt = 0.0
        grams = [0.0] * len(POLLUTANTS)
        for feed in self.feeds:
            dark = False
            if self.book.faults:
                dark = amount_of(self.book.of(feed.line), "power_dip", "", sim_ms, 1.0) > 0
                if dark:
                    litres = feed.tally.until(feed.schedule.at(sim_ms)) - feed.tally.until(feed.act)
                    self.missed_m3 += litres / 1000
            litres = feed.step(h, sim_ms, dark)
            x = feed.tank.x
            for n, strength in enumerate(feed.strength):
                if strength:
                    grams[n] += litres * x * strength
            share = x * 100 / (x * 100 + 0.12)
            push += litres * (feed.rinse.ph - TAP_PH) * share
            salt += litres * x * 100 * feed.rinse.us_cm
            litres_all += litres
        self.m3 = litres_all / 1000
        self.grams = grams
        if litres_all > 0:
            self.ph = TAP_PH + push / litres_all
            self.us_cm = TAP_US_CM + salt / litres_all

    def total_m3(self) -> float:
        """What came since simulated time 0."""
        litres = 0.0
        for feed in self.feeds:
            litres += feed.tally.until(feed.act)
        return litres / 1000 - self.missed_m3
