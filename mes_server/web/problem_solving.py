"""Problems (8D) and changes of processes over /api/v1 and as pages."""

from flask import Blueprint, Response, render_template
from sqlalchemy import Connection

from mes_server.actions import change_process as change
from mes_server.actions import solve_problem as solve
from mes_server.actions.record_events import Book
from mes_server.domain.attempts import Refusal
from mes_server.domain.people import Person
from mes_server.domain.problems import STEPS, Problem
from mes_server.domain.process_changes import Change, Temporary
from mes_server.store import changes_of_process as kept
from mes_server.store.plans import plans_in_force
from mes_server.store.stations import list_stations
from mes_server.web import answers_changes as shapes
from mes_server.web.answers_handling import ActBody
from mes_server.web.answers_scans import ScanAnswer
from mes_server.web.answers_signatures import SignatureBody
from mes_server.web.api import as_json
from mes_server.web.bodies import at_ms, read_body
from mes_server.web.formats import iso_text
from mes_server.web.guards import needs
from mes_server.web.handling import carry
from mes_server.web.page import now_ms
from mes_server.web.parameters import Operation, described
from mes_server.web.problems import NotFound
from mes_server.web.signing import signature_answers, signature_rows, signers_of
from mes_server.web.site import this_site

solving_pages = Blueprint("solving", __name__)
_API = "/api/v1"


def _does(summary: str, body: type[ActBody]) -> Operation:
    return Operation(summary, ScanAnswer, body=body)


def _signer(said: SignatureBody | None, meaning: str) -> Person | Refusal | None:
    return None if said is None else signers_of([said], meaning)[0]


@solving_pages.post(_API + "/problems")
@needs("dispose")
@described(_does("Open an 8D", shapes.OpenProblemBody))
def post_problem() -> Response:
    """`made`: its number."""
    body = read_body(shapes.OpenProblemBody)

    def acting(book: Book, _codes: list[str]) -> object:
        return solve.open_problem(book, body.title, body.linked)

    return carry(body, ("problem", [], body.title), "dispose", acting)


@solving_pages.post(_API + "/problems/<code>/steps")
@needs("dispose")
@described(_does("Write a discipline of an 8D", shapes.StepBody))
def post_step(code: str) -> Response:
    """Each is written as often as needed; nothing is lost."""
    body = read_body(shapes.StepBody)
    said = (body.text, body.owner, None if body.due is None else at_ms(body.due))

    def acting(book: Book, _codes: list[str]) -> object:
        return solve.write_step(book, code, body.step, said, body.done)

    return carry(body, ("8d", [], code), "dispose", acting)


@solving_pages.post(_API + "/problems/<code>/close")
@needs("dispose")
@described(_does("Close an 8D", shapes.CloseProblemBody))
def post_close_problem(code: str) -> Response:
    """Refused while a discipline is not done, and without a signature."""
    body = read_body(shapes.CloseProblemBody)
    signer = _signer(body.signature, "closed")

    def acting(book: Book, _codes: list[str]) -> object:
        return solve.close_problem(book, code, at_ms(body.check), signer)

    return carry(body, ("close_8d", [], code), "dispose", acting)


@solving_pages.post(_API + "/problems/<code>/check")
@needs("release")
@described(_does("Say whether an 8D helped", shapes.CheckProblemBody))
def post_check_problem(code: str) -> Response:
    """If not, it is open again from the root cause on."""
    body = read_body(shapes.CheckProblemBody)

    def acting(book: Book, _codes: list[str]) -> object:
        return solve.check_problem(book, code, body.effective, body.reason)

    return carry(body, ("check_8d", [], code), "release", acting)


@solving_pages.post(_API + "/changes/temporary")
@needs("dispose")
@described(_does("Begin a temporary change", shapes.TemporaryBody))
def post_temporary() -> Response:
    """It ends by itself; `made`: its number."""
    body = read_body(shapes.TemporaryBody)
    signer = _signer(body.signature, "approved")
    said = change.Alternate(
        body.at_station, body.operation, body.primary, body.alternate, at_ms(body.until)
    )

    def acting(book: Book, _codes: list[str]) -> object:
        return change.begin_temporary(book, said, body.reason, signer)

    return carry(body, ("temporary", [], body.at_station), "dispose", acting)


@solving_pages.post(_API + "/changes/temporary/<code>/review")
@needs("dispose")
@described(_does("A temporary change was looked at", ActBody))
def post_review(code: str) -> Response:
    """Every day; the reason says what was found."""
    body = read_body(ActBody)

    def acting(book: Book, _codes: list[str]) -> object:
        return change.review_temporary(book, code, body.reason)

    return carry(body, ("review_change", [], code), "dispose", acting)


@solving_pages.post(_API + "/changes/temporary/<code>/end")
@needs("dispose")
@described(_does("Back to normal, verified", ActBody))
def post_end(code: str) -> Response:
    """The reason says how it was verified."""
    body = read_body(ActBody)

    def acting(book: Book, _codes: list[str]) -> object:
        return change.end_temporary(book, code, body.reason)

    return carry(body, ("end_change", [], code), "dispose", acting)


@solving_pages.post(_API + "/changes")
@needs("dispose")
@described(_does("Request a change", shapes.ChangeBody))
def post_change() -> Response:
    """`made`: its number."""
    body = read_body(shapes.ChangeBody)
    said = change.Request(body.title, body.what, body.risk, body.verification, body.takes_customer)

    def acting(book: Book, _codes: list[str]) -> object:
        return change.request_change(book, said)

    return carry(body, ("change", [], body.title), "dispose", acting)


