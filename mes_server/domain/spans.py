"""Spans of time as sorted lists of (from, to) that do not touch: joined, met, taken away, measured. All in ms."""

from collections.abc import Iterable, Sequence

Span = tuple[float, float]


def joined(spans: Iterable[Span]) -> list[Span]:
    """All of them; those that overlap or touch become one."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        elif end >= start:
            found.append((start, end))
    return found


def met(one: Sequence[Span], other: Sequence[Span]) -> list[Span]:
    """What lies in both."""
    found, i, j = [], 0, 0
    while i < len(one) and j < len(other):
        start, end = max(one[i][0], other[j][0]), min(one[i][1], other[j][1])
        if start <= end:
            found.append((start, end))
        if one[i][1] < other[j][1]:
            i += 1
        else:
            j += 1
    return found


def met_all(all_spans: Sequence[Sequence[Span]]) -> list[Span]:
    """What lies in each of them; of none: nothing."""
    if not all_spans:
        return []
    found = list(all_spans[0])
    for spans in all_spans[1:]:
        found = met(found, spans)
    return found


def longest(spans: Sequence[Span], from_ms: float = float("-inf")) -> Span | None:
    """The longest, of what lies behind that moment."""
    behind = [(max(start, from_ms), end) for start, end in spans if end > from_ms]
    return max(behind, key=lambda span: span[1] - span[0], default=None)


def within(spans: Sequence[Span], span: Span) -> list[Span]:
    """What of them lies in one span."""
    return met(spans, [span])


def length(spans: Iterable[Span]) -> float:
    """How long all of them are."""
    return sum(end - start for start, end in spans)


def besides(one: Sequence[Span], other: Sequence[Span]) -> list[Span]:
    """What of the first lies in none of the other, touching moments apart."""
    found = []
    for start, end in one:
        for from_ms, to_ms in met(other, [(start, end)]):
            found.append((start, from_ms))
            start = to_ms
        found.append((start, end))
    return [span for span in found if span[1] > span[0]]
