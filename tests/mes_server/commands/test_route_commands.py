"""`mes route`, as it is typed: checked, released once, listed and shown."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mes_server.cli import main
from tests.mes_server.domain.test_routes import content

Call = Callable[..., Result]


@pytest.fixture
def mes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.setenv("MES_DATA_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    def call(*words: str, exit_code: int = 0) -> Result:
        result = CliRunner().invoke(main, list(words))
        assert result.exit_code == exit_code, result.output
        return result

    call("db", "upgrade")
    return call


def test_a_route_is_checked_released_once_listed_and_shown(mes: Call, tmp_path: Path) -> None:
    file = tmp_path / "r1.json"
    file.write_text(json.dumps(content()), encoding="utf-8")
    assert mes("route", "check", "r1.json").output == "It can be released.\n"
    assert mes("route", "release", "r1.json").output == "R1/B is released.\n"
    again = mes("route", "release", "r1.json", exit_code=1)
    assert "R1/B is released already; write a new one" in again.output
    assert "sinter > hip? > age > phosphate|plate > pack" in mes("route", "list").output
    assert json.loads(mes("route", "show", "R1/B").output) == content()
    assert "mes route list" in mes("route", "show", "R9/A", exit_code=1).output


def test_every_fault_of_a_file_is_told(mes: Call, tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text(json.dumps(content(steps=[], code="")), encoding="utf-8")
    told = mes("route", "check", "bad.json", exit_code=3).output
    assert {"code: write it", "steps: write at least one"} <= set(told.splitlines())
    (tmp_path / "text.json").write_text("{", encoding="utf-8")
    assert "is no JSON" in mes("route", "release", "text.json", exit_code=1).output
    (tmp_path / "list.json").write_text("[]", encoding="utf-8")
    assert "write one JSON object" in mes("route", "release", "list.json", exit_code=1).output
