"""The release of a product lot: who decided on which evidence that it conforms (ISO 9001:2015 8.6, IATF 16949 8.6.1)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mes_server.domain.amounts import amount_from
from mes_server.domain.checks import Check
from mes_server.domain.lots import SCRAPPED, TAKEN, Lot
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


def whole_of(lot: Lot, since: Iterable[Event]) -> dict[str, int]:
    """How much a release is about: what is there now, and what was taken from it since that release."""
    whole = lot.amount
    for event in since:
        if event.kind in (TAKEN, SCRAPPED):
            whole = whole + amount_from(event.facts()["amount"])
    return {"pieces": whole.pieces, "mass_mg": whole.mass_mg}


def evidence_of(
    lot: Lot, plan: str, runs: Iterable[str], checks: Iterable[Check], ncs: Iterable[Nonconformance]
) -> dict[str, Any]:
    """What a release is bound to: grade, reworks, plan, the runs it came out of last, every check of them and of the
    lot, what was decided on every nonconformance. How much it is about is `whole_of`: packs are taken from it."""
    return {
        "lot": lot.code, "grade": lot.grade, "reworks": dict(lot.reworks), "plan": plan,
        "runs": sorted(runs),
        "checks": sorted([one.code, one.verdict, one.voided] for one in checks),
        "nonconformances": sorted([one.code, _decided(one)] for one in ncs),
    }  # fmt: skip


def _decided(one: Nonconformance) -> str:
    """Closing it later changes nothing about the lot; that it was there stays."""
    return "" if one.disposition is None else one.disposition.kind
