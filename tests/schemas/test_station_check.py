"""What a station contract may say, and what is answered to one that says it wrong.

Both interpreters run this file.
"""

import json

from schemas.station_check import COMMON, STATES, UNITS, unit_of_name
from schemas.station_types import ContractError, read_station_type


def a_metric():
    return {
        "name": "bath_temperature_c",
        "title": {"en": "Bath", "zh": "槽温"},
        "unit": "°C",
        "datatype": "double",
        "kind": "analog",
        "every_ms": 5000,
        "report_ms": 60000,
        "deadband": 0.2,
        "normal": [15, 35],
        "alarm": [10, None],
        "note": {"en": "Film follows it.", "zh": "膜重随之变化。"},
    }


def a_contract():
    return {
        "type": "bath",
        "revision": "1",
        "title": {"en": "Bath", "zh": "槽"},
        "area": "coating",
        "operation": "dipping",
        "handles": "none",
        "note": {"en": "A tank.", "zh": "一个槽。"},
        "basis": {"source": "a handbook", "certainty": "low", "since": "2026-11-23"},
        "metrics": [a_metric()],
        "commands": [],
    }


def read(contract):
    return read_station_type(json.dumps(contract), "bath.json")


def faults_of(contract):
    try:
        read(contract)
    except ContractError as error:
        return error.faults
    return []


def metric_faults(**fields):
    """Faults of a contract whose only metric has these fields instead; each names a metric."""
    contract = a_contract()
    contract["metrics"][0].update(fields)
    faults = faults_of(contract)
    for fault in faults:
        assert fault.startswith("bath.json: metrics"), fault
        assert "; " in fault, fault
    return faults


def one_fault(where, **fields):
    faults = metric_faults(**fields)
    assert len(faults) == 1, faults
    assert faults[0].startswith("bath.json: metrics[0]." + where + ": "), faults[0]
    return faults[0]


def test_an_unknown_key_is_named_with_the_keys_there_are():
    fault = one_fault("deadbnad", deadbnad=1)
    assert "is not a known key" in fault and "deadband" in fault


def test_a_missing_key_is_named():
    contract = a_contract()
    del contract["metrics"][0]["every_ms"]
    del contract["area"]
    faults = faults_of(contract)
    assert len(faults) == 2
    assert faults[0].startswith("bath.json: area: is missing; ")
    assert faults[1].startswith("bath.json: metrics[0].every_ms: is missing; ")


def test_the_type_is_the_stem_of_the_file():
    contract = a_contract()
    contract["type"] = "tank"
    assert faults_of(contract) == [
        'bath.json: type: "tank" is not the file\'s name; write "bath"',
    ]


def test_json_that_is_no_contract_is_refused_without_stumbling():
    for raw in (None, 3, [], "bath", {}, {"metrics": 7}, {"metrics": [None, 3, {}]}):
        faults = faults_of(raw)
        assert faults, raw
        for fault in faults:
            assert fault.startswith("bath.json: "), fault


def test_no_wrong_value_of_any_field_makes_the_checker_stumble():
    wrong = (None, True, -1, 0.5, "", "x", [], [1, 2], {}, {"en": 1}, ["a", "a"])
    for key in a_contract():
        refused = 0
        for value in wrong:
            contract = a_contract()
            contract[key] = value
            refused += bool(faults_of(contract))
        assert refused > 7, key
    for key in list(a_metric()) + ["scale", "values", "basis"]:
        refused = [value for value in wrong if metric_faults(**{key: value})]
        assert len(refused) > 5, key


def test_every_fault_is_told_at_once():
    faults = metric_faults(name="Bath Temp", datatype="float", every_ms=50, deadband=-1, kind="x")
    told = sorted([fault.split(": ")[1] for fault in faults])
    wrong = ("datatype", "deadband", "every_ms", "kind", "name")
    assert told == ["metrics[0]." + key for key in wrong]


def test_a_name_tells_its_unit():
    assert "end it in _c" in one_fault("name", name="bath_temperature")
    assert "tells % LEL" in one_fault("name", name="bath_pct_lel")
    assert "take the unit off" in one_fault("name", unit="")
    assert "write one of" in one_fault("unit", unit="degC")
    assert metric_faults(name="ph", unit="pH") == []
    assert metric_faults(name="flow_m3_h", unit="m³/h") == []


def test_every_unit_has_an_ending_of_its_own():
    assert len(set(UNITS.values())) == len(UNITS)
    for unit, suffix in UNITS.items():
        assert unit_of_name("anything" + suffix) == unit


