"""Is the plant's data being collected? Faults, notes, /healthz, the banner, /metrics."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from mes_server.settings import Settings
from mes_server.store.growth import Growth
from mes_server.store.hj212_outbox import Untold
from mes_server.store.ingest_status import IngestStatus
from mes_server.web.condition import FREE_BYTES_MIN, Facts, Watch, condition_of, days_left
from mes_server.web.site import Site
from tests.mes_server.web.conftest import Clock
from tests.mes_server.web.plant_data import NOW_MS, STATUS, Plant, write_status

Page = Callable[..., str]
EN = {"headers": {"Accept-Language": "en"}}
WELL = IngestStatus(at_ms=NOW_MS, **STATUS)
FACTS = Facts(NOW_MS, WELL, None, 500_000_000_000, 1_000_000_000_000)


def faults(**facts: Any) -> list[str]:
    return [reason.name for reason in condition_of(replace(FACTS, **facts)).faults]


def notes(**facts: Any) -> list[str]:
    return [reason.name for reason in condition_of(replace(FACTS, **facts)).notes]


def said(**facts: Any) -> IngestStatus:
    return replace(WELL, **facts)


def test_all_is_well_when_ingest_stores_what_comes() -> None:
    condition = condition_of(FACTS)
    assert (condition.level, condition.faults, condition.notes) == ("ok", (), ())


@pytest.mark.parametrize(
    ("facts", "names"),
    [
        ({"status": None}, ["ingest_never_ran"]),
        ({"status": said(at_ms=NOW_MS - 60_000)}, ["ingest_stopped"]),
        ({"status": said(connected=False)}, ["broker_unreachable"]),
        ({"status": said(storing=False, fault="disk full")}, ["disk_full"]),
        ({"status": said(storing=False, fault="database locked")}, ["database_locked"]),
        ({"status": said(storing=False, fault="io")}, ["not_storing"]),
        ({"status": said(storing=False)}, ["not_storing"]),
        ({"store_fault": "corrupt"}, ["store_unreadable"]),
        ({"status": None, "disk_free": FREE_BYTES_MIN - 1}, ["disk_full", "ingest_never_ran"]),
        ({"status": said(at_ms=0, fault="disk full")}, ["ingest_stopped"]),
    ],
)
def test_what_keeps_data_from_being_collected_is_a_fault(
    facts: dict[str, Any], names: list[str]
) -> None:
    assert faults(**facts) == names


def test_little_space_is_a_note_while_storing_still_works() -> None:
    assert faults(disk_free=FREE_BYTES_MIN - 1) == []
    assert notes(disk_free=FREE_BYTES_MIN - 1) == ["disk_low"]
    assert notes(days_left=3.0) == ["days_left"]


def test_what_wants_a_look_is_a_note() -> None:
    assert notes(status=said(sqlite_affected=True)) == ["sqlite_affected"]
    assert notes(status=said(inbox_depth=50_000)) == ["inbox_behind"]
    assert notes(status=said(dropped=4)) == ["dropped"]
    assert notes(quarantined=2) == ["quarantined"]
    assert notes(untold=Untold(3, NOW_MS - 7_200_000)) == ["untold"]
    assert notes(untold=Untold(3, NOW_MS - 60_000)) == []


def test_the_disk_lasts_at_the_pace_so_far() -> None:
    day_ms = 86_400_000
    assert days_left(Growth(10**9, NOW_MS - 10 * day_ms), 3 * 10**9, NOW_MS) == pytest.approx(30)
    assert days_left(Growth(10**9, NOW_MS - 60_000), 10**9, NOW_MS) is None
    assert days_left(Growth(10**6, None), 10**9, NOW_MS) is None


def test_healthz_is_200_while_collecting(client: FlaskClient, plant: Plant) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["status"] == "ok"
    assert answer.json["reasons"] == []


@pytest.mark.parametrize(
    ("status", "reason", "word"),
    [
        ({"storing": False, "fault": "disk full"}, "disk_full", "disk is full"),
        ({"storing": False, "fault": "database locked"}, "database_locked", "locked"),
        ({"connected": False, "storing": False}, "broker_unreachable", "broker"),
        ({"at_ms": NOW_MS - 3_600_000}, "ingest_stopped", "2026-11-23 17:33:20"),
    ],
)
def test_a_fault_is_said_by_healthz_and_on_every_page_with_what_to_do(
    client: FlaskClient,
    stations: dict[str, int],
    settings: Settings,
    status: dict[str, Any],
    reason: str,
    word: str,
) -> None:
    write_status(settings.data_dir, **status)
    answer = client.get("/healthz", **EN)
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["status"] == "fault"
    assert reason in [told["reason"] for told in answer.json["reasons"]]
    assert any(word in told["message"] for told in answer.json["reasons"])
    for address in ("/", "/stations/sinter-1", "/nodes", "/health", "/nothing-here"):
        html = client.get(address, **EN).text
        assert "data-fault" in html, address
        assert word in html, address
        assert "Not collecting" in html, address


def test_the_banner_an_open_page_asks_for_is_never_that_of_a_moment_ago(
    client: FlaskClient, page: Page, plant: Plant, settings: Settings
) -> None:
    client.application.extensions["lodestone-watch"].keep_s = 3600.0
    assert "data-fault" not in page("/nodes")
    write_status(settings.data_dir, connected=False)
    assert "data-fault" not in page("/nodes"), "the control: a page may be a moment behind"
    assert "data-fault" in page("/health/banner")


def test_the_banner_goes_when_the_fault_is_mended(
    page: Page, plant: Plant, settings: Settings
) -> None:
    write_status(settings.data_dir, storing=False, fault="disk full")
    assert "data-fault" in page("/health/banner")
    write_status(settings.data_dir)
    assert "data-fault" not in page("/health/banner")


def test_a_database_without_tables_is_said_not_thrown(
    client: FlaskClient, settings: Settings
) -> None:
    (settings.data_dir / "lodestone.db").unlink()
    client.application.extensions["lodestone"].engine.dispose()
    answer = client.get("/", **EN)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert "not set up" in answer.text
    assert client.get("/healthz").status_code == 503
    assert client.get("/health").status_code == 200
    problem = client.get("/api/v1/stations")
    assert problem.status_code == 503
    assert problem.mimetype == "application/problem+json"


def test_a_damaged_database_is_said_not_thrown(client: FlaskClient, settings: Settings) -> None:
    client.application.extensions["lodestone"].engine.dispose()
    for file in settings.data_dir.glob("lodestone.db*"):
        file.write_bytes(b"this is no database" * 400)
    assert client.get("/").status_code == 503
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert "store_unreadable" in [told["reason"] for told in answer.json["reasons"]]


def test_the_condition_is_looked_at_once_a_second_not_once_a_page(
    client: FlaskClient, settings: Settings, clock: Clock
) -> None:
    site: Site = client.application.extensions["lodestone"]
    watch = Watch(site)
    seen = watch.facts()
    clock.now_ms += 5000
    assert watch.facts() is seen
    watch.keep_s = 0.0
    assert watch.facts().now_ms == clock.now_ms


def test_prometheus_reads_what_the_health_page_shows(
    page: Page, stations: dict[str, int], settings: Settings
) -> None:
    text = page("/metrics")
    samples = dict(re.findall(r"^(lodestone_\S+) ([0-9.e+-]+)$", text, re.MULTILINE))
    assert samples["lodestone_collecting"] == "1.0"
    assert samples["lodestone_ingest_received_messages_total"] == "120345.0"
    node = '{group="gbd",node="ctl-gbd-1"}'
    assert samples[f"lodestone_node_online{node}"] == "0.0"
    assert samples[f"lodestone_node_backlog_records{node}"] == "1999.0"
    write_status(settings.data_dir, storing=False, fault="disk full")
    assert "lodestone_collecting 0.0" in page("/metrics")
