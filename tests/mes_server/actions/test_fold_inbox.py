"""From messages to series and states: what the fold makes of births, data and deaths.

Through fold_inbox: mes_server.actions.fold_data, fold_births, fold_turn, folding.
"""

import json

import pytest
from sqlalchemy import Engine

from mes_server.actions.doubt_nodes import doubt_nodes
from mes_server.actions.fold_births import ABSENT_MS, CLONED, EPOCH_CHANGED, SERIAL_CHANGED
from mes_server.store.engine import reading
from mes_server.store.excursions import list_excursions
from mes_server.store.losses import list_losses
from mes_server.store.nodes import NodeView, list_nodes
from mes_server.store.series_now import list_now
from mes_server.store.stations import StationView, load_station
from schemas import journal_metrics as names
from schemas.samples import BAD, GOOD, bad_because
from schemas.sparkplug import Payload, encode_payload, metric
from tests.mes_server.edge import NOW_MS, Bad, Edge, Value
from tests.mes_server.mes import Mes

NODE = ("sintering", "ctl-1")


def station(mes: Mes, name: str = "sinter-1") -> StationView:
    with reading(mes.engine) as conn:
        found = load_station(conn, name)
    assert found is not None
    return found


def node(mes: Mes) -> NodeView:
    with reading(mes.engine) as conn:
        return list_nodes(conn)[0]


def test_a_birth_makes_node_station_and_series_known(mes: Mes, edge: Edge) -> None:
    seen = node(mes)
    assert (seen.online, seen.own, seen.serial, seen.epoch) == (True, True, "chip-1", edge.epoch)
    there = station(mes)
    assert (there.online, there.type, there.contract_fits) == (True, "sinter_furnace", True)
    assert there.area == "sintering"


def test_samples_keep_time_value_and_quality(mes: Mes, edge: Edge) -> None:
    mes.take(
        edge.live(
            {"zone_1_temperature_c": 901.25, "step_no": -3, "state": "run"}, at_ms=NOW_MS + 1
        ),
        edge.live({"zone_1_temperature_c": None}, at_ms=NOW_MS + 2),
    )
    first, second = mes.samples("zone_1_temperature_c")
    assert (first.at_ms, first.value) == (NOW_MS + 1, 901.25)
    assert (second.at_ms, second.value, second.quality) == (NOW_MS + 2, None, BAD)
    assert mes.values("step_no") == [-3]
    assert mes.values("state") == ["run"]
    assert station(mes).state == "run"


def test_many_alike_and_single_ones_give_the_same(mes: Mes, edge: Edge, engine: Engine) -> None:
    def values(i: int) -> dict[str, Value]:
        zone = Bad(("silence", "check")[i % 2]) if i % 10 > 6 else i / 7
        return {"zone_1_temperature_c": zone, "step_no": i % 5}

    mes.receive(*[edge.live(values(i), at_ms=NOW_MS + i) for i in range(60)])
    mes.fold()
    other = Edge(node="ctl-2", epoch=2)
    mes.take(other.nbirth(), other.dbirth("sinter-2"))
    for i in range(60):
        mes.receive(other.live(values(i), "sinter-2", NOW_MS + i))
        mes.fold(limit=1)
    for name in ("zone_1_temperature_c", "step_no"):
        assert mes.samples(name, "sinter-1") == mes.samples(name, "sinter-2")
        assert len(mes.samples(name)) == 60
    told = [sample.quality for sample in mes.samples("zone_1_temperature_c")[6:11]]
    assert told == [GOOD, bad_because("check"), bad_because("silence"), bad_because("check"), GOOD]


def test_back_filled_records_come_in_their_own_time_and_do_not_replace_the_present(
    mes: Mes, edge: Edge
) -> None:
    mes.take(edge.live({"step_no": 9}, at_ms=NOW_MS))
    old = [edge.record(s, {"step_no": s}, NOW_MS - 1000 + s, historical=True) for s in range(2, 8)]
    mes.take(edge.ddata(old))
    assert mes.values("step_no") == [2, 3, 4, 5, 6, 7, 9]
    with reading(mes.engine) as conn:
        (now,) = list_now(conn, "sinter-1")
    assert (now.value, now.historical) == (9, False)


