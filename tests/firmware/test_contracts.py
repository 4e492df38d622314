"""A contract read one metric at a time measures as the whole one does; both interpreters run this file."""

import os

from firmware.onboard.contracts import read_kind
from firmware.onboard.station import load_board, load_lean, loaded
from schemas.station_types import FOLDER, load_station_types

BOARD = '{"group": "a", "node": "n", "broker": {"host": "h", "port": 1}, "journal": {"path": "j", "bytes": 900000}, "stations": [%s]}'


def test_each_contract_is_read_as_its_checker_reads_it():
    for name, whole in load_station_types().items():
        lean = read_kind(f"{FOLDER}/{name}.json")
        assert (lean.type, lean.revision, len(lean.metrics)) == (
            whole.type,
            whole.revision,
            len(whole.metrics),
        )
        for got, spec in zip(lean.metrics, whole.metrics):
            assert got == (
                spec.name,
                spec.datatype,
                spec.kind,
                spec.every_ms,
                spec.report_ms,
                spec.deadband,
                spec.alarm,
            )


def _file(text):
    path = (os.getenv("TMPDIR") or "/tmp") + "/lodestone-station.json"
    with open(path, "wb") as file:  # noqa: PTH123  both interpreters
        file.write(text)
    return path


def test_a_board_is_the_same_whichever_way_it_was_read():
    stations = [
        f'{{"station": "s{n}", "type": "{kind}", "driver": "modbus_rtu", "args": {{"uart": 1}}}}'
        for n, kind in enumerate(("electroplating_line", "jet_mill"))
    ]
    path = _file((BOARD % ", ".join(stations)).encode())
    whole, lean = load_board(path), load_lean(path)
    assert tuple(whole) == tuple(lean)
    assert sum([len(station.metrics) for station in lean.stations]) == 78


def test_faults_of_a_station_file_are_told_by_the_lean_reader_as_well():
    path = _file((BOARD % '{"station": "s", "type": "crystal_ball", "driver": "x"}').encode())
    board, faults = loaded(path, lean=True)
    assert board is None and "crystal_ball" in faults[0]
    for wrong in (b"\xff", b"{"):
        board, faults = loaded(_file(wrong), lean=True)
        assert board is None and faults, wrong
    board, faults = loaded("nowhere/station.json", lean=True)
    assert board is None and "nowhere" in faults[0]
