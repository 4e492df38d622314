"""Reading the contracts of the plant; both interpreters run this file."""

import os
import time

from schemas.contract_check import CERTAINTIES, LANGUAGES
from schemas.station_check import COMMON, METRICS_MAX
from schemas.station_types import (
    ContractError,
    deadband_width,
    load_station_types,
    read_station_type,
)

EXPECTED = (
    "strip_caster hydrogen_decrepitation jet_mill align_press cold_isostatic_press sinter_furnace "
    "hot_isostatic_press ageing_furnace slicer grinder tumbler gbd_sputter_coater "
    "gbd_diffusion_furnace phosphating_line electroplating_line ecoat_line pvd_coater magnetizer "
    "flux_gauge effluent_stream effluent_treatment workshop_outlet plant_outlet"
).split()

CONTRACT = """
{
  "type": "bath", "revision": "3", "title": {"en": "Bath", "zh": "槽"}, "area": "coating",
  "operation": "dipping", "handles": "none", "note": {"en": "A tank.", "zh": "一个槽。"},
  "basis": {"source": "a handbook", "certainty": "low", "since": "2026-11-23"},
  "metrics": [
    {"name": "bath_temperature_c", "title": {"en": "Bath", "zh": "槽温"}, "unit": "°C",
     "datatype": "double", "kind": "analog", "every_ms": 5000, "report_ms": 60000,
     "deadband": 0.2, "normal": [15, 35], "alarm": [10, null],
     "note": {"en": "Film follows it.", "zh": "膜重随之变化。"}},
    {"name": "vacuum_pa", "title": {"en": "Vacuum", "zh": "真空度"}, "unit": "Pa",
     "datatype": "double", "kind": "analog", "every_ms": 1000, "report_ms": 10000,
     "deadband": "5%", "normal": null, "alarm": null, "scale": "log",
     "note": {"en": "Dries the bath.", "zh": "干燥用。"},
     "basis": {"source": "a paper", "certainty": "high", "since": "2025-01-31"}},
    {"name": "phase", "title": {"en": "Phase", "zh": "阶段"}, "unit": "", "datatype": "string",
     "kind": "event", "every_ms": 1000, "report_ms": 60000, "deadband": 0, "normal": null,
     "alarm": null, "values": ["cold", "hot"], "note": {"en": "Says it.", "zh": "说明。"}}
  ],
  "commands": []
}
"""


def faults_of_files(files):
    """What is said about a folder that holds these files: name → bytes."""
    folder = f"{os.getenv('TMPDIR') or '/tmp'}/contracts-{time.time_ns()}"
    os.mkdir(folder)
    for name, data in files.items():
        with open(f"{folder}/{name}", "wb") as stream:
            stream.write(data)
    try:
        load_station_types(folder)
    except ContractError as error:
        return error.faults
    finally:
        for name in files:
            os.remove(f"{folder}/{name}")
        os.rmdir(folder)
    return []


def test_every_type_of_the_plant_has_a_sound_contract():
    types = load_station_types()
    assert sorted(types) == sorted(EXPECTED)
    for name, station in types.items():
        assert station.type == name


def test_a_station_reads_back_as_it_was_written():
    station = read_station_type(CONTRACT, "bath.json")
    assert (station.type, station.revision, station.area) == ("bath", "3", "coating")
    assert (station.operation, station.handles, station.commands) == ("dipping", "none", ())
    assert station.title == {"en": "Bath", "zh": "槽"}
    assert station.note["en"] == "A tank."
    assert station.basis["source"] == "a handbook"
    names = [metric.name for metric in station.metrics]
    assert names == ["bath_temperature_c", "vacuum_pa", "phase"]


