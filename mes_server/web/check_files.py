"""Readings from a file: a page that shows every row with what is wrong, then takes in all of it or nothing."""

import base64
import binascii
from typing import Annotated, Any

from flask import Blueprint, Response, render_template
from pydantic import Field, StringConstraints

from mes_server.actions.import_checks import Looked, import_checks, preview
from mes_server.actions.record_events import Act, Book
from mes_server.domain.attempts import Refusal
from mes_server.domain.check_files import COLUMNS, BadFile
from mes_server.web.answers import Answer
from mes_server.web.answers_handling import ActBody
from mes_server.web.answers_scans import ScanAnswer
from mes_server.web.api import as_json
from mes_server.web.bodies import read_body
from mes_server.web.guards import needs
from mes_server.web.handling import carry
from mes_server.web.page import now_ms
from mes_server.web.parameters import Operation, described
from mes_server.web.problems import refused
from mes_server.web.refusals import refusal_items
from mes_server.web.scans import moment_of, worker_of
from mes_server.web.site import this_site

file_pages = Blueprint("check_files", __name__)
_FILE_MAX = 90_000


class FileBody(ActBody):
    """A CSV file, base64; its columns: characteristic, lot or run or plan, value, position, piece, gauge,
    temperature_c, note."""

    file: Annotated[str, StringConstraints(max_length=_FILE_MAX)] = Field(description="base64")


class LookedAnswer(Answer):
    """A check of the file. `refusals`: why it is not taken, each with its row."""

    rows: list[int]
    characteristic: str
    lot: str
    values: list[str]
    verdict: str
    refusals: list[dict[str, Any]]


class PreviewAnswer(Answer):
    """All checks of the file; nothing was recorded."""

    items: list[LookedAnswer]
    bad: int


def _bytes(body: FileBody) -> bytes | Refusal:
    try:
        return base64.b64decode(body.file, validate=True)
    except (binascii.Error, ValueError):
        return Refusal("file_is_text", {})


@file_pages.post("/api/v1/checks/preview")
@needs("check")
@described(Operation("Look at a file of readings", PreviewAnswer, body=FileBody))
def post_preview() -> Response:
    """Every row that cannot be taken is named; nothing is recorded."""
    body = read_body(FileBody)
    worker = worker_of(body.badge, "check")
    act = Act(body.act_id, worker.badge, body.station, moment_of(body.at), now_ms())
    data = _bytes(body)
    if isinstance(data, Refusal):
        return refused(refusal_items([data]))
    try:
        with this_site().reading() as conn:
            found = preview(conn, act, data)
    except BadFile as bad:
        return refused(refusal_items([Refusal(bad.rule, bad.facts)]))
    items = [_answer(one) for one in found]
    return as_json(PreviewAnswer(items=items, bad=sum(bool(one.refusals) for one in items)))


def _answer(one: Looked) -> LookedAnswer:
    return LookedAnswer(
        rows=list(one.rows.numbers), characteristic=one.rows.same["characteristic"],
        lot=one.rows.same["lot"] or one.rows.same["run"] or one.rows.same["plan"],
        values=[reading["value"] for reading in one.rows.readings], verdict=one.verdict,
        refusals=refusal_items(one.refused),
    )  # fmt: skip


@file_pages.post("/api/v1/checks/import")
@needs("check")
@described(Operation("Take in a file of readings", ScanAnswer, body=FileBody))
def post_import() -> Response:
    """All of it, or nothing; `made`: the numbers of the checks."""
    body = read_body(FileBody)
    data = _bytes(body)

    def acting(book: Book, _codes: list[str]) -> object:
        return [data] if isinstance(data, Refusal) else import_checks(book, data)

    return carry(body, ("import", [], body.act_id), "check", acting)


@file_pages.get("/quality/import")
@needs("check")
def page() -> str:
    """Choose a file, look at its rows, take it in."""
    return render_template("quality/import.html", columns=COLUMNS)