def test_births_are_remembered_over_a_restart(mes: Mes, edge: Edge) -> None:
    mes.restart()
    _, folded = mes.take(edge.live({"step_no": 4}))
    assert mes.values("step_no") == [4]
    assert not folded.rebirths


def test_data_before_its_birth_waits_and_is_folded_when_the_birth_comes(mes: Mes) -> None:
    edge = Edge()
    receipt, folded = mes.take(*[edge.live({"step_no": i}, at_ms=NOW_MS + i) for i in range(3)])
    assert receipt.acks[NODE] & 0xFFFFFFFF == 3, "it is durable, the edge may go on"
    assert folded.rebirths == {NODE}
    assert mes.reasons() == ["waiting for birth"] * 3
    _, folded = mes.take(edge.nbirth(), edge.dbirth())
    assert folded.retries
    mes.retry()
    assert mes.values("step_no") == [0, 1, 2]
    assert mes.quarantined() == []
    assert ("quarantined", "sintering/ctl-1") not in mes.alarms()


def test_a_metric_no_birth_explains_is_not_waited_for_twice(mes: Mes, edge: Edge) -> None:
    wider = Edge(metrics={**edge.metrics, "colour": "string"}, next=1, seq=2)
    _, folded = mes.take(wider.live({"colour": "red", "step_no": 1}))
    assert folded.rebirths == {NODE}
    mes.take(edge.nbirth(), edge.dbirth())
    retried = mes.retry()
    assert not retried.rebirths
    assert mes.reasons() == ["not in the birth"]
    _, folded = mes.take(edge.nbirth(), edge.dbirth())
    assert not folded.retries
    mes.take(wider.nbirth(), wider.dbirth())
    assert mes.values("step_no") == []


def test_one_bad_record_of_a_message_does_not_cost_the_others(mes: Mes, edge: Edge) -> None:
    records = [edge.record(s, {"step_no": s}, NOW_MS + s) for s in (1, 2, 3)]
    records[1] = edge.record(2, {"step_no": 2}, 86_400_000)
    mes.take(edge.ddata(records))
    assert mes.values("step_no") == [1, 3]
    (kept,) = mes.quarantined()
    assert (kept.reason, kept.records) == ("time", b"\x02")


def test_a_loss_an_edge_states_is_kept(mes: Mes, edge: Edge) -> None:
    said = json.dumps({"from": NOW_MS - 60_000, "to": NOW_MS, "count": 42, "reason": "full"})
    mes.take(edge.live({names.LOSS: said}))
    with reading(mes.engine) as conn:
        (loss,) = list_losses(conn, "sinter-1")
    assert (loss.from_ms, loss.to_ms, loss.count, loss.reason) == (
        NOW_MS - 60_000,
        NOW_MS,
        42,
        "full",
    )


@pytest.mark.parametrize(
    "said", ["", "[]", '{"from": 1}', "[" * 5000, '{"from":0,"to":0,"count":1,"reason":""}']
)
def test_a_loss_nobody_can_read_is_put_aside(mes: Mes, edge: Edge, said: str) -> None:
    mes.take(edge.live({names.LOSS: said}))
    assert len(mes.quarantined()) == 1


def test_a_death_takes_the_node_and_its_stations_offline(mes: Mes, edge: Edge) -> None:
    mes.take(edge.ndeath(NOW_MS + 5))
    assert not node(mes).online
    assert not station(mes).online
    _, folded = mes.take(edge.live({"step_no": 1}, at_ms=NOW_MS + 6))
    assert folded.rebirths == {NODE}, "data after a death owes a birth"
    assert mes.values("step_no") == [1], "and is stored all the same"
    assert not node(mes).online


def test_a_late_death_of_an_older_session_is_passed_over(mes: Mes) -> None:
    edge = Edge(bd_seq=6)
    old = Edge(bd_seq=5)
    mes.take(edge.nbirth(), edge.dbirth(), old.ndeath(NOW_MS + 5))
    assert node(mes).online
    assert station(mes).online


