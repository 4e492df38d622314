"""A board redeems its token: one request of the approved key becomes a certificate. Nobody is signed in for it.

Tries are counted before the token is looked at. Who has no token hears that it is none; who has one hears what does
not fit, and it is kept that somebody had it.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from mes_server.actions.enrol_node import hash_of
from mes_server.actions.record_events import Book
from mes_server.actions.record_person import act_of
from mes_server.actions.try_pin import LOCKED
from mes_server.domain import identities as known
from mes_server.domain.identities import Redeeming
from mes_server.domain.people import locked_until
from mes_server.domain.rules import Refusal
from mes_server.pki.requests import Request, read_request
from mes_server.pki.site import SiteCa, SiteMissing, issue_node, load_site, number_and_end
from mes_server.store.identities import find_by_token
from mes_server.store.sign_ins import append_tries, drop_tries, load_tries
from mes_server.store.transaction import writing
from schemas.node_card import read_token


@dataclass(frozen=True, slots=True)
class Gate:
    """What is the same for every board: the store, the CA's folder, for how many days certificates are."""

    engine: Engine
    pki: Path
    days: int


@dataclass(frozen=True, slots=True)
class Shown:
    """What a board, or who helps it, shows; `csr`: base64 of PKCS #10 in DER."""

    token: str
    serial: str
    csr: str
    address: str


@dataclass(frozen=True, slots=True)
class Issued:
    """The node that it is now, its certificate and those above it (DER, the root last), and until when."""

    group: str
    node: str
    chain: Sequence[bytes]
    until_ms: int


def redeem(gate: Gate, shown: Shown, now_ms: int) -> Issued | list[Refusal]:
    """The certificate; or every reason why not."""
    counted = _count(gate.engine, shown.address, now_ms)
    if isinstance(counted, Refusal):
        return [counted]
    try:
        site = load_site(gate.pki)
        request = read_request(base64.b64decode(shown.csr, validate=True))
    except SiteMissing:
        return [Refusal("site_has_ca", {})]
    except ValueError as fault:  # BadRequest, or no base64
        return [Refusal("request_is_readable", {"fault": str(fault)})]
    with writing(gate.engine) as conn:
        book = Book(conn, act_of(f"board:{shown.serial[:64]}", now_ms))
        done = _decide(book, gate, shown, (site, request))
        if isinstance(done, Issued):
            drop_tries(conn, counted, _subject(shown.address))
        return done


def _subject(address: str) -> str:
    return f"enrol:{address[:64]}"


def _count(engine: Engine, address: str, now_ms: int) -> list[int] | Refusal:
    subjects = {"address": _subject(address)}
    with writing(engine) as conn:
        until_ms = locked_until(load_tries(conn, subjects, now_ms), now_ms)
        if until_ms is not None:
            return Refusal(LOCKED, {"until_ms": str(until_ms)})
        return append_tries(conn, subjects, now_ms)


def _decide(
    book: Book, gate: Gate, shown: Shown, by: tuple[SiteCa, Request]
) -> Issued | list[Refusal]:
    token, (site, request) = read_token(shown.token), by
    one = None if token is None else find_by_token(book.conn, hash_of(token.secret))
    if one is None:
        return [Refusal("token_is_known", {})]
    said, now_ms = Redeeming(shown.serial, request.fingerprint, request.name), book.act.now_ms
    refused = known.redeem_refusals(one, said, now_ms)
    if refused:
        facts = {"rules": [refusal.rule for refusal in refused], "address": shown.address[:64]}
        book.note(known.stream_of(one.fingerprint), known.TURNED_AWAY, **facts)
        book.close()
        return refused
    to = (one.fingerprint, one.node, known.CERTIFIED)
    until_ms, chain = certify(book, site, to, (request, gate.days))
    return Issued(one.group, one.node, [*chain, site.chain[1]], until_ms)


def certify(
    book: Book, site: SiteCa, to: tuple[str, str, str], request: tuple[Request, int]
) -> tuple[int, list[bytes]]:
    """Issue a certificate, and note it. `to`: fingerprint, node and the kind of event; `request`: with its days."""
    (fingerprint, node, kind), (asked, days) = to, request
    now = datetime.fromtimestamp(book.act.now_ms / 1000, UTC)
    chain = issue_node(site, asked.der, node, days, now)
    number, until_ms = number_and_end(chain[0])
    told = [base64.b64encode(der).decode() for der in chain]
    facts = {"number": number, "until_ms": until_ms, "chain": told}
    book.note(known.stream_of(fingerprint), kind, **facts)
    book.close()
    return until_ms, chain
