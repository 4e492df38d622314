"""The same pages over PostgreSQL."""

from pathlib import Path

from sqlalchemy import Engine

from mes_server.app import create_app
from tests.mes_server.web.plant_data import (
    NOW_MS,
    TYPES,
    Plant,
    fill_station,
    make_settings,
    write_status,
)


def test_every_page_and_the_api_answer_over_postgresql(
    postgres_engine: Engine, tmp_path: Path
) -> None:
    url = postgres_engine.url.render_as_string(hide_password=False)
    settings = make_settings(tmp_path, database_url=url)
    write_status(tmp_path, sqlite_version=None)
    plant = Plant(postgres_engine)
    station = plant.station(plant.node("ctl-1"), "sinter-1", "sinter_furnace")
    fill_station(plant, station, TYPES["sinter_furnace"], "run", 10)
    plant.excursion(station, "zone_1_temperature_c", "alarm", 5)
    key = plant.unread("spBv1.0/x", b"?")
    app = create_app(settings, lambda: NOW_MS)
    client = app.test_client()
    for address in (
        "/", "/stations/sinter-1", "/nodes", "/health", "/healthz", "/metrics", "/api/v1/health",
        "/api/v1/stations/sinter-1", "/api/v1/stations/sinter-1/series?metric=state",
        "/api/v1/stations/sinter-1/series.csv?metric=zone_1_temperature_c",
    ):  # fmt: skip
        answer = client.get(address)
        assert answer.status_code == 200, (address, answer.text[:300])
    assert "PostgreSQL" in client.get("/health").text
    body = client.get("/api/v1/stations").json
    assert body is not None
    assert [(item["look"], item["mark"]) for item in body["items"]] == [("run", "alarm")]
    assert client.post(f"/health/quarantine/{key}/retry").status_code == 303
    app.extensions["lodestone"].engine.dispose()
