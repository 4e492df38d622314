"""`mes node ca` and what lets boards in, as it is typed."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from click.testing import Result

from firmware.onboard import keys
from mes_server.actions import enrol_node as enrol
from mes_server.actions.record_events import Book
from mes_server.actions.record_person import act_of
from mes_server.domain.identities import Asked
from mes_server.settings import read_settings
from mes_server.store.engine import open_engine
from mes_server.store.transaction import writing
from schemas.node_card import card_text
from tests.mes_server.commands.conftest import Call
from tests.mes_server.people_help import PIN, give_pin, hire

NAME = "forming/press-1"


@pytest.fixture
def mes(mes: Call, tmp_path: Path) -> Call:
    """With three people; whoever is asked types the PIN, which is not shown."""

    def call(*words: str, exit_code: int = 0) -> Result:
        result = mes(*words, exit_code=exit_code, typed=f"{PIN}\n")
        assert PIN not in result.output
        return result

    engine = open_engine(read_settings(os.environ).url)
    for badge, role in (("W-0007", "lead"), ("W-0042", "admin"), ("W-0100", "operator")):
        hire(engine, badge, [role])
        give_pin(engine, tmp_path, badge)
    engine.dispose()
    return call


def test_the_authority_is_made_once_and_its_servers_anew(mes: Call, tmp_path: Path) -> None:
    made = json.loads(mes("node", "ca", "--host", "mes.plant", "--json").output)[0]
    assert made["hosts"] == "mes.plant"
    assert "keep it off line" in mes("node", "ca").output
    before = (tmp_path / "pki" / "broker.crt").read_bytes()
    again = json.loads(mes("node", "ca", "--host", "10.1.2.3", "--json").output)[0]
    assert (again["root_sha256"], again["hosts"]) == (made["root_sha256"], "10.1.2.3")
    assert (tmp_path / "pki" / "broker.crt").read_bytes() != before
    told = mes("node", "ca", "--host", "shop.example", exit_code=1).output
    assert "shop.example is outside of what this CA was made for" in told


def test_an_authority_without_its_key_is_not_replaced(mes: Call, tmp_path: Path) -> None:
    mes("node", "ca", "--host", "mes.plant")
    (tmp_path / "pki" / "site.key").unlink()
    assert "No certificate authority" in mes("node", "ca", exit_code=1).output


def test_a_board_is_let_in_and_shut_out_from_the_console(mes: Call, tmp_path: Path) -> None:
    mes("node", "ca", "--host", "mes.plant")
    bench = tmp_path / "bench"
    bench.mkdir()
    card = card_text(*keys.begin(str(bench), "4f-1"))
    lee, wang = ("--badge", "W-0007"), ("--badge", "W-0042")
    refused = mes("node", "enrol", card, "--node", NAME, "--badge", "W-0100", exit_code=1)
    assert "W-0100" in refused.output
    mes("node", "enrol", card, "--node", NAME, *lee)
    assert "cannot approve it" in mes("node", "approve", NAME, *lee, exit_code=1).output
    mes("node", "approve", NAME, *wang)
    token = mes("node", "token", NAME, *lee).stdout.splitlines()[-1]
    (tmp_path / "press.csr").write_bytes(keys.csr(str(bench), "press-1"))
    redeem = ("node", "certificate", "--csr", "press.csr", "--serial", "4f-1", "--token", token)
    mes(*redeem, "--out", "press.pem")
    ways = ["openssl", "verify", "-CAfile", "pki/root.crt", "-untrusted", "press.pem", "press.pem"]
    assert subprocess.run(ways, cwd=tmp_path, check=False).returncode == 0
    assert "was used already" in mes(*redeem, exit_code=1).output
    (one,) = json.loads(mes("node", "identities", "--json").output)
    assert (one["node"], one["state"], one["approved_by"]) == (NAME, "enrolled", "W-0042")
    again = ("node", "renew", NAME, "--csr", "press.csr", "--out", "again.pem")
    mes(*again)
    assert (tmp_path / "press.pem").read_text().startswith((tmp_path / "again.pem").read_text())
    why = ("--why", "lost", "--reason", "left the plant")
    assert f"{NAME} is revoked." in mes("node", "revoke", NAME, *why, *wang).output
    assert json.loads(mes("node", "identities", "--json").output)[0]["state"] == "revoked"
    assert "mes node token" in mes(*again, exit_code=1).output
    gone = mes("node", "revoke", NAME, *why, *wang, exit_code=1).output
    assert "mes node identities" in gone
    mes("verify")


def test_a_board_is_found_to_be_revoked_however_many_others_wait(mes: Call) -> None:
    engine = open_engine(read_settings(os.environ).url)
    keys_of = {f"press-{number}": f"{number:064x}" for number in range(501)}
    with writing(engine) as conn:
        for node, key in keys_of.items():
            book = Book(conn, act_of("W-0007", 1))
            assert enrol.ask(book, Asked("4f-1", key, "forming", node)) == []
            book.close()
    engine.dispose()
    last = max(keys_of)
    why = ["--why", "mistaken", "--reason", "not ours", "--badge", "W-0042"]
    for which in (f"forming/{last}", keys_of["press-9"]):
        assert "is revoked" in mes("node", "revoke", which, *why).output
    assert "There is no" in mes("node", "revoke", "forming/press-501", *why, exit_code=1).output
