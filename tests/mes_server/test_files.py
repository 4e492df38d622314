"""A file is replaced whole or not at all, and stays replaced: what is on the disk, in which order."""

import os
from pathlib import Path

import pytest

from mes_server.files import replace_file, sync_folder


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What became durable or took a place, one after the other."""
    found: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def seen_fsync(number: int) -> None:
        fsync(number)
        found.append(f"sync {Path(f'/proc/self/fd/{number}').readlink().name}")

    def seen_replace(self: Path, target: Path) -> Path:
        found.append(f"{self.name} becomes {target.name}")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", seen_fsync)
    monkeypatch.setattr(Path, "replace", seen_replace)
    return found


def test_what_is_written_is_durable_before_it_takes_the_place_and_the_place_after(
    tmp_path: Path, steps: list[str]
) -> None:
    replace_file(tmp_path / "crl.pem", b"first")
    replace_file(tmp_path / "crl.pem", b"second")
    once = ["sync crl.pem.new", "crl.pem.new becomes crl.pem", f"sync {tmp_path.name}"]
    assert steps == once * 2
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("crl.pem", b"second")]


def test_a_cut_leaves_the_old_file_and_the_next_one_passes_over_what_was_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "crl.pem"
    replace_file(file, b"first")

    def cut(_number: int) -> None:
        raise OSError(5, "the power went")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", cut)
        with pytest.raises(OSError, match="the power went"):
            replace_file(file, b"second")
    assert file.read_bytes() == b"first"
    replace_file(file, b"third")
    assert file.read_bytes() == b"third"


def test_who_may_read_the_old_one_may_read_the_new_one_unless_it_is_said(tmp_path: Path) -> None:
    file = tmp_path / "broker.key"
    replace_file(file, b"key")
    assert file.stat().st_mode & 0o777 == 0o600, "nobody else"
    file.chmod(0o640)
    replace_file(file, b"another key")
    assert file.stat().st_mode & 0o777 == 0o640, "the broker's group was given it"
    replace_file(file, b"a third key", 0o600)
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        sync_folder(tmp_path / "nowhere")
