"""Boards of RP2040 or RP2350 with a W5500 for Ethernet, wired as WIZnet's W5500-EVB-Pico are."""

import os

import rp2

import machine
import network
from firmware.onboard.network import Wired

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from firmware.onboard.flash import Device

_SPI, _SCK, _MOSI, _MISO, _CS, _RESET = 0, 18, 19, 16, 17, 20
_HZ = 20_000_000
PAGE = 256  # the chip's flash is programmed in pages
_BLOCKS_MIN = 16


def partition() -> "tuple[Device, int] | None":
    """What the file system leaves of the flash: nothing, unless it was made smaller than its place."""
    flash = rp2.Flash()
    blocks, size = flash.ioctl(4, 0), flash.ioctl(5, 0)
    status = os.statvfs("/")
    files = status[0] * status[2]
    left = (blocks or 0) * (size or 0) - files
    if left < _BLOCKS_MIN * (size or 1):
        return None
    return rp2.Flash(start=files, len=left), PAGE


def connect(path: str, say: "Callable[[str], None]") -> Wired:
    """The cable."""
    spi = machine.SPI(
        _SPI, _HZ, sck=machine.Pin(_SCK), mosi=machine.Pin(_MOSI), miso=machine.Pin(_MISO)
    )
    nic = network.WIZNET5K(spi, machine.Pin(_CS), machine.Pin(_RESET))  # type: ignore[attr-defined,unused-ignore]  # the stubs are of a board without one
    return Wired(nic, say)
