"""Writes what ingest says about itself over the file that is there: that works on a full disk, too."""

import json
import logging
import os
from dataclasses import asdict
from pathlib import Path

from mes_server.store.ingest_status import FILE, STATUS_BYTES, IngestStatus

_log = logging.getLogger(__name__)


class StatusFile:
    """The file of fixed size in the data directory."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / FILE
        self._descriptor: int | None = None

    def write(self, status: IngestStatus) -> None:
        """Overwrite it. What cannot be written is logged: nothing depends on it."""
        facts = asdict(status)
        text = json.dumps(facts)
        if len(text) >= STATUS_BYTES:
            facts["fault"] = str(status.fault)[:100]
            text = json.dumps(facts)
        try:
            if self._descriptor is None:
                self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
            os.pwrite(self._descriptor, text.ljust(STATUS_BYTES - 1).encode() + b"\n", 0)
        except OSError as error:
            _log.warning("the status file %s cannot be written: %s", self._path, error)
            self.close()

    def close(self) -> None:
        """Let go of the file; the next write opens it again."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
