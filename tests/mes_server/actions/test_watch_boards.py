"""What boards tell of themselves becomes facts that pages can show, and alarms of journal and certificate."""

import json
from collections import Counter

from sqlalchemy import Engine

from mes_server.actions.watch_boards import watch_certificates
from mes_server.store.alarms import list_alarms
from mes_server.store.boards import Board, list_boots
from mes_server.store.engine import reading
from mes_server.store.nodes import NodeView, list_nodes
from schemas import journal_metrics as names
from tests.mes_server.edge import NOW_MS, Edge, Value, plain, stranger
from tests.mes_server.mes import Mes

MINUTE_MS = 60_000
DAY_MS = 86_400_000
FACTS: dict[str, Value] = {
    names.BOARD: "esp32_s3", names.IMAGE: "0.2.0 a", names.BOOT_REASON: "power_on", names.HEAP_FREE: 90_000,
    names.LINK: "ethernet", names.UPDATE_STATE: "idle",
}  # fmt: skip


def node(mes: Mes) -> NodeView:
    with reading(mes.engine) as conn:
        return list_nodes(conn)[0]


def board(mes: Mes) -> Board:
    return node(mes).board


def buses(asked: int, failed: int, last: str = "") -> dict[str, str]:
    told = [{"at": "modbus ttyUSB0 1", "asked": asked, "failed": failed, "last": last}]
    return {names.BUSES: json.dumps(told)}


def journal_alarms(mes: Mes) -> set[str]:
    return {kind for kind, _ in mes.alarms() if kind.startswith("journal_")}


def test_the_facts_of_a_birth_are_kept_and_those_told_later_take_their_place(
    mes: Mes, edge: Edge
) -> None:
    edge.facts = dict(FACTS)
    mes.take(edge.nbirth(NOW_MS + 1))
    now = board(mes)
    assert (now.kind, now.image, now.boot_reason) == ("esp32_s3", "0.2.0 a", "power_on")
    assert (now.heap_free, now.link, now.update_state) == (90_000, "ethernet", "idle")
    mes.take(edge.tells({names.HEAP_FREE: 50_000, names.UPDATE_STATE: "ready"}, NOW_MS + 2))
    now = board(mes)
    assert (now.heap_free, now.link, now.update_state) == (50_000, "ethernet", "ready")
    assert (now.update_ms, now.ready_ms) == (NOW_MS + 2, NOW_MS + 2)


def test_a_node_that_tells_nothing_of_its_board_shows_none(mes: Mes, edge: Edge) -> None:
    assert board(mes) == Board()


def test_a_stranger_has_no_board_whatever_it_says(mes: Mes) -> None:
    told = [plain(names.IMAGE, "string", "evil a"), plain(names.USED, "double", 99.0)]
    mes.take(stranger("NBIRTH", told, 0, None), stranger("NDATA", told, 1, None))
    found = {view.node: view for view in (_all(mes.engine))}
    assert found["plc-7"].board == Board()
    assert journal_alarms(mes) == set()


def _all(engine: Engine) -> list[NodeView]:
    with reading(engine) as conn:
        return list_nodes(conn)


def test_errors_of_an_instrument_are_counted_since_the_last_look(mes: Mes, edge: Edge) -> None:
    at_ms = NOW_MS + 1
    mes.take(edge.tells(buses(1_000, 100), at_ms))
    (bus,) = board(mes).buses
    assert (bus.asked, bus.failed, bus.failed_since) == (1_000, 100, 0)
    mes.take(edge.tells(buses(1_100, 105, "no answer"), at_ms + 5 * MINUTE_MS))
    (bus,) = board(mes).buses
    assert (bus.asked_since, bus.failed_since, bus.failed_pct, bus.last) == (100, 5, 5.0, "no answer")  # fmt: skip
    mes.take(edge.tells(buses(1_200, 105), at_ms + 10 * MINUTE_MS))
    mes.take(edge.tells(buses(1_300, 105), at_ms + 15 * MINUTE_MS))
    (bus,) = board(mes).buses
    assert (bus.asked_since, bus.failed_since) == (100, 0)
    mes.take(edge.tells(buses(10, 1), at_ms + 16 * MINUTE_MS))
    (bus,) = board(mes).buses
    assert (bus.asked_since, bus.failed_since) == (10, 1)


