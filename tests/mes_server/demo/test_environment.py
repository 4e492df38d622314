"""Environment at work in a made-up past: custody in its order, a chore that is refused ends, what is below its LOD is told so."""

import random
from collections import Counter
from typing import cast

from mes_server.demo.environment import Environment
from mes_server.demo.floor import Ask, Heard
from mes_server.demo.simulation import load_quality
from mes_server.demo.water import DAY_MS, HOUR_MS, Water

MIDNIGHT = 1_795_449_600_000
END = MIDNIGHT + 6 * DAY_MS


class Truth:
    """What was in the water; nickel in traces, no water in one stream."""

    plan = load_quality("water")
    dry = False
    fault = (MIDNIGHT + 2 * DAY_MS, MIDNIGHT + 2 * DAY_MS + 2 * HOUR_MS)

    def runs(self, place: str, _drawn: tuple[int, int]) -> bool:
        return not self.dry or place != "stream-metals"

    def strength(self, place: str, pollutant: str, _drawn: tuple[int, int]) -> float | None:
        if place == "stream-metals":
            return None
        return 0.001 if pollutant == "ni" else 12.0


def worked(refused: str = "", dry: bool = False) -> list[Ask]:
    """All that is done until the end; `refused`: what the server will not have; `dry`: it is seen that no water runs."""
    truth = Truth()
    truth.dry = dry
    site = Environment(cast("Water", truth), random.Random(3), MIDNIGHT, END, "480261", str, list)
    done: list[Ask] = []

    def do(ask: Ask) -> Heard:
        done.append(ask)
        if ask.about == refused:
            return Heard(("place_is_known",))
        return Heard(made=(f"WS-{len(done)}",))

    now_ms = MIDNIGHT
    while now_ms < END + DAY_MS:
        site.work(now_ms, do)
        now_ms += HOUR_MS // 2
    return done


def test_every_sample_goes_from_hand_to_hand_to_its_report() -> None:
    done = worked()
    codes = {
        ask.path.split("/")[3] for ask in done if "hand-over" in ask.path and "samples" in ask.path
    }
    for code in codes:
        way = [ask.about for ask in done if f"/{code}/" in ask.path]
        assert way[:2] == ["water_hand", "water_receive"]
        assert way[2] in ("water_report", "water_void")
    days = (END - MIDNIGHT) // DAY_MS
    assert len(codes) == days * (len(Truth.plan["laboratory"]["grabs"]) + len(Truth.plan["laboratory"]["composites"]))  # fmt: skip


def test_a_trace_is_told_as_less_than_its_lod_and_no_water_as_no_sample() -> None:
    done = worked()
    told = {
        one["parameter"]: one["value"]
        for ask in done if ask.about == "water_report" for one in ask.body["readings"]
    }  # fmt: skip
    assert told["ni"] == "<0.007"
    assert not told["cod"].startswith("<")
    assert Counter(ask.about for ask in done)["water_void"] == 6


def test_nobody_draws_a_sample_where_no_water_runs() -> None:
    done = worked(dry=True)
    places = {ask.body["place"] for ask in done if ask.about == "water_take"}
    assert "stream-metals" not in places
    assert "stream-nickel" in places
    assert Counter(ask.about for ask in done)["water_void"] == 0


def test_the_fault_is_repaired_and_each_analyser_of_the_outlet_passes_again() -> None:
    done = worked()
    repaired = [ask.body["pollutant"] for ask in done if ask.about == "water_repaired"]
    at = max(n for n, ask in enumerate(done) if ask.about == "water_repaired")
    after = {a.body["pollutant"] for a in done[at:] if a.about == "water_span" and "repair" in a.body["note"]}  # fmt: skip
    assert set(repaired) == after
    assert len(repaired) > 2


def test_what_is_refused_ends_its_chore() -> None:
    """The negative control: nothing is handed over that was never taken."""
    abouts = Counter(ask.about for ask in worked("water_take"))
    assert abouts["water_take"] > 10
    assert abouts["water_hand"] == abouts["water_report"] == 0
    assert abouts["water_sludge"] == 2
