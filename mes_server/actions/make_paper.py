"""Make a paper: give it its number, gather it, set it, and keep it sealed. A later one never overwrites an earlier.

Gathering and setting take seconds and happen before the transaction that keeps it, so that nobody's scan waits. The
number is given first, because it stands on the paper: one that then cannot be set leaves a gap, never a second use.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine

from mes_server.actions.compile_lot_report import Heading
from mes_server.actions.record_events import Act, Book
from mes_server.actions.sign_record import may_sign, sign
from mes_server.domain.papers import CODES, MADE, digest_of_file, stream_of
from mes_server.domain.people import Person
from mes_server.domain.report import Report, json_of
from mes_server.domain.rules import Refusal
from mes_server.store.engine import reading
from mes_server.store.ledger import list_action
from mes_server.store.numbering import next_code
from mes_server.store.papers import insert_files, load_paper, papers_about
from mes_server.store.transaction import writing

Compile = Callable[[Connection, str, Heading], Report | None]
Render = Callable[[Mapping[str, Any], bytes], Mapping[str, bytes]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What paper is wanted. `about`: the lot, shipment or suspicion; `software`, `site` stand on it."""

    kind: str
    about: str
    language: str
    software: str
    site: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A paper that was set and is not kept yet."""

    report: Report
    files: Mapping[str, bytes]


def draft_paper(
    engine: Engine, act: Act, wanted: Wanted, compiled: Compile, render: Render
) -> Draft | None:
    """Gather and set it; None: there is nothing of that name, or the act was answered before. Raises StoreFault."""
    with reading(engine) as conn:
        if list_action(conn, act.id):
            return None
    with writing(engine) as conn:
        number = next_code(conn, CODES[wanted.kind], act.now_ms)
    with reading(engine) as conn:
        earlier = tuple(one.number for one in papers_about(conn, wanted.about))
        heading = Heading(
            number, wanted.language, act.now_ms, act.person, wanted.software, wanted.site, earlier
        )
        report = compiled(conn, wanted.about, heading)
    if report is None:
        return None
    data = json_of(report)
    return Draft(report, {"json": data, **render(json.loads(data), data)})


def keep_paper(book: Book, draft: Draft | None, about: str) -> list[str] | list[Refusal]:
    """The number of the paper, its files kept and their digests sealed."""
    if draft is None:
        return [Refusal("paper_is_about_something", {"about": about})]
    report = draft.report
    book.note(
        stream_of(report.number), MADE, number=report.number, kind=report.kind, about=report.about,
        language=report.language, verdict=report.verdict, earlier=list(report.earlier),
        ledger=report.ledger.number,
        files={name: digest_of_file(data) for name, data in sorted(draft.files.items())},
    )  # fmt: skip
    insert_files(book.conn, report.number, draft.files)
    return [report.number]


def sign_paper(
    book: Book, number: str, signer: Person | Refusal | None, meaning: str
) -> list[Refusal]:
    """Somebody signs a paper; what is signed is the digest of its JSON."""
    refused = may_sign(signer, "paper")
    found = load_paper(book.conn, number)
    if found is None:
        refused.append(Refusal("paper_is_known", {"number": number}))
    if refused or found is None or not isinstance(signer, Person):
        return refused
    sign(book, f"paper:{number}", found.digest, signer, meaning)
    return []
