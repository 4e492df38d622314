"""A paper as PDF/A-3b: A4, numbered pages, hash and QR that lead back to the record, its JSON attached."""

import unicodedata
from collections.abc import Mapping
from datetime import datetime, tzinfo
from hashlib import sha256
from typing import Any

from mes_server.reports.curve_drawing import colour_of, drawing, grouped, is_spec, soak_drawings
from mes_server.reports.paper_blocks import SectionBlock, TableBlock, blocks_of
from mes_server.reports.symbols import qr_svg
from mes_server.reports.typesetting import NoGlyph, set_pdf

TEMPLATE = "paper.typ"
ROWS_MAX = 1_000  # of a table on paper; all of them are in the JSON and in the workbook
CELL_MAX = 600  # characters of a cell on paper
FULL, NARROW = 170, 20  # from so many shares on no column has more than that
TRIES = 20  # to set a paper with characters that no font has, each with some more of them as codes
_ODD = ("Cc", "Cn", "Co", "Cs")
SENTENCE = 90  # halves of a Chinese character from which on a cell is a sentence or more
WIDE, SAME_ROWS = (
    115,
    3,
)  # from so many shares and rows on a column that says one thing is set apart
_WORDS = {
    "zh": {"gaps": "缺失的证据", "failures": "不符合", "page": "页", "nothing": "无", "hash": "JSON 的 SHA-256", "scan": "扫码查看记录", "key": "绿色：判定保温的区间；斜线：无数据", "spec": "绿色：规格范围", "more": "其余行见附件 JSON 与工作簿："},
    "en": {"gaps": "Evidence that is missing", "failures": "What does not conform", "page": "page", "nothing": "none", "hash": "SHA-256 of the JSON", "scan": "scan for the record", "key": "green: the soak as it was judged; hatched: nothing is known", "spec": "green: within the spec", "more": "further rows, in the attached JSON and the workbook:"},
}  # fmt: skip


def to_pdf(content: Mapping[str, Any], json_bytes: bytes, zone: tzinfo, address: str) -> bytes:
    """The paper whose JSON this is. `address`: where people open the pages, "" when it is not known."""
    blocks = blocks_of(content, zone)
    made = datetime.fromisoformat(content["made_at"])
    link = f"{address}/papers/{blocks.number}"
    facts: dict[str, object] = {
        "title": blocks.title, "language": blocks.language, "number": blocks.number,
        "verdict": blocks.verdict, "verdict_text": blocks.verdict_text, "head": blocks.head,
        "words": _WORDS[blocks.language], "link": link, "qr": qr_svg(link),
        "hash": sha256(json_bytes).hexdigest(), "kind": str(content["schema"]).split(":")[2],
        "sections": [_section(one) for one in blocks.sections],
    }  # fmt: skip
    return _set(facts, json_bytes.decode("utf-8"), int(made.timestamp() * 1000))


def _set(facts: dict[str, object], attachment: str, made_ms: int) -> bytes:
    """What no font has stands on it as its code, [U+1F9F2]; the JSON attached has it as it was written."""
    for _ in range(TRIES):
        try:
            return set_pdf(TEMPLATE, facts | {"attachment": attachment}, made_ms)
        except NoGlyph as error:
            facts = _coded(facts, frozenset(error.text))
    return set_pdf(TEMPLATE, facts | {"attachment": attachment}, made_ms)


def _coded(value: Any, unknown: frozenset[str]) -> Any:
    """With codes in place of these characters, of pictures and of what is no character to be shown."""
    if isinstance(value, str):
        return "".join(f"[U+{ord(c):04X}]" if c in unknown or _is_odd(c) else c for c in value)
    if isinstance(value, Mapping):
        return {name: _coded(one, unknown) for name, one in value.items()}
    return [_coded(one, unknown) for one in value] if isinstance(value, list | tuple) else value


def _is_odd(character: str) -> bool:
    odd = unicodedata.category(character) in _ODD and character not in "\n\r\t"
    return odd or "\U0001f000" <= character <= "\U0001ffff"


def _section(one: SectionBlock) -> dict[str, object]:
    return {
        "number": one.number, "title": one.title, "state": one.state, "state_text": one.state_text,
        "facts": one.facts, "gaps": one.gaps, "failures": one.failures,
        "tables": [_table(table) for table in one.tables],
        "drawings": [_drawing(*group) for group in grouped(one.curves)],
    }  # fmt: skip


def _table(table: TableBlock) -> dict[str, object]:
    """Wide tables are set smaller, and say above what is the same in every row; the shares of the page follow the
    longest cells."""
    columns = list(enumerate(table.columns))
    widths = {at: _width(c.title, [row[at] for row in table.rows]) for at, c in columns}
    same = [at for at, c in columns if not c.judged and len({row[at] for row in table.rows}) == 1]
    if sum(widths.values()) <= WIDE or len(table.rows) < SAME_ROWS:
        same = []
    if sum(widths.values()) > FULL:
        widths = {at: min(width, NARROW) for at, width in widths.items()}
    kept = [(at, c) for at, c in columns if at not in same]
    return {
        "title": table.title, "common": [(table.columns[at].title, table.rows[0][at]) for at in same],
        "columns": [{"title": c.title, "number": c.number, "width": widths[at]} for at, c in kept],
        "rows": [[_cut(row[at]) for at, _ in kept] for row in table.rows[:ROWS_MAX]],
        "marks": table.marks[:ROWS_MAX], "more": len(table.rows) - ROWS_MAX,
    }  # fmt: skip


def _cut(text: str) -> str:
    """A cell of readings by the thousand says how much of it is in the JSON alone."""
    return text if len(text) <= CELL_MAX else f"{text[:CELL_MAX]} … [{CELL_MAX}/{len(text)}]"


def _width(title: str, cells: list[str]) -> int:
    """A share of the page: no word is broken (titles are bold: a quarter wider), long texts are, sentences less."""
    words = [_length(word) for cell in cells for word in (cell.split() or [""])]
    heads = [_length(word) * 5 // 4 for word in title.split()]
    whole = max(map(_length, [title, *cells]), default=1)
    return 1 + max(
        3, *heads, min(max(words, default=1), 24), min(whole, 14 if whole < SENTENCE else 36)
    )


def _length(text: str) -> int:
    """In halves of a Chinese character."""
    return sum(2 if ord(character) > 0x2E80 else 1 for character in text)


def _drawing(run: str, unit: str, curves: list[Mapping[str, Any]]) -> dict[str, object]:
    return {
        "run": run, "unit": unit, "station": curves[0]["station"],
        "svg": drawing(curves, run), "soaks": soak_drawings(curves, run),
        "key": "spec" if all(is_spec(band) for curve in curves for band in curve["bands"]) else "key",
        "legend": [{"colour": colour_of(at), "title": curve["title"], "covered": curve.get("covered_percent", "")} for at, curve in enumerate(curves)],
    }  # fmt: skip
