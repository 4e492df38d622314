"""ZPL II, the language of thermal label printers, as far as our labels need it.

The pictures are plain hexadecimal, rows that end in white or repeat shortened: printers that only imitate
ZPL understand this, too.
"""

import numpy as np

from mes_server.reports.dots import Dots

_MAGNIFICATION_MAX = 10  # of ^BQ
Place = tuple[int, int]


class Zpl:
    """One label, `width` × `height` dots. What is put on it comes out in the order it was put."""

    def __init__(self, width: int, height: int) -> None:
        self._lines = ["^XA", f"^PW{width}", f"^LL{height}", "^LH0,0"]

    def picture(self, place: Place, dots: Dots) -> None:
        """Black dots."""
        packed = np.packbits(dots, axis=1)
        width, total = packed.shape[1], packed.size
        rows, before = [], ""
        for row in packed:
            text = row.tobytes().hex().upper()
            rows.append(":" if text == before else _short(text))
            before = text
        self._field(place, f"^GFA,{total},{total},{width},{''.join(rows)}")

    def data_matrix(self, place: Place, module: int, text: str) -> None:
        """ECC 200, each module so many dots wide."""
        self._field(place, f"^BXN,{module},200^FD{_plain(text)}")

    def qr(self, place: Place, module: int, text: str) -> None:
        """Model 2, level Q."""
        magnification = min(module, _MAGNIFICATION_MAX)
        self._field(place, f"^BQN,2,{magnification}^FDQA,{_plain(text)}")

    def text(self) -> str:
        """What is sent to the printer: one label."""
        return "\n".join([*self._lines, "^PQ1", "^XZ", ""])

    def _field(self, place: Place, what: str) -> None:
        self._lines.append(f"^FO{place[0]},{place[1]}{what}^FS")


def _short(row: str) -> str:
    """A row whose end is white, `,` for the white."""
    kept = row.rstrip("0")
    return row if len(row) == len(kept) else f"{kept},"


def _plain(text: str) -> str:
    """Text of a field; what would be a command of the printer never gets here."""
    if not text.isascii() or not text.isprintable() or set(text) & set("^~"):
        raise ValueError(f"{text!r} cannot stand in a ZPL field")
    return text
