"""A birth that is wrong, forged or was missed misreads nothing for good: the next true one mends it."""

import pytest
from sqlalchemy import Engine

from mes_server.actions.doubt_nodes import doubt_nodes
from mes_server.domain.messages import Message
from schemas.sparkplug import DATATYPES, Metric, Payload, encode_payload
from tests.mes_server.edge import NOW_MS, Edge, encoded, plain, stranger
from tests.mes_server.mes import Mes

NODE = ("sintering", "ctl-1")
MINUS_TWO = 0xFFFFFFFE  # of 32 bits


@pytest.fixture
def mes(engine: Engine) -> Mes:
    return Mes(engine)


def test_a_forged_birth_of_a_station_is_asked_about_and_what_it_spoilt_comes_back(
    mes: Mes,
) -> None:
    edge = Edge()
    forger = Edge(metrics=edge.metrics | {"step_no": "string"})
    mes.take(edge.nbirth(), edge.dbirth(), edge.live({"step_no": 1}))
    _, folded = mes.take(forger.dbirth(at_ms=NOW_MS + 1))
    assert folded.rebirths == {NODE}, "a birth unlike the last one is asked for again"
    _, folded = mes.take(edge.live({"step_no": 2}), edge.live({"step_no": 3}))
    assert (mes.reasons(), folded.rebirths) == (["waiting for birth"] * 2, {NODE})
    _, folded = mes.take(edge.nbirth(NOW_MS + 2), edge.dbirth(at_ms=NOW_MS + 2))
    assert folded.retries
    mes.retry()
    assert mes.values("step_no") == [1, 2, 3]
    assert mes.reasons() == []


def test_a_birth_forged_before_the_first_true_one_is_mended_by_it(mes: Mes) -> None:
    edge = Edge()
    forger = Edge(metrics={"step_no": "string"})
    mes.take(forger.nbirth(), forger.dbirth())
    mes.take(edge.live({"step_no": 1}), edge.live({"zone_1_temperature_c": 20.5}))
    assert mes.reasons() == ["datatype", "waiting for birth"]
    mes.take(edge.nbirth(NOW_MS + 1), edge.dbirth(at_ms=NOW_MS + 1))
    mes.retry()
    assert (mes.values("step_no"), mes.values("zone_1_temperature_c")) == ([1], [20.5])
    assert mes.reasons() == []


@pytest.mark.parametrize("alike", [1, 30])
def test_a_number_is_not_misread_by_a_birth_that_was_missed(mes: Mes, alike: int) -> None:
    """int32 became uint32 while nobody listened; many messages of one shape are read together."""
    edge = Edge()
    mes.take(edge.nbirth(), edge.dbirth(), *(edge.live({"step_no": -2}) for _ in range(alike)))
    doubt_nodes(mes.folding, NOW_MS)
    edge.metrics = edge.metrics | {"step_no": "uint32"}
    values = [7, *[MINUS_TWO] * alike]
    _, folded = mes.take(*(edge.live({"step_no": v}, at_ms=NOW_MS + 1) for v in values))
    assert folded.rebirths == {NODE}
    assert mes.values("step_no") == [-2] * alike + [7]
    # The first is unlike the last one that was heard: it is asked for once more.
    for at_ms in (NOW_MS + 2, NOW_MS + 3):
        _, folded = mes.take(edge.nbirth(at_ms), edge.dbirth(at_ms=at_ms))
        assert folded.rebirths == ({NODE} if at_ms == NOW_MS + 2 else set())
        mes.retry()
    assert sorted(mes.values("step_no")) == sorted([-2] * alike + values)
    assert mes.reasons() == []


def test_a_stranger_whose_values_never_fit_is_asked_once_for_each_birth(mes: Mes) -> None:
    """One that is told the same twice is believed: its data is what is wrong."""
    born = [plain("t", "double", 1.0)]
    warm = plain("t", None, "warm")
    mes.take(stranger("NBIRTH", [], 0, None), stranger("DBIRTH", born, 1))
    _, folded = mes.take(stranger("DDATA", [warm], 2))
    assert (mes.reasons(), folded.rebirths) == (["datatype"], set())
    mes.take(stranger("DBIRTH", [plain("t", "float", 1.0)], 3))
    mes.retry()
    _, folded = mes.take(stranger("DDATA", [warm], 4))
    assert folded.rebirths == {("pressing", "plc-7")}
    _, folded = mes.take(stranger("DBIRTH", [plain("t", "float", 1.0)], 5))
    mes.retry()
    assert (set(mes.reasons()), folded.rebirths) == ({"datatype"}, set())
    assert encoded([warm], 4) in {kept.payload for kept in mes.quarantined()}


