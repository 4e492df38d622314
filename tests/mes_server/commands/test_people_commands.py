"""`mes people`: PINs are never arguments, tokens are shown once, what is refused ends with a sentence."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine

from mes_server.actions.sign_in import Attempt, Gate, SignedIn, sign_in
from mes_server.cli import main
from mes_server.commands.by_hand import now_ms
from mes_server.store.engine import open_engine, reading
from mes_server.store.ledger import iter_events
from mes_server.store.pins import pepper_file
from mes_server.store.schema import upgrade
from tests.mes_server.people_help import PIN, begin_session


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MES_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("MES_TIMEZONE", "Asia/Shanghai")
    engine = open_engine(f"sqlite:///{tmp_path / 'lodestone.db'}")
    upgrade(engine)
    return engine


def call(*words: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(main, ["people", *words], input=typed)


def done(*words: str, typed: str | None = None) -> str:
    result = call(*words, typed=typed)
    assert result.exit_code == 0, result.output
    return result.stdout


def told(*words: str) -> Any:
    return json.loads(done(*words, "--json"))


def signs_in(engine: Engine, folder: Path, badge: str, pin: str) -> bool:
    gate = Gate(engine, folder, 120_000, 900_000)
    return isinstance(sign_in(gate, Attempt(badge, pin, "::1"), now_ms()), SignedIn)


def test_somebody_is_added_gets_a_pin_and_signs_in(engine: Engine, tmp_path: Path) -> None:
    assert "set-pin W-1" in done("add", "w-1", "王芳", "--role", "operator", "--language", "zh")
    shown = call("set-pin", "w-1", typed=f"{PIN}\n{PIN}\n")
    assert shown.exit_code == 0
    assert PIN not in shown.output  # typed unseen
    assert signs_in(engine, tmp_path, "W-1", PIN)
    (tmp_path / "pin").write_text("592604\n")
    done("set-pin", "W-1", "--pin-file", str(tmp_path / "pin"))
    assert not signs_in(engine, tmp_path, "W-1", PIN)
    assert signs_in(engine, tmp_path, "W-1", "592604")
    (person,) = told("list")
    assert (person["badge"], person["roles"], person["pin"]) == ("W-1", "operator", "set")
    assert told("list", "--find", "nobody") == []


def test_a_pin_is_no_argument_and_no_option() -> None:
    for words in (("set-pin", "W-1", PIN), ("set-pin", "W-1", "--pin", PIN)):
        assert call(*words).exit_code == 2


def test_qualifications_last_to_the_end_of_a_day_in_the_plant(engine: Engine) -> None:
    done("add", "W-1", "Li", "--role", "operator")
    done("qualify", "W-1", "sintering", "--until", "2099-12-31")
    assert told("list")[0]["qualifications"] == "sintering until 2099-12-31T16:00+00:00"
    done("qualify", "W-1", "sintering", "--take")
    assert told("list")[0]["qualifications"] == ""
    assert call("qualify", "W-1", "sintering").exit_code == 2
    past = call("qualify", "W-1", "sintering", "--until", "2020-01-01")
    assert (past.exit_code, "future" in past.stderr) == (1, True)


def test_sessions_are_listed_and_ended(engine: Engine) -> None:
    done("add", "W-1", "Li", "--role", "operator")
    for _ in range(3):
        begin_session(engine, "W-1", now_ms())
    keys = [session["id"] for session in told("sessions", "W-1")]
    assert keys == [3, 2, 1]
    done("end", "W-1", "--session", "2")
    assert [session["id"] for session in told("sessions")] == [3, 1]
    assert done("end", "W-1") == "2 sessions ended.\n"
    assert told("sessions") == []
    assert len(told("sessions", "--all")) == 3
    assert [s["id"] for s in told("sessions", "--all", "--limit", "1", "--before", "3")] == [2]


def test_a_token_is_shown_once_on_stdout_alone(engine: Engine) -> None:
    done("add", "Q-1", "Lin", "--role", "quality")
    made = call("token", "make", "Q-1", "--name", "lab", "--scope", "read", "--days", "7")
    secret = made.stdout.strip()
    assert secret.startswith("mes_")
    assert "not shown again" in made.stderr
    (token,) = told("token", "list", "Q-1")
    assert (token["name"], token["scopes"], token["good"]) == ("lab", "read", True)
    assert secret not in done("token", "list")
    done("token", "revoke", "1")
    assert told("token", "list")[0]["good"] is False
    more = call("token", "make", "Q-1", "--name", "lab", "--scope", "people")
    assert (more.exit_code, "Choose from: " in more.stderr) == (1, True)
    assert call("token", "revoke", "9").exit_code == 1


def test_who_leaves_and_comes_back(engine: Engine) -> None:
    done("add", "W-1", "Li", "--role", "operator")
    assert call("disable", "W-1").exit_code == 2
    done("disable", "W-1", "--reason", "left")
    assert told("list")[0]["disabled_at"] is not None
    done("enable", "W-1")
    done("roles", "W-1", "--role", "lead", "--role", "operator")
    assert told("list")[0]["roles"] == "lead, operator"
    with reading(engine) as conn:
        events = list(iter_events(conn))
    assert [e.kind for e in events] == [
        "person_added", "person_disabled", "person_enabled", "roles_changed",
    ]  # fmt: skip
    assert all(event.person.startswith("console:") for event in events)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "W 1", "Li", "--role", "lead"), "cannot be a badge"),
        (("roles", "N-1", "--role", "lead"), "nobody with the badge N-1"),
        (("end", "N-1"), "nobody with the badge N-1"),
        (("disable", "N-1", "--reason", "x"), "nobody with the badge N-1"),
    ],
)
def test_what_is_refused_is_one_sentence(engine: Engine, words: tuple[str, ...], said: str) -> None:
    refused = call(*words)
    assert refused.exit_code == 1
    assert said in refused.stderr


def test_a_lost_key_is_made_anew_only_when_it_is_asked_for(engine: Engine, tmp_path: Path) -> None:
    done("add", "W-1", "Li", "--role", "operator")
    done("set-pin", "W-1", typed=f"{PIN}\n{PIN}\n")
    assert call("set-pin", "W-1", "--new-key", typed=f"{PIN}\n{PIN}\n").exit_code == 2
    pepper_file(tmp_path).unlink()
    lost = call("set-pin", "W-1", typed=f"{PIN}\n{PIN}\n")
    assert lost.exit_code == 1
    assert "--new-key" in lost.stderr
    done("set-pin", "W-1", "--new-key", typed=f"{PIN}\n{PIN}\n")
    assert signs_in(engine, tmp_path, "W-1", PIN)


def test_the_doctor_looks_at_the_key_of_the_pins(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def finding() -> tuple[bool, str]:
        said = json.loads(CliRunner().invoke(main, ["doctor", "--json"]).stdout)
        found = next(f for f in said if f["check"] == "people")
        return found["ok"], found["finding"]

    assert finding() == (True, "nobody has a PIN yet")
    done("add", "W-1", "Li", "--role", "operator")
    done("set-pin", "W-1", typed=f"{PIN}\n{PIN}\n")
    assert finding() == (True, "sign in with badge and PIN; 1 have one")
    pepper_file(tmp_path).chmod(0o644)
    assert finding()[0] is False
    pepper_file(tmp_path).chmod(0o600)
    monkeypatch.setenv("MES_OPEN_READING", "yes")
    assert finding()[0] is False
    pepper_file(tmp_path).unlink()
    ok, text = finding()
    assert (ok, "backup" in text) == (False, True)
