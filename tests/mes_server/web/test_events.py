"""The event stream of a live server: what happens arrives, once, and a cut line resumes."""

import queue
import threading
from collections.abc import Iterator

import numpy as np
import pytest
from flask import Flask

from mes_server.settings import Settings
from mes_server.web import events as events_module
from mes_server.web.hub import EVENTS_WAITING_MAX, RESET, Event, Hub, HubFull, Listener, stream
from schemas.samples import bad_because
from tests.mes_server.web.conftest import Clock
from tests.mes_server.web.live_server import DEADLINE_S, Stream, serving
from tests.mes_server.web.plant_data import NOW_MS, Plant, write_status

ZONE = "zone_1_temperature_c"


@pytest.fixture
def port(app: Flask, stations: dict[str, int]) -> Iterator[int]:
    with serving(app) as port:
        yield port


def test_a_stream_says_hello_with_clock_and_health(port: int) -> None:
    line = Stream(port)
    assert line.answer.status == 200
    assert line.answer.headers["Content-Type"].startswith("text/event-stream")
    hello = line.wait("hello")
    assert hello["now_ms"] == NOW_MS
    assert hello["health"]["status"] == "warn"
    line.close()


def test_a_sample_arrives_as_it_is_stored_with_band_quality_and_text(
    port: int, plant: Plant, stations: dict[str, int]
) -> None:
    line = Stream(port, "?station=sinter-1")
    line.wait("hello")
    plant.samples(stations["mill-1"], "feed_rate_kg_h", [NOW_MS + 50], [80.0])
    plant.samples(stations["sinter-1"], ZONE, [NOW_MS + 60], [1111.25])
    facts = line.wait("samples")
    assert facts["station"] == "sinter-1", "only what was asked for"
    assert facts["samples"] == [
        {"metric": ZONE, "at_ms": NOW_MS + 60, "value": 1111.25, "text": "1111.2", "quality": "good",
         "reason": None, "band": "warn", "historical": False}
    ]  # fmt: skip
    line.close()


def test_a_value_that_is_none_arrives_as_null_and_bad(
    port: int, plant: Plant, stations: dict[str, int]
) -> None:
    line = Stream(port, "?station=sinter-1")
    line.wait("hello")
    spoilt = np.array([bad_because("check")])
    plant.samples(stations["sinter-1"], ZONE, [NOW_MS + 60], [float("nan")], qualities=spoilt)
    sample = line.wait("samples")["samples"][0]
    assert (sample["value"], sample["text"], sample["quality"]) == (None, None, "bad")
    assert sample["reason"] == "check"
    line.close()


def test_a_cut_line_resumes_behind_the_last_number_it_saw(
    port: int, plant: Plant, stations: dict[str, int]
) -> None:
    line = Stream(port)
    line.wait("hello")
    plant.samples(stations["sinter-1"], ZONE, [NOW_MS + 10], [900.0])
    line.wait("mark")
    last_id = line.last_id
    assert last_id is not None
    line.close()
    plant.samples(stations["sinter-1"], ZONE, [NOW_MS + 20], [901.0])
    plant.samples(stations["mill-1"], "feed_rate_kg_h", [NOW_MS + 30], [80.0])
    resumed = Stream(port, last_id=last_id)
    told = {
        facts["station"]: facts["samples"]
        for facts in (resumed.wait("samples"), resumed.wait("samples"))
    }
    assert told["sinter-1"][0]["value"] == 901.0
    assert told["mill-1"][0]["value"] == 80.0
    assert len(told["sinter-1"]) == 1
    resumed.close()


def test_a_page_drawn_a_moment_ago_hears_how_stations_stand_now(port: int) -> None:
    line = Stream(port)
    looks = {facts["station"]: facts["look"] for facts in (line.wait("station") for _ in range(3))}
    assert looks == {"mill-1": "idle", "sinter-1": "run", "coater-1": "offline"}
    line.close()


def test_a_page_may_name_the_number_from_which_it_was_drawn(
    port: int, plant: Plant, stations: dict[str, int]
) -> None:
    number = plant.samples(stations["sinter-1"], ZONE, [NOW_MS + 10], [900.0])
    line = Stream(port, f"?since={number - 1}")
    assert line.wait("samples")["samples"][0]["value"] == 900.0
    line.close()


@pytest.mark.parametrize("last_id", ["999999999", "-1", "now", "9" * 30])
def test_a_number_that_cannot_be_resumed_means_load_afresh(port: int, last_id: str) -> None:
    line = Stream(port, last_id=last_id)
    line.wait("hello")
    line.wait("reset")
    line.close()


