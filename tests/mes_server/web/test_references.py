"""Reference data on pages: every set with its rows, their sources, and what is uncertain marked as such."""

import pytest
from flask.testing import FlaskClient

from mes_server.web.references import CERTAINTIES, text_of
from schemas.limit_rows import CERTAINTIES as KNOWN
from schemas.limit_rows import list_sets, load_rows
from tests.mes_server.people_help import act_as
from tests.mes_server.web.plant_data import Plant


@pytest.fixture(autouse=True)
def auditor(client: FlaskClient, plant: Plant) -> None:
    act_as(client, plant.engine, "A-1", "auditor")


@pytest.mark.parametrize("name", list_sets())
def test_every_row_of_every_set_is_shown_with_its_source(client: FlaskClient, name: str) -> None:
    page = client.get(f"/quality/reference/{name}?lang=en", follow_redirects=True)
    assert page.status_code == 200
    rows = load_rows(name)
    assert page.text.count("<tr>") == len(rows) + 1
    for row in rows:
        assert row["source"][:20].replace("'", "&#39;") in page.text
    assert name in client.get("/quality/reference").text


def test_what_is_uncertain_is_marked(client: FlaskClient) -> None:
    assert set(CERTAINTIES) == set(KNOWN)
    doubted = client.get("/quality/reference/line_stops?lang=en", follow_redirects=True).text
    sure = client.get("/quality/reference/magnet_grades?lang=en", follow_redirects=True).text
    assert "#warn" in doubted.split("<main")[1]
    assert "#warn" not in sure.split("<main")[1]


def test_a_set_that_is_not_there_is_not_found(client: FlaskClient) -> None:
    assert client.get("/quality/reference/../secrets").status_code == 404
    assert client.get("/quality/reference/novel").status_code == 404


@pytest.mark.parametrize(
    ("value", "told"),
    [("7", "7"), (7, "7"), (["a", 2], "a, 2"), ({"K": {"n": "1"}}, "K: n: 1"), ([], "")],
)
def test_values_are_written_as_people_read_them(value: object, told: str) -> None:
    assert text_of(value) == told


def test_long_lists_are_tables_of_their_own(client: FlaskClient) -> None:
    page = client.get("/quality/reference/discharge_gb21900_t2?lang=en", follow_redirects=True).text
    (row,) = load_rows("discharge_gb21900_t2")
    assert page.count('<tr class="in">') == len(row["limits"]) + 1
    assert '<td data-label="high">0.5</td>' in page
