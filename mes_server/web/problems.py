"""Problem details (RFC 9457) for programs; every fault of a request at once, with the next step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, jsonify, request
from werkzeug.http import HTTP_STATUS_CODES

from mes_server.web.page import words

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class BadParameter:
    """One parameter that cannot be used: `fault` and `next_step` are sentences."""

    parameter: str
    fault: str
    next_step: str


class BadRequest(Exception):
    """A request with parameters that cannot be used."""

    def __init__(self, faults: list[BadParameter]) -> None:
        super().__init__("; ".join(f"{fault.parameter}: {fault.fault}" for fault in faults))
        self.faults = faults


class NotFound(Exception):
    """Something that was asked for by its id is not there."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"{kind} {name}")
        self.kind = kind
        self.name = name


def problem(
    status: int,
    kind: str,
    facts: Mapping[str, object] | None = None,
    faults: list[BadParameter] | None = None,
) -> Response:
    """An answer of type application/problem+json; its words are `problem.<kind>`."""
    t = words()
    body: dict[str, object] = {
        "type": f"urn:lodestone:problem:{kind}",
        "title": HTTP_STATUS_CODES.get(status, "Error"),
        "status": status,
        "detail": t(f"problem.{kind}", **(facts or {})),
        "instance": request.path,
    }
    if faults is not None:
        body["errors"] = [
            {"parameter": f.parameter, "fault": f.fault, "next_step": f.next_step} for f in faults
        ]
    answer = jsonify(body)
    answer.status_code = status
    answer.mimetype = MEDIA_TYPE
    return answer


def refused(told: Sequence[Mapping[str, Any]]) -> Response:
    """What the business does not allow: 409 with every rule that says no, its facts and its words."""
    answer = jsonify(told)
    answer.status_code = 409
    return answer
