"""Renew a node's certificate: for the same key, by which it was approved, as long as it is enrolled and its time runs.

A board asks until it has the answer; asked again while the newest certificate is young, it gets the same once more.
"""

import base64
from pathlib import Path

from sqlalchemy import Engine

from mes_server.actions.record_events import Book
from mes_server.actions.record_person import act_of
from mes_server.actions.redeem_token import certify
from mes_server.domain.identities import DAY_MS, RENEWED
from mes_server.pki.requests import BadRequest, read_request
from mes_server.pki.site import SiteMissing, load_site
from mes_server.store.identities import of_node
from mes_server.store.transaction import writing


def renew(
    engine: Engine,
    pki_folder: Path,
    node: tuple[str, str],
    csr_der: bytes,
    now_ms: int,
) -> list[bytes] | None:
    """DER of the certificate and of the one above it; None: this node does not get one, and nothing is told why.

    It lasts as long as the one before: what the setting was when a person let the board in.
    """
    try:
        site, request = load_site(pki_folder), read_request(csr_der)
    except (SiteMissing, BadRequest):
        return None
    with writing(engine) as conn:
        book = Book(conn, act_of("", now_ms))
        one = of_node(conn, *node)
        if one is None or one.certificate is None:
            return None
        if (request.fingerprint, request.name) != (one.fingerprint, one.node):
            return None
        before = one.certificate
        if now_ms >= before.until_ms:  # let in again, by a person with a token
            return None
        if not before.is_due(now_ms):
            return [base64.b64decode(der) for der in before.chain]
        days = round((before.until_ms - before.issued_ms) / DAY_MS)
        return certify(book, site, (one.fingerprint, one.node, RENEWED), (request, days))[1]
