"""A node that is gone for good is hidden until it is heard again (mes_server.actions.forget_node)."""

import pytest
from sqlalchemy import Engine

from mes_server.actions.doubt_nodes import doubt_nodes
from mes_server.actions.forget_node import forget_node
from mes_server.store.engine import reading
from mes_server.store.forgotten import Forgotten, list_forgotten
from mes_server.store.nodes import NodePart, list_nodes
from mes_server.store.stations import list_stations, load_station
from tests.mes_server.edge import NOW_MS, Edge
from tests.mes_server.mes import Mes

NODE = ("sintering", "ctl-1")
LATER_MS = NOW_MS + 60_000


@pytest.fixture
def mes(engine: Engine) -> Mes:
    return Mes(engine)


def shown(mes: Mes) -> tuple[list[str], list[str]]:
    with reading(mes.engine) as conn:
        return [n.node for n in list_nodes(conn)], [s.id for s in list_stations(conn)]


def hidden(mes: Mes) -> list[Forgotten]:
    with reading(mes.engine) as conn:
        return list_forgotten(conn)


def begun(mes: Mes) -> Edge:
    edge = Edge()
    mes.take(edge.nbirth(), edge.dbirth(), edge.live({"step_no": 1}))
    return edge


def test_a_node_that_is_alive_or_unknown_is_not_forgotten(mes: Mes) -> None:
    begun(mes)
    assert forget_node(mes.engine, NODE, "li", LATER_MS) == "alive"
    assert forget_node(mes.engine, ("sintering", "ctl-9"), "li", LATER_MS) == "unknown"
    assert shown(mes) == (["ctl-1"], ["sinter-1"])
    assert hidden(mes) == []


def test_a_forgotten_node_goes_with_its_stations_and_leaves_its_samples(mes: Mes) -> None:
    edge = begun(mes)
    mes.take(edge.ndeath())
    assert shown(mes) == (["ctl-1"], ["sinter-1"]), "being gone alone hides nothing"
    assert forget_node(mes.engine, NODE, "li", LATER_MS) == "forgotten"
    assert shown(mes) == ([], [])
    assert hidden(mes) == [Forgotten(*NODE, LATER_MS, "li")]
    assert mes.values("step_no") == [1]
    with reading(mes.engine) as conn:
        assert load_station(conn, "sinter-1") is not None


@pytest.mark.parametrize("clock_ms", [LATER_MS + 5000, NOW_MS - 5000])
def test_a_forgotten_node_that_is_heard_again_is_shown_again(mes: Mes, clock_ms: int) -> None:
    edge = begun(mes)
    mes.take(edge.ndeath())
    forget_node(mes.engine, NODE, "li", LATER_MS)
    edge.bd_seq += 1
    mes.take(edge.nbirth(clock_ms), edge.dbirth(at_ms=clock_ms))
    assert shown(mes) == (["ctl-1"], ["sinter-1"]), "even when the clock was set back"
    assert hidden(mes) == []
    assert mes.rows("SELECT who FROM forgotten_node") == [("li",)], "that it was forgotten is kept"


def test_a_node_that_was_only_doubted_is_shown_again_as_soon_as_it_speaks(mes: Mes) -> None:
    edge = begun(mes)
    doubt_nodes(mes.folding, LATER_MS)
    assert forget_node(mes.engine, NODE, "li", LATER_MS) == "forgotten"
    assert forget_node(mes.engine, NODE, "wang", LATER_MS) == "forgotten", "twice does no harm"
    assert shown(mes) == ([], [])
    mes.take(edge.live({"step_no": 2}))
    assert shown(mes) == (["ctl-1"], ["sinter-1"])


def test_nodes_are_read_in_parts_by_name_and_by_what_their_texts_hold(mes: Mes) -> None:
    names = [f"ctl-{i}" for i in range(7)]
    mes.take(*[Edge(node=name, serial=f"chip_{name}").nbirth() for name in names])
    with reading(mes.engine) as conn:
        first = list_nodes(conn, NodePart(3))
        rest = list_nodes(conn, NodePart(100, ("sintering", first[-1].node)))
        assert [n.node for n in (*first, *rest)] == names
        assert [n.node for n in list_nodes(conn, NodePart(9, like="P_CTL-4"))] == ["ctl-4"]
        assert list_nodes(conn, NodePart(9, like="%")) == []