def test_an_old_record_of_a_metric_whose_datatype_changed_says_its_own(mes: Mes) -> None:
    """The journal still holds records of the contract before; the edge marks what differs."""
    edge = Edge()
    mes.take(edge.nbirth(), edge.dbirth(), edge.live({"step_no": 1}))
    old = [edge.record(seq, {"step_no": seq}, NOW_MS + seq, historical=True) for seq in (2, 3)]
    for record in old:
        record[-1] = record[-1]._replace(datatype=DATATYPES["int32"])
    edge.metrics, edge.next = edge.metrics | {"step_no": "double"}, 4
    late = [with_datatype_of_last(edge, record) for record in old]
    births = edge.nbirth(NOW_MS + 9), edge.dbirth(at_ms=NOW_MS + 9)
    mes.take(*births, *late, edge.live({"step_no": 4.5}, at_ms=NOW_MS + 10))
    assert mes.reasons() == []
    assert mes.values("step_no") == [1, 2, 3, 4.5]


def with_datatype_of_last(edge: Edge, record: list[Metric]) -> Message:
    """A DDATA message as the edge writes it: the datatype at the metric whose own has changed."""
    plain_part = encode_payload(Payload(NOW_MS, record[:-1], None), with_datatypes=False)
    marked = encode_payload(Payload(None, record[-1:], None))
    seq = encode_payload(Payload(None, [], edge.seq))
    edge.seq += 1
    topic = "spBv1.0/sintering/DDATA/ctl-1/sinter-1"
    return Message(topic, plain_part + marked + seq, NOW_MS + 9)


@pytest.mark.parametrize("alike", [1, 30])
def test_what_a_forged_birth_calls_no_sample_waits_for_the_true_one(mes: Mes, alike: int) -> None:
    """Bytes and datasets are not stored: a record must not be acknowledged and its value dropped."""
    edge = Edge()
    forger = Edge(metrics=edge.metrics | {"step_no": "bytes"})
    mes.take(edge.nbirth(), edge.dbirth())
    mes.take(forger.dbirth(at_ms=NOW_MS + 1))
    mes.take(*(edge.live({"step_no": 7}) for _ in range(alike)))
    assert set(mes.reasons()) == {"waiting for birth"}
    mes.take(edge.nbirth(NOW_MS + 2), edge.dbirth(at_ms=NOW_MS + 2))
    mes.retry()
    assert mes.values("step_no") == [7] * alike
    assert mes.reasons() == []


def test_a_stranger_with_an_unknown_datatype_in_its_birth_is_understood_all_the_same(
    mes: Mes,
) -> None:
    born = stranger("DBIRTH", [plain("odd", "float", 1.0), plain("t", "double", 1.5)], 1)
    odd = born.payload.replace(b"\x20\x09", b"\x20\x63")  # datatype 99
    mes.take(stranger("NBIRTH", [], 0, None), born._replace(payload=odd))
    assert (mes.values("t", "press-1"), mes.reasons()) == ([1.5], [])


def test_a_stranger_that_numbers_its_aliases_anew_in_every_birth_loses_nothing(mes: Mes) -> None:
    """Nor is it asked for its births for ever."""
    asked = set()
    for birth in range(1, 6):
        aliases = {"p": 10 * birth, "q": 10 * birth + 1}
        born = [plain(name, "int32", 1, alias=alias) for name, alias in aliases.items()]
        _, folded = mes.take(stranger("NBIRTH", [], 0, None), stranger("DBIRTH", born, 1))
        asked |= {birth} if folded.rebirths else set()
        at_ms = NOW_MS + birth
        first = plain(None, None, MINUS_TWO, alias=aliases["p"], at_ms=at_ms)
        second = plain("q", None, MINUS_TWO, at_ms=at_ms)
        _, folded = mes.take(stranger("DDATA", [first], 2), stranger("DDATA", [second], 3))
        assert (folded.rebirths, mes.reasons()) == (set(), [])
    assert asked == {2}
    for name in ("p", "q"):
        assert mes.values(name, "press-1") == [1, *[-2] * 5]


def test_an_alias_that_changed_its_meaning_is_not_guessed_for_what_waited(mes: Mes) -> None:
    """The births of an edge that finds its metrics one after the other; the second is not told twice."""

    def born(**aliases: int) -> list[Message]:
        told = [plain(name, "int32", None, alias=alias) for name, alias in aliases.items()]
        return [stranger("NBIRTH", [], 0, None), stranger("DBIRTH", told, 1)]

    mes.take(*born(p=1))
    mes.take(*born(p=1, q=2), stranger("DDATA", [plain(None, None, MINUS_TWO, alias=2)], 2))
    mes.take(stranger("DDATA", [plain("q", None, MINUS_TWO)], 3))
    assert mes.reasons() == ["waiting for birth"] * 2
    for _ in range(3):
        mes.take(*born(p=1, r=2, q=3))
        mes.retry()
    assert (mes.values("q", "press-1"), mes.values("r", "press-1")) == ([-2], [])
    assert mes.reasons() == ["not in the birth"]
