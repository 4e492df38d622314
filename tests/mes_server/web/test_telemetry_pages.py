"""Series for programs, curves for charts, CSV for people (mes_server.web.telemetry)."""

import csv
import io
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from mes_server.store.telemetry import Coverage, Series
from mes_server.web.downloads import DOWNLOADS_MAX, csv_line
from mes_server.web.formats import iso_text
from mes_server.web.sparks import spark_of
from schemas.samples import bad_because
from tests.mes_server.web.plant_data import NOW_MS, TYPES, Plant

MINUTE = 60_000
SERIES = "/api/v1/stations/sinter-1/series?metric=zone_1_temperature_c"
ZONE = next(m for m in TYPES["sinter_furnace"].metrics if m.name == "zone_1_temperature_c")


@pytest.fixture
def furnace(plant: Plant) -> int:
    return plant.station(plant.node("ctl-sinter-1"), "sinter-1", "sinter_furnace")


def get(client: FlaskClient, address: str) -> Any:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return answer.json


def span(from_ms: int, to_ms: int) -> str:
    return f"&from={iso_text(from_ms)}&to={iso_text(to_ms)}"


def test_few_samples_come_as_they_were(client: FlaskClient, plant: Plant, furnace: int) -> None:
    times = [NOW_MS - 30_000, NOW_MS - 20_000, NOW_MS - 10_000]
    plant.samples(furnace, ZONE.name, times, [900.5, 901.25, float("nan")])
    body = get(client, SERIES)
    assert body["times"] == [iso_text(at) for at in times]
    assert body["values"] == [900.5, 901.25, None]
    assert body["unit"] == "°C"
    assert body["count"] == 3
    assert body["coverage"]["received"] == 3


def test_many_samples_come_in_no_more_points_than_asked_with_least_and_greatest(
    client: FlaskClient, plant: Plant, furnace: int
) -> None:
    times = np.arange(NOW_MS - 50 * MINUTE, NOW_MS, 1000)
    values = 900 + np.arange(len(times)) % 10.0
    plant.samples(furnace, ZONE.name, times, values)
    body = get(client, SERIES + "&points=100" + span(NOW_MS - 50 * MINUTE, NOW_MS))
    assert 50 <= len(body["times"]) <= 100
    assert body["count"] == sum(body["counts"]) == len(times)
    assert min(body["lows"]) == 900
    assert max(body["highs"]) == 909
    assert all(900 < value < 909 for value in body["values"])


def test_a_silence_longer_than_the_contract_allows_is_a_gap_with_its_reason(
    client: FlaskClient, plant: Plant, furnace: int
) -> None:
    early = np.arange(NOW_MS - 20 * MINUTE, NOW_MS - 15 * MINUTE, 10_000)
    late = np.arange(NOW_MS - 5 * MINUTE, NOW_MS, 10_000)
    plant.samples(furnace, ZONE.name, early, np.full(len(early), 900.0))
    plant.samples(furnace, ZONE.name, late, np.full(len(late), 905.0))
    gaps = get(client, SERIES + span(NOW_MS - 20 * MINUTE, NOW_MS))["gaps"]
    assert gaps == [
        {"from": iso_text(int(early[-1])), "to": iso_text(int(late[0])), "reason": "silent"}
    ]


def test_a_stated_loss_gives_the_gap_its_reason(
    client: FlaskClient, plant: Plant, furnace: int
) -> None:
    plant.loss(1, furnace, "full", 40)
    times = np.arange(NOW_MS - 30 * MINUTE, NOW_MS, 10_000)
    times = times[(times < NOW_MS - 20 * MINUTE) | (times > NOW_MS - 19 * MINUTE)]
    plant.samples(furnace, ZONE.name, times, np.full(len(times), 900.0))
    body = get(client, SERIES + span(NOW_MS - 30 * MINUTE, NOW_MS))
    assert [gap["reason"] for gap in body["gaps"]] == ["full"]
    assert body["coverage"]["lost"] == 40


def test_a_metric_of_the_contract_without_samples_is_empty_not_an_error(
    client: FlaskClient, furnace: int
) -> None:
    body = get(client, SERIES)
    assert body["times"] == []
    assert body["count"] == 0


