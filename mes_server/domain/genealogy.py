"""Who came from whom: edges between lots, and walks over them. Amounts travel on the edges."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from mes_server.domain.amounts import Amount, amount_from
from mes_server.domain.lots import ADDED, CREATED
from mes_server.domain.seal import Event

BACK, FORWARD = "back", "forward"


@dataclass(frozen=True, slots=True)
class Edge:
    """`amount` of the lot `parent` went into the lot `child`. `why`: split, merge, run, added, return …"""

    parent: str
    child: str
    why: str
    action: str
    at_ms: int
    amount: Amount


def edges_of(event: Event) -> list[Edge]:
    """The edges that an event of a lot's stream makes."""
    if event.kind not in (CREATED, ADDED):
        return []
    facts = event.facts()
    child = event.stream.removeprefix("lot:")
    return [
        Edge(
            parent["lot"],
            child,
            facts["why"],
            event.action,
            event.at_ms,
            amount_from(parent["amount"]),
        )
        for parent in facts.get("parents", ())
    ]


@dataclass(frozen=True, slots=True)
class Trace:
    """What a walk from some lots found. `depths`: the fewest edges to each lot, the start at 0."""

    direction: str
    depths: dict[str, int]
    edges: list[Edge]


def walk(
    starts: Iterable[str], direction: str, neighbours: Callable[[Sequence[str]], Iterable[Edge]]
) -> Trace:
    """All lots that lie BACK (causes) or FORWARD (what became of them) of the starts, however deep.

    `neighbours` answers with the edges at the near end of so many lots at once: a level is one question.
    """
    depths = dict.fromkeys(starts, 0)
    edges: list[Edge] = []
    level, depth = list(depths), 0
    while level:
        depth += 1
        found = list(neighbours(level))
        edges += found
        level = []
        for edge in found:
            far = edge.parent if direction == BACK else edge.child
            if far not in depths:
                depths[far] = depth
                level.append(far)
    return Trace(direction, depths, edges)


def near(
    start: str,
    direction: str,
    neighbours: Callable[[Sequence[str]], Iterable[Edge]],
    most: int,
) -> Trace:
    """The levels next to a lot, each whole, as long as they are `most` lots together.

    Of the first level all causes are told, however many; of what became of a lot, `most`.
    """
    depths = {start: 0}
    edges: list[Edge] = []
    level, depth = [start], 0
    while level:
        depth += 1
        found = [(e.parent if direction == BACK else e.child, e) for e in neighbours(level)]
        level = [code for code in dict.fromkeys(far for far, _ in found) if code not in depths]
        is_whole = len(depths) + len(level) <= most or (depth == 1 and direction == BACK)
        if not is_whole:
            level = level[:most] if depth == 1 else []
        depths |= dict.fromkeys(level, depth)
        edges += [edge for far, edge in found if far in depths]
        if not is_whole:
            break
    return Trace(direction, depths, edges)


def leads_to(start: str, goal: str, neighbours: Callable[[Sequence[str]], Iterable[Edge]]) -> bool:
    """Whether `goal` has some of `start` in it: an edge from goal to start would close a circle."""
    return goal in walk([start], FORWARD, neighbours).depths
