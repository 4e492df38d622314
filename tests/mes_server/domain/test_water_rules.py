"""A figure of a laboratory counts in its unit, when it is possible, and a non-detect with its LOD; nothing is converted."""

import pytest

from mes_server.domain.water_rules import Told, result_from, results_from

KNOWN = {
    "ni": {"unit": "mg/L", "plausible_max": "1000", "method": "HJ 776"},
    "ph": {"unit": "pH", "plausible_max": "14", "method": "HJ 1147"},
}


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        (Told("ni", "0.310", "mg/L"), ("0.310", "", "HJ 776", "")),
        (Told("ni", " <0.02 ", "mg/l", "GB 11912", "0.02"), ("0.02", "<", "GB 11912", "0.02")),
        (Told("ni", "＜0.05", "mg/L", "", "0.02"), ("0.05", "<", "HJ 776", "0.02")),
        (Told("ni", ">100", "mg/L"), ("100", ">", "HJ 776", "")),
        (Told("ni", "1000", "mg/L", "", "0.02"), ("1000", "", "HJ 776", "0.02")),
        (Told("ni", "0.02", "mg/L", "", "0.02"), ("0.02", "", "HJ 776", "0.02")),
        (Told("ph", "7.31", "pH"), ("7.31", "", "HJ 1147", "")),
    ],
)
def test_what_counts_is_kept_as_it_was_written(told: Told, kept: tuple[str, ...]) -> None:
    said = result_from(told, KNOWN)
    assert isinstance(said, dict), said
    assert (said["value"], said["qualifier"], said["method"], said["lod"]) == kept


@pytest.mark.parametrize(
    ("told", "rule", "would_be"),
    [
        (Told("ni", "310", "µg/L"), "result_is_in_its_unit", "0.31 mg/L"),
        (Told("ni", "<20", "ug/L", "", "20"), "result_is_in_its_unit", "<0.02 mg/L"),
        (Told("ni", "0.00031", "g/L"), "result_is_in_its_unit", "0.31 mg/L"),
        (Told("ni", "0.31", "ppm"), "result_is_in_its_unit", ""),
        (Told("ni", "0.31", ""), "result_is_in_its_unit", ""),
        (Told("ph", "7", "mg/L"), "result_is_in_its_unit", ""),
        (Told("ni", "1000.1", "mg/L"), "result_is_plausible", None),
        (Told("ni", "-0.1", "mg/L"), "result_is_plausible", None),
        (Told("ph", "14.2", "pH"), "result_is_plausible", None),
        (Told("ni", "0,31", "mg/L"), "result_is_a_figure", None),
        *(
            (Told("ni", text, "mg/L"), "result_is_a_figure", None)
            for text in ("n.d.", "1e3", "NaN", "1 000", "０.３", "0.3.1", "<<0.1", "0.31 mg/L")
        ),
        (Told("ni", "<", "mg/L", "", "0.02"), "result_is_a_figure", None),
        (Told("ni", "0.31", "mg/L", "", "0.02 mg/L"), "result_is_a_figure", None),
        (Told("ni", "<0.02", "mg/L"), "non_detect_has_a_lod", None),
        (Told("ni", "<0.01", "mg/L", "", "0.02"), "result_agrees_with_lod", None),
        (Told("ni", "0.01", "mg/L", "", "0.02"), "result_agrees_with_lod", None),
        (Told("ni", "0.01", "mg/L", "", "0"), "result_agrees_with_lod", None),
        (Told("xx", "0.01", "mg/L"), "pollutant_is_known", None),
    ],
)
def test_what_does_not_is_refused_and_what_it_would_be_is_only_said(
    told: Told, rule: str, would_be: str | None
) -> None:
    said = result_from(told, KNOWN)
    assert isinstance(said, list)
    assert [one.rule for one in said] == [rule]
    assert said[0].facts.get("would_be") == would_be
    assert said[0].facts["pollutant"] == told.pollutant


def test_a_report_names_everything_that_is_wrong_with_it() -> None:
    told = [Told("ni", "1", "mg/L"), Told("ni", "2", "mg/L"), Told("ph", "19", "pH")]
    found, refused = results_from(told, KNOWN)
    assert [one.rule for one in refused] == ["result_is_told_once", "result_is_plausible"]
    assert next(one["pollutant"] for one in found) == "ni"
