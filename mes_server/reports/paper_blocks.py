"""A paper's JSON as people read it in one language: titles, words, plant time. HTML, PDF and XLSX show the same blocks."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from mes_server.domain.report_contract import Contract, Field, SectionSpec, contract_of


@dataclass(frozen=True, slots=True)
class Column:
    """`number`: its cells are figures, set flush right; `judged`: they say what was found of their row."""

    title: str
    number: bool
    judged: bool = False


@dataclass(frozen=True, slots=True)
class TableBlock:
    """A table; what no row tells is left out. `marks`: of each row "bad", "good" or ""."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    marks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SectionBlock:
    """One section. `name`: as the contract names it; `curves`: as the JSON has them."""

    number: int
    name: str
    title: str
    state: str
    state_text: str
    facts: tuple[tuple[str, str], ...]
    gaps: tuple[str, ...]
    failures: tuple[str, ...]
    tables: tuple[TableBlock, ...]
    curves: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class PaperBlocks:
    """The whole paper. `head`: label and text of what stands on the first page."""

    title: str
    language: str
    number: str
    about: str
    verdict: str
    verdict_text: str
    head: tuple[tuple[str, str], ...]
    sections: tuple[SectionBlock, ...]


# Facts of remarks that are names of ours, and the group of their words.
_WORDS = {"when": "when", "kind": "kind", "did": "did", "why": "no_index"}
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,15}Z")  # within a sentence
_BAD = frozenset(("out", "failed", "missed", "due", "no", "expired", "not_proven"))
_MARKED = frozenset(("verdict", "state", "calibration", "qualified", "stands"))
_HEAD = (
    ("number", "编号", "number"), ("about", "对象", "about"), ("made_at", "生成时间", "made"),
    ("made_by", "生成人", "made by"), ("site", "工厂", "plant"), ("software", "软件版本", "software"),
)  # fmt: skip


def blocks_of(content: Mapping[str, Any], zone: tzinfo, language: str = "") -> PaperBlocks:
    """The paper whose JSON this is, in its language or another one."""
    language = language or content["language"]
    kind = str(content["schema"]).split(":")[2]
    contract = contract_of(kind)
    reader = _Reader(contract, language, zone)
    sections = tuple(
        reader.section(number, spec, content["sections"][spec.name])
        for number, spec in enumerate(contract.sections, 1)
    )
    return PaperBlocks(
        contract.titles[language], language, content["number"], content["about"],
        content["verdict"], contract.word("result", content["verdict"], language),
        reader.head(content), sections,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Reader:
    contract: Contract
    language: str
    zone: tzinfo

    def head(self, content: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
        zh = self.language == "zh"
        said = [(chinese if zh else english, self._head(name, content)) for name, chinese, english in _HEAD]  # fmt: skip
        said.insert(3, ("时间" if zh else "times", _zone_name(self.zone, content["made_at"])))
        ledger = content["ledger"]
        said.append(("账本" if zh else "ledger", f"{ledger['events']}:{ledger['hash'][:16]}"))
        if content["earlier"]:
            said.append(("先前报告" if zh else "earlier papers", ", ".join(content["earlier"])))
        return tuple(said)

    def _head(self, name: str, content: Mapping[str, Any]) -> str:
        return self.time(content[name]) if name.endswith("_at") else str(content[name])

    def section(self, number: int, spec: SectionSpec, said: Mapping[str, Any]) -> SectionBlock:
        facts = [(f.titles[self.language], self.text(f, said["facts"][f.name])) for f in spec.facts if f.name in said["facts"]]  # fmt: skip
        tables = []
        for table in spec.tables:
            rows = said["tables"].get(table.name, [])
            if rows:
                tables.append(self.table(table.titles[self.language], table.columns, rows))
        return SectionBlock(
            number, spec.name, spec.titles[self.language], said["state"],
            self.contract.word("state", said["state"], self.language), tuple(facts),
            self._remarks(said["gaps"]), self._remarks(said["failures"]), tuple(tables),
            said["curves"],
        )  # fmt: skip

    def _remarks(self, said: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
        told = (
            self.contract.remark(r["what"], self._words(r["facts"]), self.language) for r in said
        )
        return tuple(dict.fromkeys(told))

    def _words(self, facts: Mapping[str, str]) -> dict[str, str]:
        """Facts that are names of ours, in words."""
        return {
            name: ", ".join(self.contract.word(_WORDS[name], one, self.language) for one in value.split(", "))
            if name in _WORDS else value
            for name, value in facts.items()
        }  # fmt: skip

    def table(
        self, title: str, columns: Sequence[Field], rows: Sequence[Mapping[str, Any]]
    ) -> TableBlock:
        shown = [c for c in columns if any(c.name in row for row in rows)]
        heads = tuple(
            Column(c.titles[self.language], c.kind in ("decimal", "count"), c.name in _MARKED)
            for c in shown
        )
        cells = tuple(
            tuple(self.text(c, row[c.name]) if c.name in row else "" for c in shown) for row in rows
        )
        return TableBlock(title, heads, cells, tuple(_mark(row) for row in rows))

    def text(self, column: Field, value: str | Mapping[str, str]) -> str:
        """A cell."""
        if isinstance(value, Mapping):
            return _MOMENT.sub(lambda found: self.time(found[0]), value[self.language])
        if column.kind == "time":
            return self.time(value)
        if not column.words:
            return value
        return ", ".join(
            self.contract.word(column.words, one, self.language) for one in value.split(", ")
        )

    def time(self, text: str) -> str:
        """Plant time, sortable."""
        moment = datetime.fromisoformat(text).astimezone(self.zone)
        return f"{moment:%Y-%m-%d %H:%M:%S}"


def _zone_name(zone: tzinfo, made_at: str) -> str:
    """What the times of the paper are told in: the zone, and how far it was from UTC when it was made."""
    offset = f"{datetime.fromisoformat(made_at).astimezone(zone):%z}"
    return f"{zone} (UTC{offset[:3]}:{offset[3:5]})"


def _mark(row: Mapping[str, Any]) -> str:
    said = {row[name] for name in _MARKED & row.keys() if isinstance(row[name], str)}
    return "bad" if said & _BAD else ""
