"""Let a board in: somebody asks, a second person approves, a token is made; and revoke it.

Each is an event of the key's own stream. Of a token only a hash is kept: it is shown to who made it, once.
"""

import hashlib
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from mes_server.actions.act_once import Ask, act_once
from mes_server.actions.answer_scan import ACCEPTED, Answer
from mes_server.actions.record_events import Act, Book
from mes_server.domain import identities as known
from mes_server.domain.identities import MINUTE_MS, Asked, Identity
from mes_server.domain.rules import Refusal, Worker
from mes_server.pki.site import Revoked, SiteMissing, load_site, write_crl
from mes_server.store.engine import reading
from mes_server.store.identities import (
    load_identity,
    met_nodes,
    related,
    revoked_certificates,
)
from schemas.node_card import token_text

_log = logging.getLogger(__name__)


def ask(book: Book, asked: Asked) -> list[Refusal]:
    """Somebody has read a board's card, and says which node it is to be."""
    others = related(book.conn, asked.fingerprint, asked.node)
    refused = known.ask_refusals(asked, others, met_nodes(book.conn, asked.node))
    if not refused:
        facts = {"serial": asked.serial, "group": asked.group, "node": asked.node}
        book.note(known.stream_of(asked.fingerprint), known.ASKED, **facts)
    return refused


def approve(book: Book, fingerprint: str) -> list[Refusal]:
    """A second person has compared serial and fingerprint with the board."""

    def decide(one: Identity) -> list[Refusal]:
        refused = known.approve_refusals(one, book.act.person)
        if not refused:
            book.note(known.stream_of(fingerprint), known.APPROVED)
        return refused

    return _with(book, fingerprint, decide)


def revoke(book: Book, fingerprint: str, why: str, reason: str) -> list[Refusal]:
    """A key is not trusted any more, or its request is turned down: for one of REASONS, and in words."""

    def decide(one: Identity) -> list[Refusal]:
        refused = known.revoke_refusals(one, why)
        if not refused:
            book.note(known.stream_of(fingerprint), known.REVOKED, reason, why=why)
        return refused

    return _with(book, fingerprint, decide)


def _with(
    book: Book, fingerprint: str, decide: Callable[[Identity], list[Refusal]]
) -> list[Refusal]:
    one = load_identity(book.conn, fingerprint)
    return [Refusal("identity_is_known", {})] if one is None else decide(one)


@dataclass(frozen=True, slots=True)
class MadeToken:
    """`text`: the token, "" when it was refused, or shown before."""

    answer: Answer
    text: str
    until_ms: int


@dataclass(frozen=True, slots=True)
class TokenWish:
    """For which key, where the site's CA is, and for how many minutes."""

    fingerprint: str
    pki: Path
    minutes: int


def make_token(
    engine: Engine, act: Act, wish: TokenWish, worker: Worker, reason: str = ""
) -> MadeToken:
    """128 random bits that one request of this key may be redeemed with; those before it count no more."""
    secret = secrets.token_hex(16)
    until_ms = act.now_ms + wish.minutes * MINUTE_MS
    try:
        root_hash = load_site(wish.pki).root_hash
    except SiteMissing:
        root_hash = ""

    def acting(book: Book, _codes: list[str]) -> list[Refusal]:
        def decide(one: Identity) -> list[Refusal]:
            refused = known.token_refusals(one)
            if not root_hash:
                refused.append(Refusal("site_has_ca", {}))
            if not refused:
                facts = {"token_hash": hash_of(secret), "until_ms": until_ms}
                book.note(known.stream_of(wish.fingerprint), known.TOKEN_MADE, **facts)
            return refused

        return _with(book, wish.fingerprint, decide)

    asked = Ask("identity_token", (), wish.fingerprint, reason)
    answer = act_once(engine, act, asked, worker, acting)
    new = answer.outcome == ACCEPTED and not answer.again
    return MadeToken(answer, token_text(secret, root_hash) if new else "", until_ms)


def hash_of(secret: str) -> str:
    """How a token is kept: 128 random bits need no salt and no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def write_revoked(engine: Engine, pki: Path, now_ms: int) -> bool:
    """Write the list of revoked certificates anew, for brokers that read one; whether it could be written."""
    with reading(engine) as conn:
        found = revoked_certificates(conn)
    revoked = [
        Revoked(int(number, 16), datetime.fromtimestamp(at_ms / 1000, UTC), why)
        for number, at_ms, why in found
    ]
    try:
        write_crl(load_site(pki), revoked, datetime.fromtimestamp(now_ms / 1000, UTC))
    except (SiteMissing, OSError) as fault:
        _log.warning("the list of revoked certificates is not written: %s", fault)
        return False
    return True