def test_two_metrics_of_one_name_are_one_too_many():
    contract = a_contract()
    contract["metrics"].append(a_metric())
    faults = faults_of(contract)
    assert faults == [
        "bath.json: metrics[1].name: metrics[0] has it too; write another name",
    ]


def test_periods_are_whole_and_reports_no_more_frequent_than_readings():
    one_fault("every_ms", every_ms=99)
    one_fault("every_ms", every_ms=100.5)
    one_fault("every_ms", every_ms=True)
    assert "write 5000 or more" in one_fault("report_ms", report_ms=4000)


def test_a_deadband_is_a_number_or_a_share():
    for deadband in (0, 0.5, 3, "5%", "0.5%", "100%"):
        assert metric_faults(deadband=deadband) == []
    for deadband in (-0.1, None, True, "5", "%", "x%", "0%", "-1%", "101%", [1]):
        one_fault("deadband", deadband=deadband)


def test_a_range_runs_upward_and_has_an_end():
    assert "lower end first" in one_fault("normal", normal=[35, 15])
    one_fault("normal", normal=[15, 15])
    one_fault("normal", normal=[None, None])
    one_fault("normal", normal=[15])
    one_fault("normal", normal=["15", 35])
    assert metric_faults(normal=None, alarm=None) == []


def test_the_alarm_range_contains_the_normal_one():
    for alarm in ([16, 40], [10, 34], [None, 34], [16, None]):
        one_fault("alarm", alarm=alarm)
    one_fault("alarm", normal=[None, 35], alarm=[10, 40])
    assert metric_faults(alarm=[None, 35]) == []


def test_a_log_scale_needs_positive_ranges():
    assert "log scale" in one_fault("normal", normal=[0, 35], alarm=None, scale="log")
    assert metric_faults(normal=[0.001, 35], alarm=None, scale="log") == []
    one_fault("scale", scale="square")


def test_only_a_string_has_words_and_no_size():
    plain = {"name": "phase", "unit": "", "deadband": 0, "normal": None, "alarm": None}
    words = plain | {"datatype": "string", "kind": "event"}
    assert metric_faults(values=["cold", "hot"], **words) == []
    one_fault("values", values=["cold", "cold"], **words)
    one_fault("values", values=[], **words)
    one_fault("values[0]", values=["Cold!"], **words)
    one_fault("kind", **(words | {"kind": "analog"}))
    one_fault("deadband", **(words | {"deadband": 1}))
    one_fault("values", values=["cold"])


def test_a_state_has_the_words_every_station_has():
    words = {"name": "state", "unit": "", "datatype": "string", "kind": "event", "deadband": 0}
    words.update({"normal": None, "alarm": None})
    assert metric_faults(values=list(STATES), **words) == []
    assert "maintenance" in one_fault("values", values=["on", "off"], **words)
    one_fault("values", **words)


def test_a_counter_has_no_range_because_it_only_grows():
    counter = {"name": "water_m3", "unit": "m³", "kind": "counter"}
    assert len(metric_faults(**counter)) == 2
    one_fault("deadband", normal=None, alarm=None, **(counter | {"deadband": "1%"}))


def test_both_languages_are_written():
    one_fault("title.zh", title={"en": "Bath"})
    one_fault("note.en", note={"en": " ", "zh": "膜"})
    one_fault("title.de", title={"en": "Bath", "zh": "槽", "de": "Bad"})


def test_a_basis_names_source_certainty_and_day():
    right = {"source": "a paper", "certainty": "high", "since": "2026-11-23"}
    assert metric_faults(basis=right) == []
    one_fault("basis.certainty", basis=right | {"certainty": "sure"})
    one_fault("basis.source", basis=right | {"source": ""})
    for day in ("yesterday", "2026-13-01", "2026-1-1", 20261123, "2026/11/23"):
        one_fault("basis.since", basis=right | {"since": day})


def test_there_are_1_to_50_metrics():
    contract = a_contract()
    contract["metrics"] = []
    assert "write 1 to 50" in faults_of(contract)[0]
    for i in range(51):
        contract["metrics"].append(a_metric() | {"name": "t" + str(i) + "_c"})
    assert faults_of(contract) == ["bath.json: metrics: there are 51; write 1 to 50"]


def test_a_station_that_handles_lots_without_a_state_is_refused():
    contract = a_contract()
    contract["handles"] = "lot"
    faults = faults_of(contract)
    assert len(faults) == len(COMMON)
    assert 'write "handles": "none"' in faults[0]
    contract["handles"] = "some"
    assert "write one of charge, lot, none" in faults_of(contract)[0]
