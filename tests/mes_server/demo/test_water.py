"""The water of the demo's past: drawn once, run by run, with its trouble; what a place held can be asked for."""

import pytest
from sqlalchemy import Engine

from mes_server.actions.append_history import append_history, open_stations
from mes_server.actions.gather_outlet import Day, effluent_rules, stream_volume
from mes_server.demo import water as demo_water
from mes_server.demo.simulation import load_stops
from mes_server.demo.water import HOUR_MS, Water
from mes_server.domain.amounts import Amount
from mes_server.domain.charges import Inside, Run
from mes_server.domain.waterworks import Waterworks
from mes_server.store.engine import reading
from mes_server.store.measured import load_measured
from mes_server.store.runs import save_run
from mes_server.store.transaction import writing

FROM = 1_795_430_040_000
NOTHING = Waterworks("W/A", (), (), ())


def water(engine: Engine) -> Water:
    """At a plant that is there since FROM."""
    stops = [(stop.group, stop.node, stop.station, stop.type) for stop in load_stops()]
    return Water(open_stations(engine, stops, FROM), 7, FROM)


def run(engine: Engine, code: str, begin_h: float, end_h: float | None) -> None:
    """A plating run."""
    closed = None if end_h is None else FROM + int(end_h * HOUR_MS)
    opened = FROM + int(begin_h * HOUR_MS)
    with writing(engine) as conn:
        inside = (Inside("L-1", opened),)
        save_run(conn, Run(code, "plating-1", "electroplating", opened, "", closed, inside))


def draw(engine: Engine, site: Water, hours: float, whole: bool = False) -> None:
    """Let it flow until then."""
    with reading(engine) as conn:
        columns = site.draw(conn, FROM + int(hours * HOUR_MS), whole)
    append_history(engine, columns)


def test_it_is_drawn_up_to_the_run_that_goes_on(engine: Engine) -> None:
    site = water(engine)
    run(engine, "R-1", 1, 5)
    run(engine, "R-2", 7, None)
    draw(engine, site, 9)
    assert site.until_ms == FROM + 7 * HOUR_MS
    draw(engine, site, 10, whole=True)
    assert site.until_ms == FROM + 10 * HOUR_MS


def test_the_totaliser_counts_what_flowed_and_the_line_what_it_took(engine: Engine) -> None:
    site = water(engine)
    run(engine, "R-1", 1, 5)
    for hours in (6, 12, 30):
        draw(engine, site, hours)
    span = (FROM, FROM + 30 * HOUR_MS)
    with reading(engine) as conn:
        day = Day(*span, span[1], effluent_rules("2026-11-28"))
        stream = stream_volume(conn, NOTHING, "stream-nickel", day)
        taken = load_measured(conn, "plating-1", "water_m3", *span).values
        flow = load_measured(conn, "stream-nickel", "flow_m3_h", *span)
    said = {one["stream"]: one["l_h"] for one in site.plan["rinses"] if one["station"] == "plating-1"}  # fmt: skip
    per_h = sum(one["l_h"] for one in site.plan["rinses"] if one["station"] == "plating-1")
    assert taken[-1] == pytest.approx(4 * per_h / 1000, rel=0.01)
    assert stream == pytest.approx(4 * said["stream-nickel"] / 1000, rel=0.05)
    assert flow.values.sum() / 60 == pytest.approx(stream or 0.0, rel=0.02)


def test_the_treatment_slips_in_its_run_and_in_no_other(engine: Engine) -> None:
    site = water(engine)
    for n in range(4):
        run(engine, f"R-{n}", 1 + 8 * n, 5 + 8 * n)
    draw(engine, site, 40)
    (slip,) = site.slips
    said = site.plan["story"]["slip"]
    assert slip.from_ms == FROM + int((1 + 8 * (said["run"] - 1) + said["after_h"]) * HOUR_MS)


def test_what_a_place_held_can_be_asked_for(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_water, "went_in", lambda *_: Amount(2500, 25_000_000, 3_000_000))
    site = water(engine)
    draw(engine, site, 12)
    assert site.strength("outlet-plant", "cod", (FROM, FROM + HOUR_MS)) is None, "no water"
    run(engine, "R-1", 13, 17)
    draw(engine, site, 30)
    day = (FROM, FROM + 30 * HOUR_MS)
    nickel = site.strength("stream-nickel", "ni", day)
    assert nickel is not None
    assert nickel > 1
    assert (site.strength("outlet-workshop", "ni", day) or 9) < 0.5
    assert site.strength("stream-nickel", "gold", day) == 0.0
    assert site.strength("outlet-plant", "oil", day) == 0.4
    assert site.strength("stream-nickel", "ni", (FROM + 40 * HOUR_MS, FROM + 41 * HOUR_MS)) is None
