"""JSON bodies of requests: read whole against a pydantic model, every fault at once, with what to do."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeVar

from flask import request
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from mes_server.web.page import words
from mes_server.web.problems import BadParameter, BadRequest

BODY_BYTES_MAX = 100_000
FAULTS_MAX = 100
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_KINDS = (
    ("missing", "missing"), ("extra_forbidden", "unknown"), ("json_", "json"),
    ("string_pattern", "id"), ("string_", "text"), ("int_", "whole"), ("greater_", "whole"),
    ("less_", "whole"), ("too_long", "many"), ("too_short", "many"),
)  # fmt: skip


class Body(BaseModel):
    """Nothing is guessed: a text is no number, and what is not known is a fault."""

    model_config = ConfigDict(extra="forbid", strict=True)


def _plain(text: str) -> str:
    if _CONTROL.search(text):
        raise ValueError("control")
    return text


def _moment(text: str) -> str:
    at_ms(text)
    return text


Name = Annotated[str, StringConstraints(max_length=200), AfterValidator(_plain)]
Id = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9A-Za-z][0-9A-Za-z_.:-]{7,63}$"),
    Field(description="Made by who sends it, once for each thing done; the same of a repetition"),
]
Moment = Annotated[
    str,
    StringConstraints(max_length=40),
    AfterValidator(_moment),
    Field(description="ISO 8601 with an offset", examples=["2026-11-23T19:43:07.120Z"]),
]
Count = Annotated[int, Field(ge=0, le=10**9)]
Milligrams = Annotated[int, Field(ge=0, le=10**13)]


def at_ms(text: str) -> int:
    """Unix ms of a Moment; raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None or not 2000 <= moment.year <= 2200:
        raise ValueError("time")
    return (moment - _EPOCH) // timedelta(milliseconds=1)


Model = TypeVar("Model", bound=BaseModel)


def read_body(model: type[Model]) -> Model:
    """The body of this request; raises BadRequest with every fault, and 413 beyond BODY_BYTES_MAX."""
    request.max_content_length = BODY_BYTES_MAX
    try:
        return model.model_validate_json(request.get_data())
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=True)[:FAULTS_MAX]
        raise BadRequest([_fault(dict(one)) for one in found]) from None


def _fault(error: dict[str, Any]) -> BadParameter:
    kind = next((name for start, name in _KINDS if error["type"].startswith(start)), "shape")
    context = error.get("ctx", {})
    if error["type"] == "value_error":
        kind = "text" if str(context["error"]) == "control" else "time"
    facts = {
        "low": context.get("ge", context.get("min_length", 0)),
        "high": context.get("le", context.get("max_length", 200)),
    }
    where = ".".join(str(part)[:60] for part in error["loc"]) or "body"
    t = words()
    return BadParameter(where, t(f"body.{kind}", **facts), t(f"body.{kind}.next", **facts))
