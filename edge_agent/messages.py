"""The payloads a node sends beside its records: births, deaths, its own condition."""

import gc
import sys
from collections import namedtuple

from schemas import journal_metrics as names
from schemas.samples import GOOD
from schemas.sparkplug import Metric, Payload, encode_payload, metric, put_payload

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_agent.clock import Clock
    from edge_agent.journal import Journal
    from edge_agent.records import Value

VERSION = "0.1.0"
# name, Sparkplug datatype code, current value, quality
Now = namedtuple("Now", ("name", "code", "value", "quality"))


def heap_in_use() -> int:
    """Bytes; 0 where the interpreter cannot tell."""
    measure = getattr(gc, "mem_alloc", None)
    return measure() if measure else 0


def interpreter() -> str:
    version = sys.implementation.version
    return f"{sys.implementation.name} {version[0]}.{version[1]}.{version[2]}"


def death(bd_seq: int, at_ms: int) -> bytes:
    """NDEATH: nothing but the number of the CONNECT whose Will it is."""
    return encode_payload(Payload(at_ms, [metric(names.BD_SEQ, "int64", bd_seq, at_ms)], None))


def _condition(journal: "Journal", clock: "Clock", at_ms: int) -> list[Metric]:
    first = journal.position(journal.first)
    following = journal.position(journal.durable + 1)
    return [
        metric(names.FIRST, "uint64", first, at_ms),
        metric(names.NEXT, "uint64", following, at_ms),
        metric(names.LOST, "uint64", journal.lost, at_ms),
        metric(names.USED, "double", journal.used_pct, at_ms),
        metric(names.CLOCK, "uint8", clock.state, at_ms),
        metric(names.HEAP, "uint64", heap_in_use(), at_ms),
        metric(names.STEP, "int64", clock.stepped_ms, at_ms),
    ]


def facts_metrics(facts: "list[tuple[str, str, str | int]]", at_ms: int) -> list[Metric]:
    """What a board tells of itself (`edge_agent.ports.Machine.facts`)."""
    return [metric(name, datatype, value, at_ms) for name, datatype, value in facts]


def node_birth(
    journal: "Journal", clock: "Clock", who: "tuple[int, str]", facts: list[Metric], at_ms: int
) -> bytes:
    """NBIRTH, always with seq 0. `who`: bdSeq and serial."""
    bd_seq, serial = who
    metrics = [
        metric(names.BD_SEQ, "int64", bd_seq, at_ms),
        metric(names.REBIRTH, "boolean", False, at_ms),
        metric(names.ACK, "uint64", journal.position(journal.ack), at_ms, is_transient=True),
        metric(names.REWIND, "uint64", 0, at_ms, is_transient=True),
        metric(names.ANCHORS, "string", journal.anchors.text(), at_ms),
    ]
    metrics += _condition(journal, clock, at_ms)
    metrics += [
        metric(names.INTERPRETER, "string", interpreter(), at_ms),
        metric(names.VERSION, "string", VERSION, at_ms),
        metric(names.SERIAL, "string", serial, at_ms),
        metric(names.BOOT, "uint32", journal.boot, at_ms),
    ]
    return encode_payload(Payload(at_ms, metrics + facts, 0))


def node_data(
    journal: "Journal", clock: "Clock", facts: list[Metric], at_ms: int, seq: int
) -> bytes:
    """NDATA: the journal's and the node's condition, and its anchors when there is a new one."""
    told = _condition(journal, clock, at_ms)
    if journal.anchors.news:
        told.append(metric(names.ANCHORS, "string", journal.anchors.text(), at_ms))
    return encode_payload(Payload(at_ms, told + facts, seq), False)


def station_birth(
    out: bytearray,
    kind: "tuple[str | None, str | None]",
    metrics: "list[Now]",
    at_ms: int,
    seq: int,
) -> None:
    """DBIRTH, at the end of `out`: type and revision, the heads of records, and every metric that may come."""
    heads = [
        metric(names.STATION_TYPE, "string", kind[0], at_ms),
        metric(names.STATION_REVISION, "string", kind[1], at_ms),
        metric(names.POS, "uint64", None, at_ms),
        metric(names.CRC, "uint32", None, at_ms),
        metric(names.MONO, "uint64", None, at_ms),
        metric(names.CLOCK, "uint8", None, at_ms),
        metric(names.LOSS, "string", None, at_ms),
    ]
    put_payload(out, Payload(at_ms, _body(heads, metrics, at_ms), seq))


def _body(heads: list[Metric], metrics: "list[Now]", at_ms: int) -> "Iterator[Metric]":
    """One metric at a time: memory."""
    yield from heads
    for now in metrics:
        quality = None if now.quality == GOOD else now.quality
        value: Value = now.value
        yield Metric(now.name, None, at_ms, now.code, value, quality, False, False)


def station_death(at_ms: int, seq: int) -> bytes:
    """DDEATH."""
    return encode_payload(Payload(at_ms, [], seq))
