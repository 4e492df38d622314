"""Coatings compared, as page, table and program; the lot that has its share of water and metals.

The whole of comparison_table, answers_comparison and lot_footprint.
"""

from typing import Any

import pytest
from flask.testing import FlaskClient

from mes_server.actions.lot_footprint import footprint_of
from mes_server.domain.coating_days import measures_of
from mes_server.store.engine import reading
from mes_server.store.runs import runs_of_lot
from mes_server.web.answers_comparison import ComparisonAnswer
from mes_server.web.comparison import COLUMNS, DAYS_MAX
from mes_server.web.comparison_table import WIDTH, rows_of
from mes_server.web.lot_footprint import FOOTPRINT
from tests.mes_server.actions.coating_floor import PLATE, CoatingFloor
from tests.mes_server.actions.simulated_lines import built
from tests.mes_server.actions.test_compare_coatings import compared
from tests.mes_server.people_help import act_as
from tests.mes_server.web.conftest import Clock
from tests.mes_server.web.plant_data import Plant

PERIOD = "from=2026-02-16&to=2026-03-01"


@pytest.fixture
def reader(client: FlaskClient, plant: Plant) -> FlaskClient:
    """A browser of somebody of environment."""
    act_as(client, plant.engine, "E-2", "environment")
    return client


@pytest.fixture
def floor(plant: Plant, clock: Clock) -> CoatingFloor:
    """Fourteen days of two lines in the store of the pages, whose days begin at eight in the morning of UTC's."""
    return built(plant.engine, zone="Asia/Shanghai")


def shown(client: FlaskClient, address: str, status: int = 200) -> str:
    answer = client.get(address, follow_redirects=True)
    assert answer.status_code == status, answer.text[:400]
    return str(answer.text)


def told(client: FlaskClient, address: str) -> Any:
    answer = client.get(f"/api/v1/{address}")
    assert answer.status_code == 200, answer.text[:400]
    return answer.json


def test_without_a_day_the_page_says_how_to_begin(reader: FlaskClient) -> None:
    text = shown(reader, "/water/comparison?lang=en")
    assert "Release the waterworks with lines and meters" in text
    assert "Machining is excluded" in text, "the boundary stands on every page"


def test_everything_stands_in_one_view_with_its_interval_and_its_boundary(
    reader: FlaskClient, floor: CoatingFloor
) -> None:
    text = shown(reader, f"/water/comparison?{PERIOD}&lang=en")
    for word in (
        "Total nickel", "Total copper", "Total zinc", "Total phosphorus", "Total nitrogen", "Chemical oxygen demand",
        "Sludge, dry", "Electricity", "Salt-spray life", "Rejects", "Fresh water", "CO2e",
    ):  # fmt: skip
        assert word in text, word
    assert "against Electroplating: −8" in text
    assert "no salt-spray result, so no such figure" in text
    assert "no control plan states a class" in text
    assert "Machining is excluded" in text
    assert 'class="ends"' in text
    chinese = shown(reader, f"/water/comparison?{PERIOD}&lang=zh")
    assert "核算边界" in chinese
    assert "总镍" in chinese


def test_a_few_days_look_small_and_conclude_nothing(
    reader: FlaskClient, floor: CoatingFloor
) -> None:
    text = shown(reader, "/water/comparison?from=2026-02-17&to=2026-02-20&lang=en")
    assert "few data: nothing is concluded" in text
    assert 'data-look="whole"' not in text
    assert "against Electroplating" not in text


def test_each_figure_leads_to_the_days_and_runs_it_was_made_of(
    reader: FlaskClient, floor: CoatingFloor
) -> None:
    text = shown(reader, f"/water/comparison?{PERIOD}&lang=en")
    assert "/water/comparison/electroplating/before-ni?" in text
    behind = shown(reader, f"/water/comparison/electroplating/before-ni?{PERIOD}&lang=en")
    runs = {run for side in compared(floor).sides[:1] for run in side.runs}
    assert all(f'href="/runs/{run}"' in behind for run in sorted(runs)[:8])
    assert "2026-02-20" in behind
    shown(reader, f"/water/comparison/electroplating/luck?{PERIOD}", 404)
    shown(reader, f"/water/comparison/gilding/before-ni?{PERIOD}", 404)


