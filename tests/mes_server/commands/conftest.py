"""`mes …` as it is typed, in a folder of its own with a store that is up to date."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mes_server.cli import main

Call = Callable[..., Result]


@pytest.fixture
def mes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """mes(*words, exit_code=0, typed=""): its result; `typed` is what it is answered when it asks."""
    monkeypatch.setenv("MES_DATA_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert "MES_DATABASE_URL" not in os.environ

    def call(*words: str, exit_code: int = 0, typed: str = "") -> Result:
        result = CliRunner().invoke(main, list(words), input=typed)
        assert result.exit_code == exit_code, result.output
        return result

    call("db", "upgrade")
    return call
