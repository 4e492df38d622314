"""Whatever comes: ingest goes on, good samples stay as they are, the bytes are kept with a reason."""

import itertools
import json
import random
import struct
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from mes_server.actions import put_aside
from mes_server.domain.messages import Message
from schemas import journal_metrics as names
from schemas.sparkplug import Metric
from tests.mes_server.edge import NOW_MS, Edge, encoded, plain
from tests.mes_server.mes import Mes

DDATA = "spBv1.0/sintering/DDATA/ctl-1/sinter-1"


def of(metrics: list[Metric], seq: int | None = 7) -> bytes:
    return encoded(metrics, seq)


def nested(depth: int) -> bytes:
    """A property set in a property set in a property set …"""
    inner = b""
    for _ in range(depth):
        inner = b"\x0a\x01Q\x12" + _sized(b"\x4a" + _sized(inner))
    return b"\x12" + _sized(b"\x0a\x01t\x4a" + _sized(inner))


def _sized(data: bytes) -> bytes:
    size, out = len(data), bytearray()
    while size > 127:
        out.append(size & 127 | 128)
        size >>= 7
    out.append(size)
    return bytes(out) + data


def raw_text(name: str, value: bytes) -> bytes:
    body = b"\x0a" + _sized(name.encode()) + b"\x18\x80\x90\xb1\xe6\x93\x34\x7a" + _sized(value)
    return b"\x12" + _sized(body) + b"\x18\x05"


_free = itertools.count(1000)  # positions nobody else uses


def own(values: dict[str, object], at_ms: int = NOW_MS, seq: int | None = None) -> bytes:
    seq = seq or next(_free)
    edge = Edge(metrics={"zone_1_temperature_c": "double", "step_no": "int32", "state": "string"})
    return edge.ddata([edge.record(seq, values, at_ms)]).payload  # type: ignore[arg-type]


def with_value(name: str, datatype: str, value: object, at_ms: int = NOW_MS) -> bytes:
    metric = plain(name, datatype, value, at_ms=at_ms)  # type: ignore[arg-type]
    head = Edge().record(next(_free), {}, NOW_MS)
    return of([*head, metric])


CORPUS: dict[str, tuple[str, bytes, str]] = {
    "nothing": (DDATA.replace("sinter-1", "none"), b"", "waiting for birth"),
    "broken protobuf": (DDATA, b"\x12\xff\xff\xff\xff\x0f", "payload"),
    "cut in the middle": (DDATA, own({"step_no": 4})[:-9], "payload"),
    "a group of protobuf": (DDATA, b"\x0b\x0c", "payload"),
    "a number without end": (DDATA, b"\x08" + b"\xff" * 30, "payload"),
    "a length beyond the end": (DDATA, b"\x12\x7f\x0a", "payload"),
    "text instead of a payload": (DDATA, b'{"temperature": 900}', "payload"),
    "a name that is not UTF-8": (DDATA, b"\x12\x05\x0a\x03\xff\xfe\xfd\x18\x05", "payload"),
    "a value that is not UTF-8": (DDATA, raw_text("state", b"\xff\xfe"), "datatype"),
    "a value with a zero byte": (DDATA, raw_text("state", b"a\0b"), "datatype"),
    "a megabyte": (DDATA, of([plain("t", "string", "x" * 1_000_000)]), "too large"),
    "metrics without number": (DDATA, of([plain("t", "double", 1.0)] * 2001), "payload"),
    "two thousand and one empty ones": (DDATA, b"\x12\x00" * 2001, "payload"),
    "a text for a number": (DDATA, with_value("zone_1_temperature_c", "string", "hot"), "datatype"),
    "a number for a text": (DDATA, with_value("state", "double", 1.5), "datatype"),
    "a number too large": (DDATA, with_value("step_no", "double", 1e300), "datatype"),
    "a time in 1970": (DDATA, own({"step_no": 4}, at_ms=86_400_000), "time"),
    "a time in 2099": (DDATA, own({"step_no": 4}, at_ms=4_070_908_800_000), "time"),
    "a time at the end of numbers": (DDATA, own({"step_no": 4}, at_ms=(1 << 64) - 1), "time"),
    "no name at all": (DDATA, of([plain(None, "double", 1.0)]), "name"),
    "a name nobody told": (DDATA, of([plain("colour", None, "red")]), "waiting for birth"),
    "a station nobody knows": (DDATA.replace("sinter-1", "sinter-9"), own({"step_no": 1}), "waiting for birth"),
    "a node nobody knows": ("spBv1.0/x/DDATA/y/z", own({"step_no": 1}), "waiting for birth"),
    "a verb nobody knows": ("spBv1.0/sintering/DOIT/ctl-1", b"", "topic"),
    "another protocol": ("plant/sinter-1/temperature", b"900.5", "topic"),
    "a birth with empty names": ("spBv1.0/sintering/DBIRTH/ctl-1/sinter-1", of([plain("", "double", 1.0)]), "name"),
    "a birth that is broken": ("spBv1.0/sintering/NBIRTH/ctl-1", b"\x12\x01", "payload"),
    "a position that is a text": (DDATA, of([plain(names.POS, "string", "one")]), "payload"),
    "a position without epoch and number": (DDATA, of([plain(names.POS, "uint64", 0)]), "position"),
    "a position used again": (DDATA, own({"step_no": 666}, seq=1), "position reused"),
    "a deep nest": (DDATA, nested(300), "waiting for birth"),
    "a float of two bytes": (DDATA, b"\x12\x06\x0a\x01t\x69\x00\x00", "payload"),
}  # fmt: skip


