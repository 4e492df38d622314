"""The contract of a paper: schemas/messages/<kind>.schema.json says its sections, tables and columns, with titles.

JSON Schema 2020-12; what begins with `x-` are our annotations: titles, remarks and words in both languages.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import schemas

_FOLDER = Path(schemas.__file__).parent / "messages"
Titles = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Field:
    """A fact or a column. `kind`: text, time, decimal, count or both (a text in each language); `words`: the group
    whose words its values are, "" when they stand for themselves."""

    name: str
    titles: Titles
    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class TableSpec:
    """A table with its columns in order."""

    name: str
    titles: Titles
    columns: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class SectionSpec:
    """A section: its facts and tables in order."""

    name: str
    titles: Titles
    facts: tuple[Field, ...]
    tables: tuple[TableSpec, ...]


@dataclass(frozen=True, slots=True)
class Contract:
    """What a kind of paper holds. `remarks`: texts of gaps and failures; `words`: by group and value."""

    kind: str
    titles: Titles
    sections: tuple[SectionSpec, ...]
    remarks: Mapping[str, Titles]
    words: Mapping[str, Mapping[str, Titles]]

    def word(self, group: str, value: str, language: str) -> str:
        """The word for a value; itself where there is none."""
        return self.words.get(group, {}).get(value, {}).get(language, value) if group else value

    def remark(self, what: str, facts: Mapping[str, str], language: str) -> str:
        """A gap or failure as a sentence."""
        return self.remarks[what][language].format_map(facts)


def schema_of(kind: str) -> dict[str, Any]:
    """The published schema; raises OSError when there is none."""
    read: dict[str, Any] = json.loads((_FOLDER / f"{kind}.schema.json").read_text(encoding="utf-8"))
    return read


@cache
def contract_of(kind: str) -> Contract:
    """The contract of a kind of paper."""
    schema = schema_of(kind)
    sections = schema["properties"]["sections"]["properties"]
    return Contract(
        kind, schema["x-titles"], tuple(_section(name, one) for name, one in sections.items()),
        schema["x-remarks"], schema["x-words"],
    )  # fmt: skip


def _section(name: str, said: Mapping[str, Any]) -> SectionSpec:
    parts = said["properties"]
    tables = parts["tables"]["properties"]
    return SectionSpec(
        name, said["x-titles"], _fields(parts["facts"]),
        tuple(TableSpec(n, t["x-titles"], _fields(t["items"])) for n, t in tables.items()),
    )  # fmt: skip


def _fields(said: Mapping[str, Any]) -> tuple[Field, ...]:
    return tuple(_field(name, one) for name, one in said["properties"].items())


def _field(name: str, said: Mapping[str, Any]) -> Field:
    kind = said.get("$ref", "#/$defs/text").removeprefix("#/$defs/")
    return Field(name, said["x-titles"], kind, said.get("x-words", ""))
