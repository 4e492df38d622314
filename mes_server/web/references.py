"""Reference data as pages: every limit, rule, frequency and clause as dated rows, each with its source and certainty."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, render_template

from mes_server.web.guards import needs
from mes_server.web.page import words
from mes_server.web.problems import NotFound
from schemas.limit_rows import list_sets, load_rows, load_set

references = Blueprint("references", __name__)
CERTAINTIES = {"H": "high", "M": "medium", "L": "low"}
_BESIDE = ("since", "source", "certainty", "note")


@references.get("/quality/reference")
@needs("read")
def all_sets() -> str:
    """The sets, with how many of their rows are uncertain."""
    found = []
    for name in list_sets():
        rows = load_rows(name)
        doubtful = sum(row["certainty"] == "L" for row in rows)
        facts = {"rows": len(rows), "since": rows[-1]["since"], "doubtful": doubtful}
        found.append({"name": name, "title": load_set(name)["title"], **facts})
    return render_template("quality/references.html", sets=found)


@references.get("/quality/reference/<name>")
@needs("read")
def one_set(name: str) -> str:
    """The rows of a set, the newest first."""
    if name not in list_sets():
        raise NotFound("reference", name)
    rows = [
        {**row, "values": _values(row), "tables": _tables(row)} for row in reversed(load_rows(name))
    ]
    return render_template(
        "quality/reference.html",
        name=name,
        title=load_set(name)["title"],
        rows=rows,
        certainties=CERTAINTIES,
    )


def _is_table(value: Any) -> bool:
    """Lists of objects, and objects of objects, are long: each is a table of its own."""
    many = list(value.values()) if isinstance(value, dict) else value
    return isinstance(many, list) and len(many) > 2 and all(isinstance(one, dict) for one in many)


def _values(row: Mapping[str, Any]) -> dict[str, str]:
    """What a row says, by its technical name; but for tables."""
    found = {key: value for key, value in row.items() if key not in _BESIDE}
    return {key: text_of(value) for key, value in found.items() if not _is_table(value)}


def _tables(row: Mapping[str, Any]) -> dict[str, tuple[list[str], list[list[str]]]]:
    """By technical name: the heads and the lines of each table."""
    found = {}
    for key, value in row.items():
        if key in _BESIDE or not _is_table(value):
            continue
        named = isinstance(value, dict)
        lines = [{"": name, **one} for name, one in value.items()] if named else value
        heads = list(dict.fromkeys(head for line in lines for head in line))
        cells = [[text_of(line[head]) if head in line else "" for head in heads] for line in lines]
        found[key] = (heads, cells)
    return found


def text_of(value: Any) -> str:
    """A value as people read it: texts in their language, lists with commas."""
    if isinstance(value, dict) and set(value) == {"en", "zh"}:
        return str(words().one_of(value))
    if isinstance(value, dict):
        return "; ".join(f"{key}: {text_of(one)}" for key, one in value.items())
    if isinstance(value, list):
        return ", ".join(map(text_of, value))
    if isinstance(value, bool):
        return words()("value.true") if value else words()("value.false")
    return str(value)
