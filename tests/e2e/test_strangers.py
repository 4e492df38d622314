"""Other people's Sparkplug clients feed the real ingest, and their series are right.

What they do otherwise than the standard asks is listed in docs/conformance.md.
"""

import math
import time
from collections.abc import Iterator
from typing import Any

import pytest

from mes_server.store.stations import StationView
from schemas.samples import BAD, GOOD
from schemas.sparkplug import DATATYPES
from tests.brokers import KINDS as BROKERS
from tests.e2e.stranger import KINDS, Stranger
from tests.plant import Plant
from tests.store_view import StoreView

GROUP = "foreign"
BEGIN_MS = time.time_ns() // 1_000_000 - 600_000
# type → what is sent, one value per second; wide integers as text, JavaScript has no room for them
VALUES: dict[str, list[Any]] = {
    "Int8": [-5, -128, 127],
    "Int16": [-300, -32768, 0],
    "Int32": [-70_000, -(2**31), 2**31 - 1],
    "Int64": ["-5000000000000", "-9223372036854775808", "9223372036854775807"],
    "UInt8": [0, 250, 255],
    "UInt16": [1, 60_000, 65_535],
    "UInt32": [7, 4_000_000_000, 2**32 - 1],
    "UInt64": ["0", "9007199254740993", "9223372036854775807"],
    "Float": [0.5, -1.25, 1024.0],
    "Double": [3.141592653589793, -2.5e-300, 1e15],
    "Boolean": [True, False, True],
    "String": ["idle", "运行", "größer"],
}
WIDE = ("Int64", "UInt64")


def metric(name: str, kind: str, value: Any, at_ms: int | None, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "value": value, "at": at_ms, **more}


def at(second: int) -> int:
    return BEGIN_MS + second * 1000


def typed(kind: str, value: Any) -> Any:
    return int(value) if kind in WIDE else value


@pytest.fixture(scope="module", params=BROKERS)
def plant(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Plant]:
    plant = Plant(tmp_path_factory.mktemp("strangers") / "plant", request.param)
    try:
        plant.start()
        yield plant
    finally:
        plant.stop()


@pytest.fixture(scope="module")
def store(plant: Plant) -> Iterator[StoreView]:
    view = StoreView(plant.store_url)
    yield view
    view.close()


class Edge:
    """A stranger with one node: `kiln-…` measures every datatype, `bare-…` tells no times."""

    def __init__(self, kind: str, plant: Plant) -> None:
        self.node = "edge-" + kind
        self.kiln, self.bare, self.short = (f"{name}-{kind}" for name in ("kiln", "bare", "short"))
        self.stranger = Stranger(kind, plant.folder / f"{kind}.log")
        stations = {
            self.kiln: [metric(name, name, values[0], at(0)) for name, values in VALUES.items()],
            self.bare: [metric("flow_l_h", "Double", None, None)],
        }
        if kind == "sparkplug-client":
            stations[self.short] = [metric("ph", "Double", 7.0, at(0), alias=9)]
        self.stranger.do(
            "begin",
            "born",
            host="127.0.0.1",
            port=plant.broker.port,
            group=GROUP,
            node=self.node,
            node_metrics=[metric("supply_v", "Double", 23.5, at(0))],
            stations=stations,
        )

    def measure(self, station: str | None, metrics: list[dict[str, Any]], at_ms: int) -> None:
        self.stranger.do("data", "sent", station=station, metrics=metrics, at=at_ms)


@pytest.fixture(scope="module")
def edges(plant: Plant) -> Iterator[dict[str, Edge]]:
    """The strangers that were needed so far, by their kind."""
    started: dict[str, Edge] = {}
    yield started
    for edge in started.values():
        edge.stranger.kill()


@pytest.fixture(params=KINDS)
def edge(
    request: pytest.FixtureRequest, plant: Plant, store: StoreView, edges: dict[str, Edge]
) -> Edge:
    if request.param not in edges:
        edges[request.param] = Edge(request.param, plant)
    edge = edges[request.param]
    store.until(lambda s: bool(s.station(edge.bare)), "the stranger's births")
    return edge


def test_its_stations_and_its_node_are_listed(edge: Edge, store: StoreView) -> None:
    kiln = store.station(edge.kiln)
    assert isinstance(kiln, StationView)
    assert (kiln.group, kiln.node, kiln.area, kiln.type) == (GROUP, edge.node, GROUP, None)
    node = store.node(edge.node)
    assert (node.online, node.own) == (True, False)
    assert store.series(edge.kiln) == {name: DATATYPES[name.lower()] for name in VALUES}


