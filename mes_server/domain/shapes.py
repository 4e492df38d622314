"""Whether what somebody wrote in a document has the shape that reading it takes: texts, lists and objects in their places."""

from collections.abc import Callable, Mapping
from typing import Any

TEXT, TEXTS, WORDS, LIST, OBJECT = "a text", "a list of texts", "texts by language", "a list", "an object"  # fmt: skip


def _texts(values: object) -> bool:
    return all(isinstance(one, str) for one in values)  # type: ignore[attr-defined]


_FITS: dict[str, Callable[[Any], bool]] = {
    TEXT: lambda value: isinstance(value, str),
    TEXTS: lambda value: isinstance(value, list) and _texts(value),
    WORDS: lambda value: isinstance(value, dict) and _texts(value.values()),
    LIST: lambda value: isinstance(value, list),
    OBJECT: lambda value: isinstance(value, dict),
}


def shape_faults(said: Mapping[str, Any], shapes: Mapping[str, str]) -> list[str]:
    """A sentence for each field that is there in another shape. `shapes`: by field one of the names above."""
    return [
        f"{name}: write {shape}"
        for name, shape in shapes.items()
        if name in said and not _FITS[shape](said[name])
    ]
