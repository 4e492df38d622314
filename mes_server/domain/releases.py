"""The release of a product lot: who decided on which evidence that it conforms (ISO 9001:2015 8.6, IATF 16949 8.6.1)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mes_server.domain.checks import Check
from mes_server.domain.nonconformance import Nonconformance
from mes_server.domain.seal import Event

PRODUCT_RELEASED = "product_released"


@dataclass(frozen=True, slots=True)
class Release:
    """`digest`: of the evidence as it was then. `by`: badges of who signed."""

    lot: str
    plan: str
    digest: str
    at_ms: int
    by: tuple[str, ...]


def stream_of(lot: str) -> str:
    """The stream with the releases of a lot."""
    return f"release:{lot}"


def release_from(event: Event) -> Release:
    """The release an event tells of."""
    facts = event.facts()
    return Release(facts["lot"], facts["plan"], facts["digest"], event.noted_ms, tuple(facts["by"]))


def evidence_of(
    lot: str, grade: str, plan: str, checks: Iterable[Check], ncs: Iterable[Nonconformance]
) -> dict[str, Any]:
    """What a release is bound to: grade, plan, every check of the lot and its runs, every nonconformance of it."""
    return {
        "lot": lot, "grade": grade, "plan": plan,
        "checks": sorted([one.code, one.verdict, one.voided] for one in checks),
        "nonconformances": sorted([one.code, one.state] for one in ncs if one.state != "closed"),
    }  # fmt: skip