def test_the_table_and_the_program_say_the_same_as_the_page(
    reader: FlaskClient, floor: CoatingFloor
) -> None:
    lines = shown(reader, f"/water/comparison/table.csv?{PERIOD}&lang=en").lstrip("\ufeff").splitlines()  # fmt: skip
    assert lines[0].split(",") == list(COLUMNS)
    assert any(line.startswith("boundary,") for line in lines)
    answer = told(reader, f"effluent/compare?{PERIOD}")
    assert ComparisonAnswer.model_validate(answer).days_added_up == 14
    plating = answer["coatings"][0]
    (nickel,) = [
        one for one in plating["figures"] if (one["figure"], one["pollutant"]) == ("before", "ni")
    ]
    assert nickel["estimate"]["low"] < nickel["estimate"]["value"] < nickel["estimate"]["high"]
    (line,) = [one for one in lines if one.startswith("electroplating,before,ni,")]
    assert line.split(",")[4] == str(nickel["estimate"]["value"])
    assert answer["days_added_up"] == 14
    assert "Machining is excluded" in answer["boundary"]
    assert {one["rule"] for one in answer["missing"]} >= {"no_factor"} or answer["missing"] == []


@pytest.mark.parametrize(
    ("query", "parameter"),
    [("from=yesterday", "from"), ("to=2026-02-30", "to"), ("by=year", "by"), ("from=2026-03-02&to=2026-03-01", "to"),
     ("from=2020-01-01&to=2026-03-01", "to")],
)  # fmt: skip
def test_a_period_that_is_none_is_refused_in_words(
    reader: FlaskClient, query: str, parameter: str
) -> None:
    answer = reader.get(f"/api/v1/effluent/compare?{query}")
    assert answer.status_code == 400
    assert answer.json is not None
    assert [one["parameter"] for one in answer.json["errors"]] == [parameter]
    assert DAYS_MAX > 365


def test_a_lot_has_its_share_on_its_page_and_for_programs(
    reader: FlaskClient, floor: CoatingFloor
) -> None:
    lots = [one.code for one in floor.lots()]
    text = shown(reader, f"/lots/{lots[3]}?lang=en")
    assert "Water, energy and metals" in text
    assert "As known until" in text
    answer = told(reader, f"lots/{lots[3]}/footprint")
    assert FOOTPRINT.summary
    assert {one["kind"] for one in answer["parts"]} >= {"water", "electricity", "drained", "before", "sludge"}  # fmt: skip
    assert answer["not_added"] == []
    with reading(floor.engine) as conn:
        runs = [run for run, _ in runs_of_lot(conn, lots[3])]
        found = footprint_of(conn, lots[3], runs, floor.now_ms)
    water = sum(one.amount for one in found.parts if one.kind == "water")
    assert [float(one["amount"]) for one in answer["parts"] if one["kind"] == "water"] == [pytest.approx(float(water))]  # fmt: skip
    assert reader.get("/api/v1/lots/L26-999999-XX/footprint").status_code == 404


def test_a_lot_whose_day_is_not_added_up_says_so(reader: FlaskClient, floor: CoatingFloor) -> None:
    _, lot = floor.coat("pl-1", PLATE, (14 * 1440 + 600, 14 * 1440 + 700), 3_000_000)
    text = shown(reader, f"/lots/{lot}?lang=en")
    assert "Not added up yet" in text


def test_bars_of_a_figure_are_drawn_to_one_scale_within_their_picture(floor: CoatingFloor) -> None:
    found = compared(floor)
    rows = rows_of(found)
    assert [row.measure for row in rows] == list(measures_of(found.row))
    bars = {row.key: [cell.bar for cell in row.cells] for row in rows}
    plating, phosphate = bars["fresh_water"]
    assert plating is not None
    assert phosphate is not None
    assert phosphate.value * 6 < plating.value
    ends = [bar.high for told in bars.values() for bar in told if bar and bar.high is not None]
    assert max(ends) <= WIDTH
    assert bars["dry_sludge"] == [None, None]
