"""Puts MicroPython itself on a bare ESP32, by esptool with an image that the user names.

The command lines are tested with an esptool that is not one; no chip has been written by them here.
"""

import subprocess
import sys
from pathlib import Path

from firmware.flash.faults import WRONG_INPUT, Fault

# Where the image of MicroPython begins (docs.micropython.org, "Getting started on the ESP32", and the chip's ROM).
_CHIPS = {"esp32": ("esp32", "0x1000"), "esp32_s3": ("esp32s3", "0x0")}


def commands(port: str, board: str, image: Path) -> list[list[str]]:
    """Erase, then write; both to be run in this order."""
    if board not in _CHIPS:
        raise Fault(
            f"{board} gets MicroPython by no serial port.",
            "a Raspberry Pi board: hold BOOTSEL, plug it in, and copy the .uf2 to the drive that appears.",
            WRONG_INPUT,
        )
    if not image.is_file() or image.stat().st_size < 100_000:
        raise Fault(
            f"{image} is no image of MicroPython.",
            "get the .bin of version 1.25 for your board from micropython.org, and name it after --image.",
            WRONG_INPUT,
        )
    chip, offset = _CHIPS[board]
    tool = [sys.executable, "-m", "esptool", "--chip", chip, "--port", port]
    return [[*tool, "erase-flash"], [*tool, "--baud", "460800", "write-flash", offset, str(image)]]


def flash(port: str, board: str, image: Path) -> None:
    """Run them. Raises Fault."""
    for command in commands(port, board, image):
        ran = subprocess.run(command, check=False)  # noqa: S603  our own interpreter
        if ran.returncode:
            raise Fault(
                f"esptool ended with {ran.returncode}; what it said is above.",
                "hold BOOT, press RESET, let go of both, and run the same command again.",
            )
