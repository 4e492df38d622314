"""Whatever people write about samples, in whatever order: what counts is in its unit and possible, once for each
pollutant, with hands in their order; all else was refused, kept and counted; and the ledger says it all again."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine

from mes_server.actions.act_once import Ask, act_once
from mes_server.actions.answer_scan import ACCEPTED
from mes_server.actions.gather_waterworks import known_pollutants
from mes_server.actions.keep_water_samples import (
    Hand,
    Reporting,
    Taking,
    hand_over,
    receive_sample,
    report_sample,
    take_sample,
    void_sample,
    withdraw_result,
)
from mes_server.actions.record_events import Act, rebuild_lots
from mes_server.domain.attempts import Worker
from mes_server.domain.water_rules import MINUTE_MS, Told
from mes_server.domain.water_samples import WaterSample
from mes_server.store.engine import reading
from mes_server.store.water_samples import Sought, count_refused, list_samples, load_sample
from tests.mes_server.actions.water_floor import HOUR_MS, WaterFloor

WORKER = Worker("E-1", frozenset({"environment"}), {})
VALUES = (
    "0.31",
    "0.31",
    "7",
    "<0.5",
    "<0.02",
    ">90",
    "0,3",
    "1e3",
    "-1",
    "999999",
    "",
    "0",
    "14",
    "<0",
    "0.000001",
)
UNITS = ("mg/L", "mg/L", "mg/L", "µg/L", "g/L", "pH", "", "ppm")
LODS = ("", "0.02", "0.5", "0", "x")
POLLUTANTS = ("ni", "cr", "cr6", "ph", "gold")


class Crowd:
    """People who write anything. `refused`: how often they were."""

    def __init__(self, floor: WaterFloor, chance: random.Random) -> None:
        self.floor, self.chance = floor, chance
        self.codes, self.refused, self.acts = ["WS26-000000-00"], 0, 0

    def when(self) -> int:
        return self.floor.now_ms + self.chance.choice((0, 0, 0, 0, -1, -9, 3)) * HOUR_MS

    def told(self) -> Told:
        pick = self.chance.choice
        if self.chance.random() < 0.6:
            return Told(pick(POLLUTANTS[:3]), pick(("0.7", "<0.5", "7")), "mg/L", "", "0.5")
        return Told(pick(POLLUTANTS), pick(VALUES), pick(UNITS), "", pick(LODS))

    def something(self) -> tuple[str, Callable[[Any], Any]]:
        """One of the things that can be done, to a sample that may not be there."""
        pick, code = self.chance.choice, self.chance.choice(self.codes[-4:])
        hand = Hand(self.when(), pick(("Li", "SF")), "", pick(("SGS", "SGS", "")))
        report = Reporting(
            pick(("R-1", "R-2", "R-3", "")),
            self.when(),
            [self.told() for _ in range(self.chance.randint(0, 2) or 1)],
        )
        taking = Taking(pick(("o-shop", "o-plant", "river")), pick(("grab", "grab", "composite")), self.when(), self.when(), asked=(pick(POLLUTANTS[:4]),))  # fmt: skip
        doings: list[tuple[str, Callable[[Any], Any]]] = [
            ("water_take", lambda book: take_sample(book, taking)),
            ("water_hand", lambda book: hand_over(book, code, hand)),
            ("water_receive", lambda book: receive_sample(book, code, hand)),
            ("water_report", lambda book: report_sample(book, code, report)),
            ("water_withdraw", lambda book: withdraw_result(book, code, pick(POLLUTANTS), pick(("x", "")))),
            ("water_void", lambda book: void_sample(book, code, pick(("x", "")))),
        ]  # fmt: skip
        return self.chance.choices(doings, (4, 2, 6, 20, 2, 1))[0]

    def act(self) -> None:
        self.floor.now_ms += MINUTE_MS * 20
        self.acts += 1
        what, doing = self.something()
        now = self.floor.now_ms
        act = Act(f"crowd-{self.acts:05}", "E-1", "lab", now, now)
        done = act_once(self.floor.engine, act, Ask(what), WORKER, lambda book, _: doing(book))
        self.refused += done.outcome != ACCEPTED
        if what == "water_take":
            self.codes += done.made


def all_samples(engine: Engine) -> list[WaterSample]:
    with reading(engine) as conn:
        found = [load_sample(conn, one.code) for one in list_samples(conn, Sought(), 1000)]
    return [one for one in found if one is not None]


def is_sound(one: WaterSample) -> None:
    """What holds of a sample, whatever was done to it."""
    minutes = [hand.at_ms // MINUTE_MS for hand in one.custody]
    assert minutes == sorted(minutes)
    names = [result.pollutant for result in one.results]
    assert len(set(names)) == len(names)
    kinds = [hand.kind for hand in one.custody]
    assert kinds[0] == "sample_taken"
    assert not one.results or kinds.index("sample_received") < kinds.index("sample_reported")
    for result in one.results:
        row = known_pollutants()[result.pollutant]
        assert result.unit == row["unit"]
        assert 0 <= result.value <= float(row["plausible_max"])
        assert result.qualifier != "<" or (
            result.lod is not None and 0 < result.lod <= result.value
        )
        assert result.refused == ""
    assert all(result.refused for result in one.refused)


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_written_what_counts_is_sound(sqlite_engine: Engine, seed: int) -> None:
    floor = WaterFloor(sqlite_engine).open()
    crowd = Crowd(floor, random.Random(seed))
    for _ in range(200):
        crowd.act()
    samples = all_samples(floor.engine)
    for one in samples:
        is_sound(one)
    assert any(one.results for one in samples), "something counts: the negative control"
    with reading(floor.engine) as conn:
        assert count_refused(conn) == crowd.refused > 0
    rebuild_lots(floor.engine)
    assert all_samples(floor.engine) == samples
    floor.check()
