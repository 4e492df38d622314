"""`mes lot` and `mes verify`, as they are typed, over a real store."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from mes_server.actions.anchor_ledger import anchor_ledger
from mes_server.store.engine import open_engine, reading
from mes_server.store.ledger import head, list_events
from mes_server.store.lots import load_lot
from mes_server.store.nodes import ensure_node, note_node
from mes_server.store.schema import upgrade
from mes_server.store.transaction import writing
from tests.mes_server.commands.conftest import Call
from tests.mes_server.web.lot_story import tell


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{tmp_path / 'lodestone.db'}")
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def story(engine: Engine) -> dict[str, str]:
    return tell(engine)


def test_a_lot_is_shown_with_runs_and_events(mes: Call, story: dict[str, str]) -> None:
    shown = mes("lot", "show", story["block"]).output
    for word in (story["block"], "used_up", "age-1", "lot_sent_back", "soak too short"):
        assert word in shown
    facts = json.loads(mes("lot", "show", story["block"], "--json").output)
    assert facts["status"] == "used_up"
    assert all(event["sealed"] for event in facts["events"])
    assert "There is no lot X" in mes("lot", "show", "X", exit_code=1).output


def test_a_trace_and_a_recall_say_where_everything_is(mes: Call, story: dict[str, str]) -> None:
    assert story["raw"] in mes("lot", "trace", story["pack"]).output
    recalled = mes("lot", "recall", story["powder"]).output
    assert "Motorenwerk" in recalled
    assert "shipped: 1 lots" in recalled
    assert "mass accounted for" in recalled
    found = json.loads(mes("lot", "recall", "TC-9", "--as", "resource", "--json").output)
    assert (len(found["lots"]), found["starts"]) == (16, 4)
    run = next(lot["run"] for lot in found["lots"] if lot["run"])
    assert story["running"] in mes("lot", "recall", run).output
    assert "say what it is with --as" in mes("lot", "recall", "TC-9", exit_code=2).output
    station = ("lot", "recall", "sinter-1", "--as", "station")
    assert "--from and --to" in mes(*station, exit_code=2).output
    assert "is no time" in mes(*station, "--from", "x", "--to", "y", exit_code=2).output
    span = ("--from", "2026-11-23T09:00:00Z", "--to", "2026-11-23T11:00:00Z")
    assert story["pack"] in mes(*station, *span).output


def test_a_recall_can_hold_all_it_finds(mes: Call, engine: Engine, story: dict[str, str]) -> None:
    said = mes("lot", "recall", "TC-9", "--as", "resource", "--hold", "TC-9 drifted", "--by", "Q7")
    assert "8 lots are held" in said.output
    with reading(engine) as conn:
        lot = load_lot(conn, story["pack"])
    assert lot is not None
    assert list(lot.holds.values()) == ["TC-9 drifted"]


def test_a_lot_is_held_and_released(mes: Call, engine: Engine, story: dict[str, str]) -> None:
    mes("lot", "hold", story["powder"], story["waste"], "--reason", "oxygen")
    assert (
        "Say which hold" in mes("lot", "release", story["raw"], "--reason", "x", exit_code=2).output
    )
    mes("lot", "release", story["powder"], "--reason", "measured again")
    with reading(engine) as conn:
        lot = load_lot(conn, story["powder"])
    assert lot is not None
    assert lot.holds == {}
    refused = mes("lot", "hold", story["powder"], "L26-000099-XX", "--reason", "x", exit_code=1)
    assert "There is no lot L26-000099-XX" in refused.output


def test_verify_names_the_first_broken_event(
    mes: Call, engine: Engine, tmp_path: Path, story: dict[str, str]
) -> None:
    anchor_ledger(engine, tmp_path)
    assert "and 1 anchors: as they were sealed" in mes("verify").output
    assert json.loads(mes("verify", "--json").output)[0]["broken"] is None
    with writing(engine) as conn:
        for guard in ("ledger_no_update", "ledger_no_delete"):
            conn.execute(text(f"DROP TRIGGER {guard}"))
        conn.execute(text("DELETE FROM ledger WHERE number > 90"))
    broken = mes("verify", exit_code=1).output
    assert "Event 91 of the ledger is broken: an anchor remembers it" in broken
    assert "of the file of anchors, told at 20" in broken
    assert "docs/ledger.md" in broken
    with writing(engine) as conn:
        conn.execute(text("UPDATE ledger SET person = 'X' WHERE number = 7"))
    assert (
        "Event 7 of the ledger is broken: it is not what was sealed"
        in mes("verify", exit_code=1).output
    )
    facts = json.loads(mes("verify", "--json", exit_code=1).stdout)
    assert (facts[0]["broken"], facts[0]["why"]) == (7, "changed")


def test_a_paper_and_an_edge_are_compared_with_the_ledger(
    mes: Call, engine: Engine, story: dict[str, str]
) -> None:
    with reading(engine) as conn:
        last = head(conn, 0)
    with writing(engine) as conn:
        told = f"{last.number} {last.hash} 1795500000000"
        note_node(conn, ensure_node(conn, "sintering", "ctl-1"), anchors=told)
    paper = last.on_paper()
    said = mes("verify", "--anchor", paper, "--anchor", f"1:{_hash(engine, 1)[:12]}").output
    assert f"{last.number} events and 3 anchors: as they were sealed." in said
    assert f"Yes: the ledger holds {paper} of the paper" in said
    with writing(engine) as conn:
        conn.execute(text("DROP TRIGGER ledger_no_delete"))
        conn.execute(text("DELETE FROM ledger WHERE number > 90"))
    result = mes("verify", "--anchor", paper, "--anchor", f"90:{_hash(engine, 90)}", exit_code=1)
    assert f"No: the ledger does not hold {paper} of the paper." in result.stderr
    node = f"{last.number}:{last.hash} of node sintering/ctl-1, told at 2026-11-2"
    assert node in result.stderr
    assert "Keep the database, the file and the papers" in result.stderr
    assert result.stdout == (
        f"Yes: the ledger holds 90:{_hash(engine, 90)[:16]} of the paper; "
        "up to there it is what it was then.\n"
    )
    facts = json.loads(mes("verify", "--anchor", paper, "--json", exit_code=1).stdout)[0]
    assert [row["source"] for row in facts["unknown"]] == ["node sintering/ctl-1", "the paper"]
    refused = mes("verify", "--anchor", "90:abc", exit_code=2).output
    assert "is not COUNT:HASH with 12 to 64 characters" in refused


def _hash(engine: Engine, number: int) -> str:
    with reading(engine) as conn:
        return list_events(conn, number - 1, 1)[0].hash


def test_verify_names_what_was_changed_beside_the_ledger_and_it_is_made_anew(
    mes: Call, engine: Engine, story: dict[str, str]
) -> None:
    with writing(engine) as conn:
        conn.execute(text("UPDATE lot SET holds = '{}'"))
    told = mes("verify", exit_code=1).output
    assert f"lot:{story['held']}" in told
    assert "`mes db rebuild`" in told
    assert (
        f"lot:{story['held']}"
        in json.loads(mes("verify", "--json", exit_code=1).output.split("The tables")[0])[0][
            "strayed"
        ]
    )
    assert "lots were made anew" in mes("db", "rebuild").output
    assert json.loads(mes("verify", "--json").output)[0]["strayed"] == []
