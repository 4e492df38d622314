"""What one message can cost is bounded: copies of its bytes, looks into the store."""

from sqlalchemy import Connection, Engine, event

from mes_server.actions.receive_messages import CONFLICT
from mes_server.domain.records import records_of
from mes_server.store.engine import writer_of
from schemas.sparkplug import metric
from tests.mes_server.edge import NOW_MS, Edge
from tests.mes_server.mes import Mes

NAME = "sintering/ctl-1"
PADDING = [metric("state", "string", "x" * 20_000, NOW_MS)]


def statements(engine: Engine) -> list[str]:
    """What the writer is asked from now on."""
    seen: list[str] = []

    def look(_conn: Connection, _cursor: object, statement: str, *_more: object) -> None:
        seen.append(statement)

    event.listen(writer_of(engine), "before_cursor_execute", look)
    return seen


def test_positions_that_are_used_again_are_kept_with_one_copy(mes: Mes, edge: Edge) -> None:
    def came(crc: int) -> list[list[object]]:
        return [edge.record(s, {"step_no": s}, NOW_MS, crc=crc) for s in range(1, 101)]

    mes.take(edge.ddata(came(1)))
    receipt, _ = mes.take(edge.ddata([*came(2), PADDING]))
    (kept,) = mes.quarantined()
    assert records_of(kept.records, 100) == list(range(100))
    assert "record 1 of journal a1b2c3d4" in kept.detail
    assert receipt.quarantined == 1
    assert (CONFLICT, NAME) in mes.alarms()
    assert mes.values("step_no") == list(range(1, 101))


def test_positions_without_a_number_are_kept_with_one_copy(mes: Mes, edge: Edge) -> None:
    none = edge.record(0, {"step_no": 0}, NOW_MS)
    mes.take(edge.ddata([none, edge.record(1, {"step_no": 1}, NOW_MS), none]))
    (kept,) = mes.quarantined()
    assert (kept.reason, records_of(kept.records, 3)) == ("position", [0, 2])
    assert mes.values("step_no") == [1]


def test_times_of_no_clock_are_kept_with_one_copy(mes: Mes, edge: Edge) -> None:
    """The sentence says when it was, so that no two are alike."""
    old = [edge.record(s, {"step_no": s}, s) for s in range(1, 101)]
    mes.take(edge.ddata([*old, edge.record(101, {"step_no": 101}, NOW_MS), PADDING]))
    (kept,) = mes.quarantined()
    assert (kept.reason, records_of(kept.records, 101)) == ("time", list(range(100)))
    assert mes.values("step_no") == [101]


def test_what_many_nodes_send_again_is_looked_up_at_once(engine: Engine) -> None:
    """A look for each node through all that was not packed yet held up commits for seconds."""
    mes = Mes(engine)
    nodes = [Edge(node=f"ctl-{n}", epoch=n) for n in range(1, 31)]
    sent = [node.ddata([node.record(1, {}, NOW_MS)]) for node in nodes]
    mes.receive(*sent)
    looks = statements(engine)
    assert mes.receive(*sent).duplicates == 30
    assert sum("SELECT blob FROM position_log" in statement for statement in looks) == 1


def test_the_death_of_a_node_ends_all_its_stations_at_once(mes: Mes) -> None:
    """A statement for each of thousands of stations held up commits for seconds."""
    edge, other = Edge(), Edge(node="ctl-2", epoch=2)
    born = [edge.dbirth(f"sinter-{n}") for n in range(30)]
    mes.take(edge.nbirth(), *born, other.nbirth(), other.dbirth("other"))
    mes.take(edge.ddeath("sinter-7", NOW_MS + 1))
    mes.restart()
    changes = statements(mes.engine)
    mes.take(edge.ndeath(NOW_MS + 2))
    assert sum("UPDATE station" in statement for statement in changes) == 1
    since = dict(mes.rows("SELECT device, online_since_ms FROM station WHERE NOT online"))
    assert since == {f"sinter-{n}": NOW_MS + (1 if n == 7 else 2) for n in range(30)}
