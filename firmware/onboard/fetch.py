"""One file on its way from the MES to the board, block by block, none of them kept in memory."""

import hashlib

from schemas.journal_metrics import BLOCK_BYTES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.onboard.disk import Disk

BLOCKS_MAX = 8  # of one request
_SILENCE_MS = (10_000, 300_000)  # so long an answer is waited for, at first and at most


class Fetch:
    """What came lies in `part`; what lay there before a reboot counts."""

    def __init__(self, disk: "Disk", version: str, entry: "tuple[str, int]", part: str) -> None:
        self._disk = disk
        self._version = version
        self._path, self._bytes = entry
        self._part = part
        self._hash = hashlib.sha256()
        self.there = 0  # bytes that are there
        self._until = 0  # bytes that will be there when all is answered that was asked
        self._silent = 0  # requests in a row without an answer
        self.fault: OSError | None = None

    def resume(self) -> None:
        """Count what is there. Raises OSError."""
        there = self._disk.size(self._part)
        if not 0 <= there <= self._bytes or (there % BLOCK_BYTES and there != self._bytes):
            self._disk.write(self._part, b"")
            return
        while self.there < there:
            piece = self._disk.read(self._part, self.there, BLOCK_BYTES)
            self._hash.update(piece)
            self.there += len(piece)

    @property
    def complete(self) -> bool:
        return self.there >= self._bytes

    @property
    def missing(self) -> int:
        return self._bytes - self.there

    def digest(self) -> bytes:
        return self._hash.digest()

    def ask(self) -> str:
        """The request for the next blocks. The same blocks are asked for in other words, or it were no news."""
        left = (self.missing + BLOCK_BYTES - 1) // BLOCK_BYTES
        count = min(left, BLOCKS_MAX)
        if self._silent % 2:
            count = count - 1 if count > 1 else 2
        self._until = min(self.there + count * BLOCK_BYTES, self._bytes)
        return f"{self._version} {self._path} {self.there} {count}"

    def patience_ms(self) -> int:
        return min(_SILENCE_MS[0] << min(self._silent, 16), _SILENCE_MS[1])

    def was_silent(self) -> None:
        self._silent += 1

    def take(self, block: bytes) -> bool:
        """Keep a block if it is the next one; whether all that was asked for has come."""
        head = f"{self._version} {self._path} {self.there}\n".encode()
        size = min(BLOCK_BYTES, self.missing)
        if self.fault or not size or len(block) != len(head) + size or block[: len(head)] != head:
            return False
        data = block[len(head) :]
        try:
            self._disk.append(self._part, data)
            self._hash.update(data)
            self.there += size
            self._silent = 0
            if self.there < self._until:
                return False
            self._disk.sync()
        except OSError as fault:
            self.fault = fault
        return True
