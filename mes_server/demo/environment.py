"""What the people of environment do in a made-up past: samples, checks of analysers, sludge, a repaired fault, days closed.

Each chore is a generator: it yields when the next thing is done and what (None: it only waits); it is sent what was
answered.
"""

import heapq
import random
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from mes_server.demo.door import iso
from mes_server.demo.floor import Ask, Heard
from mes_server.demo.water import DAY_MS, HOUR_MS, Water

ENVIRONMENT = "E-401"
Chore = Generator[tuple[int, Ask | None], Heard, None]
_MINUTE_MS = 60_000


@dataclass(slots=True)
class Environment:
    """`midnight_ms`: of the first whole day, `day_of`: the name of the day of a moment. `pin`: of who signs, "" where nobody
    does. `watch`: looks for exceedances, and says which are over."""

    water: Water
    chance: random.Random
    midnight_ms: int
    end_ms: int
    pin: str
    day_of: Callable[[int], str]
    watch: Callable[[], list[str]]
    _due: list[tuple[int, int, Ask | None, Chore]] = field(default_factory=list)
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        days = (self.end_ms - self.midnight_ms) // DAY_MS
        for day in range(days):
            self._day(day, self.midnight_ms + day * DAY_MS)
        self._begin(self._repair())
        self._begin(self._manifest())

    def _day(self, day: int, at_ms: int) -> None:
        plan = self.water.plan["laboratory"]
        for place, asked in sorted(plan["grabs"].items()):
            self._begin(self._grab(place, asked, at_ms))
        for place, asked in sorted(plan["composites"].items()):
            self._begin(self._composite(place, asked, at_ms))
        if day % plan["check_days"] == 0:
            for analyser in plan["analysers"]:
                self._begin(self._check(analyser, at_ms + 8 * HOUR_MS))
        if day % plan["sludge_days"] == 1:
            self._begin(self._sludge(at_ms))
        self._begin(self._exceeded(at_ms + DAY_MS))
        if self.pin:
            for place in sorted(plan["grabs"]):
                self._begin(self._closed(place, at_ms))

    def _begin(self, chore: Chore) -> None:
        try:
            due_ms, ask = next(chore)
        except StopIteration:
            return
        self._push(due_ms, ask, chore)

    def _push(self, due_ms: int, ask: Ask | None, chore: Chore) -> None:
        number = next(self._numbers)
        heapq.heappush(self._due, (due_ms, number, ask, chore))

    def work(self, now_ms: int, do: Callable[[Ask], Heard]) -> None:
        """Do all that is due. A chore of which something is refused ends there."""
        while self._due and self._due[0][0] <= now_ms:
            _, number, ask, chore = heapq.heappop(self._due)
            heard = Heard()
            if ask is not None:
                heard = do(replace(ask, id=f"demo-water-{number:06d}"))
            if not heard.done:
                chore.close()
                continue
            try:
                due_ms, ask = chore.send(heard)
            except StopIteration:
                continue
            self._push(due_ms, ask, chore)

    def next_ms(self) -> int | None:
        """When something is due."""
        return self._due[0][0] if self._due else None

    def _ask(self, what: str, path: str, **body: Any) -> Ask:
        return Ask(f"water_{what}", f"/water/{path}", body, ENVIRONMENT)

    def _grab(self, place: str, asked: list[str], at_ms: int) -> Chore:
        drawn_ms = at_ms + int((9.5 + self.chance.random()) * HOUR_MS)
        yield from self._sampled(
            (place, "grab", asked), (drawn_ms, drawn_ms), drawn_ms + 5 * _MINUTE_MS
        )

    def _composite(self, place: str, asked: list[str], at_ms: int) -> Chore:
        """Drawn by flow over the whole day; of a day without water there is none."""
        taken_ms = at_ms + DAY_MS + 20 * _MINUTE_MS
        yield from self._sampled((place, "composite", asked), (at_ms, at_ms + DAY_MS), taken_ms)

    def _sampled(
        self, of: tuple[str, str, list[str]], drawn: tuple[int, int], taken_ms: int
    ) -> Chore:
        place, kind, asked = of
        body = {"place": place, "kind": kind, "begun": iso(drawn[0]), "ended": iso(drawn[1]), "lab": "site lab 厂内化验室",
                "readings": [{"parameter": one} for one in asked], "note": "PE 500 mL, HNO₃ pH < 2"}  # fmt: skip
        if kind == "grab":
            del body["ended"]
        yield taken_ms, None
        if not self.water.runs(place, drawn):
            return  # nobody draws a sample where no water runs
        heard = yield taken_ms, self._ask("take", "samples", **body)
        code = heard.made[0]
        yield (
            taken_ms + 20 * _MINUTE_MS,
            self._ask("hand", f"samples/{code}/hand-over", person="courier 送样员"),
        )
        received_ms = taken_ms + 2 * HOUR_MS
        yield (
            received_ms,
            self._ask(
                "receive", f"samples/{code}/receive", person="lab 化验员", lab="site lab 厂内化验室"
            ),
        )
        reported_ms = received_ms + 7 * HOUR_MS
        yield reported_ms, None  # by then all that flowed that day is known
        told = [self._result(place, one, drawn) for one in asked]
        readings = [one for one in told if one is not None]
        if readings:
            number = f"LR-{code}"
            yield (
                reported_ms,
                self._ask("report", f"samples/{code}/reports", number=number, readings=readings),
            )
        else:
            yield (
                reported_ms,
                self._ask("void", f"samples/{code}/void", reason="no water came 当日无水样"),
            )

    def _result(self, place: str, pollutant: str, drawn: tuple[int, int]) -> dict[str, str] | None:
        """What the lab finds of what was really there, as exact as it is; below its LOD it says so."""
        true = self.water.strength(place, pollutant, drawn)
        if true is None:
            return None
        said = self.water.plan["laboratory"]["lods"][pollutant]
        value = max(true * self.chance.gauss(1.0, 0.04), 0.0)
        text = (
            f"<{said}"
            if value < float(said)
            else f"{value:.3g}"
            if value < 1000
            else f"{value:.0f}"
        )
        return {"parameter": pollutant, "value": text, "unit": "mg/L", "lod": said}

    def _check(self, analyser: dict[str, str], at_ms: int, note: str = "") -> Chore:
        place, pollutant, expected = analyser["place"], analyser["pollutant"], analyser["standard"]
        read = float(expected) * self.chance.gauss(1.0, 0.02)
        common = {
            "place": place,
            "pollutant": pollutant,
            "full_scale": analyser["full_scale"],
            "note": note,
        }
        zero = f"{abs(self.chance.gauss(0, 0.004)) * float(analyser['full_scale']):.4f}"
        yield at_ms, self._ask("zero", "analysers", kind="zero", read=zero, **common)
        yield (
            at_ms + 15 * _MINUTE_MS,
            self._ask(
                "span", "analysers", kind="span", expected=expected, read=f"{read:.4g}", **common
            ),
        )

    def _repair(self) -> Chore:
        """The analysers of the plant outlet were at fault for a while; somebody repairs them, and they pass again."""
        begun, ended = self.water.fault
        if ended >= self.end_ms:
            return
        plan = self.water.plan["laboratory"]
        mine = [one for one in plan["analysers"] if one["place"] == "outlet-plant"]
        for one in mine:
            yield ended + 10 * _MINUTE_MS, self._ask(
                "repaired", "analysers", place=one["place"], pollutant=one["pollutant"], kind="repaired",
                when=iso(begun), ended=iso(ended), note="pump tube of the sampler replaced 更换采样泵管",
            )  # fmt: skip
        for one in mine:
            yield from self._check(one, ended + 30 * _MINUTE_MS, "after repair 维修后")

    def handed_over(self, do: Callable[[Ask], Heard]) -> None:
        """The past that is made up ends: the meters of the live plant are others."""
        works = next(
            d["content"] for d in self.water.plan["documents"] if d["kind"] == "waterworks"
        )
        for number, meter in enumerate(works["meters"]):
            read = self.water.reading(meter["station"], meter["metric"])
            body = {
                "before": f"{read:.3f}",
                "after": "0",
                "note": "live plant from now on 此后为实时演示",
            }
            ask = self._ask("exchange", f"meters/{meter['code']}/exchange", **body)
            do(replace(ask, id=f"demo-meter-{number:03d}"))

    def _signed(self) -> dict[str, str]:
        return {"badge": ENVIRONMENT, "pin": self.pin, "meaning": "closed"}

    def _exceeded(self, at_ms: int) -> Chore:
        """In the morning somebody looks at the day before; what was exceeded and is over is closed in the afternoon."""
        yield at_ms + int(7.5 * HOUR_MS), None
        found = self.watch()
        said = self.water.plan["story"]["slip"]
        for n, code in enumerate(found if self.pin else ()):
            body = {"cause": said["cause"], "action": said["action"], "reason": said["reason"], "signature": self._signed()}  # fmt: skip
            due_ms = at_ms + (14 + n) * HOUR_MS
            yield due_ms, Ask("exceedance_closed", f"/effluent/exceedances/{code}/close", body, ENVIRONMENT)  # fmt: skip

    def _closed(self, place: str, at_ms: int) -> Chore:
        """The record of a day is closed and signed when its samples are back."""
        day, signed = self.day_of(at_ms), self._signed()
        body = {"language": "zh", "signature": signed}
        path = f"/effluent/records/{place}/{day}/close"
        yield at_ms + DAY_MS + 16 * HOUR_MS, Ask("day_closed", path, body, ENVIRONMENT)

    def _sludge(self, at_ms: int) -> Chore:
        kg = 38 + 12 * self.chance.random()
        yield at_ms + 15 * HOUR_MS, self._ask("sludge", "sludge", place="treatment-general", kg=f"{kg:.1f}",
                                             dry_percent=f"{self.chance.gauss(33, 1.2):.1f}", cycle="1")  # fmt: skip

    def _manifest(self) -> Chore:
        at_ms = self.end_ms - 2 * DAY_MS
        heard = yield at_ms, self._ask("manifest", "manifests", number="2026-330-0417", code="336-054-17", kg="182.0",
                                       transporter="绿源运输 Lüyuan", receiver="东江环保 Dongjiang")  # fmt: skip
        code = heard.made[0]
        yield at_ms + HOUR_MS, self._ask("hand_waste", f"waste/{code}/hand-over")
        yield (
            at_ms + 26 * HOUR_MS,
            self._ask("confirm", f"waste/{code}/confirm", received_kg="181.0"),
        )
