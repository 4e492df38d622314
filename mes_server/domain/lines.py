"""What stands at a station between runs: what is mounted there, whether it is locked, when it was cleared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from mes_server.domain.seal import Event

CLEARED, MOUNTED, LOCKED, UNLOCKED = "line_cleared", "line_mounted", "line_locked", "line_unlocked"
STOPPED = "line_stopped"  # planned or not: what runs next is verified first (IATF 16949 8.5.1.4)


@dataclass(frozen=True, slots=True)
class Line:
    """`mounted`: resource (bath make-up, target, slurry, thermocouple, jig) by role. `locked`: why nothing
    may be loaded, "" when it may. `cleared_ms`: when the line was last cleared, 0: never."""

    station: str
    mounted: Mapping[str, str] = field(default_factory=dict)
    locked: str = ""
    cleared_ms: int = 0
    stopped_ms: int = 0


def replay_line(station: str, history: Sequence[Event]) -> Line:
    """The line as its events (the oldest first) make it."""
    line = Line(station)
    for event in history:
        facts = event.facts()
        if event.kind == CLEARED:
            line = replace(line, cleared_ms=max(line.cleared_ms, event.at_ms))
        elif event.kind == MOUNTED:
            others = {r: what for r, what in line.mounted.items() if r != facts["role"]}
            now = {facts["role"]: facts["resource"]} if facts["resource"] else {}
            line = replace(line, mounted=others | now)
        elif event.kind == STOPPED:
            line = replace(line, stopped_ms=max(line.stopped_ms, event.at_ms))
        elif event.kind in (LOCKED, UNLOCKED):
            stopped_ms = max(line.stopped_ms, event.at_ms if event.kind == LOCKED else 0)
            locked = event.reason if event.kind == LOCKED else ""
            line = replace(line, locked=locked, stopped_ms=stopped_ms)
    return line
