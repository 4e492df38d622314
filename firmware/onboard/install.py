"""A release comes into the spare slot: its manifest judged first, then file by file, then all once more.

manifest.json gets its name last and loses it first, so that a slot that has it is whole.
"""

import asyncio
import hashlib
from binascii import hexlify

from firmware.onboard.ed25519 import checking
from firmware.onboard.manifest import MANIFEST_MAX, SIGNATURE_BYTES, entries, head_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator

    from firmware.onboard.slots import Slots

    Get = Callable[[str, int, str], Awaitable[bytes]]  # path, bytes, where to: its SHA-256

_CLUSTER = 4096
_PIECE = 2048
_TRIES = 2
_MANIFEST = "manifest.json"
_SIGNATURE = "manifest.sig"


class Refused(ValueError):
    """An update this board does not take, and why."""


class Offer:
    """A release as the MES offers it. Raises Refused when that cannot be read."""

    def __init__(self, text: str) -> None:
        parts = text.split(" ")
        if len(parts) != 4 or not (parts[1] + parts[2]).isdigit() or len(parts[3]) != 64:
            raise Refused("the offer is not understood")
        try:
            self.counter, self.bytes = int(parts[1]), int(parts[2])
        except ValueError:
            raise Refused("the offer is not understood") from None
        self.version, self.sha256 = parts[0], parts[3]
        if not 0 < self.bytes <= MANIFEST_MAX or not 0 < self.counter < 1 << 32:
            raise Refused("the offer is not understood")


