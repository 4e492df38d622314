"""Every test begins with no statistics of instruments (they are kept for the whole of a board's run); and a workbench."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware.drivers import bus_stats
from tests.firmware.workbench import Bench, few_files


@pytest.fixture(autouse=True)
def no_statistics() -> None:
    bus_stats._tallies.clear()


@pytest.fixture
def bench(
    micropython: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Iterator[Bench]:
    """A board at the end of a cable, with the workshop's tool; a whole image only for those marked so."""
    if "whole" not in request.keywords:
        few_files(monkeypatch)
    made = Bench(micropython, tmp_path, capsys)
    yield made
    made.unplug()
