"""The file `anchors` in the data directory: what the ledger's head was, once an hour and at each shutdown.

Outside the database, so that cutting off its newest rows is seen. One line each: count, hash, Unix ms.
"""

import os
from pathlib import Path

from mes_server.domain.seal import Anchor, read_anchor

FILE = "anchors"


def append_anchor(data_dir: Path, anchor: Anchor) -> None:
    """Write a line, durably. Raises OSError. A line that a power cut broke off is left as it is."""
    path = data_dir / FILE
    line = f"{anchor.number} {anchor.hash} {anchor.at_ms}\n"
    with path.open("ab+") as file:
        if file.tell() and not _ends_whole(path):
            line = f"\n{line}"
        file.write(line.encode())
        file.flush()
        os.fsync(file.fileno())


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read() == b"\n"


def read_anchors(data_dir: Path) -> tuple[list[Anchor], int]:
    """The anchors, the oldest first, and how many lines are none. Raises OSError but for a missing file."""
    try:
        lines = (data_dir / FILE).read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return [], 0
    anchors = [anchor for line in lines if (anchor := read_anchor(line))]
    return anchors, len([line for line in lines if line]) - len(anchors)