class Install:
    """One try; what an earlier one left is used when it is right."""

    def __init__(
        self, slots: "Slots", offer: Offer, public: bytes, get: "Get", reserve: int
    ) -> None:
        """`reserve`: bytes that stay free."""
        self._disk = slots.disk
        self._running, self._spare = slots.running, slots.spare
        self._here = slots.head(slots.running)
        self._offer = offer
        self._public = public
        self._get, self._reserve = get, reserve
        self.done = 0  # bytes of files that are there
        self.total = 0

    async def run(self) -> None:
        """The spare slot is whole when this returns. Raises Refused, ManifestError, OSError."""
        manifest = f"{self._spare}/{_MANIFEST}"
        if await self._is_right(manifest, self._offer.bytes, self._offer.sha256):
            self._judge_head(manifest)  # an older one may lie there, and be offered as new
            return  # only the switch had not come
        signature = f"{self._spare}/{_SIGNATURE}"
        try:
            await self._judge(manifest + ".part", signature + ".part")
            keep = self._what_to_keep(manifest + ".part")
        except ValueError:
            self._disk.remove(manifest + ".part")
            self._disk.remove(signature + ".part")
            raise
        await self._take_files(manifest + ".part", keep)
        self._disk.rename(signature + ".part", signature)
        self._disk.rename(manifest + ".part", manifest)

    # -- the manifest -----------------------------------------------------------------------

    async def _judge(self, manifest: str, signature: str) -> None:
        """Fetch it, and raise when it is not for this board."""
        offer = self._offer
        if not await self._is_right(manifest, offer.bytes, offer.sha256):
            self._disk.remove(signature)  # another one's
            await self._take(_MANIFEST, offer.bytes, offer.sha256, manifest)
        await self._get(_SIGNATURE, SIGNATURE_BYTES, signature)
        steps = checking(self._public, self._disk.read(signature), self._pieces(manifest))
        if not await _result(steps):
            raise Refused("its signature is wrong")
        self._judge_head(manifest)

    def _judge_head(self, manifest: str) -> None:
        """Raise when it is not what was offered, or not for this board."""
        offer = self._offer
        head = head_of(self._disk, manifest)
        if (head["version"], head["counter"]) != (offer.version, offer.counter):
            raise Refused("its manifest is of another release than was offered")
        board = self._here.get("board")
        if head["board"] != board:
            raise Refused(f"it is for {head['board']}, this is {board}")
        least = str(head.get("min_version", ""))
        if least and _numbers(str(self._here.get("version"))) < _numbers(least):
            raise Refused(f"it needs {least} to be installed first")

    def _pieces(self, path: str) -> "Generator[bytes, None, None]":
        for at in range(0, self._disk.size(path), _PIECE):
            yield self._disk.read(path, at, _PIECE)

    # -- the files --------------------------------------------------------------------------

    def _what_to_keep(self, manifest: str) -> "set[str]":
        """All that may lie in the slot, whole or as a .part. Raises Refused when it is more than there is room for."""
        keep, need = {_MANIFEST, _SIGNATURE}, self._reserve
        for path, size, _ in entries(self._disk, manifest):
            keep.add(path)
            self.total += size
            need += _rounded(size)
        free = self._disk.free() + self._used(self._spare)
        if need > free:
            raise Refused(f"the disk is full: it needs {need} bytes, {free} are free")
        return keep

    async def _take_files(self, manifest: str, keep: "set[str]") -> None:
        """All files of the manifest into the spare slot, and none beside them."""
        self._disk.remove(f"{self._spare}/{_MANIFEST}")
        self._disk.remove(f"{self._spare}/{_SIGNATURE}")
        self._clean("", keep)
        for path, size, sha256 in entries(self._disk, manifest):
            await self._take_file(path, size, sha256)
            self.done += size
        for path, size, sha256 in entries(self._disk, manifest):
            if not await self._is_right(f"{self._spare}/{path}", size, sha256):
                raise Refused(f"the disk did not keep {path}")

    def _used(self, folder: str) -> int:
        """Bytes that the files of a folder take up."""
        used = 0
        for name, is_folder in self._disk.names(folder):
            path = f"{folder}/{name}"
            used += self._used(path) if is_folder else _rounded(self._disk.size(path))
        return used

    def _clean(self, below: str, keep: "set[str]") -> bool:
        """Remove what is not to be kept; whether nothing is left. An empty folder would hide a module."""
        empty = True
        for name, is_folder in self._disk.names(f"{self._spare}/{below}".rstrip("/")):
            path = f"{below}/{name}" if below else name
            if is_folder and self._clean(path, keep):
                self._disk.remove_folder(f"{self._spare}/{path}")
            elif not is_folder and (path[:-5] if path.endswith(".part") else path) not in keep:
                self._disk.remove(f"{self._spare}/{path}")
            else:
                empty = False
        return empty

    async def _take_file(self, path: str, size: int, sha256: str) -> None:
        """From the running slot when it is the same there, else from the MES."""
        at = f"{self._spare}/{path}"
        if await self._is_right(at, size, sha256):
            return
        self._disk.remove(at)
        same = f"{self._running}/{path}"
        if await self._is_right(same, size, sha256):
            self._disk.write(at + ".part", b"")
            for piece in self._pieces(same):
                self._disk.append(at + ".part", piece)
                await asyncio.sleep(0)
            self._disk.sync()
        else:
            await self._take(path, size, sha256, at + ".part")
        self._disk.rename(at + ".part", at)

    async def _take(self, path: str, size: int, sha256: str, part: str) -> None:
        """Fetch; what lay there of another release makes the first try fail."""
        for _ in range(_TRIES):
            if hexlify(await self._get(path, size, part)).decode() == sha256:
                return
            self._disk.remove(part)
        raise Refused(f"the hash of {path} is wrong")

    async def _is_right(self, path: str, size: int, sha256: str) -> bool:
        if self._disk.size(path) != size:
            return False
        found = hashlib.sha256()
        for piece in self._pieces(path):
            found.update(piece)
            await asyncio.sleep(0)
        return hexlify(found.digest()).decode() == sha256


def _rounded(size: int) -> int:
    return (size + _CLUSTER - 1) // _CLUSTER * _CLUSTER


def _numbers(version: str) -> "list[int]":
    """To be compared; a part that is no number counts as none."""
    return [int(part) if part.isdigit() else 0 for part in version.split(".")]


async def _result(steps: "Generator[None, None, bool]") -> bool:
    """What a generator returns; others get their turn between its steps."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return bool(end.value)
        await asyncio.sleep(0)
