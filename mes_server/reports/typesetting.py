"""Typst sets the paper: a template of reports/templates and facts become a PDF or a picture.

Facts reach the template as data: nothing in them is ever read as a command of Typst. The fonts come from
npm at set-up (`python -m tools.npm web`) and lie in the wheel.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typst

_HERE = Path(__file__).parent
_FONTS = _HERE / "fonts"
_MM_PER_INCH = 25.4


class CannotTypeset(Exception):
    """The paper cannot be made; the message says why and what to do."""


class NoGlyph(CannotTypeset):
    """No font has what is to be shown; `text` is it."""

    def __init__(self, message: str, text: str) -> None:
        super().__init__(message)
        self.text = text


_UNSHOWN = re.compile(r'the text `"(.+?)"` could not be displayed', re.DOTALL)
_ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}")


def _fault(template: str, message: str) -> CannotTypeset:
    said = f"{template}: {message}"
    found = _UNSHOWN.search(message)
    if found is None:
        return CannotTypeset(said)
    return NoGlyph(said, _ESCAPED.sub(lambda one: chr(int(one[1], 16)), found[1]))


def set_pdf(template: str, facts: Mapping[str, object], made_ms: int) -> bytes:
    """A PDF/A-3 with its fonts inside; the same facts and time give the same bytes."""
    how = {"format": "pdf", "pdf_standards": "a-3b", "timestamp": made_ms // 1000}
    return _compile(template, facts, how)


def set_picture(template: str, facts: Mapping[str, object], dots_per_mm: int) -> bytes:
    """The one page as a PNG."""
    return _compile(template, facts, {"format": "png", "ppi": dots_per_mm * _MM_PER_INCH})


def _compile(template: str, facts: Mapping[str, object], how: Mapping[str, Any]) -> bytes:
    try:
        made: bytes = typst.compile(
            _HERE / "templates" / template,
            font_paths=_fonts(),
            ignore_system_fonts=True,
            sys_inputs={"facts": json.dumps(facts, ensure_ascii=False)},
            **how,
        )
    except typst.TypstError as error:
        raise _fault(template, error.message) from error
    return made


def _fonts() -> list[Path]:
    if not any(_FONTS.glob("*.ttf")):
        raise CannotTypeset(f"The fonts of the paper are not in {_FONTS}; `make setup` gets them.")
    return [_FONTS]
