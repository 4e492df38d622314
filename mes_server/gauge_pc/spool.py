"""A small file beside the gauge: what came and is not given to the MES yet, in order. It survives a power cut."""

import json
import os
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from mes_server.files import replace_file

LINES_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a gauge. `id`: made here, once; `at_ms`: when it came, by the clock of this machine; `raw`: hex."""

    id: str
    at_ms: int
    raw: str


class SpoolFull(Exception):
    """So much waits that nothing more is kept; what is kept stays."""


class Spool:
    """The lines that wait. One thread adds, another one takes away; every change is on the disk when it returns."""

    def __init__(self, file: Path) -> None:
        """Raises OSError where the file cannot be written."""
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file = file
        self._lock = threading.Lock()
        self._lines = _read(file)
        self._write()

    def __len__(self) -> int:
        return len(self._lines)

    def add(self, line: Line) -> None:
        """Keep one more; raises SpoolFull, OSError."""
        with self._lock:
            if len(self._lines) >= LINES_MAX:
                raise SpoolFull(f"{LINES_MAX} lines wait in {self._file}")
            with self._file.open("a", encoding="utf-8") as out:
                out.write(_text(line))
                out.flush()
                os.fsync(out.fileno())
            self._lines.append(line)

    def first(self, most: int) -> list[Line]:
        """The oldest of them."""
        with self._lock:
            return self._lines[:most]

    def drop(self, count: int) -> None:
        """The MES has so many of the oldest."""
        with self._lock:
            del self._lines[:count]
            self._write()

    def _write(self) -> None:
        replace_file(self._file, "".join(map(_text, self._lines)).encode())


def _text(line: Line) -> str:
    return json.dumps(asdict(line)) + "\n"


def _read(file: Path) -> list[Line]:
    """What is whole; the last line may have been cut off by a power cut, and was told to nobody."""
    lines: list[Line] = []
    if not file.exists():
        return lines
    for text in file.read_text(encoding="utf-8", errors="replace").splitlines():
        with suppress(ValueError, TypeError):
            lines.append(Line(**json.loads(text)))
    return lines
