"""The feed says what has changed since it last looked, once, and nothing else."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from mes_server.settings import Settings
from mes_server.store.series_now import SeriesNow
from mes_server.web.events import FEED
from mes_server.web.feed import Feed, sample_facts
from mes_server.web.hub import RESET, Event
from tests.mes_server.web.conftest import Clock
from tests.mes_server.web.lot_data import Shop
from tests.mes_server.web.plant_data import NOW_MS, Plant, write_status

DISK = SimpleNamespace(free=500_000_000_000, total=1_000_000_000_000)


@pytest.fixture
def feed(app: Flask, stations: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> Feed:
    """A feed that looks at everything each time it is asked, and has said the first things."""
    monkeypatch.setattr("mes_server.web.feed.STANDINGS_EVERY_S", 0.0)
    monkeypatch.setattr(
        "shutil.disk_usage", lambda _: DISK
    )  # ours alone: others write to the real one
    found: Feed = app.extensions[FEED]
    found.begin()
    found.events()
    return found


def said(events: Any) -> list[tuple[str, Any]]:
    return [(event.topic, json.loads(event.data)) for event in events]


def topics(feed: Feed) -> list[str]:
    return [event.topic for event in feed.events()]


def test_where_nothing_happens_nothing_is_said(feed: Feed) -> None:
    assert topics(feed) == []


def test_new_samples_are_said_once_by_station_with_the_number_at_the_end(
    feed: Feed, plant: Plant, stations: dict[str, int]
) -> None:
    plant.samples(stations["mill-1"], "state", [NOW_MS - 100], ["idle"], "string")
    number = plant.samples(stations["sinter-1"], "zone_1_temperature_c", [NOW_MS - 100], [901.26])
    first, second, mark = said(feed.events())
    assert {first[1]["station"], second[1]["station"]} == {"mill-1", "sinter-1"}
    assert mark == ("mark", {"change": number})
    assert topics(feed) == []


def test_lots_of_which_something_was_recorded_are_said_once(feed: Feed, plant: Plant) -> None:
    shop = Shop(plant)
    assert topics(feed) == [], "a route is no lot"
    one, two = shop.lot(), shop.lot()
    assert said(feed.events()) == [("lots", {"lots": sorted((one, two))})]
    shop.hold(two, "oxygen")
    assert said(feed.events()) == [("lots", {"lots": [two]})]
    assert topics(feed) == []


def test_very_many_lots_at_once_are_said_as_any(
    feed: Feed, plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mes_server.web.feed.LOTS_TOLD_MAX", 2)
    shop = Shop(plant)
    for _ in range(4):
        shop.lot()
    assert said(feed.events()) == [("lots", {"lots": None})]
    assert topics(feed) == []


def test_a_page_that_missed_a_number_gets_what_came_behind_it(
    feed: Feed, plant: Plant, stations: dict[str, int]
) -> None:
    before = plant.samples(stations["mill-1"], "state", [NOW_MS - 200], ["idle"], "string")
    plant.samples(stations["mill-1"], "state", [NOW_MS - 100], ["run"], "string")
    (samples, mark) = said(feed.since(before))
    assert samples[1]["samples"][0]["value"] == "run"
    assert mark[1]["change"] > before
    assert feed.since(before + 1000) == [RESET]


def test_a_station_is_said_anew_only_when_it_would_look_different(
    feed: Feed, plant: Plant, stations: dict[str, int], clock: Clock
) -> None:
    clock.now_ms += 1000
    assert topics(feed) == []
    plant.excursion(stations["sinter-1"], "zone_1_temperature_c", "alarm", 1)
    (event,) = [event for event in feed.events() if event.topic == "station"]
    assert json.loads(event.data)["mark"] == "alarm"
    assert event.station == "sinter-1"


def test_health_and_alarms_are_said_when_they_change(
    feed: Feed, plant: Plant, settings: Settings
) -> None:
    write_status(settings.data_dir, storing=False, fault="disk full")
    plant.alarm("cloned", "gbd/ctl-gbd-1", serial="sim-9")
    events = dict(said(feed.events()))
    assert events["health"]["status"] == "fault"
    assert events["alarms"]["alarms"][0]["kind"] == "cloned"
    assert topics(feed) == []


def test_a_store_that_cannot_be_read_makes_no_news_but_health(
    feed: Feed, plant: Plant, settings: Settings
) -> None:
    plant.engine.dispose()
    for file in settings.data_dir.glob("lodestone.db*"):
        file.write_bytes(b"this is no database" * 1000)
    assert feed.standings() == []
    assert "station" not in topics(feed)
    hello: Event = feed.hello()
    assert json.loads(hello.data)["now_ms"] == NOW_MS


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_is_null_with_no_text(value: float) -> None:
    sample = SeriesNow(1, "m", 10, NOW_MS, value, 192, NOW_MS, False, "sinter-1")
    facts = sample_facts(sample, None)
    assert (facts["value"], facts["text"]) == (None, None)
