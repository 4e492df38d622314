"""What ingest says about itself, in a file of fixed size: it can be said on a full disk, too."""

import json
from dataclasses import dataclass, fields
from pathlib import Path

FILE = "ingest.status"
STATUS_BYTES = 1024
_READS = 3


@dataclass(frozen=True, slots=True)
class IngestStatus:
    """`fault`: why nothing is stored ("disk full", "database locked", …), None when all is well.

    The counts run since the process `pid` began. `at_ms`: when this was written.
    """

    pid: int
    at_ms: int
    connected: bool
    storing: bool
    fault: str | None
    queue: int
    inbox_depth: int
    received: int
    stored: int
    dropped: int
    duplicates: int
    quarantined: int
    rate_per_s: float
    sqlite_version: str | None
    sqlite_affected: bool


_NAMES = {field.name for field in fields(IngestStatus)}


def read_status(data_dir: Path) -> IngestStatus | None:
    """The latest status, or None when ingest has never run here.

    It is overwritten in place while we read: what does not parse is read again.
    """
    for _ in range(_READS):
        try:
            said = json.loads((data_dir / FILE).read_bytes())
        except FileNotFoundError:
            return None
        except ValueError:
            continue
        if isinstance(said, dict) and said.keys() >= _NAMES:
            return IngestStatus(**{name: said[name] for name in _NAMES})
    return None
