"""`mes firmware` and `mes node list`, as they are typed: trust a key, take in a release, roll it out, stop it."""

import json
import os
from pathlib import Path

from mes_server.settings import read_settings
from mes_server.store.engine import open_engine
from tests.mes_server.actions.fleet import Fleet, make_release, public_key
from tests.mes_server.commands.conftest import Call


def test_a_release_is_taken_in_and_rolled_out(mes: Call, tmp_path: Path) -> None:
    folder = str(make_release(tmp_path / "releases"))
    assert "mes firmware trust" in mes("firmware", "import", folder, exit_code=1).output
    (tmp_path / "workshop.pub").write_text(public_key().hex(), encoding="ascii")
    (tmp_path / "nonsense").write_text("?", encoding="ascii")
    assert "no public Ed25519" in mes("firmware", "trust", "nonsense", exit_code=1).output
    mes("firmware", "trust", "workshop.pub")
    (key,) = json.loads(mes("firmware", "keys", "--json").output)
    assert key == {"key": public_key().hex(), "name": "workshop"}
    assert "0.2.0-esp32_s3 is taken in" in mes("firmware", "import", folder).output
    assert "is here already" in mes("firmware", "import", folder).output
    (row,) = json.loads(mes("firmware", "list", "--json").output)
    assert (row["release"], row["counter"], row["key"]) == ("0.2.0-esp32_s3", 2, "workshop")

    fleet = Fleet(open_engine(read_settings(os.environ).url), tmp_path)
    fleet.add(2)
    begin = ("firmware", "roll-out", "begin", "0.2.0-esp32_s3")
    assert "mes firmware import" in mes(*begin[:3], "1-x", "sintering/ctl-1", exit_code=1).output
    assert "no node of ours" in mes(*begin, "sintering/ctl-9", exit_code=1).output
    code = mes(*begin, "sintering/ctl-1").output.partition(":")[0]
    (row,) = json.loads(mes("firmware", "roll-out", "list", "--json").output)
    assert (row["roll_out"], row["node"], row["stands"]) == (code, "sintering/ctl-1", "waiting")
    roll = ("firmware", "roll-out")
    assert "does not run the release yet" in mes(*roll, "widen", code, "--percent", "50", exit_code=1).output  # fmt: skip
    assert "has not failed" in mes(*roll, "again", code, "sintering/ctl-1", exit_code=1).output
    mes(*roll, "stop", code, "--reason", "audit")
    mes(*roll, "resume", code)
    mes(*roll, "withdraw", code, "--reason", "a better one comes")
    assert "withdrawn" in mes(*roll, "list").output
    mes("firmware", "distrust", public_key().hex(), "--reason", "lost")
    assert (
        "is not trusted" in mes("firmware", "distrust", "00", "--reason", "x", exit_code=1).output
    )
    assert json.loads(mes("firmware", "list", "--json").output)[0]["key"] == "withdrawn"


def test_nodes_are_listed_with_their_boards(mes: Call, tmp_path: Path) -> None:
    fleet = Fleet(open_engine(read_settings(os.environ).url), tmp_path)
    fleet.add(1)
    (row,) = json.loads(mes("node", "list", "--json").output)
    assert (row["image"], row["update"], row["link"]) == ("0.1.0 a", "idle", None)
