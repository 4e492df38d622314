"""Studies of measurement systems over /api/v1 and as pages: looked at row by row, recorded, shown."""

from flask import Blueprint, Response, render_template

from mes_server.actions.keep_studies import Studying, look_at_study, record_study
from mes_server.actions.record_events import Book
from mes_server.domain.study_files import StudyTable, read_study
from mes_server.store.gauge_records import Studied, studied
from mes_server.web import answers_gauges as shapes
from mes_server.web.answers_scans import ScanAnswer
from mes_server.web.api import as_json
from mes_server.web.bodies import read_body
from mes_server.web.formats import iso_text
from mes_server.web.guards import needs
from mes_server.web.handling import carry
from mes_server.web.parameters import Operation, described
from mes_server.web.problems import NotFound
from mes_server.web.refusals import refusal_items
from mes_server.web.scans import moment_of
from mes_server.web.site import this_site

study_pages = Blueprint("gauge_studies", __name__)
_PREVIEW = Operation("Look at a study", shapes.StudyPreviewAnswer, body=shapes.StudyBody)


def _studying(body: shapes.StudyBody) -> tuple[Studying, StudyTable]:
    """What a body says, and its table: of readings that were sent as such an empty one."""
    table = read_study(body.table, body.kind) if body.table else StudyTable()
    taken = table if body.table else body
    return Studying(
        body.type, body.gauge.strip().upper(), body.characteristic, body.method, taken.readings, body.tolerance,
        body.accept, body.kind, body.plan, taken.references, taken.appraisers, taken.parts,
    ), table  # fmt: skip


@study_pages.post("/api/v1/studies")
@needs("gauge")
@described(Operation("A study of a measurement system", ScanAnswer, body=shapes.StudyBody))
def post_study() -> Response:
    """Computed and kept; a good one, or a fair one with a reason, is accepted."""
    body = read_body(shapes.StudyBody)
    said, table = _studying(body)

    def acting(book: Book, _codes: list[str]) -> object:
        return table.refused or record_study(book, said)

    return carry(body, ("study", [], body.type), "gauge", acting)


@study_pages.post("/api/v1/studies/preview")
@needs("gauge")
@described(_PREVIEW)
def post_preview() -> Response:
    """Every row that cannot be one is named; else what the study finds. Nothing is recorded."""
    body = read_body(shapes.StudyBody)
    said, table = _studying(body)
    found, refused = None, table.refused
    if not refused:
        with this_site().reading() as conn:
            said, found, refused = look_at_study(conn, said, moment_of(body.at))
    people = said.appraisers or [str(i + 1) for i in range(len(said.readings))]
    items = [
        shapes.StudyRowAnswer(appraiser=who, readings=[list(part) for part in said.readings[i]])
        for i, who in enumerate(people[: len(said.readings)])
    ]
    answer = shapes.StudyPreviewAnswer(
        rows=table.rows, parts=list(said.parts), references=list(said.references), items=items,
        tolerance=said.tolerance, figures=found.figures if found else {},
        verdict=found.verdict if found else "",  # type: ignore[arg-type]
        refusals=refusal_items(refused),
    )  # fmt: skip
    return as_json(answer)


@study_pages.get("/api/v1/studies/<kind>")
@needs("read")
@described(Operation("Studies of a type of gauge", shapes.StudiesAnswer))
def get_studies(kind: str) -> Response:
    """The oldest first."""
    with this_site().reading() as conn:
        found = [_answer(one) for one in studied(conn, kind)]
    return as_json(shapes.StudiesAnswer(items=found))


def _answer(one: Studied) -> shapes.StudyAnswer:
    study = one.study
    return shapes.StudyAnswer(
        kind=study.kind, type=study.type, number=one.number, gauge=study.gauge,  # type: ignore[arg-type]
        characteristic=study.characteristic, plan=study.plan, method=study.method, at=iso_text(study.at_ms),
        by=study.by, figures=dict(study.figures), tolerance=study.tolerance, judged_by=dict(study.judged_by),
        verdict=study.verdict, accepted=study.accepted, reason=study.reason,  # type: ignore[arg-type]
        readings=one.readings, references=one.references, appraisers=one.appraisers, parts=one.parts,
    )  # fmt: skip


@study_pages.get("/quality/studies/<kind>/<int:number>")
@needs("read")
def study(kind: str, number: int) -> str:
    """One study: its readings, its figures and its verdict."""
    with this_site().reading() as conn:
        found = [one for one in studied(conn, kind) if one.number == number]
    if not found:
        raise NotFound("study", f"{kind} {number}")
    return render_template(
        "quality/study.html",
        one=found[0],
        study=found[0].study,
        per_person=shapes.PER_PERSON,
        figure_names=shapes.FIGURES,
    )
