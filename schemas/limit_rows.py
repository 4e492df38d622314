"""Reads limit_sets/*.json: limits as dated rows, each with its source. The row in force is the newest begun."""

import json
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FOLDER = __file__.replace("\\", "/").rsplit("/", 1)[0] + "/limit_sets"
CERTAINTIES = ("H", "M", "L")  # high, medium, low


class LimitError(ValueError):
    """A limit set cannot be used; the message names the file, the row and what to write."""


def list_sets(folder: str = FOLDER) -> "list[str]":
    """The names of all sets."""
    return sorted(name[:-5] for name in os.listdir(folder) if name.endswith(".json"))


def load_set(name: str, folder: str = FOLDER) -> "dict[str, Any]":
    """A set with its title, as written; raises OSError when there is no such file."""
    with open(folder + "/" + name + ".json") as text:
        said: dict[str, Any] = json.loads(text.read())
    return said


def load_rows(name: str, folder: str = FOLDER) -> "list[dict[str, Any]]":
    """The rows of a set, the oldest first; raises LimitError, and OSError when there is no such file."""
    file = folder + "/" + name + ".json"
    said = load_set(name, folder)
    rows = said.get("rows") or []
    if not rows:
        raise LimitError(file + ": write at least one row")
    for i, row in enumerate(rows):
        where = file + ": rows[" + str(i) + "]"
        if not isinstance(row.get("since"), str) or len(row["since"]) != 10:
            raise LimitError(where + ".since: write a date such as 2026-01-01")
        if not row.get("source") or row.get("certainty") not in CERTAINTIES:
            raise LimitError(where + ": write source, and certainty as H, M or L")
    return sorted(rows, key=lambda row: row["since"])


def row_at(rows: "list[dict[str, Any]]", day: str) -> "dict[str, Any]":
    """The row in force on a day ("2026-11-28"); the oldest for any day before it."""
    begun = [row for row in rows if row["since"] <= day]
    return begun[-1] if begun else rows[0]
