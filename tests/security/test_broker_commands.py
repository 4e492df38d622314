"""`mes broker config` and `keep`, `mes broker` and the doctor: what an administrator of a broker does."""

import json
import os
import shutil
import sqlite3
import ssl
import sys
from base64 import encodebytes
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mes_server import broker
from mes_server.actions.upgrade_store import upgrade_store
from mes_server.broker_access import NATS_NODES
from mes_server.cli import main
from mes_server.demo import identities
from mes_server.settings import read_settings
from mes_server.store.engine import open_engine, reading
from mes_server.store.identities import allowed_nodes
from tests.brokers import KINDS, Process, free_port, mosquitto, wait_until
from tests.security.rogue import Rogue
from tests.security.secured import Identity, Site

NODE = "ctl-sinter-1"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [one for one in os.environ if one.startswith("MES_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MES_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "var"


def mes(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def started(kind: str, folder: Path) -> Process:
    """The broker that an administrator starts from such a folder."""
    if kind == "nats":
        command = [str(broker.binary()), "-c", str(folder / "nats.conf")]
    else:
        user = "user root\n" if os.geteuid() == 0 else ""
        (folder / "main.conf").write_text(f"{user}include_dir {folder / 'conf.d'}\n")
        (folder / "conf.d").mkdir()
        shutil.copy(folder / "lodestone.conf", folder / "conf.d")
        command = [mosquitto(), "-c", str(folder / "main.conf")]
    process = Process(command, folder / "log")
    process.start()
    return process


@pytest.fixture(params=KINDS)
def elsewhere(
    request: pytest.FixtureRequest, data: Path, tmp_path: Path
) -> Iterator[tuple[str, Path, int, Process]]:
    """A broker run elsewhere, for the demo's nodes: its kind, its folder there, its port and its process."""
    kind, port = str(request.param), free_port()
    assert "mes node ca" in mes("broker", "config", "--kind", kind, "--out", "out").output
    assert mes("node", "ca").exit_code == 0
    identities.let_in(read_settings(os.environ | {"MES_MQTT_TLS": "yes"}), 7)
    there = tmp_path / "there"
    told = mes(
        "broker",
        "config",
        "--kind",
        kind,
        "--out",
        "out",
        "--there",
        str(there),
        "--listen",
        f"127.0.0.1:{port}",
    )
    assert told.exit_code == 0, told.output
    assert "12 nodes may speak" in told.output
    shutil.copytree("out", there)
    process = started(kind, there)
    try:
        wait_until(lambda: broker.answers("127.0.0.1", port), "the broker")
        yield kind, there, port, process
    finally:
        process.stop()


def node(data: Path) -> Identity:
    """A controller of the demo, with files that CPython takes."""
    folder = data / "demo" / NODE
    first = (folder / "cert.der").read_bytes()
    size = int.from_bytes(first[2:4], "big") + 4
    (folder / "one.crt").write_text(ssl.DER_cert_to_PEM_cert(first[:size]))
    key = encodebytes((folder / "key.der").read_bytes()).decode()
    (folder / "one.key").write_text(
        f"-----BEGIN PRIVATE KEY-----\n{key}-----END PRIVATE KEY-----\n"
    )
    return Identity(NODE, data / "pki" / "root.crt", folder / "one.crt", folder / "one.key")


def is_let_in(port: int, who: Identity | None) -> bool:
    try:
        client = Rogue(port, who)
        client.connect(NODE)
        found = client.welcome()
        client.vanish()
    except OSError:
        return False
    return found


def test_a_broker_run_elsewhere_has_all_it_needs_in_one_folder(
    elsewhere: tuple[str, Path, int, Process], data: Path
) -> None:
    _, there, port, process = elsewhere
    shutil.rmtree("out")
    assert is_let_in(port, node(data)), process.said()
    assert not is_let_in(port, None)
    assert (there / "broker.key").stat().st_mode & 0o077 == 0


def test_the_keeper_of_a_broker_run_elsewhere_copies_and_tells_it(
    elsewhere: tuple[str, Path, int, Process], data: Path, tmp_path: Path
) -> None:
    kind, there, port, process = elsewhere
    assert is_let_in(port, node(data))
    running = process.running
    assert running is not None
    hook = tmp_path / "hook"
    hook.write_text(f"#!/bin/sh\ncp out/* {there}/ && kill -$1 {running.pid}\n")
    hook.chmod(0o755)
    keeper = Process(
        [sys.executable, "-m", "mes_server.cli", "broker", "keep", "--kind", kind, "--out", "out",
         "--reload", f"{hook} HUP", "--cut", f"{hook} {'HUP' if kind == 'nats' else 'TERM'}"],
        tmp_path / "keeper.log", {"PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    keeper.start()
    try:
        wait_until(lambda: "knows 12 nodes" in keeper.said(), "the keeper to begin")
        engine = open_engine(f"sqlite:///{data / 'lodestone.db'}")
        with reading(engine) as conn:
            (one,) = [one for one in allowed_nodes(conn) if one.node == NODE]
        identities.revoke(engine, one.key)
        wait_until(lambda: f"cut: sintering/{NODE}" in keeper.said(), "the keeper to tell it")
        if kind == "mosquitto":
            wait_until(lambda: running.poll() is not None, "Mosquitto to end")
            process.start()
            wait_until(lambda: broker.answers("127.0.0.1", port), "Mosquitto again")
        wait_until(lambda: not is_let_in(port, node(data)), "the node to be refused")
        assert is_let_in(
            port, Identity("mes", data, data / "pki" / "mes.crt", data / "pki" / "mes.key")
        )
    finally:
        assert keeper.stop() == 0


def test_wrong_calls_are_told_what_to_write(data: Path) -> None:
    assert mes("node", "ca").exit_code == 0
    upgrade_store(f"sqlite:///{data / 'lodestone.db'}")
    said = mes("broker", "config", "--kind", "nats", "--out", "out", "--listen", "8883")
    assert (said.exit_code, "HOST:PORT" in said.output) == (2, True)
    elsewhere = ("broker", "keep", "--kind", "mosquitto", "--out", ".")
    for hooks in (
        ("--reload", ""),
        ("--reload", "true", "--cut", "restart 'it"),
        ("--reload", " "),
    ):
        said = mes(*elsewhere, *hooks)
        assert said.exit_code == 2, "at the start, not when a node is revoked"
        assert "--reload and --cut" in said.output
    said = mes("broker", "keep", "--kind", "nats")
    assert (said.exit_code, "--reload" in said.output) == (2, True)


def test_without_tls_the_broker_keeps_to_loopback(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MES_MQTT_HOST", "0.0.0.0")
    said = mes("broker")
    assert said.exit_code == 1
    assert "MES_MQTT_TLS=yes" in said.output
    assert not (data / "broker" / "nats.conf").exists()


def test_the_doctor_says_what_is_wrong_with_tls(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MES_MQTT_TLS", "yes")
    monkeypatch.setenv("MES_MQTT_PORT", str(free_port()))

    def finding(check: str) -> tuple[bool, str]:
        found = json.loads(mes("doctor", "--json").output)
        (one,) = [one for one in found if one["check"] == check]
        return one["ok"], one["finding"]

    assert finding("certificates")[0] is False
    assert mes("node", "ca").exit_code == 0
    assert "first to end" in finding("certificates")[1]
    for name in ("broker", "mes"):  # a power cut after the new key and before its certificate
        before = (data / "pki" / f"{name}.crt").read_bytes()
        assert mes("node", "ca", "--host", "127.0.0.1").exit_code == 0
        (data / "pki" / f"{name}.crt").write_bytes(before)
        assert finding("certificates")[0] is False
        assert f"{name}.key is not the key of {name}.crt" in finding("certificates")[1]
        assert mes("node", "ca", "--host", "127.0.0.1").exit_code == 0
        assert finding("certificates")[0] is True
    assert "nothing answers" in finding("broker")[1]
    command = broker.command(read_settings(os.environ))
    process = Process(command, data / "log")
    process.start()
    try:
        wait_until(lambda: "certificate of this site" in finding("broker")[1], "the broker")
        shutil.rmtree(data / "pki")
        assert mes("node", "ca").exit_code == 0
        assert "is not this site's" in finding("broker")[1]
    finally:
        process.stop()


@pytest.mark.parametrize("left", ["", "# cut", "users: [\n  { user: "])
def test_a_broker_whose_list_was_cut_off_lets_in_the_mes_alone(
    data: Path, tmp_path: Path, left: str
) -> None:
    """nats-server itself would let in whoever has a certificate where the list is empty."""
    site, port = Site(tmp_path / "site"), free_port()
    asked = {"MES_MQTT_TLS": str(site.pki), "MES_MQTT_PORT": str(port)}
    folder = data / "broker"
    folder.mkdir(parents=True)
    (folder / NATS_NODES).write_text(left)
    process = Process(broker.command(read_settings(os.environ | asked)), tmp_path / "log")
    process.start()
    try:
        wait_until(lambda: broker.answers("127.0.0.1", port), "the broker to answer")
        welcome = {}
        for who in (site.issue("ctl-a"), site.mes):
            client = Rogue(port, who)
            client.connect(who.name)
            welcome[who.name] = client.welcome()
    finally:
        process.stop()
    assert welcome == {"ctl-a": False, "mes": True}


def test_a_node_that_was_revoked_stays_out_when_an_older_database_is_restored(data: Path) -> None:
    """Its file goes back to before the revocation; the folder of the certificates is not the database's."""
    assert mes("node", "ca").exit_code == 0
    settings = read_settings(os.environ | {"MES_MQTT_TLS": "yes"})
    identities.let_in(settings, 7)
    assert "12 nodes may speak" in mes("broker", "config", "--kind", "nats", "--out", "o").output
    with sqlite3.connect(data / "lodestone.db") as now, sqlite3.connect("copy.db") as copy:
        now.backup(copy)
    engine = open_engine(settings.url)
    with reading(engine) as conn:
        (key,) = [one.key for one in allowed_nodes(conn) if one.node == NODE]
    identities.revoke(engine, key)
    engine.dispose()
    assert "11 nodes may speak" in mes("broker", "config", "--kind", "nats", "--out", "o").output
    for file in data.glob("lodestone.db*"):
        file.unlink()
    shutil.copy("copy.db", data / "lodestone.db")
    told = mes("broker", "config", "--kind", "nats", "--out", "o").output
    assert "11 nodes may speak" in told
    assert key not in (Path("o") / NATS_NODES).read_text()
    (data / "pki" / "crl.pem").unlink()  # the negative control: nothing remembers it
    assert "12 nodes may speak" in mes("broker", "config", "--kind", "nats", "--out", "o").output
