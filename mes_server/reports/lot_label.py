"""The tag of a lot: PDF for any printer, ZPL II for a thermal one. Both say the same."""

from mes_server.domain.labels import Label
from mes_server.domain.seal import Anchor
from mes_server.reports.bilingual import both
from mes_server.reports.dots import dots_from_png
from mes_server.reports.ledger_note import attached
from mes_server.reports.symbols import data_matrix_modules, data_matrix_svg, qr_modules, qr_svg
from mes_server.reports.typesetting import set_pdf, set_picture
from mes_server.reports.zpl import Zpl

WIDTH_MM, HEIGHT_MM = 100, 70
DOTS_PER_MM = (8, 12)  # printers of 203 and 300 dpi
_TEMPLATE = "lot_label.typ"
# Where the template leaves room for the codes, and how large they may be.
_MATRIX_MM, _QR_MM, _CODE_MM = (74, 4), (74, 31), 22


def to_pdf(label: Label, anchor: Anchor | None = None) -> bytes:
    """One page of the size of the tag. `anchor`: the ledger's head, in small print and whole in an attachment."""
    codes = [data_matrix_svg(label.id), qr_svg(label.link)]
    facts = _facts(label, codes, anchor) | {"attached": attached(anchor)}
    return set_pdf(_TEMPLATE, facts, label.printed_ms)


def to_zpl(label: Label, dots_per_mm: int = 8, anchor: Anchor | None = None) -> str:
    """The text is a picture, so that Chinese needs no font in the printer; the codes are its own."""
    picture = set_picture(_TEMPLATE, _facts(label, [], anchor), dots_per_mm)
    room = _CODE_MM * dots_per_mm
    zpl = Zpl(WIDTH_MM * dots_per_mm, HEIGHT_MM * dots_per_mm)
    zpl.picture((0, 0), dots_from_png(picture))
    matrix, qr = ((x * dots_per_mm, y * dots_per_mm) for x, y in (_MATRIX_MM, _QR_MM))
    zpl.data_matrix(matrix, room // data_matrix_modules(label.id), label.id)
    zpl.qr(qr, room // qr_modules(label.link), label.link)
    return zpl.text()


def _facts(label: Label, codes: list[str], anchor: Anchor | None) -> dict[str, object]:
    said = dict(label.lines)
    kind, concession = said.pop("kind"), said.pop("concession", "")
    return {
        "id": label.id,
        "lot": label.lot,
        "kind": both(f"lot_kind.{kind}"),
        "lines": [[both(f"label.{name}"), text] for name, text in said.items()],
        "concession": f"{both('label.concession')} {concession}" if concession else "",
        "reprint": both("label.reprint") if label.is_reprint else "",
        "codes": codes,
        "ledger": both("paper.ledger"),
        "anchor": anchor.on_paper() if anchor else "",
        "attached": "",
    }
