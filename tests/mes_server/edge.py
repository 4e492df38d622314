"""An edge node of a test, as bytes: what our own agent, or a stranger's client, would publish."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mes_server.domain.messages import Message
from schemas import journal_metrics as names
from schemas.samples import bad_because
from schemas.sparkplug import DATATYPES, Metric, Payload, encode_payload, metric
from schemas.topics import topic

Value = float | int | bool | str | None
NOW_MS = 1_795_500_000_000
METRICS = {"zone_1_temperature_c": "double", "step_no": "int32", "state": "string"}


class Bad(str):
    """No value, and why: one of schemas.samples.REASONS."""

    __slots__ = ()


def _told(name: str, datatype: str, value: Value, at_ms: int, historical: bool) -> Metric:
    quality = 0 if value is None else None
    if isinstance(value, Bad):
        value, quality = None, bad_because(value)
    return metric(name, datatype, value, at_ms, quality, historical)


@dataclass
class Edge:
    """One node with a journal. Every message made takes the next Sparkplug seq."""

    group: str = "sintering"
    node: str = "ctl-1"
    epoch: int = 0xA1B2C3D4
    serial: str = "chip-1"
    station_type: str = "sinter_furnace"
    metrics: Mapping[str, str] = field(default_factory=lambda: dict(METRICS))
    bd_seq: int = 0
    seq: int = 0
    first: int = 1
    next: int = 1
    anchors: str | None = None  # None: an agent from before there were any
    boot: int = 1
    used_pct: float = 1.5
    facts: dict[str, Value] = field(default_factory=dict)  # of its board, told in births

    def _message(
        self, verb: str, metrics: Sequence[Metric], at_ms: int, station: str | None = None
    ) -> Message:
        payload = Payload(at_ms, list(metrics), None if verb == "NDEATH" else self.seq)
        if verb != "NDEATH":
            self.seq = (self.seq + 1) % 256
        data = encode_payload(payload, with_datatypes=verb not in ("DDATA", "NDATA"))
        return Message(topic(self.group, verb, self.node, station), data, at_ms)

    def nbirth(self, at_ms: int = NOW_MS) -> Message:
        """The birth of the node, with its journal's extent."""
        self.seq = 0
        told = [
            metric(names.BD_SEQ, "int64", self.bd_seq, at_ms),
            metric(names.REBIRTH, "boolean", False, at_ms),
            metric(names.ACK, "uint64", 0, at_ms),
            metric(names.REWIND, "uint64", 0, at_ms),
            metric(names.FIRST, "uint64", names.position(self.epoch, self.first), at_ms),
            metric(names.NEXT, "uint64", names.position(self.epoch, self.next), at_ms),
            metric(names.LOST, "uint64", 0, at_ms),
            metric(names.USED, "double", self.used_pct, at_ms),
            metric(names.CLOCK, "uint8", 2, at_ms),
            metric(names.INTERPRETER, "string", "test", at_ms),
            metric(names.VERSION, "string", "0", at_ms),
            metric(names.SERIAL, "string", self.serial, at_ms),
            metric(names.BOOT, "uint32", self.boot, at_ms),
            metric(names.HEAP, "uint64", 1000, at_ms),
        ]
        if self.anchors is not None:
            told.append(metric(names.ANCHORS, "string", self.anchors, at_ms))
        return self._message("NBIRTH", told + self._facts(self.facts, at_ms), at_ms)

    def ndata(self, at_ms: int = NOW_MS) -> Message:
        """What the node tells of itself again: here its anchors."""
        told = [metric(names.ANCHORS, "string", self.anchors, at_ms)]
        return self._message("NDATA", told, at_ms)

    def _facts(self, facts: Mapping[str, Value], at_ms: int) -> list[Metric]:
        kinds = {name: _KINDS[type(value)] for name, value in facts.items()}
        return [metric(name, kinds[name], value, at_ms) for name, value in facts.items()]

    def tells(self, facts: Mapping[str, Value], at_ms: int = NOW_MS) -> Message:
        """News of the board or the journal, as NDATA."""
        self.facts |= facts
        return self._message("NDATA", self._facts(facts, at_ms), at_ms)

    def dbirth(self, station: str = "sinter-1", at_ms: int = NOW_MS) -> Message:
        """The birth of a station with all its metrics, values null."""
        told = [
            metric(names.STATION_TYPE, "string", self.station_type, at_ms),
            metric(names.STATION_REVISION, "string", "1", at_ms),
            metric(names.POS, "uint64", None, at_ms),
            metric(names.CRC, "uint32", None, at_ms),
            metric(names.MONO, "uint64", None, at_ms),
            metric(names.CLOCK, "uint8", None, at_ms),
            metric(names.LOSS, "string", None, at_ms),
        ]
        told += [metric(name, kind, None, at_ms) for name, kind in self.metrics.items()]
        return self._message("DBIRTH", told, at_ms, station)

    def record(
        self,
        seq: int,
        values: Mapping[str, Value],
        at_ms: int,
        historical: bool = False,
        crc: int | None = None,
        clock: int = 2,
    ) -> list[Metric]:
        """The metrics of one journalled record."""
        if crc is None:
            crc = zlib.crc32(repr((self.epoch, seq, sorted(values.items()), at_ms)).encode())
        head: list[tuple[str, str, Value]] = [
            (names.POS, "uint64", names.position(self.epoch, seq)),
            (names.CRC, "uint32", crc),
            (names.MONO, "uint64", (1 << 40) | (at_ms & 0xFFFFFFFF)),
        ]
        if clock != names.CLOCK_NETWORK:
            head.append((names.CLOCK, "uint8", clock))
        kinds = {**self.metrics, names.LOSS: "string"}
        told = [metric(n, k, v, at_ms, is_historical=historical) for n, k, v in head]
        return told + [_told(n, kinds[n], v, at_ms, historical) for n, v in values.items()]

    def ddata(
        self, records: Sequence[Sequence[Metric]], station: str = "sinter-1", at_ms: int = NOW_MS
    ) -> Message:
        """A DDATA message of whole records."""
        return self._message("DDATA", [m for record in records for m in record], at_ms, station)

    def live(
        self, values: Mapping[str, Value], station: str = "sinter-1", at_ms: int = NOW_MS
    ) -> Message:
        """The next record of the journal, alone in its message."""
        record = self.record(self.next, values, at_ms)
        self.next += 1
        return self.ddata([record], station, at_ms)

    def ndeath(self, at_ms: int = NOW_MS) -> Message:
        """The Will of this session."""
        return self._message("NDEATH", [metric(names.BD_SEQ, "int64", self.bd_seq, at_ms)], at_ms)

    def ddeath(self, station: str = "sinter-1", at_ms: int = NOW_MS) -> Message:
        """A station is gone."""
        return self._message("DDEATH", [], at_ms, station)


