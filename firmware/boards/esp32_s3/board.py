"""ESP32-S3 with PSRAM, such as ESP32-S3-DevKitC-1 N16R8: WiFi, TLS with room to spare.

RS-485 by a transceiver on UART 1. GPIO 26 to 37 belong to flash and PSRAM, 19 and 20 to USB.
"""

import esp32
import network

from firmware.onboard.network import WIFI, Wifi, read_access
from firmware.onboard.station import beside

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from firmware.onboard.flash import Device

# What docs/boards.md wires them to; a station.json may name others.
RS485 = {"uart": 1, "tx": 17, "rx": 18, "de": 16}
I2C = {"i2c": 0, "sda": 8, "scl": 9}
SPI = {"spi": 1, "sck": 12, "mosi": 11, "miso": 13, "cs": 10}
JOURNAL = "journal"  # label of its partition


def partition() -> "tuple[Device, int] | None":
    """The journal's own, where the partition table has it."""
    found = esp32.Partition.find(esp32.Partition.TYPE_DATA, label=JOURNAL)
    return (found[0], 1) if found else None


def connect(path: str, say: "Callable[[str], None]") -> Wifi:
    """The WiFi that the file beside station.json names."""
    return Wifi(network.WLAN(network.WLAN.IF_STA), read_access(beside(path, WIFI)), say)
