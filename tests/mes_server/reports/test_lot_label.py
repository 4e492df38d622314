"""mes_server.reports.lot_label: what is printed is read back by a real decoder, on paper and from ZPL."""

import string
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mes_server.domain.codes import PREFIXES, Code
from mes_server.domain.labels import Label
from mes_server.domain.scan_codes import ScanCode, Scanner, read_scan
from mes_server.domain.seal import Anchor
from mes_server.reports.lot_label import DOTS_PER_MM, HEIGHT_MM, WIDTH_MM, to_pdf, to_zpl
from tests.mes_server.reports.paper import (
    a_label,
    decoded,
    heights_mm,
    pages,
    side,
    sizes_mm,
    text_of,
)
from tests.mes_server.reports.zpl_reader import print_zpl

ADDRESS = "http://mes.plant.example:8080"
LOTS = st.builds(
    lambda kind, number: str(Code(kind, 26, number)),
    st.sampled_from(sorted(PREFIXES)),
    st.integers(1, 999_999_999),
)


def with_link(label: Label) -> Label:
    """The same, its QR code leading to the page of the lot."""
    return a_label(label.number, label.lot, f"{ADDRESS}/lots/{label.lot}#{label.id}")


def test_both_codes_on_the_paper_are_read_back_as_the_label() -> None:
    label = a_label(2)
    found = decoded(pages(to_pdf(label))[0])
    assert {name: [code.text for code in codes] for name, codes in found.items()} == {
        "DataMatrix": [label.id],
        "QRCode": [label.id],
    }
    read = read_scan(found["DataMatrix"][0].symbology_identifier + label.id + "\r")
    assert read == ScanCode("lot", label.lot, label=label.id)


def test_the_qr_code_leads_to_the_page_and_is_a_label_all_the_same() -> None:
    label = with_link(a_label())
    (code,) = decoded(pages(to_pdf(label))[0])["QRCode"]
    assert code.text == label.link
    read = read_scan(code.text, Scanner(address=ADDRESS))
    assert read == ScanCode("lot", label.lot, "address", label=label.id)


@settings(max_examples=25, deadline=None)
@given(LOTS, st.integers(1, 9999), st.booleans())
def test_any_label_is_read_back(lot: str, number: int, linked: bool) -> None:
    label = with_link(a_label(number, lot)) if linked else a_label(number, lot)
    found = decoded(pages(to_pdf(label))[0])
    assert [code.text for code in found["DataMatrix"]] == [label.id]
    assert [code.text for code in found["QRCode"]] == [label.link]


