"""/api/v1/openapi.json: written from the views themselves, so that it cannot say anything else."""

import re
from typing import Any

from flask import Blueprint, Flask, current_app, jsonify
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from werkzeug.routing import Rule
from werkzeug.wrappers import Response

from mes_server.domain.people import OPEN
from mes_server.web.answers_lots import RefusalAnswer
from mes_server.web.answers_system import ProblemAnswer
from mes_server.web.guards import needs, permission_of
from mes_server.web.page import product_version
from mes_server.web.parameters import Operation, Parameter
from mes_server.web.problems import MEDIA_TYPE

openapi_pages = Blueprint("openapi", __name__)
PREFIX = "/api/v1/"
_REFS = "#/components/schemas/{model}"
_TEXT = {"type": "string", "maxLength": 200}
_SHOWN = {
    "token": {"type": "http", "scheme": "bearer", "description": "mes people token make"},
    "session": {"type": "apiKey", "in": "cookie", "name": "session"},
}
_EVENTS = (
    "Server-sent events: `samples` (latest samples of a station), `station` (how one stands), "
    "`health`, `alarms`, `reset` (load afresh), `mark` (the change number). Resume with Last-Event-ID."
)


@openapi_pages.get("/api/v1/openapi.json")
@needs("read")
def document() -> Response:
    """The document."""
    return jsonify(describe(current_app))


def described_rules(app: Flask) -> list[tuple[Rule, Operation]]:
    """The addresses that programs may rely on, with what was promised of them."""
    found = []
    for rule in app.url_map.iter_rules():
        operation = getattr(app.view_functions[rule.endpoint], "operation", None)
        if isinstance(operation, Operation):
            found.append((rule, operation))
    return sorted(found, key=lambda pair: pair[0].rule)


def describe(app: Flask) -> dict[str, Any]:
    """OpenAPI 3.1 of the app."""
    rules = described_rules(app)
    answers: list[type[BaseModel]] = [operation.answer for _, operation in rules]
    bodies = [operation.body for _, operation in rules if operation.body is not None]
    models: dict[Any, None] = dict.fromkeys(
        [*answers, *([RefusalAnswer] if bodies else []), ProblemAnswer]
    )
    _, schemas = models_json_schema(
        [(model, "serialization") for model in models]
        + [(model, "validation") for model in dict.fromkeys(bodies)],
        by_alias=True,
        ref_template=_REFS,
    )
    paths: dict[str, dict[str, Any]] = {}
    for rule, operation in rules:
        method = "get" if operation.body is None else "post"
        paths.setdefault(_path(rule), {})[method] = _operation(rule, operation)
    paths[f"{PREFIX}events"] = {"get": _events()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Lodestone",
            "version": product_version(),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "description": "Times are ISO 8601 in UTC. Lists are paged: send `next` as `after`.",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "security": [{"token": []}, {"session": []}],
        "components": {"schemas": schemas["$defs"], "securitySchemes": _SHOWN},
    }


def _path(rule: Rule) -> str:
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)


def _operation(rule: Rule, operation: Operation) -> dict[str, Any]:
    in_path = [
        {"name": name, "in": "path", "required": True, "schema": _TEXT}
        for name in sorted(rule.arguments)
    ]
    content: dict[str, Any] = {"schema": {"$ref": _REFS.format(model=operation.answer.__name__)}}
    if operation.media_type != "application/json":
        content = {"schema": {"type": "string"}}
    described: dict[str, Any] = {
        "summary": operation.summary,
        "x-permission": permission_of(current_app, rule.endpoint),
        "operationId": rule.endpoint.replace(".", "_"),
        "parameters": in_path + [_parameter(parameter) for parameter in operation.parameters],
        "responses": {
            "200": {"description": operation.summary, "content": {operation.media_type: content}},
            "default": {"description": "What is wrong and what to do", "content": _problem()},
        },
    }
    if described["x-permission"] == OPEN:
        described["security"] = []
    if operation.body is not None:
        taken = {"schema": {"$ref": _REFS.format(model=operation.body.__name__)}}
        described["requestBody"] = {"required": True, "content": {"application/json": taken}}
        described["responses"]["409"] = _refusals()
    return described


def _refusals() -> dict[str, Any]:
    items = {"$ref": _REFS.format(model=RefusalAnswer.__name__)}
    content = {"application/json": {"schema": {"type": "array", "items": items}}}
    return {"description": "Every rule that says no", "content": content}


def _problem() -> dict[str, Any]:
    return {MEDIA_TYPE: {"schema": {"$ref": _REFS.format(model=ProblemAnswer.__name__)}}}


def _parameter(parameter: Parameter) -> dict[str, Any]:
    kinds: dict[str, dict[str, Any]] = {
        "text": _TEXT,
        "texts": {"type": "array", "items": _TEXT, "maxItems": parameter.high},
        "time": {"type": "string", "format": "date-time"},
        "whole": {"type": "integer", "minimum": parameter.low, "maximum": parameter.high},
        "flag": {"type": "boolean"},
    }
    schema = kinds[parameter.kind]
    if parameter.default is not None:
        schema = {**schema, "default": parameter.default}
    return {
        "name": parameter.name,
        "in": "query",
        "required": parameter.required,
        "description": parameter.description,
        "schema": schema,
    }


def _events() -> dict[str, Any]:
    query = [
        Parameter("station", "text", "Only what concerns this station"),
        Parameter("since", "whole", "Go on after this change number", low=0, high=10**18),
    ]
    return {
        "summary": "What happens in the plant, as it happens",
        "operationId": "events",
        "description": _EVENTS,
        "parameters": [_parameter(parameter) for parameter in query],
        "responses": {
            "200": {
                "description": "A stream that does not end",
                "content": {"text/event-stream": {"schema": {"type": "string"}}},
            },
            "default": {"description": "What is wrong and what to do", "content": _problem()},
        },
    }
