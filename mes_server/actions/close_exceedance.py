"""Close an exceedance episode with its cause and the action taken; not before its nonconformance is disposed of, unless
whoever signs says why.
"""

from sqlalchemy import Connection

from mes_server.actions.record_events import Book
from mes_server.actions.sign_record import may_sign, sign
from mes_server.domain import exceedances as ex
from mes_server.domain import nonconformance as nc
from mes_server.domain.papers import digest_of_file
from mes_server.domain.people import Person
from mes_server.domain.rules import Refusal
from mes_server.domain.texts import text_is_no_script
from mes_server.store.exceedances import load_exceedance
from mes_server.store.nonconformances import load_nc


def close_exceedance(
    book: Book, code: str, said: tuple[str, str, str], signer: Person | Refusal | None
) -> list[Refusal]:
    """`said`: cause, action, and why before the nonconformance is disposed of ("" for no such reason)."""
    cause, action, reason = said
    one = load_exceedance(book.conn, code)
    if one is None:
        return [Refusal("exceedance_is_known", {"exceedance": code})]
    refused = may_sign(signer, "discharge")
    refused += text_is_no_script({"cause": cause, "action": action, "reason": reason})
    refused += _why_not(book, one, cause and action, reason)
    if refused or not isinstance(signer, Person):
        return refused
    book.note(f"{ex.STREAM}{code}", ex.CLOSED_, reason, cause=cause, action=action, by=signer.badge)
    closed = _digest((one.nonconformance, cause, action, reason, one.from_ms, one.to_ms))
    sign(book, f"exceedance:{code}", closed, signer, "closed")
    return []


def _why_not(book: Book, one: ex.Episode, whole: str, reason: str) -> list[Refusal]:
    facts = {"exceedance": one.code, "nonconformance": one.nonconformance}
    if one.state == ex.CLOSED:
        return [Refusal("exceedance_is_open", facts)]
    refused = [] if whole else [Refusal("exceedance_has_cause", facts)]
    if one.state == ex.LASTS:
        refused.append(Refusal("exceedance_is_over", facts))
    found = load_nc(book.conn, one.nonconformance)
    if found is not None and found.state == nc.OPEN and not reason.strip():
        refused.append(Refusal("exceedance_is_disposed", facts))
    return refused


def _digest(said: tuple[object, ...]) -> str:
    return digest_of_file(repr(said).encode())


def digest_of_exceedance(conn: Connection, code: str) -> str | None:
    """What its signature is bound to: when it was, and how it was closed; None: nobody has closed it."""
    one = load_exceedance(conn, code)
    if one is None or one.state != ex.CLOSED:
        return None
    return _digest(
        (one.nonconformance, one.cause, one.action, one.override, one.from_ms, one.to_ms)
    )
