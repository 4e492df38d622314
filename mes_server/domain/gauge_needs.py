"""Which studies a gauge needs for what it is used for: a dated requirement (gauge_studies.json).

IATF 16949:2016 7.1.5.1.1: studies of each type of measurement system that the control plan names.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from mes_server.domain.control_plan import Characteristic
from mes_server.domain.days import utc_day
from mes_server.domain.gauges import Study
from mes_server.domain.msa_study import GRR, share_verdict
from schemas.limit_rows import load_rows, row_at

VARIABLE, ATTRIBUTE_USE = "variable", "attribute"


def acceptance_on(day: str) -> dict[str, Any]:
    """The row that judges a study of that day (measurement_systems.json)."""
    return row_at(_rows("measurement_systems"), day)


@cache
def _rows(name: str) -> list[dict[str, Any]]:
    return load_rows(name)


def lacking(studies: Sequence[Study], line: Characteristic, at_ms: int) -> list[str]:
    """What the studies of a type of gauge do not show that a characteristic takes; each as kinds of which one would do."""
    row = row_at(_rows("gauge_studies"), utc_day(at_ms))
    if line.symbol not in row["symbols"]:
        return []
    use = ATTRIBUTE_USE if line.kind == "attribute" else VARIABLE
    known = [one for one in studies if one.at_ms <= at_ms]
    return [
        " / ".join(kinds)
        for kinds in row["studies"][use]
        if not any(_serves(known, kind, line, row) for kind in kinds)
    ]


def accepted_kinds(studies: Sequence[Study]) -> list[str]:
    """The kinds whose newest study of a type of gauge is accepted."""
    newest = {one.kind: one.accepted for one in studies}
    return [kind for kind, accepted in newest.items() if accepted]


def _serves(
    known: Sequence[Study], kind: str, line: Characteristic, row: Mapping[str, Any]
) -> bool:
    """By the newest study of the characteristic itself; without one by the newest that is about the type."""
    of_kind = [one for one in known if one.kind == kind]
    own = [one for one in of_kind if one.characteristic == line.id]
    general = [
        one for one in of_kind if not one.characteristic or row["another_characteristic_counts"]
    ]
    newest = (own or general)[-1:]
    return bool(newest) and newest[0].accepted and (not own or _fits(newest[0], line))


def _fits(study: Study, line: Characteristic) -> bool:
    """A study of the characteristic against a tolerance fits while the tolerance of its plan is as wide as it takes."""
    if study.kind != GRR or not study.tolerance or line.lower is None or line.upper is None:
        return True
    width = float(line.upper - line.lower)
    if width <= 0:
        return False
    share = 600 * float(study.figures["grr"]) / width
    verdict = share_verdict(share, acceptance_on(utc_day(study.at_ms)))
    return verdict == "good" or (verdict == "fair" and bool(study.reason))
