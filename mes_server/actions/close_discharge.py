"""Close the record of a day or a month of an outlet: made, kept, signed, sealed, in one act. It never changes: what comes
later makes a new revision, with a reason, and the earlier one stays.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine

from mes_server.actions.compile_discharge import Closing, compile_record, judged_of, told_of
from mes_server.actions.make_paper import Draft, Render, Wanted, draft_paper, keep_paper
from mes_server.actions.record_events import Act, Book
from mes_server.actions.sign_record import may_sign, sign
from mes_server.domain.discharge import OutletDay, OutletMonth
from mes_server.domain.discharge_rows import differences
from mes_server.domain.papers import digest_of_file
from mes_server.domain.people import Person
from mes_server.domain.rules import Refusal
from mes_server.domain.texts import text_is_no_script
from mes_server.store.discharge_records import CLOSED, DischargeRecord, revisions, stream_of
from mes_server.store.engine import reading

PERMISSION, MEANING = "discharge", "closed"


@dataclass(frozen=True, slots=True)
class Record:
    """How the record of a day or a month stands. `judged`: as it is now. `newest`: the revision that counts.

    `changed`: what is not as the newest revision tells it: name, then, now.
    """

    judged: OutletDay | OutletMonth
    revisions: tuple[DischargeRecord, ...]
    changed: tuple[tuple[str, str, str], ...] = ()

    @property
    def newest(self) -> DischargeRecord | None:
        """None: it was never closed."""
        return self.revisions[-1] if self.revisions else None

    @property
    def stands(self) -> bool:
        """Whether what was closed is what is judged now."""
        return self.newest is not None and self.newest.digest == self.judged.digest


def record_of(conn: Connection, said: Closing, now_ms: int) -> Record | None:
    """How a record stands; None: there is no such outlet."""
    judged = judged_of(conn, said, now_ms)
    if judged is None:
        return None
    kept = tuple(revisions(conn, said.outlet, said.period))
    if not kept or kept[-1].digest == judged.digest:
        return Record(judged, kept)
    return Record(judged, kept, tuple(differences(kept[-1].told, told_of(judged))))


@dataclass(frozen=True, slots=True)
class Closed:
    """What was set, to be kept: the paper, and what was judged for it."""

    draft: Draft
    digest: str
    told: Mapping[str, str]


def draft_record(engine: Engine, act: Act, said: Closing, wanted: Wanted, render: Render) -> Closed | list[Refusal] | None:  # fmt: skip
    """Judge and set the record; why it cannot be closed; None: this act was answered before. Raises StoreFault."""
    with reading(engine) as conn:
        found = record_of(conn, said, act.now_ms)
    refused = may_close(found, said)
    if refused or found is None:
        return refused

    def compiled(conn: Connection, _about: str, heading: Any) -> Any:
        return compile_record(conn, said, heading)

    draft = draft_paper(engine, act, wanted, compiled, render)
    if draft is None:
        return None
    digest = str(draft.report.sections["header"].facts["digest"])
    with reading(engine) as conn:
        judged = judged_of(conn, said, act.now_ms)
    same = judged is not None and judged.digest == digest
    return Closed(draft, digest, told_of(judged) if same and judged is not None else {})


def may_close(found: Record | None, said: Closing) -> list[Refusal]:
    """Why a record cannot be closed now."""
    if found is None:
        return [Refusal("outlet_is_known", {"outlet": said.outlet})]
    refused = []
    if not found.judged.over:
        refused.append(Refusal("period_is_over", {"outlet": said.outlet, "period": said.period}))
    if found.newest is not None:
        facts = {"record": found.newest.paper, "revision": str(found.newest.revision)}
        if found.stands:
            refused.append(Refusal("record_has_changed", facts))
        elif not said.reason.strip():
            refused.append(Refusal("revision_has_reason", facts))
    return refused


def close_record(
    book: Book, said: Closing, set_: Closed | list[Refusal] | None, signer: Person | Refusal | None
) -> list[str] | list[Refusal]:
    """The number of the record, kept, signed and sealed; or every reason why not."""
    refused = may_sign(signer, PERMISSION) + text_is_no_script({"reason": said.reason})
    if not isinstance(set_, Closed):
        refused += set_ or []
    if refused or not isinstance(set_, Closed) or not isinstance(signer, Person):
        return refused or [Refusal("paper_is_about_something", {"about": said.about})]
    kept = revisions(book.conn, said.outlet, said.period)
    number = str(len(kept) + 1)
    if set_.draft.report.sections["header"].facts["revision"] != number:
        facts = {"record": kept[-1].paper, "revision": str(kept[-1].revision)}
        return [Refusal("record_has_changed", facts)]
    made = keep_paper(book, set_.draft, said.about)
    paper = str(made[0])
    book.note(
        stream_of(said.outlet, said.period), CLOSED, said.reason, by=signer.badge, outlet=said.outlet, period=said.period, revision=int(number), paper=paper, digest=set_.digest,
        told=dict(set_.told),
    )  # fmt: skip
    sign(book, f"paper:{paper}", digest_of_file(set_.draft.files["json"]), signer, MEANING)
    return [paper]
