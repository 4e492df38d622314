"""The station page: what it hands to the chart script, its values, what went wrong here."""

import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from mes_server.actions.append_history import merge_all
from mes_server.web.layout import charts_of, layout_of, reported_metrics, strips_of
from mes_server.web.station import common_title
from schemas.samples import bad_because
from tests.mes_server.web.plant_data import NOW_MS, TYPES, Plant

Page = Callable[..., str]
EN = {"headers": {"Accept-Language": "en"}}


def config(html: str) -> dict[str, Any]:
    """What the chart script reads."""
    found = re.search(r'id="station-config">(.*?)</script>', html, re.DOTALL)
    assert found is not None
    read: dict[str, Any] = json.loads(found.group(1))
    return read


def row(html: str, metric: str) -> str:
    """The row of one metric in the table of values."""
    found = re.search(rf'<tr data-metric="{metric}".*?</tr>', html, re.DOTALL)
    assert found is not None
    return found.group()


def test_zones_share_a_chart_with_the_set_point_that_governs_them(
    page: Page, stations: dict[str, int]
) -> None:
    charts = config(page("/stations/sinter-1", **EN))["charts"]
    zones = next(chart for chart in charts if chart["key"] == "zone_1_temperature_c")
    assert [line["name"] for line in zones["lines"]] == [
        *(f"zone_{at}_temperature_c" for at in range(1, 7)),
        "setpoint_temperature_c",
    ]
    assert zones["title"] == "Zone 1 … 6 temperature"
    assert [line["label"] for line in zones["lines"]][:2] == ["Zone 1", "Zone 2"]
    assert zones["unit"] == "°C"
    assert zones["normal"] == list(TYPES["sinter_furnace"].metrics[1].normal or ())
    assert zones["alarm"][1] > zones["normal"][1]


def test_pressure_is_drawn_on_a_log_scale_as_its_contract_says(
    page: Page, stations: dict[str, int]
) -> None:
    charts = config(page("/stations/sinter-1"))["charts"]
    logs = {chart["key"] for chart in charts if chart["log"]}
    assert "chamber_pressure_pa" in logs
    assert "zone_1_temperature_c" not in logs


def test_every_metric_is_in_exactly_one_chart_or_strip() -> None:
    for kind in TYPES.values():
        drawn = [metric.name for chart in charts_of(kind.metrics) for metric in chart.metrics]
        drawn += [metric.name for metric in strips_of(kind.metrics)]
        assert sorted(drawn) == sorted(metric.name for metric in kind.metrics), kind.type
        for chart in charts_of(kind.metrics):
            assert len({metric.unit for metric in chart.metrics}) == 1
            assert len(chart.metrics) <= 8


def test_every_station_type_has_something_to_show_on_its_tile() -> None:
    for kind in TYPES.values():
        layout = layout_of(kind)
        assert 1 <= len(layout.tile) <= 3, kind.type
        assert layout.silence_ms > 0


def test_state_is_the_first_strip(page: Page, stations: dict[str, int]) -> None:
    strips = config(page("/stations/sinter-1"))["strips"]
    assert strips[0]["name"] == "state"
    assert {"recipe_id", "door_closed"} <= {strip["name"] for strip in strips}


def test_values_stand_with_unit_ranges_quality_age_and_note(
    page: Page, stations: dict[str, int]
) -> None:
    html = row(page("/stations/sinter-1", **EN), "zone_1_temperature_c")
    assert "Zone 1 temperature" in html
    assert "°C" in html
    assert "5 … 1095" in html
    assert "0 … 1120" in html
    assert "good" in html
    assert re.search(r"<time[^>]*>\d+ s</time>", html)
    spec = next(m for m in TYPES["sinter_furnace"].metrics if m.name == "zone_1_temperature_c")
    assert spec.note["en"].replace("'", "&#39;") in html


def test_limits_say_what_they_rest_on(page: Page, stations: dict[str, int]) -> None:
    html = row(page("/stations/sinter-1", **EN), "zone_1_temperature_c")
    spec = next(m for m in TYPES["sinter_furnace"].metrics if m.name == "zone_1_temperature_c")
    assert f"default, {spec.basis['certainty']} certainty" in html
    assert spec.basis["source"] in html
    assert "certainty" not in row(page("/stations/sinter-1", **EN), "recipe_id")


