"""Quality as people read it: documents with signatures, a plan to be printed, checks with their verdicts."""

import pytest
from flask.testing import FlaskClient

from mes_server.web.quality import QUALITY_PAGES
from tests.mes_server.web.plan_data import under_plan
from tests.mes_server.web.plant_data import Plant


@pytest.fixture
def planned(plant: Plant, stations: dict[str, int]) -> dict[str, str]:
    return under_plan(plant)


def read(client: FlaskClient, path: str, language: str = "en") -> str:
    answer = client.get(path, headers={"Accept-Language": language})
    assert answer.status_code == 200, answer.text
    return answer.text


def test_the_first_page_leads_to_all_of_them(client: FlaskClient, planned: dict[str, str]) -> None:
    page = read(client, "/quality")
    assert all(
        f"<b>{name}</b>" in page for name in ("Control plans", "Work instructions", "Checks")
    )
    assert len(QUALITY_PAGES) >= 4
    assert "质量" in read(client, "/quality", "zh")


@pytest.mark.parametrize(
    ("language", "texts"),
    [("en", ["4.95 – 5.05 mm", "every 1 h", "error-proofing challenge", "PPAP", "approved", "released",
             "proven by its curve", "first-off", "in force", "measured again", "(medium)"]),
     ("zh", ["每 1 小时", "防错挑战", "由曲线证明", "首件", "现行", "反应计划"])],
)  # fmt: skip
def test_a_plan_says_all_that_it_asks_for(
    client: FlaskClient, planned: dict[str, str], language: str, texts: list[str]
) -> None:
    page = read(client, "/quality/documents/plan/CP-1/A", language)
    for text in texts:
        assert text in page, text


def test_checks_show_what_was_read_and_what_was_made_of_it(
    client: FlaskClient, planned: dict[str, str]
) -> None:
    page = read(client, "/quality/checks")
    assert all(text in page for text in ("4.955", "near the limit", "out", "voided: another gauge"))
    assert "Nothing was checked" in read(client, "/quality/checks?lot=none")


def test_an_instruction_names_who_acknowledged_it(
    client: FlaskClient, planned: dict[str, str]
) -> None:
    page = read(client, "/quality/documents/instruction/WI-1/A")
    assert "Acknowledged by" in page
    assert "A-1" in page


def test_what_is_not_there_says_how_to_get_it(client: FlaskClient, plant: Plant) -> None:
    assert "mes document release plan FILE" in read(client, "/quality/documents/plan")
    assert client.get("/quality/documents/novel").status_code == 404
    assert client.get("/quality/documents/plan/CP-9/A").status_code == 404


@pytest.mark.parametrize(
    "path", ["/quality", "/quality/nonconformances", "/quality/spc", "/quality/gauges"]
)
def test_every_page_of_quality_stands_under_quality(
    client: FlaskClient, planned: dict[str, str], path: str
) -> None:
    assert '<a href="/quality" aria-current="page">' in read(client, path)
    assert '<a href="/lots">' in read(client, path)
