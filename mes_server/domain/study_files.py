"""The table of a measurement system study: a row for each reading, pasted or out of a file.

Nothing is guessed: every row that cannot be one is named with its number (row 1 is the header), and what is missing too.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field

from mes_server.domain.attempts import Refusal
from mes_server.domain.check_files import delimiter_of
from mes_server.domain.decimals import NoFigure, figure
from mes_server.domain.msa import CannotStudy
from mes_server.domain.msa_attribute import judgement
from mes_server.domain.msa_study import ATTRIBUTE

COLUMNS = ("operator", "part", "trial", "value", "reference")
_NEEDED = ("part", "value")
_ALSO = {"appraiser": "operator", "reading": "value"}
ROWS_MAX = 5_000
_FAULTS_MAX = 50


@dataclass(frozen=True, slots=True)
class StudyRow:
    """A reading with the number of its row."""

    number: int
    operator: str
    part: str
    trial: str
    value: str
    reference: str


@dataclass(slots=True)
class StudyTable:
    """`readings[appraiser][part][trial]` and names, as a study takes them. `refused`: every reason against a row."""

    appraisers: list[str] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    readings: list[list[list[str]]] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    rows: int = 0
    refused: list[Refusal] = field(default_factory=list)


def read_study(text: str, kind: str) -> StudyTable:
    """The table of a study of a kind, with all that speaks against it."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    lines = list(csv.reader(io.StringIO(text), delimiter=delimiter_of(text.split("\n", 1)[0])))
    names = [_ALSO.get(n, n) for n in (cell.strip().lower() for cell in (lines or [[]])[0])]
    refused = _header(names, len(lines))
    if refused:
        return StudyTable(refused=refused)
    rows: list[StudyRow] = []
    for number, cells in enumerate(lines[1:], 2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(names):
            facts = {"row": str(number), "told": str(len(cells)), "columns": str(len(names))}
            refused.append(Refusal("row_is_whole", facts))
            continue
        said = {name: cell.strip() for name, cell in zip(names, cells, strict=True)}
        rows.append(StudyRow(number, *(said.get(name, "") for name in COLUMNS)))
    return _table(rows, refused, kind)


def _header(names: Sequence[str], lines: int) -> list[Refusal]:
    known = ", ".join(COLUMNS)
    missing = [name for name in _NEEDED if name not in names]
    if missing:
        return [Refusal("columns_are_there", {"columns": ", ".join(missing), "known": known})]
    wrong = [n for n in names if n not in COLUMNS] or [n for n in names if names.count(n) > 1]
    if wrong:
        return [Refusal("columns_are_known", {"columns": ", ".join(wrong), "known": known})]
    if lines < 2:
        return [Refusal("rows_are_there", {})]
    return [Refusal("rows_are_few", {"most": str(ROWS_MAX)})] if lines > ROWS_MAX + 1 else []


def _table(rows: Sequence[StudyRow], refused: list[Refusal], kind: str) -> StudyTable:
    refused = refused + [fault for row in rows for fault in _faults(row, kind)]
    refused += _twice(rows) + _two_references(rows)
    people = list(dict.fromkeys(row.operator for row in rows))
    parts = list(dict.fromkeys(row.part for row in rows))
    cells: dict[tuple[str, str], list[StudyRow]] = {}
    for row in rows:
        cells.setdefault((row.operator, row.part), []).append(row)
    if not refused:
        refused = _missing(cells, people, parts)
    readings = [
        [[one.value for one in _by_trial(cells.get((who, part), []))] for part in parts]
        for who in people
    ]
    told = {row.part: row.reference for row in rows if row.reference}
    references = [told.get(part, "") for part in parts] if told else []
    return StudyTable(people, parts, readings, references, len(rows), refused[:_FAULTS_MAX])


def _by_trial(rows: Sequence[StudyRow]) -> list[StudyRow]:
    """By the number of the trial; those without one as they follow each other."""
    return sorted(rows, key=lambda row: int(row.trial) if row.trial.isdigit() else 0)


def _faults(row: StudyRow, kind: str) -> list[Refusal]:
    where = {"row": str(row.number)}
    refused = [] if row.part else [Refusal("part_is_told", where)]
    if row.trial and not row.trial.isdecimal():
        refused.append(Refusal("trial_is_a_number", {"trial": row.trial[:40], **where}))
    for text in (row.value, row.reference) if row.reference else (row.value,):
        try:
            judgement(text) if kind == ATTRIBUTE else figure(text)
        except NoFigure as bad:
            facts = {"reading": text[:40], "number": str(row.number - 1), **where}
            refused.append(Refusal(bad.rule, facts))
        except CannotStudy as why:
            refused.append(Refusal(why.rule, {**why.facts, **where}))
    return refused


def _twice(rows: Sequence[StudyRow]) -> list[Refusal]:
    seen: dict[tuple[str, str, str], int] = {}
    refused = []
    for row in rows:
        key = (row.operator, row.part, row.trial)
        if row.trial and key in seen:
            facts = {"row": str(row.number), "first": str(seen[key])}
            refused.append(Refusal("trial_is_told_once", facts))
        seen.setdefault(key, row.number)
    return refused


def _two_references(rows: Sequence[StudyRow]) -> list[Refusal]:
    first: dict[str, str] = {}
    refused = []
    for row in rows:
        if row.reference and first.setdefault(row.part, row.reference) != row.reference:
            facts = {"row": str(row.number), "part": row.part, "reference": first[row.part]}
            refused.append(Refusal("part_has_one_reference", facts))
    return refused


def _missing(
    cells: dict[tuple[str, str], list[StudyRow]], people: Sequence[str], parts: Sequence[str]
) -> list[Refusal]:
    """Of each appraiser and part that was read less often than others."""
    most = max(map(len, cells.values()))
    return [
        Refusal(
            "trials_are_there",
            {"appraiser": who or "–", "part": part, "told": str(count), "trials": str(most)},
        )
        for who in people
        for part in parts
        if (count := len(cells.get((who, part), []))) < most
    ]
