"""Signatures in requests and in answers: who signs, and whether what was signed still stands."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import request
from sqlalchemy import Connection

from mes_server.actions.digests import digest_of
from mes_server.actions.release_product import is_released
from mes_server.actions.sign_in import Gate
from mes_server.actions.sign_record import Signing, check_signing
from mes_server.domain.attempts import Refusal
from mes_server.domain.lots import Lot
from mes_server.domain.people import Person
from mes_server.domain.releases import stream_of as release_stream
from mes_server.domain.signatures import Signature
from mes_server.store.nonconformances import ncs_of_lots
from mes_server.store.people import load_person
from mes_server.store.plans import plan_for
from mes_server.store.signatures import list_signatures
from mes_server.web.answers_signatures import SignatureAnswer, SignatureBody
from mes_server.web.formats import iso_text
from mes_server.web.page import now_ms
from mes_server.web.site import this_site


def signed_by(said: SignatureBody | None) -> Person | Refusal | None:
    """Who signs a request; None: nobody; a refusal: badge and PIN do not fit, or too many tries."""
    if said is None:
        return None
    site = this_site()
    gate = Gate(site.engine, site.settings.data_dir, 0, 0)
    signing = Signing(said.badge, said.pin, said.meaning, request.remote_addr or "")
    return check_signing(gate, signing, now_ms())


def signers_of(said: Sequence[SignatureBody], meaning: str) -> list[Person | Refusal]:
    """Who signs what has this meaning; a signature that was meant otherwise does not count."""
    return [_signer(one, meaning) for one in said]


def _signer(said: SignatureBody, meaning: str) -> Person | Refusal:
    if said.meaning != meaning:
        return Refusal("signature_means_something", {"meanings": meaning})
    return signed_by(said) or Refusal("signature_is_given", {})


def signature_answers(conn: Connection, about: str) -> list[SignatureAnswer]:
    """The signatures of a record as programs see them."""
    now = digest_of(conn, about)
    return [
        SignatureAnswer(
            about=one.about, badge=one.badge, meaning=one.meaning, at=iso_text(one.at_ms),
            event=one.number, hash=one.hash, digest=one.digest, stands=one.stands(now),
        )
        for one in list_signatures(conn, about)
    ]  # fmt: skip


def signature_rows(conn: Connection, about: str) -> list[Mapping[str, Any]]:
    """The signatures of a record as pages show them: with names, and void where it has changed since."""
    now = digest_of(conn, about)
    return [_row(conn, one, one.stands(now)) for one in list_signatures(conn, about)]


def _row(conn: Connection, one: Signature, stands: bool) -> Mapping[str, Any]:
    person = load_person(conn, one.badge)
    return {"signature": one, "name": person.name if person else one.badge, "stands": stands}


def release_facts(conn: Connection, lot: Lot) -> Mapping[str, Any]:
    """What a lot's page says of its release: under which plan, who signed, what was found."""
    return {
        "plan": plan_for(conn, lot.part, lot.route, now_ms()),
        "stands": is_released(conn, lot.code),
        "signatures": signature_rows(conn, release_stream(lot.code)),
        "ncs": ncs_of_lots(conn, [lot.code]),
    }
