"""A try of badge and PIN, to sign in or to sign a record.

It is counted before its PIN is looked at, so that many at once are not more than are allowed; an unknown badge is
counted and compared like a known one, so that neither words nor time tell them apart.
"""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine

from mes_server.actions.record_person import act_of, note
from mes_server.domain.people import PIN_LOCKED, Person, locked_until, read_badge
from mes_server.domain.rules import Refusal
from mes_server.store import sign_ins
from mes_server.store.engine import reading
from mes_server.store.people import pin_hash_of
from mes_server.store.pins import load_pepper, pin_fits
from mes_server.store.transaction import writing

LOCKED = "tries_are_left"
_NOBODY = "?"  # stands for every text that can be no badge


@dataclass(frozen=True, slots=True)
class Tried:
    """A try that was counted. `kept`: the hash that the PIN was compared with."""

    badge: str
    fits: bool
    kept: str | None
    counted: tuple[int, ...]

    @property
    def subject(self) -> str:
        """Whose tries it counts among, beside those of the address."""
        return f"badge:{self.badge}"


def try_pin(
    engine: Engine, data_dir: Path, shown: tuple[str, str, str], now_ms: int
) -> Tried | Refusal:
    """Count and compare. `shown`: badge, PIN and from where. Raises StoreFault, PepperMissing."""
    said, pin, address = shown
    pepper = load_pepper(data_dir)
    badge = read_badge(said) or _NOBODY
    subjects = {"badge": f"badge:{badge}", "address": f"address:{address[:64]}"}
    with writing(engine) as conn:
        tries = sign_ins.load_tries(conn, subjects, now_ms)
        until_ms = locked_until(tries, now_ms)
        if until_ms is not None:
            return Refusal(LOCKED, {"until_ms": str(until_ms)})
        counted = sign_ins.append_tries(conn, subjects, now_ms)
    with reading(engine) as conn:
        kept = pin_hash_of(conn, badge)
    return Tried(badge, pin_fits(pin, kept, pepper), kept, tuple(counted))


def was_right(conn: Connection, tried: Tried, person: Person | None, now_ms: int) -> bool:
    """Whether it lets this person (locked in this transaction) in; then it counts no more.

    The PIN may have been changed while its hash was computed. The last try that is allowed is worth remembering.
    """
    right = person is not None and tried.fits and pin_hash_of(conn, tried.badge) == tried.kept
    if right:
        sign_ins.drop_tries(conn, tried.counted, tried.subject)
        return True
    tries = sign_ins.load_tries(conn, {"badge": tried.subject}, now_ms)
    until_ms = locked_until(tries, now_ms)
    if until_ms is not None:
        act = act_of("", now_ms)
        note(conn, act, "sign_in", PIN_LOCKED, badge=tried.badge, until_ms=until_ms)
    return False
