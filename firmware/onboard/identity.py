"""What tells this board from a copy of its image: the chip's number, else the host's."""

import binascii

from firmware.onboard.durable import read_bytes


def own_serial() -> str:
    """Of a microcontroller its unique id in hexadecimal, of a computer its machine id or its name."""
    try:
        from machine import unique_id

        return binascii.hexlify(unique_id()).decode()
    except (ImportError, AttributeError):
        pass
    for path in ("/etc/machine-id", "/etc/hostname"):
        try:
            found = read_bytes(path).decode().strip()
        except OSError:
            continue
        if found:
            return found
    return "unknown"
