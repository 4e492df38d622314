"""What the fold remembers between its transactions: births, keys of stations and series, shapes.

All of it can be read again from the store; after a transaction that failed, it is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from sqlalchemy import Connection, Engine

from mes_server.actions.gathering import Where
from mes_server.actions.watch_boards import OpenLevels
from mes_server.domain.limits import Excursion, Limits
from mes_server.domain.nodes import (
    SERIES_DATATYPES,
    Layout,
    NodeId,
    NodeRegister,
    is_series,
    layout_of,
    node_birth,
)
from mes_server.domain.sessions import CloneWatch
from mes_server.domain.templates import Slot, Template, learn
from mes_server.store.births import Birth, load_births
from mes_server.store.excursions import load_open_excursions
from mes_server.store.nodes import ensure_node, load_node_keys
from mes_server.store.series import ensure_series
from mes_server.store.stations import ensure_station
from schemas.sparkplug import Metric, Payload
from schemas.station_types import StationType

Place = tuple[Where, Limits | None, Slot]
SHAPES_MAX = 20_000
_SHAPES_EACH = 8


@dataclass(frozen=True, slots=True)
class Shape:
    """A Template of a station's messages, and where the reading in each of its slots goes."""

    layout: Layout
    template: Template
    places: list[Place]


@dataclass(slots=True)
class StationKeys:
    """Where a station's readings go; `limits`: normal and alarm range of the metrics that have one."""

    key: int
    series: dict[str, int]
    limits: dict[str, Limits]


@dataclass(slots=True)
class Folding:
    """The fold's memory. `holder`: of the lease; a fold that lost it must not fold."""

    engine: Engine
    holder: str
    types: Mapping[str, StationType]
    register: NodeRegister | None = None
    node_keys: dict[NodeId, int] = field(default_factory=dict)
    stations: dict[tuple[NodeId, str], StationKeys] = field(default_factory=dict)
    clones: dict[NodeId, CloneWatch] = field(default_factory=dict)
    opened: dict[int, list[Excursion]] = field(default_factory=dict)
    levels: OpenLevels = field(default_factory=OpenLevels)
    _shapes: dict[tuple[str, int], list[Shape]] = field(default_factory=dict)
    _templates: dict[tuple[object, ...], list[Template]] = field(default_factory=dict)

    def forget(self) -> None:
        """Drop what may not be in the store: the transaction that said so was rolled back."""
        self.register = None
        self.stations.clear()
        self.node_keys.clear()
        self.levels.forget()
        self._shapes.clear()

    def known(self, conn: Connection) -> NodeRegister:
        """The register, read from the store when there is none."""
        if self.register is None:
            self.node_keys = load_node_keys(conn)
            self.register = _register(self.node_keys, load_births(conn))
            self.opened = load_open_excursions(conn)
        return self.register

    def node_key(self, conn: Connection, node: NodeId) -> int:
        """The key of a node."""
        if node not in self.node_keys:
            self.node_keys[node] = ensure_node(conn, *node)
        return self.node_keys[node]

    def station_keys(
        self, conn: Connection, node: NodeId, station: str, layout: Layout
    ) -> StationKeys:
        """The keys of a station, made for what its birth declares."""
        keys = self.stations.get((node, station))
        if keys is None:
            number = ensure_station(
                conn, self.node_key(conn, node), station, layout.station_type, None
            )
            keys = StationKeys(number, {}, self._limits(layout))
            self.stations[node, station] = keys
            self.add_series(conn, keys, series_of(layout))
        return keys

    def add_series(
        self, conn: Connection, keys: StationKeys, metrics: Iterable[tuple[str, int]]
    ) -> None:
        """Make sure that these metrics (with their datatype codes) have series."""
        new = list(metrics)
        if new:
            keys.series |= ensure_series(conn, keys.key, new)

    def _limits(self, layout: Layout) -> dict[str, Limits]:
        contract = self.types.get(layout.station_type or "")
        if contract is None:
            return {}
        return {
            spec.name: (spec.normal, spec.alarm)
            for spec in contract.metrics
            if spec.normal is not None or spec.alarm is not None
        }

    def shapes(self, topic: str, size: int, layout: Layout) -> list[Shape]:
        """The shapes known of a topic's payloads of this size; those of an older birth are dropped."""
        found = self._shapes.get((topic, size))
        if found is not None and all(shape.layout is layout for shape in found):
            return found
        if len(self._shapes) >= SHAPES_MAX:
            self._shapes.clear()
        fresh: list[Shape] = []
        self._shapes[topic, size] = fresh
        return fresh

    def template_for(self, payload: bytes, layout: Layout) -> Template | None:
        """The Template of a payload's shape: a sister station's, or a new one; None: there is none."""
        sisters = self._templates.setdefault((len(payload), layout.likeness()), [])
        row = np.frombuffer(payload, np.uint8)[None, :]
        for template in sisters:
            if template.matches(row)[0]:
                return template
        learned = learn(payload, layout)
        if learned is not None and len(sisters) < _SHAPES_EACH:
            sisters.append(learned)
        if len(self._templates) > SHAPES_MAX:
            self._templates.clear()
        return learned


def keep_shape(known: list[Shape], shape: Shape) -> None:
    """Remember a shape among those of its topic and size; the oldest makes room."""
    if len(known) >= _SHAPES_EACH:
        known.pop(0)
    known.append(shape)


def series_of(layout: Layout) -> list[tuple[str, int]]:
    """The metrics of a birth that become series, with their datatype codes."""
    return [
        (name, datatype)
        for name, datatype in layout.datatypes.items()
        if datatype in SERIES_DATATYPES and is_series(name)
    ]


def is_station(node: NodeId, station: str, layout: Layout) -> bool:
    """Whether a birth is that of a station: a node is one only when it measures something itself."""
    return station != node[1] or bool(series_of(layout))


def _register(keys: Mapping[NodeId, int], births: Iterable[Birth]) -> NodeRegister:
    """What the births remembered in the store tell; their aliases are not remembered."""
    register = NodeRegister()
    by_key = {key: node for node, key in keys.items()}
    for birth in births:
        node = by_key[birth.node]
        state = register.state(node)
        metrics = [
            Metric(name, None, None, datatype, value, None, False, False)
            for name, datatype, value in birth.metrics
        ]
        station = node[1] if birth.device is None else birth.device
        state.layouts[station] = layout_of(metrics).doubted()
        if birth.device is None:
            told = node_birth(Payload(None, metrics, None))
            state.bd_seq, state.serial, state.epoch = told.bd_seq, told.serial, told.epoch
            state.born_ms = birth.born_ms
    return register
