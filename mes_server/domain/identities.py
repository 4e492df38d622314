"""Which node is which key: a board asks, a second person approves, a token turns one request into a certificate.

An identity is a key: it is known by its fingerprint, belongs to one board and one node id, and once revoked never comes
back. The CN of a node's certificate is its node id, and both are in its topics.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mes_server.domain.attempts import Refusal
from schemas.node_card import is_serial, read_fingerprint
from schemas.topics import is_id

STREAM = "identity:"
ASKED, APPROVED, TOKEN_MADE = "identity_asked", "identity_approved", "identity_token_made"
CERTIFIED, RENEWED, REVOKED = "identity_certified", "identity_renewed", "identity_revoked"
TURNED_AWAY = "identity_turned_away"  # somebody had the token, and not the rest
WAITS, MAY_REDEEM, ENROLLED, GONE = "asked", "approved", "enrolled", "revoked"
STATES = (WAITS, MAY_REDEEM, ENROLLED, GONE)
REASONS = ("lost", "cloned", "replaced", "scrapped", "mistaken")
RESERVED = ("mes", "broker")  # whom the broker knows by certificates of the site itself
DAY_MS = 86_400_000
MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Allowed:
    """A node that is enrolled and not revoked: it may publish its own topics and read its own commands.

    `key`: hexadecimal SHA-256 of its public key; "": whatever key a certificate of that name is for.
    """

    group: str
    node: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Certificate:
    """One that was issued. `number`: its serial number, hexadecimal; `chain`: base64 of DER, it and those above it."""

    number: str
    issued_ms: int
    until_ms: int
    chain: tuple[str, ...]

    def is_due(self, now_ms: int) -> bool:
        """Whether two thirds of its life are over: boards ask for the next one then."""
        return now_ms >= self.issued_ms + (self.until_ms - self.issued_ms) * 2 // 3


@dataclass(frozen=True, slots=True)
class Identity:
    """A key and whose it is. `token_hash`: "" when there is none that could still be redeemed."""

    fingerprint: str
    serial: str
    group: str
    node: str
    state: str
    asked_by: str
    asked_ms: int
    approved_by: str
    approved_ms: int | None
    token_hash: str
    token_by: str
    token_until_ms: int | None
    revoked_by: str
    revoked_ms: int | None
    why: str
    number: int
    certificate: Certificate | None = None

    @property
    def name(self) -> str:
        """Area and node."""
        return f"{self.group}/{self.node}"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person says of a board that is to be let in."""

    serial: str
    fingerprint: str
    group: str
    node: str


def stream_of(fingerprint: str) -> str:
    """The stream of a key's events."""
    return STREAM + fingerprint


def ask_refusals(
    asked: Asked, known: Iterable[Identity], met: Sequence[tuple[str, str]]
) -> list[Refusal]:
    """Why a board cannot be asked for. `known`: identities of this key or node id; `met`: area and node of
    those nodes of this id that were heard already."""
    refused = _readable(asked)
    for one in known:
        if one.fingerprint == asked.fingerprint:
            refused.append(_known_key(asked, one))
        elif one.node == asked.node and one.state != GONE:
            facts = {"node": one.node, "name": one.name, "serial": one.serial, "state": one.state}
            refused.append(Refusal("node_id_is_free", facts))
    elsewhere = sorted(group for group, node in met if (group, node) != (asked.group, asked.node))
    if elsewhere:
        facts = {"node": asked.node, "areas": ", ".join(elsewhere)}
        refused.append(Refusal("node_id_is_of_one_area", facts))
    return refused


def _known_key(asked: Asked, one: Identity) -> Refusal:
    if one.serial != asked.serial:
        facts = {"serial": asked.serial, "other": one.serial, "name": one.name}
        return Refusal("key_is_of_one_board", facts)
    return Refusal("key_is_new", {"name": one.name, "state": one.state})


def _readable(asked: Asked) -> list[Refusal]:
    refused = []
    if not is_serial(asked.serial):
        refused.append(Refusal("serial_is_readable", {"serial": asked.serial[:40]}))
    if read_fingerprint(asked.fingerprint) != asked.fingerprint:
        refused.append(Refusal("fingerprint_is_readable", {}))
    bad = [one[:40] for one in (asked.group, asked.node) if not is_id(one)]
    if bad:
        refused.append(Refusal("node_id_is_plain", {"ids": ", ".join(bad)}))
    if asked.node.lower() in RESERVED:
        refused.append(Refusal("node_id_is_not_ours", {"node": asked.node}))
    return refused


def approve_refusals(one: Identity, badge: str) -> list[Refusal]:
    """Why somebody cannot approve it."""
    if one.state != WAITS:
        return [Refusal("identity_waits", {"name": one.name, "state": one.state})]
    if one.asked_by == badge:
        return [Refusal("second_person_approves", {"name": one.name, "badge": badge})]
    return []


def token_refusals(one: Identity) -> list[Refusal]:
    """Why it gets no token. One that is enrolled may have another: its certificate was lost with its flash."""
    if one.state in (MAY_REDEEM, ENROLLED):
        return []
    return [Refusal("identity_is_approved", {"name": one.name, "state": one.state})]


def revoke_refusals(one: Identity, why: str) -> list[Refusal]:
    """Why it cannot be revoked."""
    refused = []
    if one.state == GONE:
        refused.append(Refusal("identity_is_not_revoked", {"name": one.name}))
    if why not in REASONS:
        refused.append(Refusal("revocation_has_a_reason", {"reason": why[:40] or "-"}))
    return refused


@dataclass(frozen=True, slots=True)
class Redeeming:
    """What a board shows with a token: its serial, and of its request the fingerprint and name."""

    serial: str
    fingerprint: str
    name: str


def redeem_refusals(one: Identity, shown: Redeeming, now_ms: int) -> list[Refusal]:
    """Why a token does not count, or not for this board; the token itself is one of this identity, used or not."""
    if one.state == GONE:
        return [Refusal("identity_is_not_revoked", {"name": one.name})]
    if not one.token_hash or one.token_until_ms is None:
        return [Refusal("token_is_unused", {})]
    if now_ms >= one.token_until_ms:
        return [Refusal("token_is_fresh", {"until_ms": str(one.token_until_ms)})]
    refused = []
    if shown.serial != one.serial:
        refused.append(Refusal("token_is_of_this_board", {"serial": shown.serial[:40]}))
    if shown.fingerprint != one.fingerprint:
        refused.append(Refusal("request_is_of_approved_key", {"fingerprint": shown.fingerprint[:16]}))  # fmt: skip
    if shown.name != one.node:
        refused.append(Refusal("request_names_the_node", {"said": shown.name[:40], "node": one.node}))  # fmt: skip
    return refused


def warn_days(until_ms: int, now_ms: int, steps: Sequence[int]) -> int | None:
    """Of these numbers of days the smallest within which it ends; 0: it ended; None: there is more time."""
    left_ms = until_ms - now_ms
    if left_ms <= 0:
        return 0
    return next((days for days in sorted(steps) if left_ms <= days * DAY_MS), None)