@pytest.mark.parametrize(("before", "believed"), [(200, False), (100, True), (0, True)])
def test_a_late_death_from_before_a_board_forgot_all_heals_by_itself(
    mes: Mes, before: int, believed: bool
) -> None:
    edge, forgotten = Edge(bd_seq=0), Edge(bd_seq=before)
    mes.take(edge.nbirth(), edge.dbirth(), forgotten.ndeath(NOW_MS + 5))
    assert node(mes).online is not believed
    _, folded = mes.take(edge.live({"step_no": 1}, at_ms=NOW_MS + 6))
    assert folded.rebirths == ({NODE} if believed else set()), "nobody has to notice"
    mes.take(edge.nbirth(NOW_MS + 7), edge.dbirth(at_ms=NOW_MS + 7))
    assert node(mes).online
    assert station(mes).online
    assert mes.values("step_no") == [1], "nothing is lost by it"


def test_births_without_deaths_and_repeated_births_are_fine(mes: Mes, edge: Edge) -> None:
    for i in range(3):
        edge.bd_seq += 1
        mes.take(
            edge.nbirth(NOW_MS + i), edge.dbirth(at_ms=NOW_MS + i), edge.dbirth(at_ms=NOW_MS + i)
        )
        mes.take(edge.live({"step_no": i}, at_ms=NOW_MS + i))
    assert mes.values("step_no") == [0, 1, 2]
    assert mes.alarms() == set()


def test_a_station_may_die_and_come_back_alone(mes: Mes, edge: Edge) -> None:
    mes.take(edge.ddeath(at_ms=NOW_MS + 7))
    assert not station(mes).online
    assert station(mes).online_since_ms == NOW_MS + 7
    assert node(mes).online
    mes.take(edge.dbirth(at_ms=NOW_MS + 9))
    assert station(mes).online


def test_a_station_that_is_not_born_again_with_its_node_is_gone_after_a_while(
    mes: Mes, edge: Edge
) -> None:
    mes.now_ms = NOW_MS + ABSENT_MS + 10
    mes.take(edge.nbirth(NOW_MS + 1))
    assert station(mes).online
    told = [metric(names.USED, "double", 12.5, mes.now_ms)]
    payload = encode_payload(Payload(mes.now_ms, told, 1))
    ndata = edge.live({})._replace(topic="spBv1.0/sintering/NDATA/ctl-1", payload=payload)
    mes.take(ndata._replace(received_ms=mes.now_ms))
    assert not station(mes).online
    assert node(mes).used_pct == 12.5


def test_while_we_did_not_listen_everything_is_unknown_until_it_speaks(
    mes: Mes, edge: Edge
) -> None:
    doubt_nodes(mes.folding, NOW_MS)
    assert not node(mes).online
    assert not station(mes).online
    _, folded = mes.take(edge.live({"step_no": 1}))
    assert node(mes).online
    assert station(mes).online
    assert not folded.rebirths, "its births are remembered"


def test_another_journal_another_board_and_a_clone_raise_alarms(mes: Mes, edge: Edge) -> None:
    other = Edge(epoch=2, serial="chip-2")
    mes.take(other.nbirth(NOW_MS + 1))
    assert {(EPOCH_CHANGED, "sintering/ctl-1"), (SERIAL_CHANGED, "sintering/ctl-1")} == mes.alarms()
    mes.take(edge.nbirth(NOW_MS + 2))
    assert (CLONED, "sintering/ctl-1") in mes.alarms()


def test_excursions_open_and_close_by_the_contract(mes: Mes, edge: Edge) -> None:
    spec = {m.name: m for m in mes.folding.types["sinter_furnace"].metrics}["zone_1_temperature_c"]
    assert spec.normal is not None
    high = spec.normal[1]
    assert high is not None
    for i, value in enumerate([high, high + 1, high + 3, high + 2]):
        mes.take(edge.live({"zone_1_temperature_c": value}, at_ms=NOW_MS + i))
    with reading(mes.engine) as conn:
        normal = [
            e for e in list_excursions(conn, "sinter-1", open_only=True) if e.kind == "normal"
        ]
    assert [(e.from_ms, e.worst, e.count) for e in normal] == [(NOW_MS + 1, high + 3, 3)]
    mes.restart()
    mes.take(edge.live({"zone_1_temperature_c": high}, at_ms=NOW_MS + 9))
    with reading(mes.engine) as conn:
        assert list_excursions(conn, "sinter-1", open_only=True) == []
        (closed,) = [e for e in list_excursions(conn, "sinter-1") if e.kind == "normal"]
    assert closed.to_ms == NOW_MS + 9
