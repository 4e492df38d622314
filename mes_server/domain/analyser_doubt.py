"""The spans in which an online value is no evidence: by the analyser's own state, by maintenance, by failed checks."""

from collections.abc import Iterable, Sequence

from mes_server.domain.discharge import CALIBRATING, FAULT, MAINTENANCE, SPAN_FAILED
from mes_server.domain.flow_means import Span
from mes_server.domain.water_samples import AnalyserCheck

_STATES = {"calibrating": CALIBRATING, "maintenance": MAINTENANCE, "fault": FAULT}


def by_state(turns: Sequence[tuple[int, str]], to_ms: int) -> list[Span]:
    """The spans of states in which an analyser does not measure. `turns`: the states, each where it began."""
    ends = [at_ms for at_ms, _ in turns[1:]] + [to_ms]
    return [
        Span(begun, end, _STATES[state])
        for (begun, state), end in zip(turns, ends, strict=False)
        if state in _STATES and begun < end
    ]


def by_checks(checks: Iterable[AnalyserCheck], pollutant: str, to_ms: int) -> list[Span]:
    """Maintenance, and the doubt of failed checks: from the last check of that kind that passed until the next one.

    Without one before, everything before the failed check is doubtful; without one after, everything behind it.
    """
    mine = sorted((one for one in checks if one.pollutant in ("", pollutant)), key=_when)
    spans = [
        Span(one.at_ms, to_ms if one.to_ms is None else one.to_ms, MAINTENANCE)
        for one in mine
        if one.kind == "maintenance"
    ]
    for kind in ("zero", "span"):
        spans += _doubt([one for one in mine if one.kind == kind and one.passed is not None], to_ms)
    return spans


def _doubt(told: Sequence[AnalyserCheck], to_ms: int) -> list[Span]:
    spans, good_ms, bad = [], 0, False
    for one in told:
        if one.passed:
            if bad:
                spans.append(Span(good_ms, one.at_ms, SPAN_FAILED))
            good_ms, bad = one.at_ms, False
        else:
            bad = True
    return [*spans, Span(good_ms, to_ms, SPAN_FAILED)] if bad else spans


def _when(one: AnalyserCheck) -> int:
    return one.at_ms
