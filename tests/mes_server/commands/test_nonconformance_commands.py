"""`mes nc`, as it is typed: opened, contained, disposed of with a PIN that is asked for, shown."""

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine

from mes_server.store.engine import open_engine, reading
from mes_server.store.ledger import iter_events
from tests.mes_server.actions.lot_floor import Floor
from tests.mes_server.actions.plan_floor import LIGHT
from tests.mes_server.commands.conftest import Call
from tests.mes_server.people_help import NOW_MS, PIN, give_pin, hire


@pytest.fixture
def engine(mes: Call, tmp_path: Path) -> Engine:
    (file,) = tmp_path.glob("*.db")
    made = open_engine(f"sqlite:///{file}")
    for badge, role in (("Q-1", "quality"), ("W-1", "operator")):
        hire(made, badge, [role])
        give_pin(made, tmp_path, badge)
    return made


def shown(mes: Call, code: str) -> dict[str, object]:
    (row,) = json.loads(mes("nc", "show", code, "--json").output)
    return dict(row)


def test_a_lot_is_held_by_a_command_and_freed_by_a_signature(mes: Call, engine: Engine) -> None:
    lot = Floor(engine, NOW_MS).receive(LIGHT)
    told = mes("nc", "open", "cracks", lot.lower(), "--source", "inspection").output
    code = told.split()[0]
    assert told == f"{code} is contained; 1 lots are held.\n"
    decide = (
        "nc",
        "dispose",
        code.lower(),
        "use_as_is",
        "customer agreed",
        "--until",
        "2999-01-31",
    )
    wrong = mes(
        *decide, "--reference", "C-7", "--sign", "q-1", typed="735102\n", exit_code=1
    ).output
    assert "do not fit" in wrong
    assert "735102" not in wrong
    assert "agreement first" in mes(*decide, "--sign", "Q-1", typed=f"{PIN}\n", exit_code=1).output
    other = mes(
        *decide, "--reference", "C-7", "--sign", "W-1", typed=f"{PIN}\n", exit_code=1
    ).output
    assert "may not sign" in other
    assert shown(mes, code)["state"] == "contained", "the negative control"
    told = mes(*decide, "--reference", "C-7", "--sign", "Q-1", typed=f"{PIN}\n").output
    assert told.endswith(f"{code} is disposed of: use_as_is.\n")
    found = shown(mes, code)
    assert (found["state"], found["signed"], found["reference"]) == (
        "disposed",
        "Q-1 (stands)",
        "C-7",
    )
    with reading(engine) as conn:
        assert not any(PIN in event.content for event in iter_events(conn))


def test_what_nobody_can_identify_is_contained_by_saying_how(mes: Call, engine: Engine) -> None:
    refused = mes("nc", "open", "no label", "--about", "unidentified", exit_code=1).output
    assert "how much" in refused
    told = mes("nc", "open", "no label", "--about", "unidentified", "--found", "1 box").output
    code = told.split()[0]
    assert mes("nc", "contain", code, "in the cage").output == f"{code} is contained.\n"
    rows = json.loads(mes("nc", "list", "--state", "contained", "--json").output)
    assert [(row["nonconformance"], row["lots"]) for row in rows] == [(code, 0)]
    assert json.loads(mes("nc", "list", "--state", "open", "--json").output) == []
    assert "There is no nonconformance" in mes("nc", "show", "nc26-9", exit_code=1).output
