"""The binder: for each clause of the standards the records that prove it now, and the gaps by name.

Clauses are dated rows (schemas/limit_sets/clauses.json): which standard and edition, and what proves each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mes_server.domain.report import Remark, iso
from mes_server.domain.seal import Anchor
from schemas.limit_rows import load_rows

PROVED, PARTLY, NOT_PROVED = "proved", "partly", "not_proved"
Titles = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Clause:
    """`proved_by`: names of evidence; `source`, `certainty`: of this row."""

    standard: str
    edition: str
    clause: str
    title: Titles
    what: Titles
    proved_by: tuple[str, ...]
    source: str
    certainty: str

    @property
    def name(self) -> str:
        """As folders and addresses name it: "IATF-16949-8.5.1.1"."""
        return f"{self.standard} {self.clause}".replace(" ", "-")


@dataclass(frozen=True, slots=True)
class Evidence:
    """Records of one kind, each a row of texts; `whole`: how many there are, where not all are listed."""

    name: str
    records: Sequence[Mapping[str, str]] = ()
    gaps: tuple[Remark, ...] = ()
    whole: int = 0

    @property
    def state(self) -> str:
        """proved: records without a gap; partly: with one; not_proved: no records."""
        if not self.records:
            return NOT_PROVED
        return PARTLY if self.gaps else PROVED


@dataclass(frozen=True, slots=True)
class Binder:
    """All clauses with all evidence by name; `ledger`: its head when it was gathered."""

    made_ms: int
    site: str
    software: str
    ledger: Anchor
    clauses: tuple[Clause, ...]
    evidence: Mapping[str, Evidence] = field(default_factory=dict)

    def of(self, clause: Clause) -> list[Evidence]:
        """What proves a clause."""
        return [self.evidence[name] for name in clause.proved_by]

    def state(self, clause: Clause) -> str:
        """proved when all of its evidence is, not_proved when none is."""
        states = {one.state for one in self.of(clause)}
        if states == {PROVED}:
            return PROVED
        return NOT_PROVED if states == {NOT_PROVED} else PARTLY

    def as_content(self) -> dict[str, Any]:
        """As its JSON has it; the records lie beside it in files of their own."""
        return {
            "schema": "urn:lodestone:binder:1", "made_at": iso(self.made_ms), "site": self.site,
            "software": self.software, "ledger": {"events": self.ledger.number, "hash": self.ledger.hash},
            "clauses": [self._clause(one) for one in self.clauses],
            "evidence": [_evidence(one) for one in self.evidence.values()],
        }  # fmt: skip

    def _clause(self, one: Clause) -> dict[str, Any]:
        return {
            "standard": one.standard, "edition": one.edition, "clause": one.clause,
            "title": dict(one.title), "what": dict(one.what), "state": self.state(one),
            "proved_by": list(one.proved_by), "source": one.source, "certainty": one.certainty,
        }  # fmt: skip


def _evidence(one: Evidence) -> dict[str, Any]:
    return {
        "name": one.name, "state": one.state, "records": one.whole or len(one.records),
        "listed": len(one.records),
        "gaps": [{"what": gap.what, "facts": dict(gap.facts)} for gap in one.gaps],
    }  # fmt: skip


def clauses_at(day: str) -> tuple[Clause, ...]:
    """The clauses in force on a day; of one clause, the newest row."""
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for row in load_rows("clauses"):
        if row["since"] <= day:
            found[row["standard"], row["clause"]] = row
    return tuple(
        Clause(
            r["standard"], r["edition"], r["clause"], r["title"], r["what"], tuple(r["proved_by"]),
            r["source"], r["certainty"],
        )
        for r in found.values()
    )  # fmt: skip
