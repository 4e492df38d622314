"""A printer of ZPL II for tests: just the commands our labels use, anything else is a fault.

Draws what would be on the label; codes are encoded anew from their fields, as a printer does.
"""

import re
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import zxingcpp

_FIELD = re.compile(r"\^FO(\d+),(\d+)(.*?)\^FS", re.DOTALL)
_HEAD = re.compile(r"\^XA\^PW(\d+)\^LL(\d+)\^LH0,0")
_GRAPHIC = re.compile(r"\^GFA,(\d+),(\d+),(\d+),([0-9A-F,:]*)")
_MATRIX = re.compile(r"\^BXN,(\d+),200\^FD(.*)")
_QR = re.compile(r"\^BQN,2,(\d+)\^FDQA,(.*)")


@dataclass
class Printed:
    """`page`: 0 is black. `ink`: the picture alone. `data_matrix` and `qr`: content of the fields;
    `boxes`: left, top, side in dots of each code, in that order."""

    page: npt.NDArray[np.uint8]
    ink: npt.NDArray[np.bool_]
    data_matrix: str = ""
    qr: str = ""
    boxes: list[tuple[int, int, int]] = field(default_factory=list)


def print_zpl(text: str) -> Printed:
    """What one label of ZPL puts on the paper."""
    plain = text.replace("\n", "")
    head = _HEAD.match(plain)
    assert head, plain[:60]
    assert plain.endswith("^PQ1^XZ")
    width, height = int(head[1]), int(head[2])
    printed = Printed(np.full((height, width), 255, np.uint8), np.zeros((height, width), np.bool_))
    rest = plain[head.end() : -len("^PQ1^XZ")]
    for left, top, what in _FIELD.findall(rest):
        _draw(printed, int(left), int(top), what)
    assert _FIELD.sub("", rest) == "", "a command this printer does not know"
    return printed


def _draw(printed: Printed, left: int, top: int, what: str) -> None:
    if graphic := _GRAPHIC.fullmatch(what):
        dots = _dots(graphic)[:, : printed.page.shape[1] - left]
        printed.ink[top : top + dots.shape[0], left : left + dots.shape[1]] |= dots
        printed.page[printed.ink] = 0
    elif matrix := _MATRIX.fullmatch(what):
        printed.data_matrix = matrix[2]
        code = zxingcpp.create_barcode(
            matrix[2], zxingcpp.BarcodeFormat.DataMatrix, force_square=True
        )
        _place(printed, left, top, int(matrix[1]), code)
    elif qr := _QR.fullmatch(what):
        printed.qr = qr[2]
        code = zxingcpp.create_barcode(qr[2], zxingcpp.BarcodeFormat.QRCode, ec_level="Q")
        _place(printed, left, top, int(qr[1]), code)
    else:
        raise AssertionError(f"this printer does not know {what[:30]}")


def _place(printed: Printed, left: int, top: int, module: int, code: zxingcpp.Barcode) -> None:
    image = zxingcpp.write_barcode_to_image(code, scale=1, add_quiet_zones=False)
    pixels = np.kron(np.array(memoryview(image)), np.ones((module, module), np.uint8))
    side = pixels.shape[0]
    printed.boxes.append((left, top, side))
    printed.page[top : top + side, left : left + side] = pixels


def _dots(graphic: re.Match[str]) -> npt.NDArray[np.bool_]:
    total, again, width, data = int(graphic[1]), int(graphic[2]), int(graphic[3]), graphic[4]
    assert total == again
    rows: list[str] = []
    line = ""
    for character in data:
        if character == ":" and not line:
            rows.append(rows[-1])
            continue
        line = line.ljust(2 * width, "0") if character == "," else line + character
        if len(line) == 2 * width:
            rows.append(line)
            line = ""
    assert not line
    assert len(rows) * width == total
    packed = np.frombuffer(bytes.fromhex("".join(rows)), np.uint8).reshape(-1, width)
    return np.unpackbits(packed, axis=1).astype(np.bool_)
