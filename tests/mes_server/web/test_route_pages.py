"""Routes as people and programs see them."""

import pytest
from flask.testing import FlaskClient

from tests.mes_server.web.lot_data import Shop, route_content
from tests.mes_server.web.plant_data import Plant


@pytest.fixture
def shop(plant: Plant, stations: dict[str, int]) -> Shop:
    return Shop(
        plant, recipe="S-42", resources=["thermocouple"], gain_min_ppm=-15_000, gain_max_ppm=-5_000,
        note={"en": "own practice, certainty M", "zh": "自有经验，可信度 M"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        ("en", ["Motor magnet", "Sintering", "recipe S-42", "-1.5 … -0.5 %", "certainty M"]),
        ("zh", ["电机磁体", "烧结", "配方 S-42", "可信度 M"]),
    ],
)
def test_a_revision_says_what_each_operation_asks_for(
    client: FlaskClient, shop: Shop, language: str, texts: list[str]
) -> None:
    page = client.get("/routes/R1/B", headers={"Accept-Language": language})
    assert page.status_code == 200
    for text in texts:
        assert text in page.text
    assert "R1/B" in client.get("/routes").text


def test_a_plant_without_routes_says_how_to_get_one(client: FlaskClient) -> None:
    page = client.get("/routes", headers={"Accept-Language": "en"})
    assert "mes route release FILE" in page.text
    assert client.get("/routes/R9/A").status_code == 404


def test_a_program_reads_what_was_released(client: FlaskClient, shop: Shop) -> None:
    listed = client.get("/api/v1/routes").json
    assert [(one["code"], one["revision"]) for one in listed["items"]] == [("R1", "B")]  # type: ignore[index]
    content = client.get("/api/v1/routes/R1/B").json["content"]  # type: ignore[index]
    assert content["steps"] == route_content()["steps"]
    assert content["operations"]["sinter"]["recipe"] == "S-42"
