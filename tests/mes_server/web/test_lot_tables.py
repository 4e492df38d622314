"""Lots and recalls as CSV: all that the page would show, in cells that no spreadsheet runs; a run's losses."""

import csv
import io
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.mes_server.people_help import act_as
from tests.mes_server.web.lot_data import Shop
from tests.mes_server.web.lot_story import tell
from tests.mes_server.web.plant_data import Plant


@pytest.fixture
def story(client: FlaskClient, plant: Plant, stations: dict[str, int]) -> dict[str, str]:
    act_as(client, plant.engine, "Q-9", "quality")
    return tell(plant.engine)


def table(client: FlaskClient, address: str) -> list[dict[str, str]]:
    answer = client.get(address)
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))


def test_the_table_of_lots_has_all_of_them_by_the_filters_of_the_page(
    client: FlaskClient, story: dict[str, str]
) -> None:
    assert len(table(client, "/lots.csv")) == 25
    (pack,) = table(client, "/lots.csv?customer=motor")
    assert (pack["lot"], pack["pieces"], pack["mass_mg"]) == (story["pack"], "100", "20000000")
    assert {row["held"] for row in table(client, "/lots.csv?status=held")} == {"true"}
    assert table(client, "/lots.csv?q=nothing-like-it") == []
    page = client.get("/lots?status=held").text
    assert 'href="/lots.csv?status=held"' in page


def test_the_table_of_a_recall_says_where_everything_is_and_whose(
    client: FlaskClient, story: dict[str, str]
) -> None:
    rows = {row["lot"]: row for row in table(client, f"/recall.csv?kind=lot&name={story['raw']}")}
    assert rows[story["pack"]]["where"] == "shipped"
    assert rows[story["pack"]]["customer"] == "Motorenwerk"
    assert rows[story["raw"]]["suspected"] == "true"
    shipped = table(client, f"/recall.csv?kind=lot&name={story['raw']}&where=shipped")
    assert [row["lot"] for row in shipped] == [story["pack"]]
    assert client.get("/recall.csv?kind=colour&name=x").status_code == 400


def test_no_cell_is_a_formula(client: FlaskClient, plant: Plant, stations: dict[str, int]) -> None:
    act_as(client, plant.engine, "Q-9", "quality")
    Shop(plant).lot(part='=HYPERLINK("http://x")', grade="+1,2")
    (row,) = table(client, "/lots.csv")
    assert (row["part"], row["grade"]) == ('\'=HYPERLINK("http://x")', "'+1,2")


def test_a_run_tells_what_it_lost(client: FlaskClient, story: dict[str, str]) -> None:
    block: Any = client.get(f"/api/v1/lots/{story['block']}/events").json
    run = block["items"][0]["content"]["run"]
    answer: Any = client.get(f"/api/v1/runs/{run}").json
    losses = answer["losses"]
    assert losses["in_mg"] - losses["out_mg"] == losses["missing_mg"]
    assert losses["kept"] is True
    assert answer["resources"] == {"getter": ["G-1"], "thermocouple": ["TC-9"]}
    assert answer["lots"][0]["lot"] == story["green"]
    html = client.get(f"/runs/{run}", headers={"Accept-Language": "en"}).text
    assert "Unaccounted for" in html
    lot: Any = client.get(f"/api/v1/lots/{story['running']}").json
    running: Any = client.get(f"/api/v1/runs/{lot['run']}").json
    assert running["losses"] is None
    assert client.get("/api/v1/runs/CH26-999999-XX").status_code == 404
