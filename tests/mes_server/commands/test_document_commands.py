"""`mes document`, as it is typed: checked, released by signature, listed and shown."""

import json
import os
from pathlib import Path

import pytest

from mes_server.settings import read_settings
from mes_server.store.engine import open_engine
from tests.mes_server.commands.conftest import Call
from tests.mes_server.domain.plan_making import plan
from tests.mes_server.people_help import PIN, give_pin, hire


@pytest.fixture
def mes(mes: Call, tmp_path: Path) -> Call:
    """With somebody who releases."""
    engine = open_engine(read_settings(os.environ).url)
    hire(engine, "Q-1", ["quality"])
    give_pin(engine, tmp_path, "Q-1")
    engine.dispose()
    return mes


def test_a_plan_is_checked_signed_listed_and_shown(mes: Call, tmp_path: Path) -> None:
    (tmp_path / "cp1.json").write_text(json.dumps(plan()), encoding="utf-8")
    assert mes("document", "check", "plan", "cp1.json").output == "It can be released.\n"
    told = mes("document", "release", "plan", "cp1.json", "--badge", "Q-1", typed=f"{PIN}\n")
    assert "CP-1/A is released." in told.output
    assert PIN not in told.output
    again = mes(
        "document", "release", "plan", "cp1.json", "--badge", "Q-1", typed=f"{PIN}\n", exit_code=1
    )
    assert "CP-1/A is released already." in again.output
    assert json.loads(mes("document", "list", "plan", "--json").output)[0]["by"] == "Q-1"
    assert json.loads(mes("document", "show", "plan", "CP-1/A").output) == plan()
    assert "mes document list plan" in mes("document", "show", "plan", "X/Y", exit_code=1).output


def test_a_wrong_pin_releases_nothing_and_every_fault_is_told(mes: Call, tmp_path: Path) -> None:
    (tmp_path / "cp1.json").write_text(json.dumps(plan()), encoding="utf-8")
    wrong = mes(
        "document", "release", "plan", "cp1.json", "--badge", "Q-1", typed="735102\n", exit_code=1
    )
    assert "Badge Q-1 and PIN do not fit" in wrong.output
    assert mes("document", "list", "plan", "--json").output.strip() == "[]"
    (tmp_path / "bad.json").write_text(json.dumps(plan(phase="soon", parts=[])), encoding="utf-8")
    told = mes("document", "check", "plan", "bad.json", exit_code=3).output
    assert "phase: write one of" in told
    (tmp_path / "text.json").write_text("{", encoding="utf-8")
    assert "is no JSON" in mes("document", "check", "plan", "text.json", exit_code=1).output
    (tmp_path / "list.json").write_text("[]", encoding="utf-8")
    assert (
        "write one JSON object" in mes("document", "check", "plan", "list.json", exit_code=1).output
    )
