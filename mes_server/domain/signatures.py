"""A signature: somebody showed badge and PIN once more, and said what a record of theirs means.

It is bound to the digest of the record. A record that has changed since has another one, so the signature does
not stand any more; it is shown as void, never hidden (21 CFR 11.50, 11.70 name the same: who, when, meaning, bond).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from mes_server.domain.attempts import Refusal
from mes_server.domain.seal import Event, canonical

SIGNED = "signed"
MEANINGS = ("released", "approved", "disposed", "witnessed", "reviewed", "closed")


@dataclass(frozen=True, slots=True)
class Signature:
    """`about`: what was signed, "plan:CP-7/B". `digest`: of the record then. `number`, `hash`: of its event."""

    about: str
    digest: str
    badge: str
    meaning: str
    at_ms: int
    number: int
    hash: str

    def stands(self, digest: str | None) -> bool:
        """Whether the record, whose digest is this now, is still what was signed."""
        return digest == self.digest


def stream_of(about: str) -> str:
    """The stream with the signatures of a record."""
    return f"signature:{about}"


def signature_from(event: Event) -> Signature:
    """The signature an event tells of."""
    facts = event.facts()
    return Signature(
        facts["about"], facts["digest"], event.person, facts["meaning"], event.noted_ms, event.number,
        event.hash,
    )  # fmt: skip


def digest(record: Mapping[str, Any]) -> str:
    """SHA-256 (FIPS 180-4) over the canonical JSON of what a record says."""
    return sha256(canonical(dict(record)).encode()).hexdigest()


def standing(signatures: Iterable[Signature], now: str | None) -> list[Signature]:
    """Those that stand."""
    return [one for one in signatures if one.stands(now)]


def second_person(signatures: Iterable[Signature], badge: str) -> list[Refusal]:
    """A refusal when the one who signs now is the only one who ever did."""
    others = {one.badge for one in signatures} - {badge}
    return [] if others else [Refusal("second_person_signs", {"badge": badge})]
