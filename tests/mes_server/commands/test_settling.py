"""What people settle from the command line: `mes node forget` and `mes quarantine`."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mes_server.cli import main
from mes_server.domain.messages import Message
from mes_server.store.engine import open_engine
from mes_server.store.schema import upgrade
from tests.mes_server.edge import NOW_MS, Edge
from tests.mes_server.mes import Mes


@pytest.fixture
def mes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mes:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MES_DATA_DIR", str(tmp_path))
    engine = open_engine(f"sqlite:///{tmp_path / 'lodestone.db'}")
    upgrade(engine)
    return Mes(engine)


def call(*words: str) -> Result:
    return CliRunner().invoke(main, words)


def told(*words: str) -> Any:
    result = call(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_node_is_forgotten_only_when_it_is_gone(mes: Mes) -> None:
    edge = Edge()
    mes.take(edge.nbirth(), edge.dbirth())
    refused = call("node", "forget", "sintering/ctl-1", "--by", "li")
    assert refused.exit_code == 1
    assert "sintering/ctl-1 is online" in refused.stderr
    mes.take(edge.ndeath())
    assert call("node", "forget", "sintering/ctl-1", "--by", "li").exit_code == 0
    assert told("node", "list") == []
    assert [(f["node"], f["who"]) for f in told("node", "forgotten")] == [("ctl-1", "li")]
    assert call("node", "forget", "sintering/nobody").exit_code == 1
    assert call("node", "forget", "ctl-1").exit_code == 2


def test_quarantine_is_listed_shown_tried_again_and_discarded(mes: Mes) -> None:
    mes.take(
        *[Message("spBv1.0/other/DDATA/plc-9/p", b"\xff?" + bytes([i]), NOW_MS) for i in range(4)]
    )
    listed = told("quarantine", "list")
    keys = [message["key"] for message in listed]
    assert keys == sorted(keys, reverse=True)
    assert [
        m["key"] for m in told("quarantine", "list", "--limit", "2", "--before", str(keys[1]))
    ] == keys[2:]
    shown = told("quarantine", "show", str(keys[-1]))
    assert base64.b64decode(shown["payload_base64"]) == b"\xff?\x00"
    assert "ff 3f 00" in call("quarantine", "show", str(keys[-1])).stdout
    assert told("quarantine", "retry", str(keys[0])) == {"messages": 1}
    assert mes.retry().retries is False
    span = f"{keys[-1]}-{keys[1]}"
    assert told("quarantine", "discard", span, "--reason", "a test") == {"messages": 3}
    assert [m["key"] for m in told("quarantine", "list")] == keys[:1]
    settled = {m["key"]: m["discarded"] for m in told("quarantine", "list", "--all")}
    assert settled == {keys[0]: None} | dict.fromkeys(keys[1:], "a test")


def test_what_cannot_be_done_is_one_sentence_and_an_exit_code(mes: Mes) -> None:
    assert call("quarantine", "show", "7").exit_code == 1
    assert call("quarantine", "retry", "7").exit_code == 1
    assert call("quarantine", "discard", "7", "--reason", "gone").exit_code == 1
    for wrong in (["7"], ["7", "--reason", " "], ["9-7", "--reason", "x"], ["x", "--reason", "x"]):
        assert call("quarantine", "discard", *wrong).exit_code == 2
    assert call("quarantine", "discard", "1-999999", "--reason", "x").exit_code == 2