_KINDS = {float: "double", bool: "boolean", int: "uint64", str: "string", bytes: "bytes"}


def encoded(metrics: Sequence[Metric], seq: int | None, at_ms: int | None = NOW_MS) -> bytes:
    """A payload; a metric without a datatype has its value written after its kind, and no datatype."""
    parts = [encode_payload(Payload(at_ms, [], None))]
    for m in metrics:
        if m.datatype is None and m.value is not None:
            kind = DATATYPES[_KINDS[type(m.value)]]
            parts.append(encode_payload(Payload(None, [m._replace(datatype=kind)], None), False))
        else:
            parts.append(encode_payload(Payload(None, [m], None)))
    return b"".join([*parts, encode_payload(Payload(None, [], seq))])


def stranger(
    verb: str,
    metrics: Sequence[Metric],
    seq: int | None,
    device: str | None = "press-1",
    at_ms: int | None = NOW_MS,
) -> Message:
    """A message of an edge without a journal."""
    where = topic("pressing", verb, "plc-7", device)
    return Message(where, encoded(metrics, seq, at_ms), at_ms or NOW_MS)


def plain(name: str | None, datatype: str | None, value: Value | bytes, **more: object) -> Metric:
    """A metric with what a test wants to say of it."""
    code = None if datatype is None else DATATYPES[datatype]
    fields: dict[str, Any] = {"alias": None, "at_ms": NOW_MS, "quality": None, "historical": False}
    fields |= more
    return Metric(
        name, fields["alias"], fields["at_ms"], code, value, fields["quality"],
        fields["historical"], False,
    )  # fmt: skip
