"""The sheet of station types: everything in the contracts is on it, readable as a table."""

import pytest

from mes_server.reports.station_sheet import period_from_ms, to_markdown, words_of_range
from schemas.station_types import StationType, load_station_types


@pytest.fixture(scope="module")
def types() -> dict[str, StationType]:
    return load_station_types()


@pytest.fixture(scope="module")
def sheet(types: dict[str, StationType]) -> str:
    return to_markdown(types)


def section(sheet: str, name: str) -> str:
    return sheet.split(f"\n## {name}\n")[1].split("\n## ")[0]


def test_every_type_has_one_section_and_one_line_in_the_list(
    sheet: str, types: dict[str, StationType]
) -> None:
    for name in types:
        assert sheet.count(f"\n## {name}\n") == 1
        assert sheet.count(f"(#{name})") == 1


def test_every_metric_stands_in_the_section_of_its_type_with_all_it_promises(
    sheet: str, types: dict[str, StationType]
) -> None:
    for station in types.values():
        lines = section(sheet, station.type).splitlines()
        for metric in station.metrics:
            (line,) = [line for line in lines if line.startswith(f"| `{metric.name}` |")]
            for said in (
                *metric.title.values(),
                *metric.note.values(),
                metric.unit,
                metric.datatype,
                metric.kind,
                period_from_ms(metric.every_ms),
                period_from_ms(metric.report_ms),
                words_of_range(metric.normal),
                words_of_range(metric.alarm),
                metric.basis["certainty"],
                *metric.values,
            ):
                assert said in line, (station.type, metric.name)


def test_every_line_of_a_table_has_the_cells_of_its_head(
    sheet: str, types: dict[str, StationType]
) -> None:
    for name in types:
        rows = [line for line in section(sheet, name).splitlines() if line.startswith("|")]
        assert {row.replace("\\|", "").count("|") for row in rows} == {13}


def test_a_section_says_what_its_values_rest_on_and_where_a_metric_differs(sheet: str) -> None:
    line = section(sheet, "phosphating_line")
    assert "Basis: general engineering practice, to be confirmed on site; certainty medium" in line
    assert "* `phosphate_temperature_c`: shop.ebdoor.com" in line
    assert "Other sources" not in section(sheet, "slicer")


def test_the_order_does_not_depend_on_the_order_of_loading(types: dict[str, StationType]) -> None:
    backwards = dict(reversed(list(types.items())))
    assert to_markdown(backwards) == to_markdown(types)


def test_a_bar_inside_a_text_does_not_break_the_table(types: dict[str, StationType]) -> None:
    slicer = types["slicer"]
    first = slicer.metrics[0]._replace(note={"en": "either | or", "zh": "或"})
    sheet = to_markdown({"slicer": slicer._replace(metrics=(first,))})
    assert "either \\| or<br>或" in sheet


@pytest.mark.parametrize(
    ("ms", "said"),
    [(100, "100 ms"), (1000, "1 s"), (1500, "1500 ms"), (60_000, "1 min"), (7_200_000, "2 h")],
)
def test_a_period_is_told_in_the_largest_unit_that_leaves_it_whole(ms: int, said: str) -> None:
    assert period_from_ms(ms) == said


def test_a_range_is_told_with_its_open_ends() -> None:
    assert words_of_range(None) == "–"
    assert words_of_range((5, 1095)) == "5 … 1095"
    assert words_of_range((None, 120)) == "≤ 120"
    assert words_of_range((0.0005, None)) == "≥ 0.0005"
