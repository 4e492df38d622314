"""The drawing of a genealogy: every lot once, every edge with its amount, nothing on top of another."""

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mes_server.domain.amounts import Amount
from mes_server.domain.genealogy import BACK, FORWARD, Edge, near
from mes_server.web.graph import COLUMN, Graph, graph_of


def edge(parent: int, child: int, action: str = "a") -> Edge:
    return Edge(f"L{parent}", f"L{child}", "run", action, 0, Amount(1, 10))


def draw(edges: Sequence[Edge], start: str = "L9") -> Graph:
    def neighbours(direction: str, level: Sequence[str]) -> list[Edge]:
        return [e for e in edges if (e.child if direction == BACK else e.parent) in level]

    sides = [near(start, way, lambda c, w=way: neighbours(w, c), 1000) for way in (BACK, FORWARD)]
    return graph_of(start, *sides)


graphs = st.lists(
    st.tuples(st.integers(0, 18), st.integers(1, 9)).map(lambda p: edge(p[0], p[0] + p[1])),
    max_size=40,
    unique_by=lambda e: (e.parent, e.child),
)


@given(graphs)
def test_nothing_lies_on_top_of_another_and_all_is_inside(edges: list[Edge]) -> None:
    drawn = draw(edges)
    assert len({node.code for node in drawn.nodes}) == len(drawn.nodes)
    for x in {node.x for node in drawn.nodes}:
        column = sorted((n.y, n.y + n.height) for n in drawn.nodes if n.x == x)
        assert all(end < begin for (_, end), (begin, _) in pairwise(column))
    labels = [(line.x, line.y) for line in drawn.lines]
    assert len(set(labels)) == len(labels), "each amount has a place of its own"
    for node in drawn.nodes:
        assert 0 < node.x < drawn.width
        assert 0 < node.y < node.y + node.height < drawn.height


@given(graphs)
def test_an_edge_always_leads_from_left_to_right(edges: list[Edge]) -> None:
    drawn = draw(edges)
    depth = {node.code: node.depth for node in drawn.nodes}
    for line in drawn.lines:
        assert depth[line.parent] < depth[line.child]
    assert {(line.parent, line.child) for line in drawn.lines} <= {
        (e.parent, e.child) for e in edges
    }


def test_a_lot_is_as_far_away_as_its_longest_way() -> None:
    drawn = draw([edge(1, 9), edge(5, 9), edge(1, 5)])
    places = {node.code: node.x for node in drawn.nodes}
    assert places["L9"] - places["L5"] == COLUMN
    assert places["L9"] - places["L1"] == 2 * COLUMN


def test_edges_of_several_actions_between_two_lots_are_one_line_with_all_of_them() -> None:
    (line,) = draw([edge(1, 9, "a"), edge(1, 9, "b")]).lines
    assert len(line.edges) == 2


def test_a_lot_alone_is_drawn_alone() -> None:
    drawn = draw([])
    assert (len(drawn.nodes), drawn.lines) == (1, ())
