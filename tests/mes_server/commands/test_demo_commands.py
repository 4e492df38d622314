"""`mes demo history` and the options of `mes run` about it, as they are typed."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mes_server.cli import main
from tests.brokers import free_port

Call = Callable[..., Result]


@pytest.fixture
def mes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Types `mes …` in a folder of its own."""
    monkeypatch.setenv("MES_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("MES_HTTP_PORT", str(free_port()))
    monkeypatch.setenv("MES_MQTT_PORT", str(free_port()))
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(main, words)


def test_a_history_is_made_once_says_how_much_it_is_and_can_be_verified(mes: Call) -> None:
    first = mes("demo", "history", "--days", "1")
    assert first.exit_code == 0, first.output
    assert "Made up in" in first.output
    assert "the ledger says so" in first.output
    again = mes("demo", "history", "--days", "1")
    assert again.exit_code == 0
    assert "There is a history from" in again.output
    verified = mes("verify")
    assert verified.exit_code == 0, verified.output


def test_where_people_were_added_by_hand_no_history_is_made_up(mes: Call) -> None:
    assert mes("db", "upgrade").exit_code == 0
    assert mes("people", "add", "R-1", "Real", "--role", "admin").exit_code == 0
    said = mes("demo", "history", "--days", "1")
    assert said.exit_code == 1
    assert "People were added here by hand" in said.stderr


@pytest.mark.parametrize("days", ["ninety", "9x", "-1"])
def test_days_that_are_no_number_are_a_wrong_call(mes: Call, days: str) -> None:
    said = mes("run", "--demo", f"--history={days}")
    assert said.exit_code == 2
    assert "write 90d" in said.stderr


def test_too_many_days_are_said_before_anything_starts(mes: Call, tmp_path: Path) -> None:
    said = mes("run", "--demo", "--history", "900d")
    assert said.exit_code == 1
    assert "1 to 300 days" in said.stderr
    assert not (tmp_path / "logs").exists()
