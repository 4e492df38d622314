"""ESP32 with Ethernet by a LAN8720, such as WT32-ETH01: wired, 520 KB of RAM and no PSRAM.

The LAN8720 takes GPIO 0, 16, 18, 19, 21, 22, 23, 25, 26, 27. RS-485 by a transceiver on UART 2.
"""

import esp32
import machine
import network

from firmware.onboard.network import Wired

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from firmware.onboard.flash import Device

# What docs/boards.md wires them to; a station.json may name others.
RS485 = {"uart": 2, "tx": 17, "rx": 5, "de": 33}
I2C = {"i2c": 0, "sda": 14, "scl": 15}
LAN_MDC, LAN_MDIO, LAN_POWER, LAN_ADDRESS = 23, 18, 16, 1
JOURNAL = "journal"  # label of its partition


def partition() -> "tuple[Device, int] | None":
    """The journal's own, where the partition table has it."""
    found = esp32.Partition.find(esp32.Partition.TYPE_DATA, label=JOURNAL)
    return (found[0], 1) if found else None


def connect(path: str, say: "Callable[[str], None]") -> Wired:
    """The cable."""
    nic = network.LAN(  # type: ignore[call-arg,unused-ignore]  # the stubs know the LAN of other ports
        mdc=machine.Pin(LAN_MDC),
        mdio=machine.Pin(LAN_MDIO),
        power=machine.Pin(LAN_POWER),
        phy_type=network.PHY_LAN8720,
        phy_addr=LAN_ADDRESS,
    )
    return Wired(nic, say)
