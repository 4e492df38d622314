"""Data Matrix (ISO/IEC 16022, ECC 200) and QR code (ISO/IEC 18004) of a text."""

import numpy as np
import zxingcpp


def data_matrix_svg(text: str) -> str:
    """A square Data Matrix with its quiet zone of one module."""
    return zxingcpp.write_barcode_to_svg(_data_matrix(text))


def qr_svg(text: str) -> str:
    """A QR code with its quiet zone; a quarter of it may be spoiled (level Q)."""
    return zxingcpp.write_barcode_to_svg(_qr(text))


def data_matrix_modules(text: str) -> int:
    """Modules along a side of the Data Matrix, without the quiet zone."""
    return _side(_data_matrix(text))


def qr_modules(text: str) -> int:
    """Modules along a side of the QR code, without the quiet zone."""
    return _side(_qr(text))


def _data_matrix(text: str) -> zxingcpp.Barcode:
    return zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.DataMatrix, force_square=True)


def _qr(text: str) -> zxingcpp.Barcode:
    return zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="Q")


def _side(barcode: zxingcpp.Barcode) -> int:
    image = zxingcpp.write_barcode_to_image(barcode, scale=1, add_quiet_zones=False)
    return int(np.asarray(image).shape[0])