@pytest.fixture
def lasting(sqlite_engine: Engine) -> Mes:
    """One store for all examples of a property."""
    return started(Mes(sqlite_engine))


GOOD = [float(i) for i in range(10)]


def started(mes: Mes) -> Mes:
    """A plant of one furnace that has measured something."""
    edge = Edge()
    mes.take(edge.nbirth(), edge.dbirth())
    mes.take(*[edge.live({"zone_1_temperature_c": v}, at_ms=NOW_MS + int(v)) for v in GOOD])
    return mes


def goes_on(mes: Mes, at: int) -> None:
    """Ingest still takes good samples, and the good ones before are as they were."""
    edge = Edge(next=at, seq=at % 256)
    mes.take(edge.live({"zone_1_temperature_c": float(at)}, at_ms=NOW_MS + at))
    assert mes.values("zone_1_temperature_c")[: len(GOOD)] == GOOD
    assert mes.values("zone_1_temperature_c")[-1] == float(at)
    assert mes.rows("SELECT count(*) FROM inbox") == [(0,)]


@pytest.mark.parametrize("name", CORPUS)
def test_bad_input_is_kept_with_its_reason_and_harms_nothing(
    sqlite_engine: Engine, name: str
) -> None:
    mes = started(Mes(sqlite_engine))
    topic, payload, reason = CORPUS[name]
    before = mes.values("step_no"), mes.values("state")
    receipt, folded = mes.take(Message(topic, payload, NOW_MS))
    (kept,) = mes.quarantined()
    assert kept.reason == reason, kept.detail
    assert kept.detail
    assert kept.payload == payload[: len(kept.payload)]
    assert len(kept.payload) == min(len(payload), 256 * 1024 + 1)
    assert receipt.quarantined + folded.quarantined == 1
    assert any(kind == "quarantined" for kind, _ in mes.alarms())
    assert (mes.values("step_no"), mes.values("state")) == before
    goes_on(mes, 50)


def test_the_whole_corpus_in_one_batch_among_good_messages(mes: Mes) -> None:
    started(mes)
    edge = Edge(next=11, seq=11)
    messages = []
    for topic, payload, _ in CORPUS.values():
        messages.append(Message(topic, payload, NOW_MS))
        at = edge.next
        messages.append(edge.live({"zone_1_temperature_c": float(at)}, at_ms=NOW_MS + at))
    mes.take(*messages)
    assert mes.values("zone_1_temperature_c") == [*GOOD, *map(float, range(11, edge.next))]
    assert len(mes.quarantined()) == len(CORPUS)


def test_not_a_number_is_no_value_and_the_others_of_its_record_stay(mes: Mes) -> None:
    started(mes)
    edge = Edge(next=11, seq=11)
    for i, value in enumerate((float("nan"), float("inf"), float("-inf"))):
        mes.take(edge.live({"zone_1_temperature_c": value, "step_no": i}, at_ms=NOW_MS + 20 + i))
    assert mes.values("zone_1_temperature_c") == [*GOOD, None, None, None]
    assert mes.values("step_no") == [0, 1, 2]
    assert mes.quarantined() == []