def test_silence_and_death_change_how_a_station_stands(port: int, clock: Clock) -> None:
    line = Stream(port, "?station=mill-1")
    line.wait("hello")
    assert line.wait("station")["look"] == "idle", "how it stands now comes first"
    clock.now_ms = NOW_MS + 120_000
    while (facts := line.wait("station"))["look"] == "idle":
        pass
    assert (facts["station"], facts["look"], facts["known"]) == ("mill-1", "unknown", False)
    assert facts["reason"] == "js.why.silent"
    line.close()


def test_a_fault_reaches_pages_that_are_open(port: int, settings: Settings) -> None:
    line = Stream(port)
    line.wait("hello")
    write_status(settings.data_dir, storing=False, fault="disk full")
    while (facts := line.wait("health"))["status"] != "fault":
        pass
    assert [reason["reason"] for reason in facts["faults"]] == ["disk_full"]
    line.close()


def test_a_quiet_line_is_kept_open_by_comments(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events_module, "BEAT_S", 0.05)
    line = Stream(port, "?station=nobody")
    line.wait("hello")
    done = threading.Event()
    for _ in range(200):
        if line.comments >= 3:
            break
        done.wait(0.05)
    assert line.comments >= 3
    line.close()


def test_more_pages_than_threads_are_told_to_come_back(
    app: Flask, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mes_server.web.hub.LISTENERS_MAX", 2)
    lines = [Stream(port) for _ in range(2)]
    for line in lines:
        line.wait("hello")
    answer = app.test_client().get("/api/v1/events")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert answer.mimetype == "application/problem+json"
    for line in lines:
        line.close()


# -- the hub alone -------------------------------------------------------------------------------


def test_one_producer_serves_all_listeners() -> None:
    made = queue.Queue[list[Event]]()
    threads = set()

    def produce() -> list[Event]:
        threads.add(threading.current_thread())
        return made.get_nowait() if not made.empty() else []

    hub = Hub(produce, 0.005)
    listeners = [hub.join() for _ in range(5)]
    made.put([Event("samples", "{}", 7)])
    assert [listener.take(DEADLINE_S) for listener in listeners] == [Event("samples", "{}", 7)] * 5
    assert len(threads) == 1
    hub.close()
    assert [listener.take(DEADLINE_S) for listener in listeners] == [None] * 5


def test_a_page_that_cannot_keep_up_is_told_to_load_afresh_and_costs_no_more() -> None:
    listener = Listener()
    for number in range(EVENTS_WAITING_MAX + 50):
        listener.offer(Event("samples", "{}", number))
    assert listener.take(0) == RESET
    with pytest.raises(queue.Empty):
        listener.take(0)
    listener.offer(Event("samples", "{}", 1))
    assert listener.take(0) == Event("samples", "{}", 1)


def test_an_end_reaches_even_a_full_listener() -> None:
    listener = Listener()
    for _ in range(EVENTS_WAITING_MAX + 1):
        listener.offer(RESET)
    listener.end()
    assert listener.take(0) is None


def test_a_producer_that_fails_ends_the_streams_and_the_next_page_starts_it_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failed = threading.Event()
    monkeypatch.setattr(threading, "excepthook", lambda _args: failed.set())
    calls: list[int] = []

    def produce() -> list[Event]:
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("broken")
        return [Event("health", "{}")]

    hub = Hub(produce, 0.005)
    assert hub.join().take(DEADLINE_S) is None
    assert failed.wait(DEADLINE_S), "the failure is not swallowed"
    assert hub.join().take(DEADLINE_S) == Event("health", "{}")
    hub.close()


def test_a_stream_that_is_hung_up_leaves_the_hub() -> None:
    hub = Hub(list, 0.005)
    listener = hub.join()
    lines = stream(hub, listener, [Event("hello", "{}", 3)], lambda _event: True, 0.01)
    assert next(lines) == "retry: 2000\n\n"
    assert next(lines) == "id: 3\nevent: hello\ndata: {}\n\n"
    assert next(lines) == ": still here\n\n"
    lines.close()  # type: ignore[attr-defined]
    assert len(hub) == 0


def test_the_hub_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mes_server.web.hub.LISTENERS_MAX", 1)
    hub = Hub(list, 0.005)
    hub.join()
    with pytest.raises(HubFull):
        hub.join()
    hub.close()