def test_values_types_and_times_are_those_it_sent(edge: Edge, store: StoreView) -> None:
    for second in (1, 2):
        metrics = [metric(n, n, values[second], at(second)) for n, values in VALUES.items()]
        edge.measure(edge.kiln, metrics, at(second))
    store.until(
        lambda s: all(len(s.samples(edge.kiln, name)) == 3 for name in VALUES), "three of each"
    )
    for name, values in VALUES.items():
        samples = store.samples(edge.kiln, name)
        wanted = [typed(name, value) for value in values]
        assert [sample.value for sample in samples] == wanted, name
        assert [type(sample.value) for sample in samples] == [type(value) for value in wanted], name
        assert [sample.at_ms for sample in samples] == [at(0), at(1), at(2)], name
        assert {sample.quality for sample in samples} == {GOOD}
    curve = store.curve(edge.kiln, "Double", at(0), at(2))
    assert (curve.times_ms, curve.values) == ([at(0), at(1), at(2)], VALUES["Double"])


def test_metrics_without_a_time_take_that_of_their_message(edge: Edge, store: StoreView) -> None:
    before = len(store.samples(edge.bare, "flow_l_h"))
    sent_ms = [time.time_ns() // 1_000_000 for _ in range(2)]
    edge.measure(edge.bare, [metric("flow_l_h", "Double", 12.5, None)], sent_ms[0])
    edge.measure(edge.bare, [metric("flow_l_h", "Double", None, None)], sent_ms[1])
    store.until(lambda s: len(s.samples(edge.bare, "flow_l_h")) == before + 2, "two more")
    first, second = store.samples(edge.bare, "flow_l_h")[before:]
    assert (first.value, first.quality) == (12.5, GOOD)
    assert (second.value, second.quality) == (None, BAD)
    now_ms = time.time_ns() // 1_000_000
    assert sent_ms[0] - 1000 <= first.at_ms <= second.at_ms <= now_ms


def test_the_node_measures_too(edge: Edge, store: StoreView) -> None:
    edge.measure(None, [metric("supply_v", "Double", 24.25, at(5))], at(5))
    store.until(lambda s: s.latest(edge.node, "supply_v") == 24.25, "the node's own value")
    samples = store.samples(edge.node, "supply_v")
    assert [(sample.at_ms, sample.value) for sample in samples] == [(at(0), 23.5), (at(5), 24.25)]


def test_an_alias_alone_is_understood(edge: Edge, store: StoreView) -> None:
    if edge.stranger.kind != "sparkplug-client":
        assert edge.short not in [device for _, _, device in store.ids()]
        return
    edge.measure(edge.short, [metric("ph", "Double", 6.5, at(6), alias=9)], at(6))
    store.until(lambda s: s.latest(edge.short, "ph") == 6.5, "the value sent by alias")
    assert [sample.value for sample in store.samples(edge.short, "ph")] == [7.0, 6.5]


def test_a_lost_message_brings_its_births_again_and_repeats_nothing(
    edge: Edge, store: StoreView
) -> None:
    edge.stranger.do("lose", "lost")
    edge.measure(edge.kiln, [metric("Double", "Double", 8.5, at(8))], at(8))
    edge.stranger.until("asked")
    edge.stranger.until("born")
    edge.measure(edge.kiln, [metric("Double", "Double", 9.5, at(9))], at(9))
    store.until(lambda s: s.latest(edge.kiln, "Double") == 9.5, "data after the rebirth")
    samples = store.samples(edge.kiln, "Double")
    assert [sample.value for sample in samples] == [*VALUES["Double"], 8.5, 9.5]
    assert all(math.isfinite(sample.value) for sample in samples)
    assert store.station(edge.kiln).online
    assert len(store.samples(edge.kiln, "Int8")) == 3


def test_when_it_dies_it_is_offline_with_all_it_watches(edge: Edge, store: StoreView) -> None:
    edge.stranger.kill()
    store.until(lambda s: not s.node(edge.node).online, "the node to be offline")
    stations = [store.station(device) for device in (edge.kiln, edge.bare)]
    assert [station.online for station in stations] == [False, False]
    assert not any(store.known(station) for station in stations)
    assert store.samples(edge.kiln, "Double")[-1].value == 9.5
    assert store.node(edge.node).quarantined == 0