@solving_pages.post(_API + "/changes/<code>/decide")
@needs("plan")
@described(_does("Approve or refuse a change", shapes.DecideChangeBody))
def post_decide(code: str) -> Response:
    """With a signature."""
    body = read_body(shapes.DecideChangeBody)
    signers = signers_of(body.signatures, "approved")
    said = (body.approved, body.reason, body.customer_reference)

    def acting(book: Book, _codes: list[str]) -> object:
        return change.decide_change(book, code, said, signers)

    return carry(body, ("decide_change", [], code), "plan", acting)


@solving_pages.post(_API + "/changes/<code>/effective")
@needs("plan")
@described(_does("A change is effective from a lot on", shapes.EffectiveBody))
def post_effective(code: str) -> Response:
    """The break point."""
    body = read_body(shapes.EffectiveBody)

    def acting(book: Book, _codes: list[str]) -> object:
        return change.make_effective(book, code, body.first_lot)

    return carry(body, ("effective", [], code), "plan", acting)


@solving_pages.get(_API + "/problems")
@needs("read")
@described(Operation("8Ds", shapes.EightDsAnswer))
def get_problems() -> Response:
    """The last ones, the newest first."""
    with this_site().reading() as conn:
        found = [_problem(conn, one) for one in kept.list_problems(conn)]
    return as_json(shapes.EightDsAnswer(items=found))


@solving_pages.get(_API + "/changes")
@needs("read")
@described(Operation("Changes of processes", shapes.ChangesAnswer))
def get_changes() -> Response:
    """Temporary ones, and requests."""
    with this_site().reading() as conn:
        brief = [_temporary(conn, one) for one in kept.list_temporaries(conn)]
        items = [_change(conn, one) for one in kept.list_changes(conn)]
    return as_json(shapes.ChangesAnswer(temporary=brief, items=items))


def _time(at: int | None) -> str | None:
    return None if at is None else iso_text(at)


def _problem(conn: Connection, one: Problem) -> shapes.EightDAnswer:
    return shapes.EightDAnswer(
        problem=one.code, title=one.title, state=one.state, opened_at=iso_text(one.opened_ms),  # type: ignore[arg-type]
        opened_by=one.opened_by, linked=list(one.linked), overdue=one.overdue(now_ms()),
        steps=[
            shapes.StepAnswer(
                step=name, text=step.text, owner=step.owner, due_at=_time(step.due_ms),
                done_at=_time(step.done_ms), by=step.by,
            )
            for name, step in sorted(one.steps.items())
        ],
        check_at=_time(one.check_ms), result=one.result, reopened=one.reopened,
        signatures=signature_answers(conn, f"8d:{one.code}"),
    )  # fmt: skip


def _temporary(conn: Connection, one: Temporary) -> shapes.TemporaryAnswer:
    return shapes.TemporaryAnswer(
        change=one.code, station=one.station, operation=one.operation, primary=one.primary,
        alternate=one.alternate, reason=one.reason, plan=one.plan, from_at=iso_text(one.from_ms),
        until=iso_text(one.end_ms()), active=one.is_active(now_ms()), verified=one.verified,
        review_due=one.review_is_due(now_ms()), lots=change.tagged_lots(conn, one),
        signatures=signature_answers(conn, f"change:{one.code}"),
    )  # fmt: skip


def _change(conn: Connection, one: Change) -> shapes.ChangeAnswer:
    before, behind = change.lots_beside(conn, one)
    return shapes.ChangeAnswer(
        change=one.code, title=one.title, what=one.what, risk=one.risk, state=one.state,  # type: ignore[arg-type]
        verification=one.verification, takes_customer=one.takes_customer,
        requested_at=iso_text(one.requested_ms), requested_by=one.requested_by,
        customer_reference=one.customer_reference, first_lot=one.first_lot,
        lots_before=before, lots_behind=behind,
        effective_at=_time(one.effective_ms), signatures=signature_answers(conn, f"change:{one.code}"),
    )  # fmt: skip


@solving_pages.get("/quality/problems")
@needs("read")
def problems() -> str:
    """All 8Ds, first those of which something is overdue."""
    with this_site().reading() as conn:
        found = kept.list_problems(conn)
    overdue = [one.code for one in found if one.overdue(now_ms())]
    found.sort(key=lambda one: one.code not in overdue)
    return render_template("quality/problems.html", problems=found, overdue=overdue)


@solving_pages.get("/quality/problems/<code>")
@needs("read")
def problem(code: str) -> str:
    """One 8D: its disciplines, and what is next."""
    with this_site().reading() as conn:
        found = kept.load_problem(conn, code)
        signatures = signature_rows(conn, f"8d:{code}")
    if found is None:
        raise NotFound("problem", code)
    return render_template(
        "quality/problem.html", problem=found, names=STEPS, signatures=signatures
    )


@solving_pages.get("/quality/changes")
@needs("read")
def changes() -> str:
    """Temporary changes and change requests."""
    with this_site().reading() as conn:
        brief = [
            (one, change.tagged_lots(conn, one), signature_rows(conn, f"change:{one.code}"))
            for one in kept.list_temporaries(conn)
        ]
        asked = [
            (one, signature_rows(conn, f"change:{one.code}"), change.lots_beside(conn, one))
            for one in kept.list_changes(conn)
        ]
        plans = plans_in_force(conn, now_ms())
        stations = sorted({one.id for one in list_stations(conn)})
    substitutes = [(plan.name, way) for plan in plans for way in plan.substitutes]
    return render_template(
        "quality/changes.html", temporaries=brief, changes=asked, substitutes=substitutes,
        stations=stations,
    )  # fmt: skip
