"""Bodies of requests: JSON of a declared shape, every fault of it at once."""

from typing import TypeVar

from flask import request
from pydantic import BaseModel, ValidationError

from mes_server.web.page import words
from mes_server.web.problems import BadParameter, BadRequest

Body = TypeVar("Body", bound=BaseModel)


def read_body(shape: type[Body]) -> Body:
    """The body of this request; raises BadRequest."""
    try:
        return shape.model_validate_json(request.get_data())
    except ValidationError as error:
        t = words()
        faults = [
            BadParameter(
                ".".join(map(str, fault["loc"])) or "body",
                t("query.body", fault=fault["msg"]),
                t("query.body.next"),
            )
            for fault in error.errors(include_url=False, include_input=False)
        ]
        raise BadRequest(faults) from error
