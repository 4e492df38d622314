"""However many records of a message cannot be taken, its bytes are kept once for each reason."""

from sqlalchemy import Connection, Engine, event

from mes_server.actions.receive_messages import CONFLICT
from mes_server.domain.records import records_of
from mes_server.store.engine import writer_of
from schemas.sparkplug import metric
from tests.mes_server.edge import NOW_MS, Edge
from tests.mes_server.mes import Mes

NAME = "sintering/ctl-1"
PADDING = [metric("state", "string", "x" * 20_000, NOW_MS)]


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
    looks: list[str] = []

    def look(_conn: Connection, _cursor: object, statement: str, *_more: object) -> None:
        looks.append(statement)

    event.listen(writer_of(engine), "before_cursor_execute", look)
    assert mes.receive(*sent).duplicates == 30
    assert sum("SELECT blob FROM position_log" in statement for statement in looks) == 1