def test_a_journal_that_fills_raises_each_level_once_and_ends_it_when_it_falls(
    mes: Mes, edge: Edge
) -> None:
    seen = []
    for n, used in enumerate((49.9, 50.0, 60.0, 79.9, 80.0, 95.0, 99.9, 91.0, 89.9, 77.0, 74.9, 46.0, 44.9)):  # fmt: skip
        mes.take(edge.tells({names.USED: used}, NOW_MS + n))
        seen.append(len(journal_alarms(mes)))
    assert seen == [0, 1, 1, 1, 2, 3, 3, 3, 2, 2, 1, 1, 0]
    with reading(mes.engine) as conn:
        told = [one for one in list_alarms(conn, open_only=False) if one.kind.startswith("journal")]
    assert Counter(one.count for one in told) == {1: 3}
    assert {(one.kind, one.facts["level"]) for one in told} == {
        ("journal_filling", 50), ("journal_high", 80), ("journal_full", 95),
    }  # fmt: skip


def test_a_restart_raises_no_level_again(mes: Mes, edge: Edge) -> None:
    mes.take(edge.tells({names.USED: 85.0}))
    mes.restart()
    mes.take(edge.tells({names.USED: 86.0}, NOW_MS + 1))
    assert mes.rows("SELECT count FROM alarm WHERE kind <> 'x'") == [(1,), (1,)]
    mes.take(edge.tells({names.USED: 1.0}, NOW_MS + 2))
    assert journal_alarms(mes) == set()


def test_a_journal_with_no_sense_raises_nothing(mes: Mes, edge: Edge) -> None:
    mes.take(edge.tells({names.USED: float("nan")}), edge.tells({names.USED: float("inf")}))
    assert journal_alarms(mes) == set()


def test_a_certificate_is_told_of_at_each_mark_until_it_is_renewed(mes: Mes, edge: Edge) -> None:
    until_ms = NOW_MS + 40 * DAY_MS
    mes.take(edge.tells({names.CERT_UNTIL: until_ms // 1000}))
    raised = [
        watch_certificates(mes.engine, until_ms - days * DAY_MS)
        for days in (35, 30, 29, 14, 10, 7, 6, 1, 0, -2)
    ]
    assert raised == [0, 1, 0, 1, 0, 1, 0, 1, 0, 0]
    assert mes.rows("SELECT count FROM alarm WHERE kind = 'certificate_ends'") == [(4,)]
    assert ("certificate_ends", "sintering/ctl-1") in mes.alarms()
    mes.take(edge.tells({names.CERT_UNTIL: until_ms // 1000 + 90 * 86_400}, NOW_MS + 1))
    assert watch_certificates(mes.engine, until_ms) == 1
    assert mes.alarms() == set()


def test_boots_are_kept_once_each_and_so_many_of_them(mes: Mes, edge: Edge) -> None:
    edge.facts = dict(FACTS)
    mes.take(edge.nbirth(NOW_MS + 1), edge.nbirth(NOW_MS + 2))
    edge.boot, edge.facts[names.BOOT_REASON] = 2, "watchdog"
    mes.take(edge.nbirth(NOW_MS + 3))
    with reading(mes.engine) as conn:
        boots = list_boots(conn, 1)
    told = [(one.at_ms - NOW_MS, one.boot, one.reason) for one in boots]
    assert told[:2] == [(3, 2, "watchdog"), (1, 1, "power_on")]
    for n in range(60):
        edge.boot += 1
        mes.take(edge.nbirth(NOW_MS + 10 + n))
    with reading(mes.engine) as conn:
        assert [one.boot for one in list_boots(conn, 1)] == list(range(62, 12, -1))


def test_what_boards_want_is_told_after_the_fold(mes: Mes, edge: Edge) -> None:
    _, folded = mes.take(
        edge.tells({names.CSR: "Q1NS"}),
        edge.tells({names.UPDATE_WANT: "0.2.0 manifest.json 0 1"}, NOW_MS + 1),
    )
    asks = folded.asks["sintering", "ctl-1"]
    assert (asks.csr, asks.want) == ("Q1NS", "0.2.0 manifest.json 0 1")
    _, folded = mes.take(edge.tells({names.HEAP_FREE: 5}, NOW_MS + 2))
    assert folded.asks == {}