def _noise(payload: bytes, draw: random.Random) -> Iterator[bytes]:
    """Damage of all kinds to one good message."""
    kinds: list[Callable[[bytearray], object]] = [
        lambda b: b.__setitem__(draw.randrange(len(b)), draw.randrange(256)),
        lambda b: b.__delitem__(slice(draw.randrange(len(b)), None)),
        lambda b: b.insert(draw.randrange(len(b)), draw.randrange(256)),
        lambda b: b.extend(draw.randbytes(draw.randrange(20))),
        lambda b: b.__setitem__(slice(0, 0), bytes(b)),
        lambda b: b.extend(struct.pack("<Q", draw.randrange(1 << 64))),
    ]
    for _ in range(draw.randint(1, 6)):
        damaged = bytearray(payload)
        for _ in range(draw.randint(1, 4)):
            if damaged:
                draw.choice(kinds)(damaged)
        yield bytes(damaged)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.randoms(use_true_random=False))
def test_damaged_messages_of_every_verb_stop_nothing(lasting: Mes, draw: random.Random) -> None:
    """Damage to a stranger's node of its own: the furnace's samples are compared after each."""
    edge = Edge(group="x", node="noisy", epoch=draw.randrange(1 << 32))
    made = [
        edge.nbirth(),
        edge.dbirth("s"),
        edge.live({"step_no": 1}, "s"),
        edge.ndeath(),
        edge.ddeath("s"),
    ]
    wild = [
        Message(message.topic, damaged, NOW_MS)
        for message in made
        for damaged in _noise(message.payload, draw)
    ]
    draw.shuffle(wild)
    lasting.take(*made, *wild)
    lasting.retry()
    assert lasting.values("zone_1_temperature_c") == GOOD
    assert lasting.rows("SELECT count(*) FROM inbox") == [(0,)]


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(max_size=60), st.binary(max_size=200))
def test_any_topic_and_any_bytes_stop_nothing(lasting: Mes, topic: str, payload: bytes) -> None:
    lasting.take(Message(topic, payload, NOW_MS), Message(DDATA, payload, NOW_MS))
    assert lasting.values("zone_1_temperature_c") == GOOD
    assert lasting.rows("SELECT count(*) FROM inbox") == [(0,)]


def test_a_flood_of_births_of_a_known_node_does_not_fill_the_disk(
    mes: Mes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(put_aside, "WHOLE_MAX", 3)
    monkeypatch.setattr(put_aside, "BEGINNINGS_MAX", 6)
    started(mes)
    nonsense = of([Metric("Station/Type", None, None, 12, "x" * 5000, None, False, False)])
    flood = Message("spBv1.0/other/DDATA/plc-9/press-1", nonsense, NOW_MS)
    mes.take(*[flood] * 10)
    kept = mes.quarantined()
    assert [len(message.payload) for message in kept] == [len(nonsense)] * 3 + [1000] * 3
    assert [message.size for message in kept] == [None] * 3 + [len(nonsense)] * 3
    (facts,) = mes.rows("SELECT facts FROM alarm WHERE subject = 'other/plc-9'")
    assert json.loads(facts[0]) | {"only_beginning": 3, "only_counted": 4} == json.loads(facts[0])
    mes.take(flood._replace(topic="spBv1.0/other/DDATA/plc-8/press-1"))
    assert len(mes.quarantined()[-1].payload) == len(nonsense), "another node has room of its own"
    goes_on(mes, 50)


def test_records_with_positions_are_kept_whole_however_many_there_are(
    mes: Mes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(put_aside, "WHOLE_MAX", 0)
    monkeypatch.setattr(put_aside, "BEGINNINGS_MAX", 0)
    edge = Edge()
    sent = [edge.live({"state": "x" * 3000}) for _ in range(5)]
    mes.take(*sent)
    assert [kept.payload for kept in mes.quarantined()] == [message.payload for message in sent]
    mes.take(edge.nbirth(), edge.dbirth())
    mes.retry()
    assert mes.values("state") == ["x" * 3000] * 5, "acknowledged, and therefore not lost"


def test_a_flood_of_refuse_does_not_fill_the_disk(
    mes: Mes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(put_aside, "WHOLE_MAX", 3)
    monkeypatch.setattr(put_aside, "BEGINNINGS_MAX", 6)
    started(mes)
    receipt = mes.receive(*[Message("not/sparkplug", b"x" * 5000, NOW_MS)] * 10)
    assert receipt.quarantined == 10
    assert [len(kept.payload) for kept in mes.quarantined()] == [5000] * 3 + [1000] * 3
    assert mes.rows("SELECT count FROM alarm WHERE kind = 'quarantined'") == [(10,)]
    goes_on(mes, 50)
