"""People: what their roles allow, which PINs are too easy, how often one may try, when a session is over.

A badge says who somebody claims to be, the PIN that it is true. Names live in the store alone; the
ledger knows people by their badges.
"""

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from mes_server.domain.cards import BADGE as CARD
from mes_server.domain.cards import parse_card
from mes_server.domain.codes import BadCode

ROLES = ("operator", "lead", "quality", "environment", "admin", "auditor")
_ALL = frozenset(ROLES)

OPEN = "open"  # not a permission: what everybody may do, signed in or not
# What may be done, and the roles that may do it. The whole table; every route names one line of it.
PERMISSIONS: dict[str, frozenset[str]] = {
    "own": _ALL,  # see and end one's own sessions
    "read": _ALL,  # see how plant, lots and machinery are
    "scan": frozenset(("operator", "lead")),  # move lots at stations, print their labels
    "hold": frozenset(("operator", "lead", "quality", "environment")),
    "release": frozenset(("quality",)),  # give held lots free, decide about what does not conform
    "check": frozenset(("operator", "lead", "quality", "environment")),  # readings, challenges
    "plan": frozenset(("quality",)),  # release control plans, instructions, recipes
    "listen": frozenset(("operator", "lead", "quality", "environment")),  # give what a gauge sent
    "gauge": frozenset(("lead", "quality")),  # gauges, calibrations, surveys of furnaces
    "water": frozenset(("lead", "quality", "environment")),  # samples, analysers, meters, waste
    "discharge": frozenset(("quality", "environment")),  # permits, exceedances, records of days
    "dispose": frozenset(("lead", "quality")),  # nonconformances, 8D, changes
    "paper": frozenset(("lead", "quality", "auditor")),  # have a lot report made
    "correct": frozenset(("lead", "quality")),  # take back what was recorded wrongly
    "route": frozenset(("quality",)),  # release routes and rules
    "recall": frozenset(("lead", "quality", "environment")),  # drills, holds of all that was found
    "nodes": frozenset(("lead", "admin")),  # let boards in, approve, revoke
    "settle": frozenset(("lead", "quality", "environment", "admin")),  # what waits in quarantine
    "ledger": frozenset(("lead", "quality", "environment", "admin", "auditor")),
    "roster": frozenset(("lead", "quality", "admin", "auditor")),  # see people, sessions, tokens
    "people": frozenset(("admin",)),  # change them
}
# What a request from this very machine may do as long as nobody was added.
BEFORE_ANYBODY = frozenset(("read", "settle"))
# These work at desks; a session of anybody else is that of a shared station.
_OFFICE = frozenset(("quality", "environment", "admin", "auditor"))

PERSON_ADDED = "person_added"
ROLES_CHANGED = "roles_changed"
PIN_SET = "pin_set"
PIN_LOCKED = "pin_locked"  # wrong PINs, as many as are allowed
QUALIFIED = "qualified"
UNQUALIFIED = "unqualified"
DISABLED = "person_disabled"
ENABLED = "person_enabled"
SESSION_BEGUN = "session_begun"
SESSION_ENDED = "session_ended"
TOKEN_MADE = "token_made"  # noqa: S105  names of events, no secrets
TOKEN_REVOKED = "token_revoked"  # noqa: S105

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
SESSION_MS = 12 * HOUR_MS  # the longest shift: then everybody signs in anew
TOKEN_DAYS_MAX = 366
_BADGE = re.compile(r"[A-Z0-9][A-Z0-9-]{1,22}[A-Z0-9]")
_PIN = re.compile(r"[0-9]{6}")
_RUNS = ("01234567890123456789", "98765432109876543210")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a badge. `qualifications`: until when (Unix ms) each is held."""

    badge: str
    name: str
    language: str
    roles: frozenset[str]
    qualifications: Mapping[str, int]
    has_pin: bool = False
    disabled_ms: int | None = None

    @property
    def permissions(self) -> frozenset[str]:
        """What the roles allow; nothing to who left."""
        return frozenset() if self.disabled_ms is not None else permissions_of(self.roles)

    @property
    def works_at_a_desk(self) -> bool:
        """Whether a session may wait as long as one of the office."""
        return bool(self.roles & _OFFICE)


def permissions_of(roles: Collection[str]) -> frozenset[str]:
    """Everything that any of these roles may do."""
    return frozenset(name for name, allowed in PERMISSIONS.items() if allowed & set(roles))


def read_badge(text: str) -> str | None:
    """The badge that a scanner (a card's code) or a hand (the badge itself) wrote; None: it is none."""
    written = text.strip().upper()
    try:
        card = parse_card(written)
    except BadCode:
        return None
    if card is not None:
        written = card.name if card.kind == CARD else ""
    return written if _BADGE.fullmatch(written) else None


def pin_fault(pin: str, badge: str) -> str | None:
    """Why this cannot be a PIN, as a rule; None: it can.

    Six digits are 20 bits (ASVS 5.0, 6.5.4); what everybody tries first is not among them.
    """
    if not _PIN.fullmatch(pin):
        return "pin_is_six_digits"
    halves = pin[:3] == pin[3:] or pin[:2] * 3 == pin
    if halves or any(pin in run for run in _RUNS) or pin in re.sub(r"\D", "", badge):
        return "pin_is_not_easy"
    return None


def fingerprint(secret: str) -> str:
    """How a session's or a token's secret is kept: 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class TryLimit:
    """At most so many wrong PINs of one badge, or from one address, within so long."""

    of: str
    most: int
    within_ms: int


# 5 tries, then a quarter of an hour; 20 a day: a badge that somebody guesses at all year long falls
# with less than one chance in a hundred.
TRY_LIMITS = (
    TryLimit("badge", 5, 15 * MINUTE_MS),
    TryLimit("badge", 20, DAY_MS),
    TryLimit("address", 20, HOUR_MS),
)
TRIES_KEPT_MS = DAY_MS


def locked_until(tries: Mapping[str, Sequence[int]], now_ms: int) -> int | None:
    """Until when no PIN is looked at, by the times of wrong ones of badge and address; None: now."""
    ends = []
    for limit in TRY_LIMITS:
        recent = sorted(at for at in tries.get(limit.of, ()) if at > now_ms - limit.within_ms)
        if len(recent) >= limit.most:
            ends.append(recent[-limit.most] + limit.within_ms)
    return max(ends, default=None)


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody at a screen. `station`: where, "" at a desk. `idle_ms`: so long nothing may be done."""

    id: int
    badge: str
    station: str
    address: str
    begun_ms: int
    seen_ms: int
    idle_ms: int
    until_ms: int
    ended_ms: int | None = None
    ended_by: str = ""

    def is_open(self, now_ms: int) -> bool:
        """Whether it still counts."""
        return self.ended_ms is None and now_ms < min(self.until_ms, self.seen_ms + self.idle_ms)


@dataclass(frozen=True, slots=True)
class Token:
    """What a program shows instead of a session: it acts for a person, within `scopes`."""

    id: int
    badge: str
    name: str
    scopes: frozenset[str]
    made_ms: int
    until_ms: int
    revoked_ms: int | None = None

    def is_good(self, now_ms: int) -> bool:
        """Whether it still counts."""
        return self.revoked_ms is None and now_ms < self.until_ms
