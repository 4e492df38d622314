"""Paper in tests: labels to print, pages as pictures, and a real decoder over them."""

import ctypes
import json
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt
import pypdfium2
import pypdfium2.raw as raw
import zxingcpp

from mes_server.domain.codes import Code
from mes_server.domain.labels import Label, label_id

LOT = str(Code("parts", 26, 123))
PRINTED_MS = 1_795_392_000_000
LINES = (
    ("kind", "parts"),
    ("part", "NM-4711-A"),
    ("grade", "N42SH"),
    ("pieces", "12500"),
    ("mass", "468.75 kg"),
    ("made", "2026-11-23"),
    ("use_by", "2026-12-23"),
)
Picture = npt.NDArray[np.uint8]


def a_label(number: int = 1, lot: str = LOT, link: str = "", **changed: str) -> Label:
    """A label with all its lines; `changed`: other texts in them."""
    id_ = label_id(lot, number)
    lines = tuple((name, changed.get(name, text)) for name, text in LINES)
    return Label(id_, lot, number, PRINTED_MS, lines, link or id_)


@contextmanager
def opened(pdf: bytes) -> Iterator[pypdfium2.PdfDocument]:
    """A PDF to look into."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        yield document
    finally:
        document.close()


def pages(pdf: bytes, dpi: float = 203) -> list[Picture]:
    """Each page as a printer of so many dots per inch sees it; 0 is black."""
    with opened(pdf) as document:
        bitmaps = [page.render(scale=dpi / 72, grayscale=True) for page in document]
        return [np.array(bitmap.to_numpy(), np.uint8) for bitmap in bitmaps]


def sizes_mm(pdf: bytes) -> list[tuple[int, int]]:
    """Width and height of each page."""
    with opened(pdf) as document:
        sizes = [page.get_size() for page in document]
    return [(round(width / 72 * 25.4), round(height / 72 * 25.4)) for width, height in sizes]


def text_of(pdf: bytes) -> str:
    """The text of the first page, as one would copy it."""
    with opened(pdf) as document:
        return str(document[0].get_textpage().get_text_bounded())


def attachments(pdf: bytes) -> dict[str, object]:
    """The JSON files a PDF carries, by name."""
    with opened(pdf) as document:
        files = [document.get_attachment(n) for n in range(document.count_attachments())]
        return {file.get_name(): json.loads(bytes(file.get_data())) for file in files}


def fonts(pdf: bytes) -> dict[str, bool]:
    """The fonts of all texts, and whether they lie inside the PDF."""
    found: dict[str, bool] = {}
    with opened(pdf) as document:
        texts = [one for page in document for one in page.get_objects([raw.FPDF_PAGEOBJ_TEXT])]
        for text in texts:
            font = raw.FPDFTextObj_GetFont(text.raw)
            name = ctypes.create_string_buffer(200)
            raw.FPDFFont_GetBaseFontName(font, name, 200)
            found[name.value.decode().partition("+")[2]] = raw.FPDFFont_GetIsEmbedded(font) == 1
    return found


def heights_mm(pdf: bytes) -> dict[str, float]:
    """The lowest height in which each character stands on the first page."""
    found: dict[str, float] = {}
    with opened(pdf) as document:
        page = document[0].get_textpage()
        for at, character in enumerate(page.get_text_range()):
            _, bottom, _, top = page.get_charbox(at)
            found[character] = min(found.get(character, 1e9), (top - bottom) / 72 * 25.4)
    return found


def decoded(picture: Picture) -> dict[str, list[zxingcpp.Barcode]]:
    """The codes a decoder finds on a picture, by symbology."""
    found: dict[str, list[zxingcpp.Barcode]] = {}
    for code in zxingcpp.read_barcodes(picture):
        found.setdefault(code.format.name, []).append(code)
    return found


def side(code: zxingcpp.Barcode) -> float:
    """The upper side of a code, in pixels."""
    at = code.position
    return float(np.hypot(at.top_right.x - at.top_left.x, at.top_right.y - at.top_left.y))
