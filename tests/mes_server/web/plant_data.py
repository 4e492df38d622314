"""A small plant in a real store, written through the store's own functions."""

import json
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Connection, Engine

from mes_server.domain.boards import Bus
from mes_server.domain.limits import Excursion
from mes_server.domain.nodes import NodeBirth
from mes_server.domain.watermarks import Watermark
from mes_server.settings import Settings
from mes_server.store.alarms import raise_alarm
from mes_server.store.boards import Boot, append_boot, note_board, note_buses
from mes_server.store.engine import open_engine
from mes_server.store.excursions import save_excursions
from mes_server.store.losses import Loss, append_loss
from mes_server.store.nodes import ensure_node, note_seen, set_node_born, set_node_dead
from mes_server.store.positions import Journal, save_watermarks
from mes_server.store.quarantine import Unread, quarantine
from mes_server.store.schema import upgrade
from mes_server.store.series import ensure_series
from mes_server.store.stations import ensure_station, note_station, set_station_online
from mes_server.store.telemetry import Column, append_samples
from mes_server.store.transaction import writing
from schemas.journal_metrics import position
from schemas.sparkplug import DATATYPES
from schemas.station_types import MetricSpec, StationType, load_station_types

NOW_MS = 1_795_430_000_000  # 2026-11-23T10:33:20Z
EPOCH = 0x5EED0001
TYPES = load_station_types()
STATUS: dict[str, Any] = {
    "pid": 4711, "connected": True, "storing": True, "fault": None, "queue": 0, "inbox_depth": 3,
    "received": 120_345, "stored": 120_342, "dropped": 0, "duplicates": 12, "quarantined": 2,
    "rate_per_s": 41.3, "sqlite_version": "3.53.0", "sqlite_affected": False,
}  # fmt: skip


def make_settings(data_dir: Path, **more: Any) -> Settings:
    """Settings over an empty directory."""
    return Settings(data_dir=data_dir, **{"timezone": "Asia/Shanghai", **more})


def make_store(settings: Settings) -> Engine:
    """An empty store with all its tables."""
    engine = open_engine(settings.url)
    upgrade(engine)
    return engine


def write_status(data_dir: Path, at_ms: int = NOW_MS, **more: Any) -> None:
    """What ingest would say about itself."""
    text = json.dumps(STATUS | {"at_ms": at_ms} | more)
    (data_dir / "ingest.status").write_bytes(text.encode().ljust(1024))