def test_curves_bring_several_metrics_of_one_moment_in_milliseconds(
    client: FlaskClient, plant: Plant, furnace: int
) -> None:
    plant.samples(furnace, ZONE.name, [NOW_MS - 2000, NOW_MS - 1000], [900.0, 901.0])
    plant.samples(furnace, "state", [NOW_MS - 2000], ["run"], "string")
    plant.samples(furnace, "door_closed", [NOW_MS - 2000], [True], "boolean")
    address = f"/api/v1/stations/sinter-1/curves?metric={ZONE.name}&metric=state&metric=door_closed"
    zone, state, door = get(client, address)["curves"]
    assert zone["times_ms"] == [NOW_MS - 2000, NOW_MS - 1000]
    assert zone["lows"] is None, "every point is one sample: no envelope"
    assert state["values"] == ["run"]
    assert door["values"] == [True]


def test_a_whole_year_costs_no_more_points_than_pixels(
    client: FlaskClient, plant: Plant, furnace: int
) -> None:
    times = np.arange(NOW_MS - 3 * 3600_000, NOW_MS, 5000)
    plant.samples(furnace, ZONE.name, times, np.full(len(times), 900.0))
    body = get(client, SERIES + "&points=300" + span(NOW_MS - 365 * 86_400_000, NOW_MS))
    assert 1 <= len(body["times"]) <= 300
    assert body["count"] == len(times)


def read_csv(client: FlaskClient, metric: str) -> list[list[str]]:
    answer = client.get(f"/api/v1/stations/sinter-1/series.csv?metric={metric}")
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    text = answer.get_data().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def test_csv_has_every_sample_with_time_unit_and_quality(
    client: FlaskClient, plant: Plant, furnace: int
) -> None:
    times = np.arange(NOW_MS - 50 * MINUTE, NOW_MS, 1000)
    plant.samples(furnace, ZONE.name, times, np.arange(len(times)) + 0.5)
    plant.samples(furnace, ZONE.name, [NOW_MS - 1], [float("nan")])
    silent = np.array([bad_because("silence")])
    plant.samples(furnace, ZONE.name, [NOW_MS], [float("nan")], qualities=silent)
    rows = read_csv(client, ZONE.name)
    assert rows[0] == ["time_utc", "zone_1_temperature_c [°C]", "quality", "reason", "station"]
    assert len(rows) == len(times) + 3
    assert rows[1] == [iso_text(int(times[0])), "0.5", "good", "", "sinter-1"]
    assert rows[-2][1:4] == ["", "bad", ""]
    assert rows[-1][1:4] == ["", "bad", "silence"]


def test_a_text_in_csv_is_never_a_formula(client: FlaskClient, plant: Plant, furnace: int) -> None:
    evil = ['=HYPERLINK("http://x")', "+1", "@SUM(A1)", "-2+3", 'quote"d, and\nbroken', "R-7"]
    times = [NOW_MS - 60_000 + at * 1000 for at in range(len(evil))]
    plant.samples(furnace, "recipe_id", times, evil, "string")
    cells = [row[1] for row in read_csv(client, "recipe_id")[1:]]
    assert cells == [*("'" + text for text in evil[:4]), *evil[4:]]


def test_cells_of_every_kind() -> None:
    assert csv_line(None, True, -5, 0.25, "R-7") == ",true,-5,0.25,R-7\r\n"


def test_a_spark_breaks_at_gaps_and_shows_the_band_only_where_it_ends(
    client: FlaskClient, plant: Plant, furnace: int
) -> None:
    times = [*range(NOW_MS - 25 * MINUTE, NOW_MS - 20 * MINUTE, 10_000),
             *range(NOW_MS - 5 * MINUTE, NOW_MS, 10_000)]  # fmt: skip
    plant.samples(furnace, ZONE.name, times, np.linspace(1080, 1110, len(times)))
    plant.samples(furnace, "state", [NOW_MS - 1000], ["run"], "string")
    html = client.get("/").text
    assert html.count("<polyline") == 2
    assert '<rect class="band"' in html


def test_too_little_makes_no_spark() -> None:
    empty = Series(ZONE.name, [NOW_MS], [900.0], [900.0], [900.0], [1], [], 1, Coverage(0, 1, 0, 0))
    assert spark_of(empty, ZONE, NOW_MS - 1000) is None


def test_downloads_are_few_at_a_time_and_one_that_ends_makes_room(
    client: FlaskClient, plant: Plant, furnace: int
) -> None:
    plant.samples(furnace, ZONE.name, [NOW_MS - 1000], [900.5])
    address = f"/api/v1/stations/sinter-1/series.csv?metric={ZONE.name}"
    running = [client.get(address) for _ in range(DOWNLOADS_MAX)]
    assert [answer.status_code for answer in running] == [200] * DOWNLOADS_MAX
    refused = client.get(address)
    assert refused.status_code == 503
    assert refused.headers["Retry-After"]
    for answer in running:
        answer.close()
    assert client.get(address, buffered=True).status_code == 200
