"""The benchmark of scans works on real processes, and notices when a scan is not accepted."""

import threading
from collections import deque
from pathlib import Path

import pytest

from mes_server.actions.upgrade_store import upgrade_store
from mes_server.bench import scans
from mes_server.bench.line import BenchError
from mes_server.bench.scans import Answered, Tablet, lines_of, measure_scans


@pytest.mark.slow
def test_scans_are_answered_alone_and_while_ingest_works(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    upgrade_store(url)
    found = measure_scans(tmp_path, url, phase_s=5)
    for phase in scans.PHASES:
        asked = {one.what for one in found[phase]}
        assert {"scan", "what waits and what is next"} <= asked
        assert sum(one.what == "scan" for one in found[phase]) > scans.TABLETS


def test_the_page_shows_both_and_how_much_slower_ingest_makes_it() -> None:
    whats = ("scan", "unload", "what waits and what is next")
    found = {
        "alone": [Answered(w, 0, 10.0) for w in whats],
        "busy": [Answered(w, 0, 25.0) for w in whats],
    }
    page = lines_of(found)
    assert page[2].replace("|", " ").split()[-4:] == ["1", "10.0", "10.0", "10.0"]
    assert page[3].rstrip(" |").endswith("2.50")
    with pytest.raises(BenchError, match="unload: nothing was answered"):
        lines_of({phase: found[phase][:1] for phase in scans.PHASES})


def test_a_tablet_that_nobody_answers_says_so() -> None:
    tablet = Tablet(1, "no token", "furnace-0000", deque(["G26-000001-XX"]))
    tablet.work(threading.Event())
    assert tablet.fault.startswith("furnace-0000: ConnectionRefusedError")
    assert tablet.answered == []
