"""Where the lots around a lot are drawn: causes to its left, what became of it to its right.

A column is a level, as far from the lot as the longest way to it. Amounts stand at the far end of an edge,
where every edge has a line of its own.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mes_server.domain.genealogy import BACK, Edge, Trace

WIDTH, LINE, GAP = 150, 17, 14
LABEL, CURVE = 108, 40
COLUMN = WIDTH + LABEL + CURVE
MARGIN = 10
_HEAD = 40  # two lines of text


@dataclass(frozen=True, slots=True)
class Node:
    """A lot at its upper left corner; `depth`: columns from the middle, below 0 to the left."""

    code: str
    depth: int
    x: int
    y: int
    height: int


@dataclass(frozen=True, slots=True)
class Line:
    """All edges from one lot to another: a path, and where the amounts are written (`anchor`: start or end)."""

    parent: str
    child: str
    edges: tuple[Edge, ...]
    path: str
    x: int
    y: int
    anchor: str


@dataclass(frozen=True, slots=True)
class Graph:
    """A drawing of `width` times `height`; `middle`: where the lot itself is, across."""

    nodes: tuple[Node, ...]
    lines: tuple[Line, ...]
    width: int
    height: int
    middle: int


Pairs = Mapping[tuple[str, str], tuple[Edge, ...]]


def _pairs(trace: Trace) -> Pairs:
    found: dict[tuple[str, str], tuple[Edge, ...]] = {}
    for edge in trace.edges:
        key = (edge.parent, edge.child)
        found[key] = (*found.get(key, ()), edge)
    return found


def _ends(pair: tuple[str, str], direction: str) -> tuple[str, str]:
    """The end of an edge that is nearer to the lot, and the far one."""
    return (pair[1], pair[0]) if direction == BACK else pair


def _columns(start: str, trace: Trace, pairs: Pairs) -> list[list[str]]:
    """The lots of each level, by the longest way; each beside what it is tied to."""
    depths = dict.fromkeys(trace.depths, 0)
    for _ in depths:
        changed = False
        for pair in pairs:
            near, far = _ends(pair, trace.direction)
            if depths[far] <= depths[near]:
                depths[far] = depths[near] + 1
                changed = True
        if not changed:
            break
    columns: list[list[str]] = [[] for _ in range(max(depths.values()) + 1)]
    for code in trace.depths:
        columns[depths[code]].append(code)
    ties: dict[str, list[str]] = {}
    for pair in pairs:
        near, far = _ends(pair, trace.direction)
        ties.setdefault(far, []).append(near)
    place = {start: 0.0}
    for column in columns[1:]:
        middles = sorted((_middle([place[near] for near in ties[code]]), code) for code in column)
        column[:] = [code for _, code in middles]
        place |= {code: float(at) for at, code in enumerate(column)}
    return columns


def _middle(places: Sequence[float]) -> float:
    return sum(places) / len(places)


def _place(columns: Sequence[Sequence[str]], trace: Trace, pairs: Pairs) -> list[Node]:
    """The lots of one side, around the height 0; the lot itself comes first."""
    ports = Counter(_ends(pair, trace.direction)[1] for pair in pairs)
    sign = -1 if trace.direction == BACK else 1
    placed = []
    for depth, column in enumerate(columns):
        heights = [max(_HEAD, 6 + LINE * ports[code]) for code in column]
        y = -(sum(heights) + GAP * (len(column) - 1)) // 2
        for code, height in zip(column, heights, strict=True):
            placed.append(Node(code, sign * depth, sign * depth * COLUMN, y, height))
            y += height + GAP
    return placed


def _line(edges: tuple[Edge, ...], nodes: Mapping[str, Node], port: int, direction: str) -> Line:
    pair = (edges[0].parent, edges[0].child)
    near, far = (nodes[code] for code in _ends(pair, direction))
    sign = -1 if direction == BACK else 1
    y = far.y + far.height // 2 + port
    x0 = far.x if sign > 0 else far.x + WIDTH
    x1 = near.x + WIDTH if sign > 0 else near.x
    bend = x0 - sign * LABEL
    half = (bend + x1) // 2
    middle = near.y + near.height // 2
    path = f"M{x0} {y}H{bend}C{half} {y} {half} {middle} {x1} {middle}"
    return Line(*pair, edges, path, x0 - sign * 6, y - 4, "end" if sign > 0 else "start")


def _lines(trace: Trace, pairs: Pairs, nodes: Mapping[str, Node]) -> list[Line]:
    by_far: dict[str, list[tuple[str, str]]] = {}
    for pair in pairs:
        by_far.setdefault(_ends(pair, trace.direction)[1], []).append(pair)
    lines = []
    for found in by_far.values():
        found.sort(key=lambda pair: nodes[_ends(pair, trace.direction)[0]].y)
        for at, pair in enumerate(found):
            port = LINE * at - LINE * (len(found) - 1) // 2
            lines.append(_line(pairs[pair], nodes, port, trace.direction))
    return lines


def graph_of(start: str, back: Trace, forward: Trace) -> Graph:
    """Draw what `genealogy.near` found on both sides of a lot."""
    sides = []
    nodes: dict[str, Node] = {}
    for trace in (back, forward):
        pairs = _pairs(trace)
        sides.append((trace, pairs))
        for node in _place(_columns(start, trace, pairs), trace, pairs):
            nodes.setdefault(node.code, node)
    left = MARGIN - min(node.x for node in nodes.values())
    top = MARGIN - min(node.y for node in nodes.values())
    nodes = {
        code: Node(code, node.depth, node.x + left, node.y + top, node.height)
        for code, node in nodes.items()
    }
    lines = [line for trace, pairs in sides for line in _lines(trace, pairs, nodes)]
    width = max(node.x for node in nodes.values()) + WIDTH + MARGIN
    height = max(node.y + node.height for node in nodes.values()) + MARGIN
    return Graph(tuple(nodes.values()), tuple(lines), width, height, nodes[start].x + WIDTH // 2)
