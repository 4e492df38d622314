"""The commands of `mes`, as they are typed, over a real store."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mes_server.cli import main
from mes_server.store.engine import open_engine
from tests.mes_server.edge import Edge
from tests.mes_server.mes import Mes

Call = Callable[..., Result]


@pytest.fixture
def mes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Types `mes …` in a folder of its own."""
    monkeypatch.setenv("MES_DATA_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(main, words)


@pytest.fixture
def plant(mes: Call, tmp_path: Path) -> Path:
    """A data directory whose store has met one node with one station."""
    assert mes("db", "upgrade").exit_code == 0
    engine = open_engine(f"sqlite:///{tmp_path / 'lodestone.db'}")
    edge = Edge()
    Mes(engine).take(edge.nbirth(), edge.dbirth(), edge.live({"state": "running"}))
    engine.dispose()
    return tmp_path


def test_a_store_that_is_not_there_yet_is_said_in_a_sentence(mes: Call) -> None:
    for words in (("station", "list"), ("node", "list")):
        said = mes(*words)
        assert said.exit_code == 1
        assert "not set up" in said.stderr
        assert "`mes db upgrade`" in said.stderr
        assert "Traceback" not in said.output


def test_a_data_directory_that_is_gone_is_said_in_a_sentence(
    mes: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MES_DATA_DIR", str(tmp_path / "not-there"))
    said = mes("node", "list")
    assert said.exit_code == 1
    assert said.stderr.startswith("Error: The database cannot be used (io: unable to open")


def test_wrong_settings_are_a_wrong_call(mes: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MES_HTTP_PORT", "80a")
    said = mes("station", "list")
    assert said.exit_code == 2
    assert "MES_HTTP_PORT='80a'" in said.stderr


def test_an_upgrade_can_be_asked_for_twice(mes: Call) -> None:
    assert mes("db", "upgrade").exit_code == 0
    assert mes("db", "upgrade").exit_code == 0
    assert mes("station", "list").output == "none\n"


@pytest.mark.usefixtures("plant")
def test_stations_are_listed_as_a_table_and_as_json(mes: Call) -> None:
    header, row = mes("station", "list").output.splitlines()
    assert header.split()[:2] == ["id", "type"]
    assert row.split()[:5] == ["sinter-1", "sinter_furnace", "sintering", "ctl-1", "True"]
    (fact,) = json.loads(mes("station", "list", "--json").output)
    assert (fact["id"], fact["state"]) == ("sinter-1", "running")


@pytest.mark.usefixtures("plant")
def test_nodes_are_listed_with_what_of_their_journal_is_stored(mes: Call) -> None:
    header, row = mes("node", "list").output.splitlines()
    assert header.startswith("group      node")
    assert row.split()[:3] == ["sintering", "ctl-1", "True"]
    (fact,) = json.loads(mes("node", "list", "--json").output)
    assert (fact["watermark"], fact["epoch"], fact["quarantined"]) == (1, Edge().epoch, 0)


def test_station_types_are_listed_in_both_languages_without_a_store(mes: Call) -> None:
    table = mes("station", "types").output
    assert "Vacuum sintering furnace" in table
    assert "真空烧结炉" in table
    types = json.loads(mes("station", "types", "--json").output)
    assert {"sinter_furnace", "jet_mill"} < {kind["type"] for kind in types}


def test_the_doctor_ends_with_3_when_something_needs_a_hand(
    mes: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MES_MQTT_PORT", "1")  # nothing of ours listens there
    said = mes("doctor")
    assert said.exit_code == 3
    assert "!!  ingest" in said.output
    findings = {f["check"]: f for f in json.loads(mes("doctor", "--json").output)}
    assert findings["database"]["ok"]
    assert not findings["broker"]["ok"]
    assert ":1;" in findings["broker"]["finding"]


def test_a_demo_fault_is_switched_on_and_mended(mes: Call, tmp_path: Path) -> None:
    refused = mes("demo", "fault", "sinter-1", "sensor_open")
    assert refused.exit_code == 1
    assert "There is no demo plant" in refused.stderr
    kinds = {"sinter-1": "sinter_furnace", "mill-1": "jet_mill"}
    board = {"stations": [{"station": name, "type": kind} for name, kind in kinds.items()]}
    (tmp_path / "demo" / "ctl-1").mkdir(parents=True)
    (tmp_path / "demo" / "ctl-1" / "station.json").write_text(json.dumps(board))
    file = tmp_path / "demo" / "faults.json"
    words = ("sinter-1", "sensor_open", "--metric", "zone_1_temperature_c", "--minutes", "2")
    assert "is on" in mes("demo", "fault", *words).output
    assert mes("demo", "fault", "mill-1", "leak").exit_code == 0
    first, second = json.loads(file.read_text(encoding="utf-8"))["faults"]
    assert first["to_ms"] - first["from_ms"] == 120_000
    assert (second["metric"], second["to_ms"]) == (None, None)
    assert mes("demo", "mend", "sinter-1").output == "1 faults ended, 1 left.\n"
    assert mes("demo", "mend").output == "1 faults ended, 0 left.\n"


def test_every_command_says_what_it_does(mes: Call) -> None:
    listed = mes("--help").output.partition("Commands:")[2]
    for line in listed.strip().splitlines():
        name, _, short = line.strip().partition(" ")
        assert short.strip(), f"{name} has no help"
        assert mes(name, "--help").exit_code == 0