def test_a_page_without_codes_is_read_as_nothing() -> None:
    """The negative control of the decoder: it does not find what is not there."""
    page = pages(to_pdf(a_label()))[0].copy()
    page[:, page.shape[1] * 7 // 10 :] = 255
    assert decoded(page) == {}


def test_a_code_with_a_spot_of_dirt_is_still_read() -> None:
    page = pages(to_pdf(a_label()))[0].copy()
    matrix = decoded(page)["DataMatrix"][0].position
    x, y = matrix.top_left.x + 60, matrix.top_left.y + 60
    page[y : y + 18, x : x + 18] = 0
    assert decoded(page)["DataMatrix"][0].text == a_label().id


def test_sizes_are_those_that_gloves_and_distance_need() -> None:
    label = with_link(a_label(2))
    pdf = to_pdf(label)
    assert sizes_mm(pdf) == [(WIDTH_MM, HEIGHT_MM)]
    found = decoded(pages(pdf, 300)[0])
    assert side(found["QRCode"][0]) / 300 * 25.4 >= 15
    assert side(found["DataMatrix"][0]) / 300 * 25.4 >= 15
    heights = heights_mm(pdf)
    capitals = {c: mm for c, mm in heights.items() if c in string.ascii_uppercase + "零件料号"}
    assert len(capitals) > 10
    assert {c: mm for c, mm in capitals.items() if mm < 4} == {}


def test_people_read_everything_in_both_languages() -> None:
    text = text_of(to_pdf(a_label(2, part="磁钢-30×12×5")))
    for said in ("零件 Parts", "料号 Part 磁钢-30×12×5", "牌号 Grade N42SH", "件数 Pieces 12500",
                 "质量 Mass 468.75 kg", "日期 Made 2026-11-23", "有效至 Use by 2026-12-23",
                 a_label(2).id, "补印 Reprint"):  # fmt: skip
        assert said in text, said
    assert "补印" not in text_of(to_pdf(a_label(1)))


def test_the_same_label_is_the_same_paper() -> None:
    assert to_pdf(a_label()) == to_pdf(a_label())
    assert to_zpl(a_label()) == to_zpl(a_label())


@settings(max_examples=15, deadline=None)
@given(st.text(string.printable + "磁钢炉①²", max_size=80))
def test_text_on_a_label_stays_text_and_leaves_the_codes_alone(part: str) -> None:
    label = a_label(part=" ".join(part.split()) or "-")
    pdf = to_pdf(label)
    assert sizes_mm(pdf) == [(WIDTH_MM, HEIGHT_MM)]
    assert decoded(pages(pdf)[0])["DataMatrix"][0].text == label.id


@pytest.mark.parametrize("dots_per_mm", DOTS_PER_MM)
@pytest.mark.parametrize("linked", [False, True])
def test_zpl_says_the_same_as_the_paper(dots_per_mm: int, linked: bool) -> None:
    label = with_link(a_label(2)) if linked else a_label(2)
    printed = print_zpl(to_zpl(label, dots_per_mm))
    assert printed.page.shape == (HEIGHT_MM * dots_per_mm, WIDTH_MM * dots_per_mm)
    assert (printed.data_matrix, printed.qr) == (label.id, label.link)
    for left, top, length in printed.boxes:
        assert 15 <= length / dots_per_mm <= 22.5
        assert left + length <= printed.page.shape[1] - 2 * dots_per_mm
        quiet = 2 * dots_per_mm
        around = printed.ink[
            top - quiet : top + length + quiet, left - quiet : left + length + quiet
        ]
        assert not around.any(), "text runs into a code"
    texts = {code.text for codes in decoded(printed.page).values() for code in codes}
    assert texts == {label.id, label.link}


@pytest.mark.parametrize("dots_per_mm", DOTS_PER_MM)
def test_the_anchor_of_the_ledger_stands_beside_everything_else(dots_per_mm: int) -> None:
    anchor = Anchor(10**18 - 1, "0123456789abcdef" * 4, 5)
    label = with_link(a_label(9999, str(Code("parts", 26, 999_999_999)), part="W" * 60))
    assert "账本 ledger 999999999999999999:" in text_of(to_pdf(label, anchor))
    assert "0123456789abcdef" in text_of(to_pdf(label, anchor))
    with_it, without = (print_zpl(to_zpl(label, dots_per_mm, a)).ink for a in (anchor, None))
    rows, columns = np.nonzero(with_it != without)
    millimetres = [
        edge / dots_per_mm for edge in (rows.min(), rows.max(), columns.min(), columns.max())
    ]
    top, bottom, left, right = millimetres
    assert 55 <= top < bottom < 62, "below the code and its margin, above the id"
    assert 73 <= left < right < 98
    assert not (with_it & ~without)[~(with_it != without)].any()


def test_the_text_of_zpl_is_the_text_of_the_paper() -> None:
    """As pictures of the line with the part; the negative control is another part."""
    line = (slice(19 * 8, 26 * 8), slice(0, 68 * 8))
    printed = print_zpl(to_zpl(a_label(part="磁钢-30×12×5"))).ink[line]
    same, other = (
        pages(to_pdf(a_label(part=part)), 203.2)[0][line] < 128 for part in ("磁钢-30×12×5", "X")
    )
    differs = np.count_nonzero(printed != same) / np.count_nonzero(printed)
    assert differs < 0.25
    assert np.count_nonzero(printed != other) / np.count_nonzero(printed) > 2 * differs


def test_a_concession_stands_on_the_container_beside_what_it_is() -> None:
    plain, conceded = a_label(), replace(a_label(), lines=(*a_label().lines, ("concession", "NC26-000001-46")))  # fmt: skip
    assert "NC26-000001-46" in text_of(to_pdf(conceded))
    assert "让步接收" in text_of(to_pdf(conceded))
    assert "让步接收" not in text_of(to_pdf(plain))
    found = decoded(pages(to_pdf(conceded))[0])
    assert {code.text for codes in found.values() for code in codes} == {conceded.id}