def test_a_metric_reads_back_as_it_was_written():
    bath, vacuum, phase = read_station_type(CONTRACT, "bath.json").metrics
    assert (bath.unit, bath.datatype, bath.kind) == ("°C", "double", "analog")
    assert (bath.every_ms, bath.report_ms, bath.deadband) == (5000, 60000, 0.2)
    assert bath.normal == (15, 35)
    assert bath.alarm == (10, None)
    assert bath.title["zh"] == "槽温"
    assert (vacuum.deadband, vacuum.scale, vacuum.normal) == ("5%", "log", None)
    assert phase.values == ("cold", "hot")


def test_what_a_metric_leaves_out_is_filled_in():
    bath, vacuum, _phase = read_station_type(CONTRACT, "bath.json").metrics
    assert bath.scale == "linear"
    assert bath.values == ()
    assert bath.basis["source"] == "a handbook"
    assert vacuum.basis["source"] == "a paper"


def test_a_folder_before_the_file_name_does_not_matter():
    assert read_station_type(CONTRACT, "some/where/bath.json").type == "bath"


def test_text_that_is_not_json_is_a_fault_of_the_file():
    for text in ("", "bath", "[1, x]"):
        try:
            read_station_type(text, "bath.json")
        except ContractError as error:
            assert error.faults[0].startswith("bath.json: file: is not JSON"), error.faults
        else:
            raise AssertionError(text)


def test_a_file_that_was_cut_short_is_refused():
    for length in range(0, len(CONTRACT.rstrip()) - 1, 7):
        try:
            read_station_type(CONTRACT[:length], "bath.json")
        except ContractError as error:
            assert error.faults
        else:
            raise AssertionError(length)


def test_the_faults_of_all_files_of_a_folder_are_told_at_once():
    faults = faults_of_files(
        {
            "bath.json": CONTRACT.encode(),
            "tank.json": CONTRACT.encode(),
            "torn.json": b"<<<<<<< ours",
            "latin.json": b'{"type": "b\xe4d"}',
            "notes.txt": b"not looked at",
        }
    )
    assert len(faults) == 3, faults
    assert faults[0] == "latin.json: file: is not UTF-8 text; save it as UTF-8"
    assert faults[1].startswith('tank.json: type: "bath" is not the file\'s name; write "tank"')
    assert faults[2].startswith("torn.json: file: is not JSON")


def test_a_folder_without_contracts_is_a_fault_and_not_an_empty_plant():
    faults = faults_of_files({"notes.txt": b"nothing here"})
    assert len(faults) == 1
    assert "holds no contract" in faults[0]


def test_a_deadband_has_a_width_at_each_reading():
    assert deadband_width(0.5, 900.0) == 0.5
    assert abs(deadband_width("5%", 0.02) - 0.001) < 1e-9
    assert abs(deadband_width("1%", -40) - 0.4) < 1e-6


def test_every_station_that_handles_lots_says_state_recipe_step_energy_and_alarms():
    for station in load_station_types().values():
        names = [metric.name for metric in station.metrics]
        if station.handles != "none":
            for name in COMMON:
                assert name in names, (station.type, name)
        assert len(names) <= METRICS_MAX


def test_no_metric_hides_how_certain_its_values_are_or_lacks_a_language():
    for station in load_station_types().values():
        for metric in station.metrics:
            assert metric.basis["certainty"] in CERTAINTIES
            assert metric.basis["source"]
            for language in LANGUAGES:
                assert metric.title[language], metric.name
                assert metric.note[language], metric.name


def test_nothing_that_was_not_confirmed_on_site_calls_itself_certain():
    for station in load_station_types().values():
        for metric in station.metrics:
            if "to be confirmed" in metric.basis["source"]:
                assert metric.basis["certainty"] != "high", (station.type, metric.name)


def test_outlets_alarm_on_the_instrument_and_never_on_a_legal_limit():
    types = load_station_types()
    for name in ("workshop_outlet", "plant_outlet"):
        judged = [metric for metric in types[name].metrics if metric.name.endswith("_mg_l")]
        assert len(judged) >= 4
        for metric in judged:
            assert metric.normal is None
            assert metric.alarm[0] == 0
            assert "instrument" in metric.note["en"]
            assert "量程" in metric.note["zh"]
