"""A paper as a workbook: the verdict first, then a sheet for each section. Texts stay texts: none becomes a formula."""

import re
from collections.abc import Mapping
from datetime import datetime, tzinfo
from io import BytesIO
from typing import Any

import xlsxwriter

from mes_server.reports.paper_blocks import PaperBlocks, SectionBlock, TableBlock, blocks_of

_FORBIDDEN = re.compile(r"[\[\]:*?/\\']")
_NAME_MAX = 31
_WIDTH_MAX = 60
_CELL_MAX = 32_767  # of a cell in Excel; a longer text would be left out altogether
# No cell is guessed at: nothing that begins like a formula, an address or a number becomes one.
_AS_WRITTEN = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}  # fmt: skip


def to_xlsx(content: Mapping[str, Any], zone: tzinfo) -> bytes:
    """The workbook of the paper whose JSON this is."""
    blocks = blocks_of(content, zone)
    made = BytesIO()
    book = xlsxwriter.Workbook(made, _AS_WRITTEN)
    created = datetime.fromisoformat(content["made_at"]).replace(tzinfo=None)
    book.set_properties({"title": f"{blocks.number} {blocks.title}", "created": created})
    writer = _Writer(book)
    _first(writer, blocks)
    for section in blocks.sections:
        _sheet(writer, section)
    book.close()
    return made.getvalue()


class _Writer:
    """Writes down a sheet, row by row."""

    def __init__(self, book: Any) -> None:
        self.book = book
        self.bold = book.add_format({"bold": True})
        self.head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        self.bad = book.add_format({"bg_color": "#FDE8EA"})
        self.sheet: Any = None
        self.row = 0
        self.widths: dict[int, int] = {}

    def begin(self, name: str) -> None:
        """A new sheet."""
        self.sheet = self.book.add_worksheet(_FORBIDDEN.sub(" ", name)[:_NAME_MAX])
        self.row, self.widths = 0, {}

    def end(self) -> None:
        """Columns as wide as their texts."""
        for column, width in self.widths.items():
            self.sheet.set_column(column, column, min(width + 2, _WIDTH_MAX))

    def write(self, cells: tuple[str, ...], style: Any = None) -> None:
        """A row of texts."""
        for column, text in enumerate(cells):
            self.sheet.write_string(self.row, column, text[:_CELL_MAX], style)
            size = sum(2 if ord(character) > 0x2E80 else 1 for character in text)
            self.widths[column] = max(self.widths.get(column, 6), min(size, _WIDTH_MAX))
        self.row += 1


def _first(writer: _Writer, blocks: PaperBlocks) -> None:
    writer.begin(blocks.verdict_text)
    writer.write((blocks.title, blocks.number), writer.bold)
    writer.write((blocks.verdict_text,), writer.bold)
    for pair in blocks.head:
        writer.write(pair)
    writer.row += 1
    for one in blocks.sections:
        style = writer.bad if one.state == "failed" else None
        writer.write((f"{one.number} {one.title}", one.state_text), style)
    writer.end()


def _sheet(writer: _Writer, section: SectionBlock) -> None:
    writer.begin(f"{section.number} {section.title}")
    writer.write((section.title, section.state_text), writer.bold)
    for text in section.failures:
        writer.write((text,), writer.bad)
    for text in section.gaps:
        writer.write((text,))
    for pair in section.facts:
        writer.write(pair)
    for table in section.tables:
        _table(writer, table)
    for curve in section.curves:
        _curve(writer, curve)
    writer.end()


def _table(writer: _Writer, table: TableBlock) -> None:
    writer.row += 1
    writer.write((table.title,), writer.bold)
    writer.write(tuple(column.title for column in table.columns), writer.head)
    for row, mark in zip(table.rows, table.marks, strict=True):
        writer.write(row, writer.bad if mark == "bad" else None)


def _curve(writer: _Writer, curve: Mapping[str, Any]) -> None:
    """A curve lies across: seconds, value, least, greatest."""
    writer.row += 1
    named = (curve["run"], curve["station"], curve["metric"], curve["unit"], curve["from"])
    writer.write(named, writer.bold)
    for name in ("t_s", "value", "low", "high"):
        cells = tuple("" if value is None else str(value) for value in curve[name])
        writer.write((name, *cells))
