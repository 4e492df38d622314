"""The machine a figure came from, and tables of figures as Markdown."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from mes_server.store.engine import sqlite_version


def _first(file: str, key: str) -> str:
    try:
        for line in Path(file).read_text(encoding="utf-8").splitlines():
            if line.startswith(key):
                return line.partition(":")[2].strip()
    except OSError:
        return "unknown"
    return "unknown"


def describe() -> list[str]:
    """What a reader needs to compare: processor, memory, software, day."""
    memory_kb = _first("/proc/meminfo", "MemTotal").split(" ")[0]
    gib = f"{int(memory_kb) / 2**20:.0f} GiB" if memory_kb.isdigit() else "unknown memory"
    cores = len(os.sched_getaffinity(0))
    return [
        f"{_first('/proc/cpuinfo', 'model name')}, {cores} cores for everything together, {gib}",
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, SQLite {sqlite_version()}",
        f"measured {datetime.now(UTC):%Y-%m-%d}",
    ]


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """A Markdown table whose columns line up on a terminal too."""
    cells = [list(header), *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]

    def line(row: Sequence[str]) -> str:
        return "| " + " | ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) + " |"

    return [
        line(cells[0]),
        "|" + "|".join("-" * (w + 2) for w in widths) + "|",
        *map(line, cells[1:]),
    ]


def _cell(value: object) -> str:
    if isinstance(value, float):
        digits = 0 if value >= 100 else 1 if value >= 10 else 2
        return f"{value:,.{digits}f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
