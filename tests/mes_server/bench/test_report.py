"""The benchmark of reports measures what it says: a whole report, and a signed pack of the recall."""

from pathlib import Path

import pytest

from mes_server.actions.append_ledger import append_ledger
from mes_server.bench import report
from mes_server.domain.seal import first_break
from mes_server.store.engine import open_engine, reading
from mes_server.store.ledger import iter_events
from mes_server.store.papers import newest_papers
from mes_server.store.signatures import list_signatures


def test_a_small_bench_makes_a_report_with_curves_and_a_signed_pack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "OPERATIONS", 2)
    monkeypatch.setattr(report, "HOURS", 1)
    monkeypatch.setattr(report, "REPEATS", 2)
    monkeypatch.setattr(report, "PAGE", 700)
    made = report.measure_report(tmp_path)
    assert made.samples == 2 * 3600 * 12
    assert made.json_bytes > 50_000
    pack = report.measure_pack(tmp_path, 1_500, 100)
    assert (pack.events, pack.lots) == (1_500, 1_000)
    assert pack.found > 20
    assert "≤ 300" in report.page_of(made, pack)
    with reading(open_engine(f"sqlite:///{tmp_path / 'recall.db'}")) as conn:
        assert first_break(iter_events(conn)) is None
        (paper,) = newest_papers(conn, 5)
        assert list_signatures(conn, f"paper:{paper.number}")


def test_no_events_are_none(tmp_path: Path) -> None:
    assert list(report._drafts(0)) == []
    assert append_ledger.__doc__
