"""As much of JSON Schema as our OpenAPI document uses: says where a value is not as promised."""

import re
from typing import Any

_KINDS: dict[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "integer": (int,),
    "number": (int, float), "boolean": (bool,), "null": (type(None),),
}  # fmt: skip
_KNOWN = {
    "$ref", "additionalProperties", "anyOf", "const", "default", "description", "enum", "examples",
    "items", "maxItems", "maxLength", "maxProperties", "maximum", "minItems", "minimum", "pattern",
    "prefixItems", "properties", "propertyNames", "required", "title", "type",
}  # fmt: skip


def faults(
    value: Any, schema: dict[str, Any], document: dict[str, Any], at: str = "$"
) -> list[str]:
    """Every place where `value` breaks `schema`; a word of the schema we do not know is a fault."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/components/schemas/")
        return faults(value, document["components"]["schemas"][name], document, at)
    found = [f"{at}: schema word {word}" for word in schema.keys() - _KNOWN]
    if "anyOf" in schema:
        tried = [faults(value, choice, document, at) for choice in schema["anyOf"]]
        return found if any(not each for each in tried) else [*found, f"{at}: {tried}"]
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{at}: {value!r} is none of {schema['enum']}")
    if "const" in schema and value != schema["const"]:
        found.append(f"{at}: {value!r} is not {schema['const']!r}")
    kind = schema.get("type")
    if kind is not None and not _is(value, kind):
        return [*found, f"{at}: {value!r} is no {kind}"]
    found += _bound_faults(value, schema, at)
    if isinstance(value, dict):
        found += _object_faults(value, schema, document, at)
    if isinstance(value, list):
        found += _list_faults(value, schema, document, at)
    return found


def _bound_faults(value: Any, schema: dict[str, Any], at: str) -> list[str]:
    if isinstance(value, str):
        fits = len(value) <= schema.get("maxLength", 1 << 60)
        fits = fits and re.search(schema.get("pattern", ""), value) is not None
    elif isinstance(value, int | float) and not isinstance(value, bool):
        fits = schema.get("minimum", value) <= value <= schema.get("maximum", value)
    else:
        fits = not isinstance(value, dict) or len(value) <= schema.get("maxProperties", 1 << 60)
    return [] if fits else [f"{at}: {value!r:.60} is beyond its bounds"]


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _KINDS[kind])


def _list_faults(
    value: list[Any], schema: dict[str, Any], document: dict[str, Any], at: str
) -> list[str]:
    items = schema.get("prefixItems", [schema.get("items", {})] * len(value))
    return [
        fault
        for number, (item, kind) in enumerate(zip(value, items, strict=True))
        for fault in faults(item, kind, document, f"{at}[{number}]")
    ]


def _object_faults(
    value: dict[str, Any], schema: dict[str, Any], document: dict[str, Any], at: str
) -> list[str]:
    known = schema.get("properties", {})
    rest = schema.get("additionalProperties", True)
    found = [f"{at}: {name} is missing" for name in schema.get("required", ()) if name not in value]
    for name, item in value.items():
        if name in known:
            found += faults(item, known[name], document, f"{at}.{name}")
        elif rest is False:
            found.append(f"{at}: {name} was not promised")
        elif isinstance(rest, dict):
            found += faults(item, rest, document, f"{at}.{name}")
    return found
