"""`mes gauge`, as it is typed: entered, calibrated, studied, listed."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mes_server.cli import main
from tests.mes_server.domain.published import AIAG_GRR

Call = Callable[..., Result]


@pytest.fixture
def mes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.setenv("MES_DATA_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert "MES_DATABASE_URL" not in os.environ

    def call(*words: str, exit_code: int = 0) -> Result:
        result = CliRunner().invoke(main, list(words))
        assert result.exit_code == exit_code, result.output
        return result

    call("db", "upgrade")
    return call


def test_a_gauge_is_entered_calibrated_and_listed(mes: Call) -> None:
    assert "it serves after" in mes("gauge", "add", "mic-07", "micrometer", "--days", "30").output
    assert "There is a gauge" in mes("gauge", "add", "MIC-07", "x", exit_code=1).output
    told = mes("gauge", "calibrate", "mic-07", "0.002", "--found", "5.000:5.001").output
    assert told == "MIC-07: good.\n"
    bad = mes("gauge", "calibrate", "MIC-07", "0.002", "--found", "5.000:5.020").output
    assert bad == "MIC-07: failed.\n"
    assert "REFERENCE:READING" in mes("gauge", "calibrate", "MIC-07", "1", "--found", "5", exit_code=2).output  # fmt: skip
    (row,) = json.loads(mes("gauge", "list", "--json").output)
    assert (row["gauge"], row["state"], row["type"]) == ("MIC-07", "failed", "micrometer")
    assert json.loads(mes("gauge", "affected", "MIC-07", "--json").output) == []
    assert "mes gauge list" in mes("gauge", "affected", "MIC-99", exit_code=1).output


def test_a_study_comes_from_a_table(mes: Call, tmp_path: Path) -> None:
    rows = [
        f"{name},{part:02},{value}"
        for name, parts in zip("ABC", AIAG_GRR, strict=True)
        for part, values in enumerate(parts)
        for value in values
    ]
    (tmp_path / "grr.csv").write_text(
        "appraiser,part,reading\n" + "\n".join(rows), encoding="utf-8"
    )
    told = mes("gauge", "study", "grr.csv", "--type", "micrometer", "--method", "ranges").output
    assert told == "GR&R 26.6826 %, ndc 5: fair, not accepted.\n"
    told = mes("gauge", "study", "grr.csv", "--type", "micrometer", "--method", "ranges", "--accept", "sorting").output  # fmt: skip
    assert told.endswith("fair, accepted.\n")
    (tmp_path / "half.csv").write_text("appraiser,part,reading\nA,1,1\n", encoding="utf-8")
    assert "study" in mes("gauge", "study", "half.csv", "--type", "m", exit_code=1).output
    (tmp_path / "none.csv").write_text("a,b\n", encoding="utf-8")
    assert "names the columns" in mes("gauge", "study", "none.csv", "--type", "m", exit_code=1).output  # fmt: skip
