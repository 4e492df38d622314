"""The lot report: 20 sections in the order of the contract (schemas/messages/lot_report.schema.json), and a verdict.

A verdict of "open" says that evidence is missing; what is only told (ONLY_TOLD: what this system does not keep at all,
what was settled or conceded) is named in its section and does not change the verdict.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from mes_server.domain.lots import Lot
from mes_server.domain.report import (
    CONCESSION,
    CONFORMS,
    DOES_NOT_CONFORM,
    FAILED,
    OPEN,
    Remark,
    Report,
    Row,
    Section,
    yes,
)
from mes_server.domain.report_contract import contract_of

LOT_REPORT = "lot_report"
LotReport = Report
ONLY_TOLD = frozenset((
    "not_kept", "dy_tb_by_recipe", "cut_short", "no_energy", "soak_conceded", "titration_conceded", "titration_settled",
    "index_waits", "grade_unknown", "grade_missed", "not_added_up",
))  # fmt: skip


class Standing(NamedTuple):
    """Whether a release by signature stands, and whether something is accepted under a concession."""

    released: bool
    conceded: bool


def verdict_of(sections: Mapping[str, Section], conceded: bool) -> str:
    """conforms, concession, open or does_not_conform."""
    if any(section.state == FAILED for section in sections.values()):
        return DOES_NOT_CONFORM
    missing = (gap.what for section in sections.values() for gap in section.gaps)
    if any(what not in ONLY_TOLD for what in missing):
        return OPEN
    return CONCESSION if conceded else CONFORMS


def verdict_section(
    sections: Mapping[str, Section], lot: Lot, signatures: Sequence[Row], standing: Standing
) -> Section:
    """Section 2: what the others come to, and who released the lot."""
    released = standing.released
    rows: list[Row] = []
    for spec in contract_of(LOT_REPORT).sections:
        one = sections.get(spec.name)
        if one is not None:
            counts = {"gaps": str(len(one.gaps)), "failures": str(len(one.failures))}
            rows.append({"section": dict(spec.titles), "state": one.state, **counts})
    gaps = () if released else (Remark("not_released"),)
    told = verdict_of({**sections, "verdict": Section(gaps=gaps)}, standing.conceded)
    facts = {
        "verdict": told, "held": yes(bool(lot.holds)), "released": yes(released),
        "gaps": str(sum(len(one.gaps) for one in sections.values()) + len(gaps)),
        "failures": str(sum(len(one.failures) for one in sections.values())),
    }  # fmt: skip
    return Section(facts, {"sections": rows, "signatures": list(signatures)}, gaps)


def lot_report(report: Report) -> LotReport:
    """The report with its sections in the contract's order; raises KeyError when one is missing."""
    ordered = {spec.name: report.sections[spec.name] for spec in contract_of(LOT_REPORT).sections}
    return replace(report, sections=ordered, verdict=str(ordered["verdict"].facts["verdict"]))
