"""RP2350 with a W5500, such as W5500-EVB-Pico2: wired, 520 KB of RAM, 2 MB of flash.

RS-485 by a transceiver on UART 1; GPIO 16 to 21 belong to the W5500.
"""

from firmware.onboard.w5500 import connect, partition

# What docs/boards.md wires them to; a station.json may name others.
RS485 = {"uart": 1, "tx": 4, "rx": 5, "de": 6}
I2C = {"i2c": 1, "sda": 2, "scl": 3}
SPI = {"spi": 1, "sck": 10, "mosi": 11, "miso": 12, "cs": 13}

__all__ = ["I2C", "RS485", "SPI", "connect", "partition"]
