"""Every test begins with no statistics of instruments: they are kept for the whole of a board's run."""

import pytest

from firmware.drivers import bus_stats


@pytest.fixture(autouse=True)
def no_statistics() -> None:
    bus_stats._tallies.clear()
