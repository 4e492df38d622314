"""Sign a record: badge and PIN once more, at the moment of signing. The PIN is compared and forgotten.

Tries are counted as those of signing in: who guesses is locked out here, too.
"""

from dataclasses import dataclass

from mes_server.actions.record_events import Book
from mes_server.actions.sign_in import LOCKED, Gate
from mes_server.domain.attempts import Refusal
from mes_server.domain.people import Person, locked_until, permissions_of, read_badge
from mes_server.domain.signatures import MEANINGS, SIGNED, stream_of
from mes_server.store import sign_ins
from mes_server.store.engine import reading
from mes_server.store.people import load_person, pin_hash_of
from mes_server.store.pins import load_pepper, pin_fits
from mes_server.store.transaction import writing

_NOBODY = "?"


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
    pepper = load_pepper(gate.data_dir)
    badge = read_badge(signing.badge) or _NOBODY
    if signing.meaning not in MEANINGS:
        return Refusal("signature_means_something", {"meanings": ", ".join(MEANINGS)})
    subjects = {"badge": f"badge:{badge}", "address": f"address:{signing.address[:64]}"}
    with writing(gate.engine) as conn:
        tries = sign_ins.load_tries(conn, subjects, now_ms)
        until_ms = locked_until(tries, now_ms)
        if until_ms is not None:
            return Refusal(LOCKED, {"until_ms": str(until_ms)})
        counted = sign_ins.append_tries(conn, subjects, now_ms)
    with reading(gate.engine) as conn:
        kept, person = pin_hash_of(conn, badge), load_person(conn, badge)
    fits = pin_fits(signing.pin, kept, pepper)
    if person is None or person.disabled_ms is not None or not fits:
        return Refusal("signature_is_right", {"badge": badge})
    with writing(gate.engine) as conn:
        sign_ins.drop_tries(conn, counted, subjects["badge"])
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
