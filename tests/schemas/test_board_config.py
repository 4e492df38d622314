"""A board's file: read as meant, refused with every fault at once; both interpreters run this."""

import json

from schemas.board_config import read_board, types_named
from schemas.contract_check import ContractError
from schemas.station_types import FOLDER, read_station_type
from tests.device_help import fault_of


def _types(*names):
    found = {}
    for name in names:
        with open(f"{FOLDER}/{name}.json", "rb") as file:
            found[name] = read_station_type(file.read().decode(), f"{name}.json")
    return found


TYPES = _types("jet_mill")
METRICS = [spec.name for spec in TYPES["jet_mill"].metrics]


def _raw(**changes):
    raw = {
        "group": "powder",
        "node": "ctl-powder-1",
        "broker": {"host": "10.0.0.5", "port": 1883},
        "journal": {"path": "journal", "bytes": 8_000_000},
        "stations": [
            {"station": "mill-1", "type": "jet_mill", "driver": "modbus_rtu", "args": {"unit": 3}}
        ],
    }
    raw.update(changes)
    return raw


def _station(**changes):
    station = {"station": "mill-1", "type": "jet_mill", "driver": "modbus_rtu"}
    station.update(changes)
    return _raw(stations=[station])


def _read(raw):
    return read_board(json.dumps(raw), "station.json", TYPES)


def _faults(raw):
    return fault_of(ContractError, _read, raw).faults


def test_what_is_left_out_has_a_sensible_value():
    board = _read(_raw())
    assert (board.group, board.node, board.serial) == ("powder", "ctl-powder-1", "")
    assert board.broker == ("10.0.0.5", 1883)
    assert (board.keepalive_s, board.reconnect_s, board.primary_host, board.plant) == (
        30,
        10,
        None,
        None,
    )
    assert tuple(board.journal) == ("journal", 8_000_000, 65_536, 1000)


def test_a_station_has_the_metrics_of_its_type_with_its_driver():
    (station,) = _read(_raw()).stations
    assert (station.station, station.type, station.revision) == ("mill-1", "jet_mill", "1")
    assert [m.name for m in station.metrics] == METRICS
    for metric, spec in zip(station.metrics, TYPES["jet_mill"].metrics):
        assert (metric.driver, metric.args, metric.scale, metric.offset) == (
            "modbus_rtu",
            {"unit": 3},
            1,
            0,
        )
        assert (metric.datatype, metric.kind, metric.every_ms) == (
            spec.datatype,
            spec.kind,
            spec.every_ms,
        )
        assert (metric.report_ms, metric.deadband, metric.alarm) == (
            spec.report_ms,
            spec.deadband,
            spec.alarm,
        )


def test_a_metric_may_have_its_own_driver_and_calibration_or_be_left_out():
    own = {METRICS[0]: {"driver": "ads1115", "args": {"pin": 2}, "scale": 0.01, "offset": -4}}
    (station,) = _read(_station(metrics=own, leave_out=[METRICS[1], METRICS[2]])).stations
    first = station.metrics[0]
    assert (first.driver, first.args, first.scale, first.offset) == (
        "ads1115",
        {"pin": 2},
        0.01,
        -4,
    )
    assert station.metrics[1].driver == "modbus_rtu"
    assert [m.name for m in station.metrics] == METRICS[:1] + METRICS[3:]


