"""Change a process for a time or for good: begun, reviewed, ended; requested, decided by signature, effective."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from mes_server.actions.record_events import Book
from mes_server.actions.sign_record import may_sign, sign
from mes_server.domain import process_changes as changes
from mes_server.domain.attempts import Refusal
from mes_server.domain.charges import Run
from mes_server.domain.control_plan import Plan, Substitute
from mes_server.domain.people import Person
from mes_server.domain.process_changes import Change, Temporary
from mes_server.domain.signatures import digest
from mes_server.domain.texts import text_is_no_script
from mes_server.store.changes_of_process import list_temporaries, load_change, load_temporary
from mes_server.store.lots import load_lot, lots_around
from mes_server.store.numbering import next_code
from mes_server.store.plans import plans_in_force
from mes_server.store.runs import lots_of_run, runs_at
from mes_server.store.stations import load_station

BESIDE_MAX = 20


@dataclass(frozen=True, slots=True)
class Alternate:
    """An approved alternate control, and until when it replaces the primary one."""

    station: str
    operation: str
    primary: str
    alternate: str
    until_ms: int


def begin_temporary(
    book: Book, said: Alternate, reason: str, signer: Person | Refusal | None
) -> list[str] | list[Refusal]:
    """Its number. All that runs at the station until it ends is tagged."""
    refused = may_sign(signer, "dispose") + text_is_no_script(
        {"primary": said.primary, "alternate": said.alternate, "reason": reason}
    )
    if load_station(book.conn, said.station) is None:
        refused.append(Refusal("station_is_known", {"station": said.station}))
    plan = _approving(book, said)
    if plan is None:
        names = ("operation", "primary", "alternate")
        refused.append(
            Refusal("alternate_is_approved", {name: getattr(said, name) for name in names})
        )
    if not reason.strip():
        refused.append(Refusal("reason_is_given", {}))
    if said.until_ms <= book.act.now_ms:
        refused.append(Refusal("end_lies_ahead", {"until_ms": str(said.until_ms)}))
    if refused or plan is None or not isinstance(signer, Person):
        return refused
    code = next_code(book.conn, "temporary", book.act.at_ms)
    facts = {
        "station": said.station, "operation": said.operation, "primary": said.primary,
        "alternate": said.alternate, "until_ms": said.until_ms,
    }  # fmt: skip
    book.note(changes.stream_of(code), changes.BEGUN, reason, **facts, plan=plan.name)
    sign(book, f"change:{code}", digest({"code": code, **facts}), signer, "approved")
    return [code]


def _approving(book: Book, said: Alternate) -> Plan | None:
    """The control plan in force that lists the alternate."""
    wanted = Substitute(said.operation, said.primary, said.alternate)
    plans = plans_in_force(book.conn, book.act.now_ms)
    return next((one for one in plans if wanted in one.substitutes), None)


def review_temporary(book: Book, code: str, reason: str) -> list[Refusal]:
    """It was looked at today; the reason says what was found."""
    refused = _active(book, code, reason)
    if not refused:
        book.note(changes.stream_of(code), changes.REVIEWED, reason)
    return refused


def end_temporary(book: Book, code: str, verification: str) -> list[Refusal]:
    """Back to normal, verified; also after it ended by itself."""
    found = load_temporary(book.conn, code)
    refused = [] if verification.strip() else [Refusal("reason_is_given", {})]
    if found is None:
        return [Refusal("change_is_known", {"change": code})]
    if found.ended_ms is not None:
        refused.append(Refusal("change_is_active", {"change": code}))
    if not refused:
        book.note(changes.stream_of(code), changes.ENDED, verification)
    return refused


def _active(book: Book, code: str, reason: str) -> list[Refusal]:
    found = load_temporary(book.conn, code)
    if found is None:
        return [Refusal("change_is_known", {"change": code})]
    refused = [] if reason.strip() else [Refusal("reason_is_given", {})]
    if not found.is_active(book.act.now_ms):
        refused.append(Refusal("change_is_active", {"change": code}))
    return refused


def unreviewed_at(conn: Connection, station: str, operation: str, at_ms: int) -> tuple[str, ...]:
    """The temporary changes that an operation at a station is under, and nobody looked at for a day."""
    found = list_temporaries(conn, at_ms)
    return tuple(
        one.code for one in found if one.replaces(station, operation) and one.review_is_due(at_ms)
    )


def tagged_lots(conn: Connection, found: Temporary) -> list[str]:
    """All lots that ran under it: at its station, for its operation, while it was active."""
    runs = runs_at(conn, found.station, found.from_ms, found.end_ms())
    under = [run for run in runs if found.replaces(run.station, run.operation)]
    return sorted({lot for run in under for lot, _ in lots_of_run(conn, run.code)})


def temporaries_of_run(conn: Connection, run: Run) -> list[Temporary]:
    """The temporary changes that were active while a run went on."""
    closed_ms = run.closed_ms if run.closed_ms is not None else 1 << 60
    return [
        one
        for one in list_temporaries(conn, run.opened_ms)
        if one.replaces(run.station, run.operation)
        and one.from_ms <= closed_ms
        and one.end_ms() >= run.opened_ms
    ]


@dataclass(frozen=True, slots=True)
class Request:
    """A change that is asked for. `takes_customer`: the customer has to approve it (PPAP)."""

    title: str
    what: str
    risk: str
    verification: str
    takes_customer: bool


def request_change(book: Book, said: Request) -> list[str] | list[Refusal]:
    """Its number."""
    texts = {n: getattr(said, n) for n in ("title", "what", "risk", "verification")}
    refused = text_is_no_script(texts)
    missing = [name for name, text in texts.items() if not text.strip()]
    if missing:
        refused.append(Refusal("change_is_described", {"fields": ", ".join(missing)}))
    if refused:
        return refused
    code = next_code(book.conn, "change", book.act.at_ms)
    book.note(
        changes.stream_of(code), changes.REQUESTED, **texts, takes_customer=said.takes_customer
    )
    return [code]


def decide_change(
    book: Book,
    code: str,
    said: tuple[bool, str, str],
    signers: Sequence[Person | Refusal],
) -> list[Refusal]:
    """Approved or refused, with a signature. `said`: approved, reason, the customer's reference."""
    approved, reason, reference = said
    found = load_change(book.conn, code)
    if found is None:
        return [Refusal("change_is_known", {"change": code})]
    refused = [fault for one in signers or [None] for fault in may_sign(one, "plan")]  # type: ignore[list-item]
    refused += [] if reason.strip() else [Refusal("reason_is_given", {})]
    if found.state != "requested":
        refused.append(Refusal("change_is_undecided", {"change": code, "state": found.state}))
    if approved and found.takes_customer and not reference.strip():
        refused.append(Refusal("customer_agreed", {"disposition": code}))
    if refused:
        return refused
    people = [one for one in signers if isinstance(one, Person)]
    facts = {"approved": approved, "customer_reference": reference}
    signed = [one.badge for one in people]
    book.note(changes.stream_of(code), changes.DECIDED, reason, **facts, signed=signed)
    for one in people:
        sign(
            book,
            f"change:{code}",
            digest({"code": code, **_asked(found), **facts}),
            one,
            "approved",
        )
    return []


