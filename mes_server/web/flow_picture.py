"""Where water is drawn on its way: lines to the left, then streams, treatment, outlets, off the site to the right.

A band is as wide as the water that went that way today; what nobody measures is a thin dashed line.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mes_server.domain.waterworks import PLANT, STREAM, TREATMENT, WORKSHOP, Waterworks

LINE = "line"
COLUMNS = (LINE, STREAM, TREATMENT, WORKSHOP, PLANT)
WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN = 184, 92, 74, 20, 12
_THIN, _WIDE = 1.5, 26.0


@dataclass(frozen=True, slots=True)
class Box:
    """A place at its upper left corner; `code` of a line is that of its station."""

    code: str
    kind: str
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Band:
    """Water from one box to another. `width`: px; `known`: whether its volume is."""

    start: str
    end: str
    path: str
    width: float
    known: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing of `width` times `height`."""

    boxes: tuple[Box, ...]
    bands: tuple[Band, ...]
    width: int
    height: int


def draw(works: Waterworks, volumes: Mapping[str, float]) -> Picture:
    """`volumes`: m³ of today, by the code of a place; one that is not there is not known."""
    links = [(line.station, code) for line in works.lines for code in line.drains]
    links += [(one.code, one.to) for one in works.places if one.to]
    columns = _columns(works)
    columns = [_ordered(column, n, columns, links) for n, column in enumerate(columns)]
    tallest = max((len(column) for column in columns), default=1)
    full = tallest * (HEIGHT + GAP_Y) - GAP_Y
    boxes: dict[str, Box] = {}
    for n, column in enumerate(columns):
        beside = [_middle(code, boxes, links) for code, _ in column]
        for (code, kind), y in zip(column, _apart(beside, full), strict=True):
            boxes[code] = Box(code, kind, MARGIN + n * (WIDTH + GAP_X), MARGIN + y)
    most = max([*volumes.values(), 1e-9])
    bands = [
        _band(boxes[a], boxes[b], _volume(a, b, works, volumes), most)
        for a, b in links
        if a in boxes and b in boxes
    ]
    width = 2 * MARGIN + len(columns) * (WIDTH + GAP_X) - GAP_X
    return Picture(tuple(boxes.values()), tuple(bands), width, full + 2 * MARGIN)


def _columns(works: Waterworks) -> list[list[tuple[str, str]]]:
    """What stands in each column; a column without anything is left out."""
    lines = [(line.station, LINE) for line in works.lines if line.drains]
    found = [lines] + [
        [(one.code, one.kind) for one in works.places if one.kind == kind] for kind in COLUMNS[1:]
    ]
    return [column for column in found if column]


def _ordered(
    column: list[tuple[str, str]], n: int, columns: Sequence[Sequence[tuple[str, str]]],
    links: Sequence[tuple[str, str]],
) -> list[tuple[str, str]]:  # fmt: skip
    """By the middle of what leads here in the column before: fewer bands cross."""
    if n == 0:
        return column
    before = {code: place for place, (code, _) in enumerate(columns[n - 1])}

    def middle(one: tuple[str, str]) -> float:
        places = [before[a] for a, b in links if b == one[0] and a in before]
        return sum(places) / len(places) if places else float(column.index(one))

    return sorted(column, key=middle)


def _middle(code: str, boxes: Mapping[str, Box], links: Sequence[tuple[str, str]]) -> int | None:
    """Where a box stands best: beside what leads to it; None: anywhere."""
    found = [boxes[a].y - MARGIN for a, b in links if b == code and a in boxes]
    return sum(found) // len(found) if found else None


def _apart(wanted: Sequence[int | None], full: int) -> list[int]:
    """Each as near to where it wants to be as leaves room for all, from top to bottom."""
    step = HEIGHT + GAP_Y
    found: list[int] = []
    for n, one in enumerate(wanted):
        least = found[-1] + step if found else 0
        most = full - HEIGHT - (len(wanted) - 1 - n) * step
        found.append(max(least, min(n * step if one is None else one, most)))
    return found


def _volume(a: str, b: str, works: Waterworks, volumes: Mapping[str, float]) -> float | None:
    """The water of a band: of what it comes from; of a treatment without a meter what its streams sent."""
    if works.place(a) is None:
        line = next(one for one in works.lines if one.station == a)
        alone = sum(b in one.drains for one in works.lines) == 1 and len(line.drains) == 1
        return volumes.get(b) if alone else None
    if a in volumes:
        return volumes[a]
    fed = [volumes.get(one.code) for one in works.places if one.to == a]
    return None if not fed or None in fed else sum(one for one in fed if one is not None)


def _band(a: Box, b: Box, volume: float | None, most: float) -> Band:
    x1, y1 = a.x + WIDTH, a.y + HEIGHT // 2
    x2, y2 = b.x, b.y + HEIGHT // 2
    middle = (x1 + x2) // 2
    path = f"M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}"
    width = _THIN if volume is None else max(_THIN, _WIDE * volume / most)
    return Band(a.code, b.code, path, round(width, 1), volume is not None)
