"""A partition of raw NOR flash: erased in blocks to ones, programmed in units, never the same byte twice.

`device` is esp32.Partition, rp2.Flash or what looks like them: readblocks(block, buf, offset),
writeblocks(block, buf, offset) without an erase, ioctl(4 | 5 | 6): blocks, bytes of a block, erase.
"""

import errno

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    Bytes = bytes | bytearray | memoryview

    class Device(Protocol):
        def readblocks(self, __block: int, __buf: bytearray, __offset: int) -> object: ...
        def writeblocks(self, __block: int, __buf: Bytes, __offset: int) -> object: ...
        def ioctl(self, __op: int, __arg: int) -> int | None: ...


_COUNT, _SIZE, _ERASE = 4, 5, 6
_LOOK = 256  # bytes


class Flash:
    """`unit`: what the device can program at once; bytes that are not meant are given as ones."""

    def __init__(self, device: "Device", unit: int = 1) -> None:
        self._device = device
        self._unit = unit
        self.blocks = device.ioctl(_COUNT, 0) or 0
        self.size = device.ioctl(_SIZE, 0) or 0
        self.erases = 0

    def read(self, block: int, at: int, count: int) -> bytearray:
        data = bytearray(count)
        self._device.readblocks(block, data, at)
        return data

    def erase(self, block: int) -> None:
        self.erases += 1
        if self._device.ioctl(_ERASE, block):
            raise OSError(errno.EIO, f"block {block} cannot be erased")

    def program(self, block: int, at: int, data: "Bytes") -> None:
        """Program bytes that are erased, and look whether it took."""
        unit = self._unit
        before = at % unit
        after = -(at + len(data)) % unit
        whole = b"\xff" * before + bytes(data) + b"\xff" * after if before or after else data
        self._device.writeblocks(block, whole, at - before)
        wanted = memoryview(data)
        for start in range(0, len(data), _LOOK):  # in pieces: memory
            piece = wanted[start : start + _LOOK]
            if self.read(block, at + start, len(piece)) != piece:
                raise OSError(errno.EIO, f"block {block} does not keep what is programmed")


def is_erased(data: "bytes | bytearray") -> bool:
    return data.count(b"\xff") == len(data)
