"""The status file: always of one size, always readable, even where nothing can be written."""

from dataclasses import replace
from pathlib import Path

import pytest

from mes_server.ingest.status import StatusFile
from mes_server.store.ingest_status import FILE, STATUS_BYTES, IngestStatus, read_status

STATUS = IngestStatus(1, 2, True, True, None, 3, 4, 5, 6, 7, 8, 9, 10.5, "3.53.4", False)


def test_what_is_written_is_read_and_the_file_keeps_its_size_and_place(tmp_path: Path) -> None:
    file = StatusFile(tmp_path)
    file.write(STATUS)
    inode = (tmp_path / FILE).stat().st_ino
    for fault in (None, "disk full", "x" * 5000):
        file.write(replace(STATUS, fault=fault))
        found = read_status(tmp_path)
        assert found is not None
        assert found.fault == (fault if fault is None else fault[:100])
        assert (tmp_path / FILE).stat().st_size == STATUS_BYTES
    assert (tmp_path / FILE).stat().st_ino == inode
    file.close()


def test_a_status_that_cannot_be_written_stops_nothing_and_is_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "not-there-yet"
    file = StatusFile(folder)
    file.write(STATUS)
    assert "cannot be written" in caplog.text
    folder.mkdir()
    file.write(STATUS)
    assert read_status(folder) == STATUS
    file.close()
