"""`mes gauge`, as it is typed: entered, calibrated, studied, listed."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from mes_server.cli import main
from schemas.line_protocols import FOLDER
from tests.mes_server.commands.conftest import Call
from tests.mes_server.domain.published import AIAG_GRR


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
    assert "grr_pct 26.6826" in told
    assert "ndc 5" in told
    assert told.endswith("fair, not accepted.\n")
    told = mes("gauge", "study", "grr.csv", "--type", "micrometer", "--method", "ranges", "--accept", "sorting").output  # fmt: skip
    assert told.endswith("fair, accepted.\n")
    (tmp_path / "half.csv").write_text("appraiser,part,reading\nA,1,1\n", encoding="utf-8")
    assert (
        "study of m is not whole"
        in mes("gauge", "study", "half.csv", "--type", "m", exit_code=1).output
    )
    (tmp_path / "none.csv").write_text("a,b\n", encoding="utf-8")
    assert "Columns are missing: part, value." in mes("gauge", "study", "none.csv", "--type", "m", exit_code=1).output  # fmt: skip


def test_the_protocols_of_gauges_are_listed_with_those_of_the_plant_first(
    mes: Call, tmp_path: Path
) -> None:
    ours = json.loads(mes("gauge", "protocols", "--json").output)
    named = {row["protocol"]: row for row in ours}
    assert (named["mettler_sics"]["line"], named["coating_ascii"]["certainty"]) == ("9600 8N1", "L")
    folder = tmp_path / "line_protocols"
    folder.mkdir()
    shutil.copy(Path(FOLDER) / "mettler_sics.json", folder / "our_balance.json")
    (first, *_) = json.loads(mes("gauge", "protocols", "--json").output)
    assert (first["protocol"], first["of"]) == ("our_balance", "plant")
    (folder / "half.json").write_text('{"rows": [{"since": "2026-01-01", "source": "s", "certainty": "H"}]}')  # fmt: skip
    told = mes("gauge", "protocols", exit_code=1).output
    assert "half.json: title: write en and zh; baud: write a whole number" in told


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"--protocol": "klingon"}, "`mes gauge protocols` lists"),
        ({"--mes": "mes.plant:8080"}, "--mes http://HOST:PORT"),
        ({"--token-file": "empty"}, "empty holds no token; `mes people token make"),
        ({"--port": "nothing://at/all"}, "MIC-07 cannot be listened to"),
    ],
)
def test_what_a_machine_beside_a_gauge_cannot_begin_with_is_told(
    mes: Call, tmp_path: Path, wrong: dict[str, str], words: str
) -> None:
    (tmp_path / "token").write_text("mes_secret\n")
    (tmp_path / "empty").write_text("\n")
    good = {"--port": "/dev/ttyUSB9", "--station": "lab-1", "--protocol": "number_unit", "--mes": "http://127.0.0.1:1", "--token-file": "token"}  # fmt: skip
    said = [word for pair in (good | wrong).items() for word in pair]
    result = CliRunner().invoke(main, ["gauge", "listen", "mic-07", *said])
    assert result.exit_code in (1, 2)
    assert words in result.output.replace("\n", " ")
