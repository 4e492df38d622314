"""mes_server.reports.typesetting: facts are never commands, and what cannot be shown is said."""

from pathlib import Path

import pytest

from mes_server.reports import typesetting
from mes_server.reports.bilingual import both
from mes_server.reports.lot_label import to_pdf
from mes_server.reports.typesetting import CannotTypeset, set_pdf, set_picture
from tests.mes_server.reports.paper import a_label, text_of


@pytest.mark.parametrize("part", ['#panic("x")', "$x$", "*b*", "= head", '"', "\\", "[a](b)"])
def test_a_command_of_typst_is_shown_as_it_is(part: str) -> None:
    assert part in text_of(to_pdf(a_label(part=part)))


def test_a_character_no_font_has_is_said_and_not_left_out() -> None:
    with pytest.raises(CannotTypeset, match="could not be displayed"):
        to_pdf(a_label(part="\U0001f9f2"))


def test_a_fault_in_a_template_is_said() -> None:
    for make in (lambda: set_pdf("lot_label.typ", {}, 0), lambda: set_picture("cards.typ", {}, 8)):
        with pytest.raises(CannotTypeset, match=r"^(lot_label|cards)\.typ: "):
            make()


def test_fonts_that_were_not_set_up_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(typesetting, "_FONTS", tmp_path)
    with pytest.raises(CannotTypeset, match="make setup"):
        to_pdf(a_label())


def test_paper_is_an_archive_with_its_fonts_inside() -> None:
    pdf = to_pdf(a_label())
    assert b"pdfaid" in pdf
    assert b"NotoSansSC" in pdf


def test_both_languages_stand_beside_each_other_once() -> None:
    assert both("label.part") == "料号 Part"
    assert both("brand") == "Lodestone"
