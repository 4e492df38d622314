"""Papers as PDF/A-3b and XLSX: what lies in the files, read by other programs; formulas stay texts."""

import json
from hashlib import sha256
from io import BytesIO
from zoneinfo import ZoneInfo

import openpyxl
import pypdf
import pypdfium2
import pytest

from mes_server.domain.report import CONCESSION, CONFORMS, DOES_NOT_CONFORM, OPEN, TOLD
from mes_server.domain.report_contract import contract_of
from mes_server.reports import curve_drawing, paper_blocks, paper_pdf, paper_xlsx
from mes_server.reports.papers import set_files
from tests.mes_server.reports.paper import attachments, decoded, fonts, pages
from tests.mes_server.reports.paper_content import FORMULAS, bytes_of, content

ZONE = ZoneInfo("Asia/Shanghai")
ADDRESS = "https://mes.example"


@pytest.fixture(scope="module", params=["zh", "en"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def files(language: str) -> dict[str, bytes]:
    made = content(language)
    return set_files(made, bytes_of(made), ZONE, ADDRESS)


def texts(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)
    finally:
        document.close()


def test_the_json_is_attached_as_the_data_of_the_paper(
    files: dict[str, bytes], language: str
) -> None:
    assert attachments(files["pdf"]) == {"lot_report.json": content(language)}
    root = pypdf.PdfReader(BytesIO(files["pdf"])).trailer["/Root"]
    (attached,) = root["/AF"]
    spec = attached.get_object()
    assert spec["/AFRelationship"] == "/Data"
    assert spec["/EF"]["/F"].get_object()["/Subtype"] == "/application/json"
    raw = spec["/EF"]["/F"].get_object().get_data()
    assert raw == bytes_of(content(language)), "byte for byte"


def test_it_says_that_it_is_pdf_a_3b_and_has_what_that_takes(files: dict[str, bytes]) -> None:
    reader = pypdf.PdfReader(BytesIO(files["pdf"]))
    root = reader.trailer["/Root"]
    xmp = root["/Metadata"].get_object().get_data().decode()
    assert "<pdfaid:part>3</pdfaid:part>" in xmp
    assert "<pdfaid:conformance>B</pdfaid:conformance>" in xmp
    (intent,) = root["/OutputIntents"]
    assert intent.get_object()["/S"] == "/GTS_PDFA1"
    assert "/DestOutputProfile" in intent.get_object()
    assert "/Encrypt" not in reader.trailer
    assert "/ID" in reader.trailer
    assert "/JavaScript" not in root.get("/Names", {})


def test_all_fonts_lie_inside(files: dict[str, bytes]) -> None:
    found = fonts(files["pdf"])
    assert any(name.startswith("NotoSansSC") for name in found)
    assert all(found.values()), found


def test_every_section_and_remark_can_be_read_out_of_it(
    files: dict[str, bytes], language: str
) -> None:
    text = "".join(texts(files["pdf"]).split())
    contract = contract_of("lot_report")
    for spec in contract.sections:
        assert spec.titles[language].replace(" ", "") in text, spec.name
    failed = contract.remark("soak_failed", {"run": "CH26-000001-RH"}, language)
    assert failed.replace(" ", "") in text
    assert "2026-11-2414:03:00" in text, "plant time"


def test_pages_are_numbered_a4_and_carry_number_and_hash(
    files: dict[str, bytes], language: str
) -> None:
    document = pypdfium2.PdfDocument(files["pdf"])
    digest = sha256(bytes_of(content(language))).hexdigest()
    try:
        for at, page in enumerate(document, 1):
            text = page.get_textpage().get_text_bounded()
            width, height = page.get_size()
            assert (round(width), round(height)) == (595, 842)
            assert f"{at} / {len(document)}" in text
            assert content()["number"] in text
            assert digest in text
    finally:
        document.close()


def test_the_qr_code_leads_back_to_the_record(files: dict[str, bytes]) -> None:
    (code,) = decoded(pages(files["pdf"], 150)[0])["QRCode"]
    assert code.text == f"{ADDRESS}/papers/{content()['number']}"


def test_the_same_json_makes_the_same_bytes() -> None:
    made = content()
    first, second = (paper_pdf.to_pdf(made, bytes_of(made), ZONE, ADDRESS) for _ in range(2))
    assert first == second


def test_a_formula_stays_a_text_in_a_workbook(files: dict[str, bytes]) -> None:
    book = openpyxl.load_workbook(BytesIO(files["xlsx"]))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value]
    assert {cell.value for cell in cells if cell.value in FORMULAS} == set(FORMULAS)
    assert {cell.data_type for cell in cells} == {"s"}
    assert not any(cell.hyperlink for cell in cells)


def test_the_first_sheet_is_the_verdict_and_each_section_has_its_own(
    files: dict[str, bytes], language: str
) -> None:
    book = openpyxl.load_workbook(BytesIO(files["xlsx"]))
    assert len(book.sheetnames) == 21
    blocks = paper_blocks.blocks_of(content(language), ZONE)
    assert book.sheetnames[0] == blocks.verdict_text
    assert book[book.sheetnames[0]]["B1"].value == content()["number"]
    assert book.sheetnames[7].startswith("7 ")
    values = [cell.value for row in book[book.sheetnames[7]].iter_rows() for cell in row]
    assert "1050.8" in values or "1051.9" in values
    assert paper_xlsx.to_xlsx(content(language), ZONE)[:2] == b"PK"


def test_a_drawing_breaks_its_line_in_a_gap_and_shows_the_band() -> None:
    curves = content()["sections"]["furnace"]["curves"]
    svg = curve_drawing.drawing(curves[:1], 'a "name" <b>')
    assert svg.count("<polyline") == 2, "before the gap and behind it"
    assert svg.count('fill="url(#gap)"') == 1
    assert svg.count('fill="#cfe8d5"') == 1
    assert "<b>" not in svg
    reaching = [curves[0] | {"gaps": [{"from_s": 17_950, "to_s": 19_800, "reason": "silent"}]}]
    assert curve_drawing.drawing(reaching, "").count("<polyline") == 2, "a point reaches into it"
    whole = [json.loads(json.dumps(curves[0])) | {"gaps": []}]
    assert curve_drawing.drawing(whole, "").count("<polyline") == 1, "the negative control"


@pytest.mark.parametrize(
    ("low", "high", "told"), [(0, 10, [0, 2, 4, 6, 8, 10]), (1040, 1056, [1040, 1045, 1050, 1055])]
)
def test_axes_have_round_numbers(low: float, high: float, told: list[float]) -> None:
    assert curve_drawing.steps(low, high) == told


def test_curves_of_one_run_and_unit_share_a_drawing() -> None:
    curves = content()["sections"]["furnace"]["curves"]
    (one,) = curve_drawing.grouped(curves)
    assert (one[0], one[1], len(one[2])) == ("CH26-000001-RH", "°C", 6)


def test_every_soak_is_drawn_for_itself() -> None:
    (curve,) = content()["sections"]["furnace"]["curves"][:1]
    second = {**curve["bands"][0], "from_s": 26_000, "to_s": 28_000, "lower": "495", "upper": "505"}
    drawn = curve_drawing.soak_drawings([curve | {"bands": [second, *curve["bands"]]}], "run")
    assert len(drawn) == 2
    assert ">1050<" in drawn[0]
    assert ">500<" in drawn[1], "in the order of time"
    open_band = {name: v for name, v in second.items() if name != "lower"}
    assert curve_drawing.soak_drawings([curve | {"bands": [open_band]}], "run") == []
    spec = [one | {"name": "spec"} for one in curve["bands"]]
    assert curve_drawing.soak_drawings([curve | {"bands": spec}], "run") == [], "a control chart"


def test_times_are_told_in_the_zone_that_the_paper_names(files: dict[str, bytes]) -> None:
    assert "Asia/Shanghai(UTC+08:00)" in "".join(texts(files["pdf"]).split())
    made = content("en")
    why = {"en": "from 2026-11-26T07:10:10.000Z on", "zh": "自 2026-11-26T07:10:10.000Z 起"}
    made["sections"]["furnace"]["tables"]["runs"] = [{"run": "CH26-000001-RH", "why": why}]
    blocks = paper_blocks.blocks_of(made, ZONE)
    (row,) = next(s for s in blocks.sections if s.name == "furnace").tables[0].rows
    assert row[1] == "from 2026-11-26 15:10:10 on"


def test_a_wide_table_says_once_what_is_the_same_in_every_row_and_hides_no_verdict(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(paper_pdf, "WIDE", 60)
    names = ("plan", "lot", "characteristic", "readings of it", "reaction plan", "result")
    columns = [*(paper_blocks.Column(name, False) for name in names[:-1]), paper_blocks.Column("result", False, True)]  # fmt: skip
    rows = [
        ("CP-9/A", f"G26-00000{n}-0N", f"thickness {n}", "5.00; 5.01; 4.99; 5.00; 5.01", "Hold the lot, call quality", "in spec")
        for n in range(4)
    ]  # fmt: skip
    wide = paper_blocks.TableBlock("t", tuple(columns), tuple(rows), ("",) * 4)
    said = paper_pdf._table(wide)
    assert [name for name, _ in said["common"]] == ["plan", "readings of it", "reaction plan"]  # type: ignore[attr-defined]
    assert [one["title"] for one in said["columns"]] == ["lot", "characteristic", "result"]  # type: ignore[attr-defined]
    short = paper_blocks.TableBlock("t", tuple(columns), tuple(rows[:2]), ("",) * 2)
    assert paper_pdf._table(short)["common"] == []


def test_what_no_font_has_stands_as_its_code_and_whole_in_the_json() -> None:
    made = content("en")
    holds = made["sections"]["deviations"]["tables"]["holds"]
    holds += [{"hold": "h", "reason": "hot \U0001f525 and \x00 and \U00020bb7 \u0c95"}]
    made["sections"]["header"]["facts"]["part"] = "\U0001f9f2"
    pdf = set_files(made, bytes_of(made), ZONE, ADDRESS, ["pdf"])["pdf"]
    text = "".join(texts(pdf).split())
    assert "hot[U+1F525]and[U+0000]and[U+20BB7]" in text
    assert "[U+0C95]" in text
    assert "[U+1F9F2]" in text.replace("\u200b", "")
    assert attachments(pdf) == {"lot_report.json": made}


def test_a_cell_of_readings_by_the_thousand_says_that_it_is_cut() -> None:
    made = content("en")
    readings = "; ".join(["5.001"] * 1000)
    made["sections"]["deviations"]["tables"]["holds"].append({"hold": "h", "reason": readings})
    pdf = set_files(made, bytes_of(made), ZONE, ADDRESS, ["pdf"])["pdf"]
    text = "".join(texts(pdf).split()).replace("\u200b", "")
    assert f"[600/{len(readings)}]" in text
    assert readings in json.dumps(attachments(pdf))


def test_a_text_too_long_for_a_cell_is_not_left_out_of_the_workbook() -> None:
    made = content("en")
    made["sections"]["deviations"]["tables"]["holds"].append({"hold": "h", "reason": "x" * 40_000})
    book = openpyxl.load_workbook(BytesIO(paper_xlsx.to_xlsx(made, ZONE)))
    cells = [cell.value for sheet in book for row in sheet.iter_rows() for cell in row]
    assert "x" * 32_767 in cells


@pytest.mark.parametrize("verdict", [CONFORMS, CONCESSION, OPEN, DOES_NOT_CONFORM, TOLD])
def test_a_paper_with_any_verdict_is_set_and_names_it(verdict: str) -> None:
    made = content("en") | {"verdict": verdict}
    found = set_files(made, bytes_of(made), ZONE, ADDRESS)
    assert paper_blocks.blocks_of(made, ZONE).verdict_text in texts(found["pdf"])
