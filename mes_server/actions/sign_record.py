"""Sign a record: badge and PIN once more, at the moment of signing. The PIN is compared and forgotten.

Tries are counted as those of signing in: who guesses is locked out here, too.
"""

from dataclasses import dataclass

from mes_server.actions.record_events import Book
from mes_server.actions.sign_in import Gate
from mes_server.actions.try_pin import try_pin, was_right
from mes_server.domain.attempts import Refusal
from mes_server.domain.people import Person, permissions_of
from mes_server.domain.signatures import MEANINGS, SIGNED, stream_of
from mes_server.store.people import lock_person
from mes_server.store.transaction import writing


@dataclass(frozen=True, slots=True)
class Signing:
    """What somebody shows to sign: badge (or card) and PIN, from where, and what the signature means."""

    badge: str
    pin: str
    meaning: str
    address: str = ""


def check_signing(gate: Gate, signing: Signing, now_ms: int) -> Person | Refusal:
    """Who signs, or why not; in transactions of its own, before anything is decided.

    Raises StoreFault, PepperMissing.
    """
    if signing.meaning not in MEANINGS:
        return Refusal("signature_means_something", {"meanings": ", ".join(MEANINGS)})
    shown = (signing.badge, signing.pin, signing.address)
    tried = try_pin(gate.engine, gate.data_dir, shown, now_ms)
    if isinstance(tried, Refusal):
        return tried
    with writing(gate.engine) as conn:
        person = lock_person(conn, tried.badge)
        if not was_right(conn, tried, person, now_ms) or person is None:
            return Refusal("signature_is_right", {"badge": tried.badge})
    return person


def may_sign(signer: Person | Refusal | None, permission: str) -> list[Refusal]:
    """Why this signature does not count for what is done: none was given, it is wrong, or the roles do not allow it."""
    if signer is None:
        return [Refusal("signature_is_given", {})]
    if isinstance(signer, Refusal):
        return [signer]
    if permission in permissions_of(signer.roles):
        return []
    return [Refusal("signer_may", {"badge": signer.badge, "permission": permission})]


def sign(book: Book, about: str, digest: str, signer: Person, meaning: str) -> None:
    """Note the signature. It is of who showed badge and PIN, whoever sends it."""
    book.note_as(
        signer.badge, stream_of(about), SIGNED, about=about, digest=digest, meaning=meaning
    )