@dataclass
class Plant:
    """Writes nodes, stations and samples; every method is one transaction."""

    engine: Engine
    now_ms: int = NOW_MS

    def node(self, node: str, group: str = "sintering", online: bool = True, **birth: Any) -> int:
        """A node of ours that was born an hour ago; `next` records, of which `stored` are here."""
        said: dict[str, Any] = {
            "interpreter": "micropython 1.25.0", "version": "0.1.0", "serial": f"sim-{node}",
            "boot": 3, "first": 1, "next": 120_000, "lost": 0, "used_pct": 1.5, "clock": 2,
            "heap": 61_000,
        }  # fmt: skip
        said |= birth
        stored = said.pop("stored", said["next"] - 1)
        own = NodeBirth(**said | {n: position(EPOCH, said[n]) for n in ("first", "next")})
        born_ms = self.now_ms - 3_600_000
        with writing(self.engine) as conn:
            key = ensure_node(conn, group, node)
            set_node_born(conn, key, own, born_ms, True)
            save_watermarks(conn, {Journal(key, EPOCH): Watermark([(1, stored)])}, born_ms)
            note_seen(conn, [(self.now_ms - 4000, key)])
            if not online:
                set_node_dead(conn, key, self.now_ms - 120_000)
        return key

    def board(self, node: int, buses: Sequence[Bus] = (), **facts: Any) -> None:
        """What the board of a node told; half of its errors are of late."""
        with writing(self.engine) as conn:
            note_board(conn, node, facts)
            if buses:
                half = [Bus(b.at, b.asked // 2, b.failed // 2, b.last) for b in buses]
                note_buses(conn, node, half, self.now_ms - 300_000, 600_000)
                note_buses(conn, node, buses, self.now_ms, 600_000)
            boot = Boot(
                self.now_ms - 3_600_000, 3, facts.get("boot_reason"), facts.get("image"), "sim"
            )
            append_boot(conn, node, boot, 50)

    def foreign_node(self, node: str, group: str = "thirdparty") -> int:
        """A node of another maker."""
        with writing(self.engine) as conn:
            key = ensure_node(conn, group, node)
            set_node_born(conn, key, NodeBirth(bd_seq=4), self.now_ms - 3_600_000, False)
        return key

    def station(self, node: int, device: str, kind: str | None, online: bool = True) -> int:
        """A station of a type, or of none."""
        with writing(self.engine) as conn:
            area = TYPES[kind].area if kind is not None else None
            key = ensure_station(conn, node, device, kind, area)
            note_station(conn, key, contract_fits=kind is not None, revision="1")
            set_station_online(conn, key, online, self.now_ms - 3_600_000)
        return key

    def samples(
        self,
        station: int,
        metric: str,
        times_ms: Any,
        values: Any,
        datatype: str = "double",
        **more: Any,
    ) -> int:
        """Samples of one series; the number of the change."""
        with writing(self.engine) as conn:
            return put(conn, station, metric, times_ms, values, datatype, **more)

    def excursion(
        self, station: int, metric: str, kind: str, minutes: int, open_: bool = True
    ) -> None:
        """An excursion above 10, begun so many minutes ago."""
        from_ms = self.now_ms - minutes * 60_000
        last_ms = self.now_ms - 2000
        found = Excursion(
            kind, "high", 10.0, from_ms, last_ms, None if open_ else last_ms, 12.5, 40
        )
        with writing(self.engine) as conn:
            key = ensure_series(conn, station, [(metric, DATATYPES["double"])])[metric]
            save_excursions(conn, [(key, [found], False)])

    def loss(
        self, node: int, station: int | None, reason: str = "restart", count: int = 40
    ) -> None:
        """A stated loss of one minute, twenty minutes ago."""
        from_ms = self.now_ms - 1_200_000
        with writing(self.engine) as conn:
            append_loss(
                conn, Loss(node, station, from_ms, from_ms + 60_000, count, reason, self.now_ms)
            )

    def unread(
        self, topic: str, payload: bytes, reason: str = "payload", detail: str = "cut off"
    ) -> int:
        """A message in quarantine."""
        with writing(self.engine) as conn:
            return quarantine(conn, Unread(self.now_ms - 90_000, topic, payload, reason, detail))

    def alarm(self, kind: str, subject: str, **facts: Any) -> None:
        """An open alarm of the system."""
        with writing(self.engine) as conn:
            raise_alarm(conn, kind, subject, facts, self.now_ms - 60_000)


def put(
    conn: Connection,
    station: int,
    metric: str,
    times_ms: Any,
    values: Any,
    datatype: str,
    **more: Any,
) -> int:
    """Samples of one series, in a transaction that somebody else holds."""
    key = ensure_series(conn, station, [(metric, DATATYPES[datatype])])[metric]
    times = np.asarray(times_ms, np.int64)
    column: Any = list(values) if datatype == "string" else np.asarray(values)
    received = more.pop("received_ms", None) or int(times[-1]) + 20
    return append_samples(conn, [Column(key, times, column, received, **more)])


def history(spec: MetricSpec, seed: int, times_ms: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Something that moves within the normal range of a metric."""
    chance = random.Random(f"{seed} {spec.name}")
    low, high = spec.normal or (0.0, 100.0)
    low = 0.0 if low is None else low
    high = low + 10 if high is None else high
    t = times_ms / 1000.0
    wave = (
        0.62
        + 0.22 * np.sin(t / 900 + chance.random() * 6)
        + 0.02 * np.sin(t / 41 + chance.random())
    )
    wave = wave + 0.01 * np.random.default_rng(seed).normal(size=len(t))
    if spec.scale == "log":
        low = max(low, 1e-4)
        return np.exp(math.log(low) + wave * (math.log(high) - math.log(low)))
    return low + wave * (high - low)


def fill_station(plant: Plant, station: int, kind: StationType, state: str, minutes: int) -> None:
    """Every metric of a type for the last minutes, up to now."""
    columns = []
    with writing(plant.engine) as conn:
        named = [(spec.name, DATATYPES[spec.datatype]) for spec in kind.metrics]
        keys = ensure_series(conn, station, named)
        for at, spec in enumerate(kind.metrics):
            period = min(spec.report_ms, 10_000) if spec.kind == "analog" else 60_000
            times = np.arange(plant.now_ms - minutes * 60_000, plant.now_ms - 500, period)
            values = _values(spec, station * 100 + at, times, state)
            columns.append(Column(keys[spec.name], times, values, int(times[-1]) + 20))
        append_samples(conn, columns)


def _values(spec: MetricSpec, seed: int, times: np.ndarray[Any, Any], state: str) -> Any:
    if spec.name == "state":
        return [state if at % 90 < 80 else "setup" for at in range(len(times), 0, -1)]
    if spec.datatype == "string":
        return ["R-7" if at % 70 < 45 else "R-8" for at in range(len(times))]
    if spec.datatype == "boolean":
        return np.arange(len(times)) % 50 < 46
    if spec.kind == "counter":
        return (
            np.cumsum(np.full(len(times), 0.25))
            if spec.datatype == "double"
            else np.arange(len(times))
        )
    if spec.datatype != "double":
        return np.arange(len(times)) // 12
    return history(spec, seed, times)
