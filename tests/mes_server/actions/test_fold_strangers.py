"""Edges of others: no journal, aliases, missing times and datatypes, repeated births."""

import pytest

from mes_server.domain.messages import Message
from mes_server.store.engine import reading
from mes_server.store.stations import list_stations
from schemas.sparkplug import DATATYPES, Metric, decode_payload
from tests.mes_server.edge import NOW_MS, plain, stranger
from tests.mes_server.mes import Mes

NODE = ("pressing", "plc-7")
BIRTH = [
    plain("force", "double", 1.0, alias=1),
    plain("count", "uint32", 5, alias=2),
    plain("mode", "string", "idle", alias=3),
]


def nbirth(*more: Metric, bd_seq: int = 0, at_ms: int = NOW_MS) -> Message:
    bd = plain("bdSeq", "uint64", bd_seq)
    return stranger(
        "NBIRTH", [bd, plain("Node Control/Rebirth", "boolean", False), *more], 0, None, at_ms
    )


def ndeath(bd_seq: int) -> Message:
    return stranger("NDEATH", [plain("bdSeq", "uint64", bd_seq)], None, None)


def data(*metrics: Metric, seq: int = 2, at_ms: int | None = NOW_MS) -> Message:
    return stranger("DDATA", list(metrics), seq, "press-1", at_ms)


def dbirth(*metrics: Metric) -> Message:
    return stranger("DBIRTH", list(metrics or BIRTH), 1)


def test_values_of_the_birth_are_data_and_repeated_births_do_not_repeat_them(mes: Mes) -> None:
    for _ in range(3):
        receipt, _ = mes.take(nbirth(), dbirth())
        assert receipt.acks == {}, "there is no journal to acknowledge"
    assert mes.values("force", "press-1") == [1.0]
    assert mes.values("mode", "press-1") == ["idle"]


def test_names_aliases_and_both_mean_the_same_series(mes: Mes) -> None:
    mes.take(nbirth(), dbirth())
    mes.take(
        data(plain("force", None, 2.0, at_ms=NOW_MS + 1)),
        data(plain(None, None, 3.0, alias=1, at_ms=NOW_MS + 2)),
        data(plain("force", "double", 4.0, alias=1, at_ms=NOW_MS + 3)),
    )
    assert mes.values("force", "press-1") == [1.0, 2.0, 3.0, 4.0]


def test_several_values_of_one_metric_in_one_message_are_several_samples(mes: Mes) -> None:
    mes.take(nbirth(), dbirth())
    mes.take(data(*[plain("force", None, float(i), at_ms=NOW_MS + i) for i in range(1, 4)]))
    assert mes.values("force", "press-1") == [1.0, 1.0, 2.0, 3.0]


def test_metrics_without_a_time_have_that_of_their_message(mes: Mes) -> None:
    mes.take(nbirth(), dbirth())
    mes.take(data(plain("force", None, 2.0, at_ms=None), at_ms=NOW_MS + 50))
    assert mes.samples("force", "press-1")[-1].at_ms == NOW_MS + 50


def test_a_uint32_may_come_in_either_integer_field(mes: Mes) -> None:
    mes.take(nbirth(), dbirth())
    for i, kind in enumerate(("uint32", "uint64")):
        made = data(plain("count", kind, 4_000_000_000, at_ms=NOW_MS + 1 + i))
        mes.take(made)
    assert mes.values("count", "press-1") == [5, 4_000_000_000, 4_000_000_000]


def test_the_same_message_twice_is_taken_twice(mes: Mes) -> None:
    """Nothing in the standard tells a repetition from a second reading of the same value."""
    mes.take(nbirth(), dbirth())
    message = data(plain("force", None, 2.0, at_ms=NOW_MS + 1))
    receipt, _ = mes.take(message, message)
    assert len(receipt.messages) == 2
    assert mes.values("force", "press-1") == [1.0, 2.0, 2.0]


