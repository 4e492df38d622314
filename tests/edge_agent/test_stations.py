"""Stations: from readings to records, and what a birth says of them."""

from edge_agent.records import Layout
from edge_agent.stations import Stations
from schemas.board_config import BoardStation
from schemas.samples import BAD, GOOD, STALE
from tests.edge_agent.fakes import (
    MemoryStorage,
    Sensor,
    Time,
    board_metric,
    open_journal,
    read_all,
)


class Bench:
    def __init__(self):
        self.time = Time()
        self.opened = []
        self.sensors = {}
        metrics = [board_metric("a", args={"pin": 4}), board_metric("b", datatype="int32")]
        specs = [
            BoardStation(name, "jet_mill", "3", list(metrics)) for name in ("mill-1", "mill-2")
        ]
        self.stations = Stations(specs, self._open, self.time.clock.mono_ms)
        self.journal = open_journal(MemoryStorage(), self.time, self.stations.layouts)

    def _open(self, driver, args, station, metric):
        self.opened.append((driver, args, station, metric))
        return self.sensors.setdefault((station, metric), Sensor())


def test_each_channel_is_opened_by_driver_arguments_station_and_metric():
    bench = Bench()
    for sampler in bench.stations.samplers:
        sampler.take()
        sampler.take()
    assert bench.opened == [
        ("fake", args, station, metric)
        for station in ("mill-1", "mill-2")
        for metric, args in (("a", {"pin": 4}), ("b", {}))
    ]


def test_readings_become_one_record_of_the_station_with_the_time_of_the_first():
    bench = Bench()
    sampler = bench.stations.samplers[1]
    sampler.take()
    bench.time.pass_ms(400)
    bench.stations.record(1, bench.journal, bench.time.clock.now_ms())
    bench.stations.record(1, bench.journal, bench.time.clock.now_ms())
    bench.journal.sync()
    (entry,) = read_all(bench.journal)
    assert entry.layout.station == "mill-2" and entry.head.mono_ms == 0
    assert entry.head.base_ms == bench.time.unix - 400


def test_readings_a_slow_sensor_has_pulled_apart_become_several_records():
    bench = Bench()
    for at in (0, 10, 59_000, 61_000, 200_000):
        bench.stations.samplers[0].readings.append((0, at, 1.0, GOOD))
    bench.time.pass_ms(200_000)
    bench.stations.record(0, bench.journal, bench.time.clock.now_ms())
    bench.journal.sync()
    entries = read_all(bench.journal)
    assert [entry.head.mono_ms for entry in entries] == [0, 61_000, 200_000]
    assert [len(entry.body) for entry in entries] == [27 + 39, 27 + 13, 27 + 13]
    assert entries[1].head.base_ms == bench.time.unix - 139_000


def test_thinned_samples_are_given_up_and_counted_with_their_station():
    bench = Bench()
    sampler = bench.stations.samplers[0]
    sampler.dropped = 7
    bench.stations.record(0, bench.journal, 1000)
    assert bench.journal.lost == 1 and sampler.dropped == 0
    assert bench.journal._losses.take(0, 0, at_once=True)[0][2] == (1000, 1000, 7, "thinned")


def test_a_birth_has_the_value_now_and_what_was_never_read_is_stale():
    bench = Bench()
    kind, metrics = bench.stations.now("mill-1", [])
    assert kind == ("jet_mill", "3")
    assert [(m.name, m.value, m.quality) for m in metrics] == [
        ("a", None, STALE),
        ("b", None, STALE),
    ]
    bench.sensors[("mill-1", "b")] = Sensor(OSError(5))
    bench.stations.samplers[0].take()
    _, metrics = bench.stations.now("mill-1", [])
    assert [(m.value, m.quality) for m in metrics] == [(20.0, GOOD), (None, BAD)]


def test_a_birth_lists_what_only_older_records_hold():
    bench = Bench()
    old = [
        Layout("mill-1", [("b", 3), ("c", 12)]),
        Layout("gone-1", [("x", 10)]),
        Layout("mill-1", [("c", 12)]),
    ]
    assert bench.stations.names(old) == ["mill-1", "mill-2", "gone-1"]
    _, metrics = bench.stations.now("mill-1", old)
    assert [(m.name, m.code) for m in metrics] == [("a", 10), ("b", 3), ("c", 12)]
    kind, metrics = bench.stations.now("gone-1", old)
    assert kind == (None, None) and [m.name for m in metrics] == ["x"]


def test_a_station_nobody_measures_is_lost():
    bench = Bench()
    assert bench.stations.is_lost("gone-1") and not bench.stations.is_lost("mill-1")
    bench.stations.samplers[1].dead = True
    assert bench.stations.is_lost("mill-2")
