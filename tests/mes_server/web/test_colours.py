"""Contrast of the colours in light and dark: WCAG 2.2 AA wants 4.5 for text, 3 for shapes."""

import re
from pathlib import Path

import pytest

import mes_server.web.page as page_module

STATIC = Path(page_module.__file__).parent / "static"
PAPERS = ("ground", "sheet", "raised", "sunken")
TEXT = [
    (ink, paper) for ink in ("ink", "ink-2", "ink-3", "warn", "alarm", "link") for paper in PAPERS
]
TEXT += [(ink, paper) for ink in ("ink", "ink-2") for paper in ("hatch", "hatch-2", "band")]
TEXT += [
    ("warn", "warn-soft"),
    ("alarm", "alarm-soft"),
    ("ok", "ok-soft"),
    *(("ink", f"{soft}-soft") for soft in ("ok", "warn", "alarm")),
    ("on-alarm", "alarm-fill"),
    ("ink", "line-2"),
]
SHAPES = [(f"curve-{at}", paper) for at in range(1, 9) for paper in ("sheet", "band")]
SHAPES += [("focus", paper) for paper in PAPERS] + [("alarm-fill", "sheet")]


def colours(file: str) -> dict[str, str]:
    """The named colours of a style sheet."""
    found = re.findall(
        r"--([a-z0-9-]+): (#[0-9a-f]{3,6})", (STATIC / file).read_text(encoding="utf-8")
    )
    return dict(found)


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2, definitions)."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Ratio of two colours, from 1 to 21."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_reckoned_as_the_standard_says() -> None:
    assert contrast("#000000", "#fff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("file", ["base.css", "dark.css"])
def test_text_and_shapes_stand_out_from_what_is_behind_them(file: str) -> None:
    known = colours(file)
    weak = {
        (front, behind): round(contrast(known[front], known[behind]), 2)
        for pairs, least in ((TEXT, 4.5), (SHAPES, 3.0))
        for front, behind in pairs
        if contrast(known[front], known[behind]) < least
    }
    assert weak == {}


def test_dark_names_the_same_colours_as_light() -> None:
    assert set(colours("dark.css")) == set(colours("base.css"))
