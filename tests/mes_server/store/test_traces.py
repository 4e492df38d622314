"""Traces in the store say what a walk by hand says, whatever the genealogy is."""

from dataclasses import replace
from functools import partial

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from mes_server.domain.amounts import Amount
from mes_server.domain.genealogy import BACK, FORWARD, Edge, walk
from mes_server.domain.recalls import EVER_MS, Flow
from mes_server.store.engine import reading
from mes_server.store.lots import append_edges, drop_all, list_edges
from mes_server.store.traces import flows_from, flows_into, load_found, reach
from mes_server.store.transaction import writing

LOTS = 8
EDGES = st.lists(
    st.tuples(st.integers(0, LOTS - 2), st.integers(1, LOTS), st.integers(0, 9)), max_size=20
).map(lambda found: [(a, min(a + b, LOTS - 1), at) for a, b, at in found])
STARTS = st.dictionaries(st.integers(0, LOTS - 1).map(str), st.integers(0, 9), max_size=3)


def edge(parent: object, child: object, at_ms: int, number: int = 0) -> Edge:
    return Edge(str(parent), str(child), "run", f"a{number}", at_ms, Amount(1, 10))


def keep(engine: Engine, edges: list[Edge]) -> None:
    with writing(engine) as conn:
        drop_all(conn)
        append_edges(conn, edges)


def by_hand(starts: dict[str, int], edges: list[Edge], direction: str) -> dict[str, int]:
    """Until nothing changes: whatever an edge that counts leads to."""
    found = dict(starts)
    best = max if direction == BACK else min
    for _ in range(LOTS + 1):
        for e in edges:
            near, far = (e.child, e.parent) if direction == BACK else (e.parent, e.child)
            if near not in found:
                continue
            counts = e.at_ms <= found[near] if direction == BACK else e.at_ms >= found[near]
            if counts:
                found[far] = best(e.at_ms, found.get(far, e.at_ms))
    return found


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(EDGES, STARTS)
def test_the_query_finds_what_a_walk_by_hand_finds(
    sqlite_engine: Engine, drawn: list[tuple[int, int, int]], starts: dict[str, int]
) -> None:
    edges = [edge(a, b, at, number) for number, (a, b, at) in enumerate(drawn) if a != b]
    keep(sqlite_engine, edges)
    with reading(sqlite_engine) as conn:
        for direction in (BACK, FORWARD):
            assert reach(conn, starts, direction) == by_hand(starts, edges, direction)
        anywhen = [replace(e, at_ms=5) for e in edges]
    keep(sqlite_engine, anywhen)
    with reading(sqlite_engine) as conn:
        for direction, since in ((BACK, EVER_MS), (FORWARD, 0)):
            whole = reach(conn, dict.fromkeys(starts, since), direction)
            levels = walk(starts, direction, partial(list_edges, conn, direction=direction))
            assert set(whole) == set(levels.depths)


def test_what_was_split_off_before_the_bad_run_is_free(engine: Engine) -> None:
    keep(
        engine, [edge("A", "early", 5), edge("A", "B", 20), edge("B", "C", 30), edge("Q", "C", 30)]
    )
    with reading(engine) as conn:
        assert reach(conn, {"A": 10}, FORWARD) == {"A": 10, "B": 20, "C": 30}
        assert reach(conn, {"A": 0}, FORWARD) == {"A": 0, "early": 5, "B": 20, "C": 30}
        assert reach(conn, {"C": 25}, BACK) == {"C": 25}
        assert reach(conn, {"C": EVER_MS}, BACK) == {"C": EVER_MS, "B": 30, "A": 20, "Q": 30}
        assert reach(conn, {}, BACK) == {}
        assert load_found(conn, {"C": 1}) == [], "an edge alone is no lot"


def test_flows_are_read_from_both_ends(engine: Engine) -> None:
    keep(engine, [edge("A", "B", 20), edge("A", "C", 30), edge("Q", "C", 30)])
    with reading(engine) as conn:
        assert flows_from(conn, "A", 25) == [Flow("A", "C", 30, 10)]
        into = flows_into(conn, ["C", "B"])
        assert sorted(into) == sorted(
            [Flow("A", "B", 20, 10), Flow("A", "C", 30, 10), Flow("Q", "C", 30, 10)]
        )


def test_a_trace_goes_deeper_than_a_hundred_levels(engine: Engine) -> None:
    keep(engine, [edge(at, at + 1, at, at) for at in range(300)])
    with reading(engine) as conn:
        assert len(reach(conn, {"0": 0}, FORWARD)) == 301
        assert len(reach(conn, {"300": EVER_MS}, BACK)) == 301
