"""The pages about lots: list, search, a lot, a run; what a hold does; nothing from outside runs as a script."""

import re
from collections.abc import Callable

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from mes_server.domain.amounts import Amount
from mes_server.store.engine import reading
from mes_server.store.lots import load_lot
from mes_server.store.runs import runs_of_lot
from mes_server.store.transaction import writing
from mes_server.web import lots as lots_module
from mes_server.web.lot_words import amount_text, clock_text
from tests.mes_server.people_help import act_as
from tests.mes_server.web.conftest import Clock
from tests.mes_server.web.lot_story import tell
from tests.mes_server.web.plant_data import NOW_MS, Plant

Page = Callable[..., str]
EN = {"headers": {"Accept-Language": "en"}}
NEXT = re.compile(r'rel="next" href="([^"]+)"')
CODE = re.compile(r'first"><a class="code" href="/lots/([^"]+)"')


@pytest.fixture
def story(client: FlaskClient, plant: Plant, stations: dict[str, int]) -> dict[str, str]:
    act_as(client, plant.engine, "Q-9", "quality", "lead")
    return tell(plant.engine)


@pytest.fixture
def english(page: Page) -> Page:
    return lambda address, status=200: page(address, status, **EN)


def test_an_empty_list_says_how_to_get_the_first_lot(english: Page, plant: Plant) -> None:
    assert "The first comes with the receipt of raw metal" in english("/lots")
    assert "No drill yet" in english("/recall")


def test_events_name_operations_by_their_title(english: Page, story: dict[str, str]) -> None:
    html = english(f"/lots/{story['block']}")
    assert "operation Ageing" in html
    assert "operation age" not in html


def test_lots_come_in_parts_and_each_once(
    english: Page, story: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lots_module, "SHOWN_MAX", 7)
    found: list[str] = []
    address = "/lots"
    while address:
        html = english(address)
        found += CODE.findall(html)
        link = NEXT.search(html)
        address = link[1].replace("&amp;", "&") if link else ""
    assert len(found) == len(set(found)) == 25
    assert found[0] == story["waste"], "the newest first"


def test_a_whole_code_leads_to_its_lot_and_a_misread_one_is_told(
    english: Page, client: FlaskClient, story: dict[str, str]
) -> None:
    answer = client.get(f"/lots?q={story['block'].lower()}")
    assert (answer.status_code, answer.location) == (303, f"/lots/{story['block']}")
    html = english("/lots?q=B26-000001-ZZ")
    assert "check characters of this code are wrong" in html
    assert "No lot is like this" in html


def test_filters_stand_in_the_address(english: Page, story: dict[str, str]) -> None:
    assert set(CODE.findall(english("/lots?status=held"))) == {story["held"], story["mixed"]}
    assert CODE.findall(english("/lots?kind=waste")) == [story["waste"]]
    assert CODE.findall(english("/lots?q=feb&kind=raw")) == ["RM26-000002-MK"]
    assert CODE.findall(english(f"/lots?shipment={story['shipment']}")) == [story["pack"]]
    for odd in ("/lots?after=x", "/lots?after=1.%00", "/lots?q=%00%27", "/lots?kind=nothing"):
        assert english(odd)


def test_a_lot_tells_all_that_is_known_of_it(english: Page, story: dict[str, str]) -> None:
    html = english(f"/lots/{story['mixed']}")
    for told in ("280 pcs · 54.4", "thermocouple out of tolerance", "N42SH", "Grinding", "GBD or"):
        assert told in html
    assert "sealed" in html
    assert html.count('class="node"') >= 8
    assert "400 pcs · 78.4" in html, "what it was created with"
    assert f'/lots/{story["pack"]}"' in html, "what became of it further on"
    pack = english(f"/lots/{story['pack']}")
    assert "Motorenwerk" in pack
    assert story["shipment"] in pack


def test_a_pack_names_the_runs_that_it_came_through_as_other_lots(
    english: Page, plant: Plant, story: dict[str, str]
) -> None:
    with reading(plant.engine) as conn:
        ((sintered, _),) = runs_of_lot(conn, story["green"])
        _, (split_off_before, _) = runs_of_lot(conn, story["block"])[:2]
    pack = english(f"/lots/{story['pack']}")
    for run in (sintered, split_off_before):
        assert f"/runs/{run.code}#curves" in pack
    powder = english(f"/lots/{story['powder']}")
    assert f"/runs/{sintered.code}#curves" not in powder, "what came later is not behind it"


def test_all_parents_are_drawn_with_their_amounts(english: Page, story: dict[str, str]) -> None:
    html = english(f"/lots/{story['alloy']}")
    assert (
        len(re.findall(r'<text class="amount"[^>]*>(200|100|6)\N{NARROW NO-BREAK SPACE}kg', html))
        == 3
    )


def zone_1(english: Page, code: str) -> str:
    """The row of a metric on the page of a lot."""
    html = english(f"/lots/{code}")
    return html[html.index('data-metric="zone_1_temperature_c"') :].partition("</tr>")[0]