def _asked(found: Change) -> dict[str, str]:
    return {n: getattr(found, n) for n in ("title", "what", "risk", "verification")}


def make_effective(book: Book, code: str, first_lot: str) -> list[Refusal]:
    """From this lot on it is so: the break point."""
    found = load_change(book.conn, code)
    if found is None:
        return [Refusal("change_is_known", {"change": code})]
    refused = []
    if found.state != "approved":
        refused.append(Refusal("change_is_approved", {"change": code, "state": found.state}))
    if load_lot(book.conn, first_lot) is None:
        refused.append(Refusal("lot_is_known", {"lot": first_lot}))
    if not refused:
        book.note(changes.stream_of(code), changes.EFFECTIVE, first_lot=first_lot)
    return refused


def lots_beside(conn: Connection, found: Change) -> tuple[list[str], list[str]]:
    """The last lots before the break point, and the first behind it with the break-point lot itself; of its part."""
    first = load_lot(conn, found.first_lot) if found.first_lot else None
    return ([], []) if first is None else lots_around(conn, first, BESIDE_MAX)


def digest_of_change(conn: Connection, code: str) -> str | None:
    """The digest of a change as it stands."""
    found = load_change(conn, code)
    if found is not None:
        if found.state == "requested":
            return None
        facts = {
            "approved": found.state != "refused",
            "customer_reference": found.customer_reference,
        }
        return digest({"code": code, **_asked(found), **facts})
    brief = load_temporary(conn, code)
    if brief is None:
        return None
    names = ("station", "operation", "primary", "alternate", "until_ms")
    return digest({"code": code, **{name: getattr(brief, name) for name in names}})
