"""Walks over genealogy: complete, each edge once, however deep, wide or tangled."""

from collections.abc import Iterable, Sequence

from hypothesis import given
from hypothesis import strategies as st

from mes_server.domain import lots
from mes_server.domain.amounts import Amount
from mes_server.domain.genealogy import BACK, FORWARD, Edge, edges_of, leads_to, near, walk
from tests.mes_server.domain.lot_making import T0, History


def edge(parent: int, child: int) -> Edge:
    return Edge(f"L{parent}", f"L{child}", "run", "a", T0, Amount(1, 10))


def forward(edges: Iterable[Edge]) -> object:
    return lambda level: [e for e in edges if e.parent in set(level)]


def back(edges: Iterable[Edge]) -> object:
    return lambda level: [e for e in edges if e.child in set(level)]


# Time runs one way: a lot is made from older ones only.
graphs = st.lists(
    st.tuples(st.integers(0, 18), st.integers(1, 12)).map(lambda p: edge(p[0], p[0] + p[1])),
    max_size=60,
    unique_by=lambda e: (e.parent, e.child),
)


@given(graphs, st.integers(0, 30))
def test_a_walk_finds_exactly_what_can_be_reached_and_each_edge_once(
    edges: list[Edge], start: int
) -> None:
    trace = walk([f"L{start}"], FORWARD, forward(edges))  # type: ignore[arg-type]
    reached = {f"L{start}"}
    while more := {e.child for e in edges if e.parent in reached} - reached:
        reached |= more
    assert set(trace.depths) == reached
    assert sorted(map(id, trace.edges)) == sorted(id(e) for e in edges if e.parent in reached)
    for lot in reached:
        back_again = walk([lot], BACK, back(edges))  # type: ignore[arg-type]
        assert f"L{start}" in back_again.depths, "what leads forward leads back"


@given(graphs)
def test_no_lot_is_made_from_itself(edges: list[Edge]) -> None:
    for e in edges:
        assert leads_to(e.parent, e.child, forward(edges))  # type: ignore[arg-type]
        assert not leads_to(e.child, e.parent, forward(edges))  # type: ignore[arg-type]


def test_a_history_two_hundred_lots_deep_is_walked_to_its_end() -> None:
    chain = [edge(i, i + 1) for i in range(200)]
    trace = walk(["L200"], BACK, back(chain))  # type: ignore[arg-type]
    assert trace.depths["L0"] == 200
    assert len(trace.edges) == 200


def test_every_parent_of_a_lot_is_an_edge_of_its_own() -> None:
    parents = [{"lot": f"G26-{i}", "amount": Amount(i, 100 * i).as_content()} for i in (1, 2, 3)]
    history = History("B26-1").created(Amount(6, 600), why="run", parents=parents)
    found = edges_of(history.events[0])
    assert [(e.parent, e.child, e.amount.mass_mg) for e in found] == [
        ("G26-1", "B26-1", 100),
        ("G26-2", "B26-1", 200),
        ("G26-3", "B26-1", 300),
    ]
    assert edges_of(history.add(lots.MOVED, place="x").events[1]) == []


def neighbours_none(_level: Sequence[str]) -> list[Edge]:
    return []


def test_a_lot_without_relatives_is_all_there_is() -> None:
    assert walk(["L1"], BACK, neighbours_none).depths == {"L1": 0}


def test_all_parents_are_near_and_the_other_levels_as_long_as_they_are_whole() -> None:
    edges = [edge(i, 99) for i in range(40)] + [edge(i, 0) for i in range(50, 55)]
    assert len(near("L99", BACK, back(edges), 10).depths) == 41, "no parent is left out"  # type: ignore[arg-type]
    assert len(near("L99", BACK, back(edges), 45).depths) == 41, "half a level is none"  # type: ignore[arg-type]
    whole = near("L99", BACK, back(edges), 46)  # type: ignore[arg-type]
    assert (len(whole.depths), whole.edges) == (46, edges)


def test_of_what_became_of_a_hub_only_so_many_are_near() -> None:
    edges = [edge(0, i) for i in range(1, 500)] + [edge(1, 600)]
    found = near("L0", FORWARD, forward(edges), 20)  # type: ignore[arg-type]
    assert (len(found.depths), len(found.edges)) == (21, 20)


@given(graphs)
def test_near_with_room_for_all_is_the_whole_walk(edges: list[Edge]) -> None:
    for direction, neighbours in ((BACK, back(edges)), (FORWARD, forward(edges))):
        assert near("L9", direction, neighbours, 1000) == walk(["L9"], direction, neighbours)  # type: ignore[arg-type]