def test_a_lot_shows_the_curves_of_its_own_time_with_coverage(
    english: Page, plant: Plant, stations: dict[str, int], story: dict[str, str]
) -> None:
    row = zone_1(english, story["green"])
    assert "10 min no samples" in row, "the furnace told nothing yet"
    assert "100\N{NARROW NO-BREAK SPACE}%" not in row
    times = np.arange(NOW_MS - 31 * 60_000, NOW_MS - 20 * 60_000, 1000)
    plant.samples(stations["sinter-1"], "zone_1_temperature_c", times, times % 700 / 1.0, late=True)
    row = zone_1(english, story["green"])
    assert "<polyline" in row
    assert "100\N{NARROW NO-BREAK SPACE}%" in row, "what came late closes the gap"
    assert "metrics=zone_1_temperature_c" in row
    html = english(f"/lots/{story['green']}")
    with reading(plant.engine) as conn:
        ((run, loaded_ms),) = runs_of_lot(conn, story["green"])
    assert f"/runs/{run.code}" in html
    assert "TC-9" in html
    assert loaded_ms < (run.closed_ms or 0) <= NOW_MS
    page = english(f"/runs/{run.code}")
    assert story["green"] in page
    assert "Sintering" in page


def test_who_and_what_is_not_there_is_not_found(english: Page, plant: Plant) -> None:
    for address in ("/lots/B26-000009-XX", "/runs/CH26-000009-XX"):
        assert "There is no" in english(address, 404)


def test_a_hold_needs_a_reason_and_is_released_by_name(
    client: FlaskClient, plant: Plant, story: dict[str, str]
) -> None:
    address = f"/lots/{story['running']}"
    refused = client.post(f"{address}/hold", data={"reason": "  "}, **EN)
    assert refused.status_code == 409
    assert "A reason is missing" in refused.text
    evil = client.post(f"{address}/hold", data={"reason": "<script>x</script>"}, **EN)
    assert (evil.status_code, "looks like a formula or a script" in evil.text) == (409, True)
    assert "<script>x" not in evil.text
    assert client.post(f"{address}/hold", data={"reason": "a & b < 3"}).status_code == 303
    html = client.get(address, **EN).text
    assert "a &amp; b &lt; 3" in html
    (hold,) = re.findall(r'name="hold" value="([0-9a-f]+)"', html)
    wrong = client.post(f"{address}/release", data={"hold": "x", "reason": "fine"}, **EN)
    assert "has no hold x" in wrong.text
    assert (
        client.post(f"{address}/release", data={"hold": hold, "reason": "fine"}).status_code == 303
    )
    with reading(plant.engine) as conn:
        lot = load_lot(conn, story["running"])
    assert lot is not None
    assert lot.holds == {}


def test_a_recall_shows_where_everything_is_and_holds_it_at_once(
    client: FlaskClient, english: Page, plant: Plant, story: dict[str, str]
) -> None:
    html = english("/recall?kind=resource&name=TC-9")
    for told in (
        "in process",
        "shipped",
        "Motorenwerk",
        "suspected",
        story["pack"],
        "accounted for",
    ):
        assert told in html
    assert "16 lots, from 4 suspected" in html
    form = {"kind": "resource", "name": "TC-9", "from": "", "to": "", "reason": "TC-9 drifted"}
    assert client.post("/recall/hold", data=form).status_code == 303
    with reading(plant.engine) as conn:
        lots = [
            load_lot(conn, story[name]) for name in ("pack", "mixed", "running", "waste", "green")
        ]
    held = ["TC-9 drifted" in lot.holds.values() for lot in lots if lot is not None]
    assert held == [True, True, True, True, False], "a lot that is used up holds nothing any more"
    assert (
        english("/recall?kind=resource&name=TC-9&where=shipped").count('first"><a class="code"')
        == 1
    )
    assert "Nothing is known under this name" in english("/recall?kind=run&name=none")
    back = english(f"/recall?kind=lot&name={story['pack']}&direction=back")
    assert story["raw"] in back


def test_a_suspicion_that_cannot_be_is_refused_with_every_fault(
    english: Page, plant: Plant
) -> None:
    html = english("/recall?kind=colour&name=x&from=yesterday", 400)
    assert "is no kind of suspicion" in html
    assert "is no time" in html
    assert "missing for a station" in english("/recall?kind=station&name=sinter-1", 400)
    assert english("/recall?kind=station&name=sinter-1&from=2026-11-23T18:00&to=2026-11-23T19:00")


def test_a_drill_runs_stops_and_stands_there(
    client: FlaskClient, english: Page, story: dict[str, str], clock: Clock
) -> None:
    form = {"kind": "lot", "name": story["powder"], "from": "", "to": ""}
    assert client.post("/recall/drill", data=form).status_code == 303
    html = english("/recall")
    (stop,) = re.findall(r'action="(/recall/drill/[0-9a-f]+/stop)"', html)
    clock.now_ms += 83_000
    assert client.post(stop, data={"remark": "all found"}).status_code == 303
    html = english("/recall")
    assert "1:23" in html
    assert "all found" in html
    assert "/stop" not in html
    again = client.post(stop, data={}, **EN)
    assert again.status_code == 409
    assert "is not running" in again.text


def test_a_broken_event_is_named_on_the_page(
    english: Page, plant: Plant, story: dict[str, str]
) -> None:
    with writing(plant.engine) as conn:
        conn.execute(text("DROP TRIGGER ledger_no_update"))
        conn.execute(
            text(
                f"UPDATE ledger SET reason = 'nothing' WHERE stream = 'lot:{story['held']}' AND kind = 'lot_held'"
            )
        )
    assert "is not what was sealed" in english(f"/lots/{story['held']}")
    assert "is not what was sealed" not in english(f"/lots/{story['powder']}")


def test_amounts_and_clocks_are_written_for_people(app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": "en"}):
        assert amount_text(Amount()) == "–"
        assert amount_text(Amount(1200, 1_250_000, 420_000), area=True).replace("\u202f", " ") == (
            "1200 pcs · 1.25 kg · 0.42 m²"
        )
    assert (clock_text(83_000), clock_text(3_700_000)) == ("1:23", "1:01:40")