def test_every_fault_is_told_at_once_with_its_place():
    faults = _faults(
        {
            "group": "a b",
            "node": "ctl/1",
            "zork": 1,
            "keepalive_s": 0,
            "primary_host": "h.1",
            "serial": 7,
            "broker": {"host": "", "port": 70_000},
            "journal": {"path": "x", "bytes": 100_000, "segment_bytes": 65_536, "sync_ms": 0},
            "stations": [
                {"station": "s 1", "type": "jet_mill", "driver": "d", "leave_out": ["nope"]},
                {"station": "m", "type": "time_machine"},
                {"station": "m", "type": "jet_mill", "driver": "d", "metrics": {"nope": {}}},
            ],
        }
    )
    told = "\n".join(faults)
    assert all(fault.startswith("station.json: ") and "; " in fault for fault in faults)
    for place in (
        "group", "node", "zork", "keepalive_s", "primary_host", "serial", "broker.host", "broker.port",
        "journal.bytes", "journal.sync_ms", "stations[0].station", "stations[0].leave_out.nope",
        "stations[1].type", "stations[2].metrics.nope",
    ):  # fmt: skip
        assert f"station.json: {place}: " in told, place


def test_wrong_forms_are_faults_never_crashes():
    for raw in (
        [],
        5,
        {},
        _raw(broker=None),
        _raw(broker=[1]),
        _raw(journal="x"),
        _raw(journal={"path": 1, "bytes": "many"}),
        _raw(stations={}),
        _raw(stations=[]),
        _raw(stations=[7]),
        _raw(plant=[]),
        _raw(reconnect_s="fast"),
        _raw(keepalive_s=100_000),
        _station(metrics=[]),
        _station(leave_out={}),
        _station(metrics={METRICS[0]: 5}),
        _station(metrics={METRICS[0]: {"scale": "big"}}),
        _station(metrics={METRICS[0]: {"driver": 5}}),
        _station(args=[]),
        _station(type=["jet_mill"]),
        _station(station=5),
    ):
        assert _faults(raw), raw


def test_text_that_is_no_json_is_one_fault():
    fault = fault_of(ContractError, read_board, "station:", "station.json", TYPES)
    assert len(fault.faults) == 1 and "not JSON" in fault.faults[0]


def test_a_station_needs_a_driver_an_own_id_and_something_to_measure():
    assert "no driver" in _faults(_raw(stations=[{"station": "m", "type": "jet_mill"}]))[0]
    twice = [{"station": "m", "type": "jet_mill", "driver": "d"}] * 2
    assert any("twice" in fault for fault in _faults(_raw(stations=twice)))
    assert "measures nothing" in _faults(_station(leave_out=METRICS))[0]


def test_simulated_stations_need_a_plant():
    assert "plant" in _faults(_station(driver="simulated"))[0]
    raw = _station(driver="simulated")
    raw["plant"] = {"seed": 7}
    assert _read(raw).plant == {"seed": 7}


def test_a_segment_must_have_room_for_more_than_the_names_of_the_metrics():
    many = [{"station": f"mill-{n}", "type": "jet_mill", "driver": "d"} for n in range(9)]
    journal = {"path": "x", "bytes": 1_000_000, "segment_bytes": 8192}
    (fault,) = _faults(_raw(stations=many, journal=journal))
    assert "journal.segment_bytes" in fault and "write at least" in fault
    assert _read(_raw(journal=journal)).journal.segment_bytes == 8192


def test_only_the_types_a_file_names_need_be_read():
    text = json.dumps({"stations": [{"type": "b"}, {"type": "a"}, {"type": "b"}]})
    assert types_named(text) == ["a", "b"]
    for text in ("{", "[]", "{}", '{"stations": 5}', '{"stations": [5]}', '{"stations": [{}]}'):
        assert types_named(text) == []


def test_tls_names_its_three_files():
    broker = {"host": "mes.plant", "port": 8883}
    assert _read(_raw(broker=broker)).tls is None
    tls = {"ca": "ca.der", "cert": "cert.der", "key": "key.der"}
    assert _read(_raw(broker=dict(broker, tls=tls))).tls == ("ca.der", "cert.der", "key.der")
    for wrong in (
        {},
        {"ca": "ca.der", "cert": "", "key": 5},
        "yes",
        {"ca": "a", "cert": "b", "key": "c", "x": "d"},
    ):
        assert all("broker.tls" in fault for fault in _faults(_raw(broker=dict(broker, tls=wrong))))
