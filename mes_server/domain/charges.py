"""A run of a station is the replay of its charge's events: which lots were in it when, what it used."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mes_server.domain.lots import Impossible, corrected_actions
from mes_server.domain.seal import Event

OPENED, PUT_IN, CLOSED, RUN_CORRECTED = "run_opened", "run_loaded", "run_closed", "run_corrected"
USED = "run_used"  # something was mounted while it went on


@dataclass(frozen=True, slots=True)
class Inside:
    """A lot in a run. `heavy`: it held Dy/Tb; `position`: tray, basket, place in the barrel."""

    lot: str
    from_ms: int
    heavy: bool = False
    position: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """One run. `closed_ms` is None while it goes on. `resources`: role and name of each bath make-up,
    target, thermocouple, jig; a role may have had one after the other."""

    code: str
    station: str
    operation: str
    opened_ms: int
    recipe: str = ""
    closed_ms: int | None = None
    lots: tuple[Inside, ...] = ()
    resources: tuple[tuple[str, str], ...] = ()


def replay_run(history: Sequence[Event]) -> Run | None:
    """The run these events (of one charge, the oldest first) make; None: it never began.

    Raises Impossible.
    """
    taken_back = corrected_actions(history)
    run: Run | None = None
    for event in history:
        facts = event.facts()
        if event.kind == RUN_CORRECTED or event.action in taken_back:
            continue
        if event.kind == OPENED:
            code = event.stream.removeprefix("charge:")
            run = Run(code, event.place, facts["operation"], event.at_ms, facts["recipe"],
                      resources=tuple(sorted(facts["resources"].items())))  # fmt: skip
        elif run is None or run.closed_ms is not None:
            raise Impossible(f"{event.stream} is not open")
        elif event.kind == PUT_IN:
            inside = Inside(facts["lot"], event.at_ms, facts["heavy"], facts["position"])
            run = replace(run, lots=(*run.lots, inside))
        elif event.kind == USED:
            run = _with(run, facts["role"], facts["resource"])
        else:
            run = replace(run, closed_ms=event.at_ms)
    return run


def _with(run: Run, role: str, resource: str) -> Run:
    return replace(run, resources=tuple(sorted({*run.resources, (role, resource)})))
