"""mes_server.reports.code_cards: every card on the sheet is read back as what it says."""

import pytest

from mes_server.domain.cards import BADGE, COMMANDS, CONTAINER, STATION, folded
from mes_server.domain.codes import BadCode
from mes_server.domain.scan_codes import ScanCode, read_scan
from mes_server.reports.code_cards import CardPrint, named_card, station_title, to_pdf, wall_sheet
from mes_server.reports.lot_label import to_pdf as label_pdf
from schemas.station_types import load_station_types
from tests.mes_server.reports.paper import (
    PRINTED_MS,
    a_label,
    decoded,
    fonts,
    pages,
    sizes_mm,
    text_of,
)


def scanned(pdf: bytes) -> list[str]:
    """The codes of all pages."""
    return [code.text for page in pages(pdf) for code in decoded(page)["DataMatrix"]]


def test_the_wall_sheet_holds_every_command_once() -> None:
    pdf = to_pdf("card.commands", wall_sheet(), "demo", PRINTED_MS)
    assert sizes_mm(pdf) == [(210, 297)] * 2
    read = [read_scan(text) for text in scanned(pdf)]
    assert sorted(str(code.value) for code in read if isinstance(code, ScanCode)) == sorted(
        COMMANDS
    )
    text = text_of(pdf)
    for said in ("报废", "Scrap", "DO-SCRAP", "demo", "1 / 2"):
        assert said in text


def test_the_fonts_lie_in_the_paper_chinese_too() -> None:
    for pdf in (to_pdf("card.commands", wall_sheet(), "demo", PRINTED_MS), label_pdf(a_label())):
        found = fonts(pdf)
        assert {"NotoSansSC-Regular", "NotoSansSC-Bold"} <= set(found)
        assert all(found.values()), found


def test_every_station_type_has_a_card_that_fits() -> None:
    types = load_station_types()
    cards = [named_card(STATION, f"{n}_1", station_title(t.title)) for n, t in types.items()]
    pdf = to_pdf("card.stations", cards, "demo", PRINTED_MS)
    assert sizes_mm(pdf) == [(210, 297)] * -(-len(cards) // 10)
    read = {read_scan(text) for text in scanned(pdf)}
    assert read == {ScanCode("station", folded(f"{name}_1")) for name in types}


@pytest.mark.parametrize(
    ("kind", "name", "title"),
    [
        (BADGE, "W0042", "王伟 Wang Wei"),
        (BADGE, "W1", "欧阳铁锋 Bartholomäus-Konstantin Müller-Lüdenscheidt"),
        (CONTAINER, "0117", "0117"),
        (STATION, "x" * 64, "#panic()"),
    ],
)
def test_a_card_says_who_or_what_it_is(kind: str, name: str, title: str) -> None:
    card = named_card(kind, name, [title])
    pdf = to_pdf(f"card.{kind}s", [card], "demo", PRINTED_MS)
    assert sizes_mm(pdf) == [(210, 297)]
    (text,) = scanned(pdf)
    assert text == card.code
    assert read_scan(text) == ScanCode(kind, folded(name))
    assert title.split(maxsplit=1)[0] in text_of(pdf)


def test_a_name_no_card_can_carry_is_refused() -> None:
    with pytest.raises(BadCode, match="name_fits_a_card"):
        named_card(STATION, "炉-1", ["炉"])


def test_a_page_holds_ten_cards() -> None:
    card = CardPrint(["x"], "", "DO-OK")
    for count, sheets in ((1, 1), (10, 1), (11, 2), (20, 2)):
        assert len(sizes_mm(to_pdf("card.commands", [card] * count, "demo", 0))) == sheets
