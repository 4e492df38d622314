"""8D: opened, written discipline by discipline, closed, and looked at whether it helped."""

from collections.abc import Sequence

from sqlalchemy import Connection

from mes_server.actions.record_events import Book
from mes_server.actions.sign_record import may_sign, sign
from mes_server.domain import problems
from mes_server.domain.attempts import Refusal
from mes_server.domain.people import Person
from mes_server.domain.problems import STEPS, Problem, as_record, unfinished
from mes_server.domain.signatures import digest
from mes_server.domain.texts import text_is_no_script
from mes_server.store.changes_of_process import load_problem
from mes_server.store.lots import load_lot
from mes_server.store.nonconformances import load_nc
from mes_server.store.numbering import next_code


def open_problem(book: Book, title: str, linked: Sequence[str]) -> list[str] | list[Refusal]:
    """Its number. `linked`: nonconformances and lots it is about."""
    refused = text_is_no_script({"title": title, "linked": list(linked)})
    if not title.strip():
        refused.append(Refusal("reason_is_given", {}))
    refused += [Refusal("link_is_known", {"link": o}) for o in linked if not _is_there(book, o)]
    if refused:
        return refused
    code = next_code(book.conn, "problem", book.act.at_ms)
    book.note(problems.stream_of(code), problems.OPENED, title=title, linked=list(linked))
    return [code]


def _is_there(book: Book, code: str) -> bool:
    return load_lot(book.conn, code) is not None or load_nc(book.conn, code) is not None


def write_step(
    book: Book, code: str, step: str, said: tuple[str, str, int | None], done: bool
) -> list[Refusal]:
    """What a discipline says. `said`: text, owner, until when."""
    text, owner, due_ms = said
    refused = _open(book, code) + text_is_no_script({"text": text, "owner": owner})
    if step not in STEPS:
        refused.append(Refusal("discipline_is_known", {"step": step, "steps": ", ".join(STEPS)}))
    if done and not text.strip():
        refused.append(Refusal("reason_is_given", {}))
    if not done and (due_ms is None or not owner.strip()):
        refused.append(Refusal("discipline_has_an_owner", {"step": step}))
    if not refused:
        book.note(
            problems.stream_of(code), problems.WRITTEN, step=step, text=text, owner=owner,
            due_ms=due_ms, done=done,
        )  # fmt: skip
    return refused


def close_problem(
    book: Book, code: str, check_ms: int, signer: Person | Refusal | None
) -> list[Refusal]:
    """All disciplines are done, says who signs; at `check_ms` it is looked at whether they helped."""
    refused = _open(book, code) + may_sign(signer, "release")
    found = load_problem(book.conn, code)
    if found is not None and found.state == problems.OPEN:
        refused += unfinished(found)
    if check_ms <= book.act.at_ms:
        refused.append(Refusal("check_lies_ahead", {"at_ms": str(check_ms)}))
    if found is None or refused or not isinstance(signer, Person):
        return refused
    book.note(problems.stream_of(code), problems.CLOSED, check_ms=check_ms)
    sign(book, f"8d:{code}", digest(as_record(found)), signer, "closed")
    return []


def digest_of_problem(conn: Connection, code: str) -> str | None:
    """The digest of an 8D as it is written now; None: there is none."""
    found = load_problem(conn, code)
    return None if found is None else digest(as_record(found))


def check_problem(book: Book, code: str, effective: bool, result: str) -> list[Refusal]:
    """It helped, or it is open again from the root cause on. `result`: what shows it."""
    found = load_problem(book.conn, code)
    refused = _known(found, code) + ([] if result.strip() else [Refusal("reason_is_given", {})])
    if found is not None and found.state != problems.SHUT:
        refused.append(Refusal("problem_is_closed", {"problem": code, "state": found.state}))
    if not refused:
        book.note(problems.stream_of(code), problems.CHECKED, result, effective=effective)
    return refused


def _known(found: Problem | None, code: str) -> list[Refusal]:
    return [Refusal("problem_is_known", {"problem": code})] if found is None else []


def _open(book: Book, code: str) -> list[Refusal]:
    found = load_problem(book.conn, code)
    if found is not None and found.state != problems.OPEN:
        return [Refusal("problem_is_open", {"problem": code, "state": found.state})]
    return _known(found, code)
