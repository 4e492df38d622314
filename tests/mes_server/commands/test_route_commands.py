"""`mes route`, as it is typed: checked, released once, listed and shown."""

import json
from pathlib import Path

from tests.mes_server.commands.conftest import Call
from tests.mes_server.domain.test_routes import content


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
