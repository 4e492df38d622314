"""Add people, change their roles and PINs, qualify them, let them go. Each is an event of the ledger."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine

from mes_server.actions.end_sessions import end_open, revoke_all
from mes_server.actions.record_events import Act
from mes_server.actions.record_person import note_person
from mes_server.domain.people import (
    DISABLED,
    ENABLED,
    PERSON_ADDED,
    PIN_SET,
    QUALIFIED,
    ROLES,
    ROLES_CHANGED,
    UNQUALIFIED,
    Person,
    pin_fault,
    read_badge,
)
from mes_server.domain.rules import Refusal
from mes_server.store import people as rows
from mes_server.store.engine import reading
from mes_server.store.faults import NOT_SET_UP, StoreFault
from mes_server.store.pins import hash_pin, load_pepper, make_pepper
from mes_server.store.sign_ins import drop_tries
from mes_server.store.transaction import writing

NAME_MAX = 100
LANGUAGES = ("", "zh", "en")


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody to be added."""

    badge: str
    name: str
    roles: Collection[str]
    language: str = ""


def _roles_fault(roles: Collection[str]) -> Refusal | None:
    strange = sorted(set(roles) - set(ROLES))
    if strange or not roles:
        facts = {"roles": ", ".join(strange) or "-", "known": ", ".join(ROLES)}
        return Refusal("roles_are_known", facts)
    return None


def unknown(badge: str) -> Refusal:
    """There is nobody with this badge."""
    return Refusal("person_is_known", {"badge": badge})


def add_person(engine: Engine, act: Act, newcomer: Newcomer) -> Person | Refusal:
    """Add somebody, without a PIN yet."""
    badge = read_badge(newcomer.badge)
    if badge is None:
        return Refusal("badge_is_readable", {"badge": newcomer.badge[:40]})
    name = newcomer.name.strip()
    if not name or len(name) > NAME_MAX or not name.isprintable():
        return Refusal("name_is_readable", {"most": str(NAME_MAX)})
    fault = _roles_fault(newcomer.roles)
    if fault is not None:
        return fault
    if newcomer.language not in LANGUAGES:
        return Refusal("language_is_known", {"language": newcomer.language[:40]})
    person = Person(badge, name, newcomer.language, frozenset(newcomer.roles), {})
    with writing(engine) as conn:
        if not rows.insert_person(conn, person, act.now_ms):
            return Refusal("badge_is_free", {"badge": badge})
        note_person(conn, act, badge, PERSON_ADDED, roles=sorted(person.roles))
    return person


def change_roles(engine: Engine, act: Act, badge: str, roles: Collection[str]) -> Person | Refusal:
    """Give a person these roles instead of those before; sessions have them at once."""
    fault = _roles_fault(roles)
    if fault is not None:
        return fault
    with writing(engine) as conn:
        person = rows.lock_person(conn, badge)
        if person is None:
            return unknown(badge)
        if person.roles != set(roles):
            rows.set_roles(conn, badge, roles)
            facts = {"roles": sorted(set(roles)), "before": sorted(person.roles)}
            note_person(conn, act, badge, ROLES_CHANGED, **facts)
        return _load(conn, badge)


def prepare_pepper(engine: Engine, data_dir: Path) -> bool:
    """Make the key of the PINs where there is none and none is missing; whether it was made.

    Raises StoreFault when the store cannot say whether PINs were set with another one.
    """
    try:
        with reading(engine) as conn:
            pins = rows.count_pins(conn)
    except StoreFault as fault:
        if fault.kind != NOT_SET_UP:
            raise
        pins = 0
    return pins == 0 and make_pepper(data_dir)


def set_pin(engine: Engine, act: Act, badge: str, pin: str, data_dir: Path) -> Person | Refusal:
    """Set a PIN. It ends the person's sessions, and wrong tries before it count no more.

    Raises PepperMissing.
    """
    rule = pin_fault(pin, badge)
    if rule is not None:
        return Refusal(rule, {})
    prepare_pepper(engine, data_dir)
    kept = hash_pin(pin, load_pepper(data_dir))
    with writing(engine) as conn:
        person = rows.lock_person(conn, badge)
        if person is None:
            return unknown(badge)
        rows.set_pin_hash(conn, badge, kept)
        drop_tries(conn, (), f"badge:{badge}")
        note_person(conn, act, badge, PIN_SET)
        end_open(conn, act, badge, "pin_set")
        return _load(conn, badge)


def qualify(
    engine: Engine, act: Act, badge: str, name: str, until_ms: int | None
) -> Person | Refusal:
    """Give a qualification until a moment, or (None) take it."""
    name = name.strip()
    if not name or len(name) > NAME_MAX or not name.isprintable():
        return Refusal("name_is_readable", {"most": str(NAME_MAX)})
    if until_ms is not None and until_ms <= act.now_ms:
        return Refusal("end_is_ahead", {})
    with writing(engine) as conn:
        person = rows.lock_person(conn, badge)
        if person is None:
            return unknown(badge)
        rows.set_qualification(conn, badge, name, until_ms)
        if until_ms is None:
            note_person(conn, act, badge, UNQUALIFIED, qualification=name)
        else:
            note_person(conn, act, badge, QUALIFIED, qualification=name, until_ms=until_ms)
        return _load(conn, badge)


def disable(engine: Engine, act: Act, badge: str, reason: str) -> Person | Refusal:
    """Somebody leaves, or lost a badge: sessions and tokens end at once, records keep the name."""
    with writing(engine) as conn:
        person = rows.lock_person(conn, badge)
        if person is None:
            return unknown(badge)
        if person.disabled_ms is None:
            rows.set_disabled(conn, badge, act.now_ms)
            note_person(conn, act, badge, DISABLED, reason)
            end_open(conn, act, badge, "disabled")
            revoke_all(conn, act, badge)
        return _load(conn, badge)


def enable(engine: Engine, act: Act, badge: str) -> Person | Refusal:
    """Somebody is back. Tokens stay revoked."""
    with writing(engine) as conn:
        person = rows.lock_person(conn, badge)
        if person is None:
            return unknown(badge)
        if person.disabled_ms is not None:
            rows.set_disabled(conn, badge, None)
            note_person(conn, act, badge, ENABLED)
        return _load(conn, badge)


def _load(conn: Connection, badge: str) -> Person | Refusal:
    return rows.load_person(conn, badge) or unknown(badge)
