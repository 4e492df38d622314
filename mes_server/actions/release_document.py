"""Release a revision of a document, or withdraw it. A revision never changes; what ran under it keeps it."""

from collections.abc import Callable, Mapping
from typing import Any

from mes_server.actions.gather_baths import known_of_baths
from mes_server.actions.gather_furnace import pyrometry_rows
from mes_server.actions.gather_waterworks import discharge_rows, known_pollutants
from mes_server.actions.record_events import Book
from mes_server.actions.sign_record import may_sign, sign
from mes_server.domain.bath_spec import bath_faults
from mes_server.domain.documents import RELEASED, WITHDRAWN, Document, stream_of
from mes_server.domain.instructions import instruction_faults
from mes_server.domain.people import Person
from mes_server.domain.plan_content import plan_faults
from mes_server.domain.pyrometry import pyrometry_faults
from mes_server.domain.recipe_faults import recipe_faults
from mes_server.domain.rules import Refusal
from mes_server.domain.texts import text_is_no_script
from mes_server.domain.waterworks_content import permit_faults, waterworks_faults
from mes_server.store.checks import open_runs_under
from mes_server.store.documents import load_document

# What is wrong with the content of a document, by its kind. A new kind of document is one line here.
CHECKERS: dict[str, Callable[[Mapping[str, Any]], list[str]]] = {
    "bath": lambda content: bath_faults(content, *known_of_baths()),
    "instruction": instruction_faults,
    "permit": lambda content: permit_faults(content, discharge_rows(), known_pollutants()),
    "plan": plan_faults,
    "pyrometry": lambda content: pyrometry_faults(content, pyrometry_rows()),
    "recipe": recipe_faults,
    "waterworks": lambda content: waterworks_faults(content, known_pollutants()),
}

# Who may release and withdraw a kind, where that is not who releases plans.
RIGHTS = {"permit": "discharge", "waterworks": "discharge"}


def document_faults(kind: str, content: Mapping[str, Any]) -> list[str]:
    """All that is wrong with a document before it can be released, each in a sentence."""
    checker = CHECKERS.get(kind)
    if checker is None:
        return [f"kind: write one of {', '.join(sorted(CHECKERS))}"]
    return checker(content)


def release_document(
    book: Book, kind: str, content: Mapping[str, Any], signer: Person | Refusal | None
) -> list[Refusal]:
    """The revision counts from now on, released by who signs it."""
    unsigned = may_sign(signer, RIGHTS.get(kind, "plan"))
    scripts = text_is_no_script(content)
    faults = [] if scripts else document_faults(kind, content)
    refused = (
        unsigned + scripts + [Refusal("document_is_whole", {"fault": fault}) for fault in faults]
    )
    if refused or not isinstance(signer, Person):
        return refused
    code, revision = str(content["code"]), str(content["revision"])
    if load_document(book.conn, kind, code, revision) is not None:
        return [Refusal("revision_is_new", {"document": f"{code}/{revision}"})]
    named = {"kind": kind, "code": code, "revision": revision}
    book.note(stream_of(kind, code), RELEASED, **named, content=dict(content), signer=signer.badge)
    made = Document(kind, code, revision, content, 0, signer.badge)
    sign(book, f"{kind}:{made.name}", made.digest, signer, "released")
    return []


def withdraw_document(
    book: Book, kind: str, code: str, revision: str, reason: str
) -> list[Refusal]:
    """Nothing new is done under the revision. Refused while lots run under it: they would have no plan."""
    name = f"{code}/{revision}"
    found = load_document(book.conn, kind, code, revision)
    if found is None:
        return [Refusal("document_is_known", {"document": name})]
    refused = [] if reason.strip() else [Refusal("reason_is_given", {})]
    refused += _withdrawn(found) + _in_use(book, found)
    if not refused:
        named = {"kind": kind, "code": code, "revision": revision}
        book.note(stream_of(kind, code), WITHDRAWN, reason, **named)
    return refused


def _withdrawn(found: Document) -> list[Refusal]:
    if found.withdrawn_ms is None:
        return []
    return [Refusal("document_is_in_force", {"document": found.name})]


def _in_use(book: Book, found: Document) -> list[Refusal]:
    running = open_runs_under(book.conn, found) if found.kind == "plan" else []
    if not running:
        return []
    facts = {"document": found.name, "runs": ", ".join(running)}
    return [Refusal("document_is_unused", facts)]
