"""Reads the manifest of a release entry by entry: whole, it would be the largest object on a small board.

It is canonical JSON, keys in order and no spaces, so that "files" begins and ends where it is looked for.
"""

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import Any

    from firmware.onboard.disk import Disk

MANIFEST_MAX = 65_536
SIGNATURE_BYTES = 64
PATH_MAX = 96
_HEAD_MAX = 1024
_PIECE = 512
_FILES = b'"files":['
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."


class ManifestError(ValueError):
    """It is not what a manifest must be."""


def path_is_good(path: object) -> bool:
    """Whether a release may have such a file: inside its slot, and none of the slot's own."""
    if not isinstance(path, str) or not 0 < len(path) <= PATH_MAX:
        return False
    for part in path.split("/"):
        if part.strip(".") == "" or part.endswith(".part"):
            return False
        for letter in part:
            if letter not in _LETTERS:
                return False
    return not path.startswith("manifest.")


def _read(text: bytes) -> "Any":
    try:
        return json.loads(text)
    except ValueError:
        raise ManifestError("its manifest is not JSON") from None


def head_of(disk: "Disk", path: str) -> "dict[str, Any]":
    """Everything but the files. Raises ManifestError, OSError."""
    start = disk.read(path, 0, _HEAD_MAX)
    at = start.find(_FILES)
    size = disk.size(path)
    end = disk.read(path, max(size - _HEAD_MAX, 0), _HEAD_MAX)
    last = end.rfind(b"]")
    if at < 0 or last < 0:
        raise ManifestError("its manifest names no files")
    head = _read(start[:at] + b'"files":[' + end[last:])
    if not isinstance(head, dict):
        raise ManifestError("its manifest is no object")
    for key, kind in (("board", str), ("counter", int), ("version", str)):
        if not isinstance(head.get(key), kind):
            raise ManifestError(f"its manifest has no {key}")
    return head


def entries(disk: "Disk", path: str) -> "Generator[tuple[str, int, str], None, None]":
    """(path, bytes, sha256 in hex) of each file. Raises ManifestError, OSError."""
    at = disk.read(path, 0, _HEAD_MAX).find(_FILES) + len(_FILES)
    rest = b""
    while True:
        while b"}" not in rest:  # there is one behind the list, too
            piece = disk.read(path, at, _PIECE)
            at += len(piece)
            rest += piece
            if not piece or len(rest) > _HEAD_MAX:
                raise ManifestError("its manifest breaks off")
        rest = rest.lstrip(b",")
        if rest[:1] == b"]":
            return
        end = rest.find(b"}") + 1
        yield _entry(rest[:end])
        rest = rest[end:]


def _entry(text: bytes) -> "tuple[str, int, str]":
    raw = _read(text)
    path, size, sha256 = raw.get("path"), raw.get("bytes"), raw.get("sha256")
    if not path_is_good(path):
        raise ManifestError(f"its manifest has a path that is not allowed: {str(path)[:40]!r}")
    if not isinstance(size, int) or size < 0 or not isinstance(sha256, str) or len(sha256) != 64:
        raise ManifestError(f"its manifest says no size or hash of {path}")
    return path, size, sha256
