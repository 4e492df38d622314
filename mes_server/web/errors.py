"""Faults and refusals → status and answer, once: problem details for programs, a page for people."""

import logging

from flask import Flask, Response, render_template, request
from werkzeug.exceptions import HTTPException

from mes_server.store.faults import StoreFault
from mes_server.store.pins import PepperMissing
from mes_server.web.page import words
from mes_server.web.problems import BadRequest, NotFound, problem

RETRY_S = 5
_log = logging.getLogger(__name__)


def _for_programs() -> bool:
    return request.path.startswith("/api/")


def _page(status: int, title: str, text: str) -> Response:
    body = render_template("error.html", status=status, title=title, text=text)
    return Response(body, status, mimetype="text/html")


def bad_request(error: BadRequest) -> Response:
    """Parameters that cannot be used: 400 with all of them."""
    if _for_programs():
        return problem(400, "parameters", faults=error.faults)
    text = " ".join(f"{f.parameter}: {f.fault} {f.next_step}" for f in error.faults)
    return _page(400, words()("error.parameters"), text)


def not_found(error: NotFound) -> Response:
    """An id that is not there: 404."""
    if _for_programs():
        return problem(404, f"no_{error.kind}", {"name": error.name})
    t = words()
    return _page(404, t("error.not_found"), t(f"problem.no_{error.kind}", name=error.name))


def store_fault(error: StoreFault) -> Response:
    """The store cannot be read: 503, and try again soon."""
    t = words()
    kind = t.known("kind", error.kind)
    if _for_programs():
        answer = problem(503, "store", {"kind": kind})
    else:
        answer = _page(503, t("error.store"), t("problem.store", kind=kind))
    answer.headers["Retry-After"] = str(RETRY_S)
    return answer


def pepper_missing(error: PepperMissing) -> Response:
    """No PIN can be compared: 503; where the key should be is for the log, not for the screen."""
    _log.critical("%s", error)
    t = words()
    if _for_programs():
        return problem(503, "pepper")
    return _page(503, t("error.pepper"), t("problem.pepper"))


def http_error(error: HTTPException) -> Response | HTTPException:
    """What Flask itself refuses."""
    status = error.code or 500
    if status < 400:
        return error
    t = words()
    if _for_programs():
        answer = problem(status, "http", {"status": status, "name": error.name})
    else:
        title = t("error.not_found") if status == 404 else t("error.refused")
        answer = _page(status, title, t("problem.http", status=status, name=error.name))
    if error.response is None:
        for name, value in error.get_headers():
            if name.lower() in ("allow", "retry-after"):
                answer.headers[name] = value
    return answer


def unforeseen(error: Exception) -> Response:
    """A bug of ours: the trace goes to the log, never to the screen."""
    _log.exception("no answer for %s %s", request.method, request.path, exc_info=error)
    if _for_programs():
        return problem(500, "bug")
    t = words()
    return _page(500, t("error.bug"), t("problem.bug"))


def answer_errors(app: Flask) -> None:
    """Register all of them."""
    app.register_error_handler(BadRequest, bad_request)
    app.register_error_handler(NotFound, not_found)
    app.register_error_handler(StoreFault, store_fault)
    app.register_error_handler(PepperMissing, pepper_missing)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(Exception, unforeseen)
