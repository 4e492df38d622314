"""The nodes page and the health page: every journal, what is late, quarantine and its retry."""

import re
from collections.abc import Callable

from flask.testing import FlaskClient

from mes_server.settings import Settings
from mes_server.store.engine import reading
from mes_server.store.quarantine import list_retries
from mes_server.web.health import preview
from tests.mes_server.web.plant_data import Plant, write_status

Page = Callable[..., str]
EN = {"headers": {"Accept-Language": "en"}}


def row(html: str, node: str) -> str:
    """The row of one node, without its tags."""
    found = re.search(
        rf"<tr>\s*<td class=\"first\"><strong><a [^>]*>{node}</a></strong>.*?</tr>",
        html,
        re.DOTALL,
    )
    assert found is not None
    return re.sub(r"<[^>]+>|\s+", " ", found.group())


def test_a_node_is_shown_with_its_journal_and_what_of_it_is_stored(
    page: Page, stations: dict[str, int]
) -> None:
    text = row(page("/nodes", **EN), "ctl-sinter-1")
    for word in (
        "Online",
        "MicroPython 1.25.0",
        "agent 0.1.0",
        "network time",
        "1.5 %",
    ):
        assert word in text
    whole = re.sub(r"<[^>]+>", "", page("/nodes/sintering/ctl-sinter-1", **EN))
    for word in ("119\u202f999", "5eed0001"):
        assert word in whole
    gone = row(page("/nodes", **EN), "ctl-gbd-1")
    assert "Offline" in gone
    assert "1999" in gone, "the backlog is what the journal holds and the store does not"


def test_a_node_of_another_maker_has_no_journal(page: Page, plant: Plant) -> None:
    plant.foreign_node("edge-7")
    text = row(page("/nodes", **EN), "edge-7")
    assert "other maker" in text
    assert "–" in text


def test_what_is_amiss_with_a_node_stands_out(page: Page, plant: Plant) -> None:
    plant.node("ctl-1", clock=0, lost=37, used_pct=85.0)
    plant.alarm("serial_changed", "sintering/ctl-1", before="A", now="B")
    html = page("/nodes", **EN)
    assert "not set: times are estimates" in html
    assert "another board under this name" in html
    assert 'class="n is-alarm" data-label="Journal used"' in html
    assert 'class="n is-warn" data-label="Lost"' in html


def test_no_node_says_how_to_get_one(page: Page, plant: Plant) -> None:
    assert "make run" in page("/nodes")


def test_the_rows_alone_refresh_an_open_page(page: Page, stations: dict[str, int]) -> None:
    assert "<html" not in page("/nodes/rows")
    assert "ctl-sinter-1" in page("/nodes/rows")
    assert "<html" not in page("/health/body")


def test_health_tells_who_is_late_and_why(page: Page, stations: dict[str, int]) -> None:
    html = page("/health", **EN)
    assert "coater-1" in html
    assert "nobody knows what it does now" in html
    assert "Edge nodes offline: 1 of 2" in html
    assert "sinter-1" not in html.partition("Late or gone")[2].partition("Alarms of the system")[0]


def test_health_tells_rates_queues_disk_and_database(page: Page, stations: dict[str, int]) -> None:
    html = page("/health", **EN)
    for word in ("41.3 per second", "120\u202f345", "SQLite 3.53.0", "free of", "process 4711"):
        assert word in html


def test_an_affected_sqlite_is_said_loudly(page: Page, plant: Plant, settings: Settings) -> None:
    write_status(settings.data_dir, sqlite_affected=True, sqlite_version="3.40.1")
    html = page("/health", **EN)
    assert html.count("SQLite 3.40.1 has a fault") == 2


def test_quarantine_shows_reason_and_bytes_and_can_be_tried_again(
    client: FlaskClient, plant: Plant
) -> None:
    key = plant.unread(
        "spBv1.0/powder/DDATA/ctl-1/mill-1", b"\x08\x96<b>\xff", "payload", "cut off"
    )
    html = client.get("/health", **EN).text
    assert "payload not understood" in html
    assert "cut off" in html
    assert "08 96 3c 62 3e ff" in html
    assert "&lt;b&gt;" in html
    answer = client.post(f"/health/quarantine/{key}/retry")
    assert answer.status_code == 303
    with reading(plant.engine) as conn:
        assert [message.id for message in list_retries(conn)] == [key]
    assert "being tried" in client.get("/health", **EN).text


def test_retrying_what_is_not_there_changes_nothing(client: FlaskClient, plant: Plant) -> None:
    assert client.post("/health/quarantine/77/retry").status_code == 303
    with reading(plant.engine) as conn:
        assert list_retries(conn) == []


def test_losses_and_alarms_are_listed(page: Page, plant: Plant, stations: dict[str, int]) -> None:
    plant.loss(1, stations["sinter-1"], "thinned", 120)
    plant.loss(2, None, "full", -1)
    plant.alarm("cloned", "gbd/ctl-gbd-1", serial="sim-9")
    html = page("/health", **EN)
    assert "thinned: journal of the edge was filling" in html
    assert "ctl-gbd-1" in html
    assert "not known" in html
    assert "two boards use one identity" in html
    assert "serial: sim-9" in html


def test_a_preview_is_short_and_readable() -> None:
    text = preview(b"AB\x00" * 30)
    first, second = text.split("\n")
    assert first.startswith("41 42 00")
    assert second.startswith("AB·")
    assert text.count("…") == 2
    assert len(first) < 160