def test_a_node_that_measures_something_itself_is_a_station_too(mes: Mes) -> None:
    mes.take(nbirth(plain("room_temperature_c", "double", 21.0)))
    ndata = stranger("NDATA", [plain("room_temperature_c", None, 21.5, at_ms=NOW_MS + 9)], 1, None)
    mes.take(ndata)
    assert mes.values("room_temperature_c", "plc-7") == [21.0, 21.5]
    mes.take(ndeath(0))
    with reading(mes.engine) as conn:
        assert [(s.id, s.online) for s in list_stations(conn)] == [("plc-7", False)]


def test_a_node_that_measures_nothing_is_no_station(mes: Mes) -> None:
    mes.take(nbirth(), dbirth())
    with reading(mes.engine) as conn:
        assert [s.id for s in list_stations(conn)] == ["press-1"]


def test_aliases_are_not_trusted_over_a_restart_but_names_are(mes: Mes) -> None:
    mes.take(nbirth(), dbirth())
    mes.restart()
    by_name = data(plain("force", None, 2.0, at_ms=NOW_MS + 1))
    by_alias = data(plain(None, None, 3.0, alias=1, at_ms=NOW_MS + 2))
    _, folded = mes.take(by_name, by_alias)
    assert mes.values("force", "press-1") == [1.0, 2.0]
    assert folded.rebirths == {NODE}
    _, folded = mes.take(nbirth(), dbirth())
    assert folded.retries
    mes.retry()
    assert mes.values("force", "press-1") == [1.0, 2.0, 3.0]


def test_an_alias_given_to_another_metric_follows_the_new_birth(mes: Mes) -> None:
    mes.take(nbirth(), dbirth())
    swapped = [plain("force", "double", 1.0, alias=9), plain("speed", "double", 7.0, alias=1)]
    mes.take(nbirth(), dbirth(*swapped))
    mes.take(data(plain(None, None, 8.0, alias=1, at_ms=NOW_MS + 1)))
    assert mes.values("speed", "press-1") == [7.0, 8.0]
    assert mes.values("force", "press-1") == [1.0]


@pytest.mark.parametrize(("born", "died", "online"), [(0, 0, False), (3, 4, False), (3, 2, True)])
def test_deaths_are_believed_as_far_as_strangers_count_their_sessions(
    mes: Mes, born: int, died: int, online: bool
) -> None:
    mes.take(nbirth(bd_seq=born), dbirth(), ndeath(died))
    with reading(mes.engine) as conn:
        assert list_stations(conn)[0].online is online


def test_kinds_that_are_no_series_are_passed_over_and_the_rest_is_taken(mes: Mes) -> None:
    picture = Metric("picture", None, NOW_MS, DATATYPES["bytes"], b"\x00\xff", None, False, False)
    mes.take(nbirth(), dbirth(*BIRTH, picture))
    mes.take(data(picture, plain("force", None, 2.0, at_ms=NOW_MS + 1)))
    assert mes.values("force", "press-1") == [1.0, 2.0]
    assert mes.quarantined() == []


def test_a_metric_that_changes_its_datatype_keeps_all_its_samples(mes: Mes) -> None:
    mes.take(nbirth(), dbirth(), data(plain("count", None, 6, at_ms=NOW_MS + 1)))
    mes.take(nbirth(), dbirth(plain("count", "double", 6.5, at_ms=NOW_MS + 2)))
    assert mes.values("count", "press-1") == [5, 6, 6.5]


def test_two_nodes_with_a_device_of_one_name_are_two_stations(mes: Mes) -> None:
    mes.take(nbirth(), dbirth())
    other = dbirth()._replace(topic="spBv1.0/grinding/DBIRTH/plc-8/press-1")
    mes.take(other)
    with reading(mes.engine) as conn:
        assert sorted(s.id for s in list_stations(conn)) == ["plc-8-press-1", "press-1"]


def test_a_stations_message_without_a_births_seq_is_still_decodable() -> None:
    assert decode_payload(data(plain("force", None, 2.0), seq=255).payload).seq == 255