def test_a_broken_sensor_shows_no_value_and_is_judged_by_no_range(
    page: Page, plant: Plant, stations: dict[str, int]
) -> None:
    name = "zone_2_temperature_c"
    plant.samples(stations["sinter-1"], name, [NOW_MS - 100], [float("nan")])
    html = row(page("/stations/sinter-1", **EN), name)
    assert 'data-quality="bad"' in html
    assert 'data-band="none"' in html
    assert "bad" in html
    assert ">–<" in html
    quiet = np.array([bad_because("silence")])
    plant.samples(stations["sinter-1"], name, [NOW_MS - 50], [float("nan")], qualities=quiet)
    assert "no answer from the instrument" in row(page("/stations/sinter-1", **EN), name)
    assert "仪表无应答" in row(page("/stations/sinter-1", headers={"Accept-Language": "zh"}), name)


def test_metrics_that_are_not_fitted_are_named_not_drawn(page: Page, plant: Plant) -> None:
    node = plant.node("ctl-1")
    station = plant.station(node, "sinter-9", "sinter_furnace")
    plant.samples(station, "zone_1_temperature_c", [NOW_MS - 2000], [900.0])
    html = page("/stations/sinter-9", **EN)
    assert [chart["key"] for chart in config(html)["charts"]] == ["zone_1_temperature_c"]
    assert "chamber_pressure_pa" in html.partition("Promised by the type but not reported")[2]


def test_excursions_and_losses_stand_in_tables_with_the_way_to_their_curve(
    page: Page, plant: Plant, stations: dict[str, int]
) -> None:
    plant.excursion(stations["sinter-1"], "zone_1_temperature_c", "normal", 30)
    plant.excursion(stations["sinter-1"], "zone_1_temperature_c", "alarm", 9)
    plant.loss(1, stations["sinter-1"], "full", -1)
    html = page("/stations/sinter-1", **EN)
    assert "above alarm limit 10.0" in html
    assert "still open" in html
    assert "metrics=zone_1_temperature_c" in html
    assert "journal of the edge was full" in html
    assert "not known" in html
    outside = page("/stations/sinter-1/outside", **EN)
    assert outside.count("<li>") == 1, "the graver of both limits stands for its metric"
    assert "above alarm limit" in outside
    assert "still open" in page("/stations/sinter-1/tables", **EN)


def test_a_station_that_is_not_there_is_not_found(page: Page, plant: Plant) -> None:
    assert "no station nobody-1" in page("/stations/nobody-1", status=404, **EN)
    page("/stations/nobody-1/tables", status=404)


def test_a_station_without_contract_draws_what_it_sends(page: Page, plant: Plant) -> None:
    station = plant.station(plant.foreign_node("edge-7"), "compressor-9", None)
    plant.samples(station, "Motor/Speed", [NOW_MS - 9000, NOW_MS - 3000], [1480.0, 1502.5])
    plant.samples(station, "Mode", [NOW_MS - 9000], ["auto"], "string")
    html = page("/stations/compressor-9", **EN)
    read = config(html)
    assert [chart["title"] for chart in read["charts"]] == ["Motor/Speed"]
    assert [strip["name"] for strip in read["strips"]] == ["Mode"]
    assert "No contract is known" in html


def test_a_contract_metric_keeps_its_contract_beside_unknown_ones() -> None:
    layout = layout_of(TYPES["jet_mill"])
    found = reported_metrics(layout, [("extra", "double"), ("d50_um", "double")])
    assert [(metric.name, metric.unit) for metric in found] == [("d50_um", "µm"), ("extra", "")]


def test_titles_say_what_they_share_once() -> None:
    assert common_title(["一区温度", "二区温度"]) == ("一区 … 二区温度", ["一区", "二区"])
    load = [f"Load thermocouple {at}" for at in (1, 2, 3)]
    assert common_title(load) == ("Load thermocouple 1 … 3", ["1", "2", "3"])
    assert common_title(["Feed rate"]) == ("Feed rate", ["Feed rate"])


def test_a_new_station_opens_with_ten_minutes_and_an_old_one_with_an_hour(
    page: Page, stations: dict[str, int], plant: Plant
) -> None:
    assert config(page("/stations/sinter-1"))["span"] == "10m"
    merge_all(plant.engine, NOW_MS + 10 * 3_600_000)
    assert config(page("/stations/sinter-1"))["span"] == "1h"
