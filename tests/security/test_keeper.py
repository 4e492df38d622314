"""The keeper: enrolled nodes get in and revoked ones are out, at a broker that runs on; nothing is widened in doubt."""

import shlex
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mes_server import broker
from mes_server.broker_access import MOSQUITTO_ACL, NATS_NODES
from mes_server.broker_keeper import TOLD, Files, Keeper, NotTold, run_hooks, signal_nats
from mes_server.domain.identities import Allowed
from mes_server.pki.site import Revoked, load_site, make_servers, write_crl
from tests.brokers import KINDS, wait_until
from tests.security.rogue import Rogue
from tests.security.secured import Identity, SecureBroker, Site

WITHIN_S = 60.0
A, B = "ctl-a", "ctl-b"
TOPIC = "spBv1.0/area/NDATA/"


@dataclass
class Scene:
    """A broker with nobody allowed yet, two nodes, the MES, and a keeper that reads `allowed`."""

    broker: SecureBroker
    site: Site
    a: Identity
    b: Identity
    allowed: list[Allowed] | None

    @property
    def files(self) -> Files:
        return Files(self.broker.kind, self.broker.conf, self.site.pki)

    def keeper(self) -> Keeper:
        if self.broker.kind == "nats":
            tell = signal_nats(self.broker.conf / broker.PID_FILE)
        else:
            process = self.broker.running
            assert process is not None
            tell = run_hooks(f"kill -HUP {process.pid}", f"kill -TERM {process.pid}")
        return Keeper(self.files, lambda: self.allowed, tell)

    def may(self, *nodes: Identity) -> None:
        """Only these may speak from now on; the store would say so."""
        self.allowed = [Allowed("area", one.name, one.fingerprint) for one in nodes]
        gone = [Revoked(one.serial, datetime.now(UTC), "lost") for one in (self.a, self.b) if one not in nodes]  # fmt: skip
        write_crl(load_site(self.site.pki), gone, datetime.now(UTC))

    def client(self, who: Identity) -> Rogue:
        client = Rogue(self.broker.port, who)
        client.connect(who.name)
        return client

    def is_let_in(self, who: Identity) -> bool:
        try:
            client = self.client(who)
        except OSError:
            return False
        found = client.welcome()
        client.vanish()
        return found

    def mes(self) -> Rogue:
        mes = self.client(self.site.mes)
        assert mes.welcome()
        assert mes.subscribe("spBv1.0/#", 0) == 0
        return mes


@pytest.fixture(params=KINDS)
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    site = Site(tmp_path / "site")
    made = Scene(SecureBroker(request.param, site, []), site, site.issue(A), site.issue(B), [])
    made.broker.start()
    try:
        yield made
    finally:
        made.broker.stop()


def test_who_is_enrolled_gets_in_and_who_is_revoked_is_out_within_a_minute(scene: Scene) -> None:
    keeper = scene.keeper()
    scene.may(scene.a, scene.b)
    assert keeper.look()
    wait_until(lambda: scene.is_let_in(scene.a), "an enrolled node to be let in", WITHIN_S)
    mes, a, b = scene.mes(), scene.client(scene.a), scene.client(scene.b)
    assert a.welcome()
    assert b.welcome()
    b.publish(TOPIC + B, b"before")
    mes.until(b"before")

    scene.may(scene.a)
    revoked = time.monotonic()
    assert keeper.look()
    assert b.is_cut(WITHIN_S)
    print(f"{scene.broker.kind}: cut {time.monotonic() - revoked:.2f} s after the store knew")
    if scene.broker.kind == "mosquitto":  # systemd would start it again
        scene.broker.stop()
        scene.broker.start()
        mes, a = scene.mes(), scene.client(scene.a)
        assert a.welcome()
    a.publish(TOPIC + A, b"the others go on")
    mes.until(b"the others go on")
    assert not scene.is_let_in(scene.b)
    assert not scene.keeper().look(), "nothing new, and a keeper that begins afresh knows it"


@pytest.mark.parametrize("scene", ["mosquitto"], indirect=True)
def test_mosquitto_that_is_only_told_mutes_the_connection_it_keeps(scene: Scene) -> None:
    """What `--reload` alone can do; that the connection stays is what `--cut` is for."""
    scene.may(scene.a, scene.b)
    scene.keeper().look()
    wait_until(lambda: scene.is_let_in(scene.b), "the node to be let in")
    mes, b = scene.mes(), Rogue(scene.broker.port, scene.b)
    b.connect(B, will=(TOPIC.replace("NDATA", "NDEATH") + B, b"will of b"))
    assert b.welcome()
    assert b.subscribe(f"spBv1.0/area/NCMD/{B}") == 1
    process = scene.broker.running
    assert process is not None
    reload = f"kill -HUP {process.pid}"
    reloads = scene.broker.said().count("Reloading config")
    scene.may(scene.a)
    Keeper(scene.files, lambda: scene.allowed, run_hooks(reload, "")).look()
    wait_until(lambda: scene.broker.said().count("Reloading config") > reloads, "it to reload")
    assert not scene.is_let_in(scene.b)
    b.publish(TOPIC + B, b"too late", 1)
    mes.publish(f"spBv1.0/area/NCMD/{B}", b"to b")
    b.settle()
    mes.settle()
    b.settle()
    assert b.heard == []
    b.vanish()
    a = scene.client(scene.a)
    assert a.welcome()
    a.publish(TOPIC + A, b"last")
    mes.until(b"last")
    assert {payload for _, payload in mes.heard} == {b"to b", b"last"}


def test_while_the_store_cannot_be_read_everything_stays(scene: Scene) -> None:
    scene.may(scene.a)
    keeper = scene.keeper()
    keeper.look()
    before = {file.name: file.read_bytes() for file in scene.broker.conf.glob("*.*")}
    scene.allowed = None
    assert not keeper.look()
    assert {file.name: file.read_bytes() for file in scene.broker.conf.glob("*.*")} == before


def test_a_broker_that_could_not_be_told_is_told_again(scene: Scene, tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    script = f"import sys; open({str(marks)!r}, 'a').write(sys.argv[1])"
    python = shlex.join([sys.executable, "-c", script])
    scene.may(scene.a)
    with pytest.raises(NotTold, match="code 1"):
        Keeper(scene.files, lambda: scene.allowed, run_hooks("false", "")).look()
    with pytest.raises(FileNotFoundError):
        Keeper(scene.files, lambda: scene.allowed, run_hooks("/no/such/command", "")).look()
    hooks = run_hooks(f"{python} r", f"{python} c")
    assert Keeper(scene.files, lambda: scene.allowed, hooks).look()
    scene.may(scene.b)
    assert Keeper(scene.files, lambda: scene.allowed, hooks).look()
    assert marks.read_text() == "rc"


@pytest.mark.parametrize("spoiled", [b"", b"{", b"[]", b"{}", bytes(40)])
@pytest.mark.parametrize("scene", ["nats"], indirect=True)
def test_a_spoiled_note_of_what_was_told_does_not_end_the_keeper(
    scene: Scene, spoiled: bytes
) -> None:
    scene.may(scene.a)
    assert scene.keeper().look()
    assert not scene.keeper().look()
    (scene.broker.conf / TOLD).write_bytes(spoiled)
    cuts: list[bool] = []
    assert Keeper(scene.files, lambda: scene.allowed, cuts.append).look()
    assert not scene.keeper().look()
    (scene.broker.conf / TOLD).unlink()
    assert Keeper(scene.files, lambda: scene.allowed, cuts.append).look()
    assert cuts == [True, False], "who was allowed is not known any more: one of them may be gone"


def test_a_file_that_was_spoiled_is_written_anew_and_told(scene: Scene) -> None:
    scene.may(scene.a)
    keeper = scene.keeper()
    assert keeper.look()
    name = NATS_NODES if scene.broker.kind == "nats" else MOSQUITTO_ACL
    good = (scene.broker.conf / name).read_bytes()
    (scene.broker.conf / name).write_bytes(good[: len(good) // 2])
    assert keeper.look()
    assert (scene.broker.conf / name).read_bytes() == good
    assert not keeper.look()


def test_a_renewed_certificate_of_the_broker_is_shown_after_a_reload(scene: Scene) -> None:
    scene.may(scene.a)
    keeper = scene.keeper()
    keeper.look()

    def shown() -> bytes:
        return ssl.get_server_certificate(("127.0.0.1", scene.broker.port)).encode()

    before = shown()
    make_servers(load_site(scene.site.pki), ["localhost", "127.0.0.1"], datetime.now(UTC))
    assert keeper.look()
    wait_until(lambda: shown() != before, "the new certificate", 10)
    assert scene.is_let_in(scene.a)


def test_a_process_that_has_the_number_of_an_old_broker_is_let_be(tmp_path: Path) -> None:
    # Started by nohup, tests and their children ignore SIGHUP.
    other = subprocess.Popen(["env", "--default-signal=HUP", "sleep", "60"])
    wait_until(lambda: Path(f"/proc/{other.pid}/comm").read_text() == "sleep\n", "the process")
    (tmp_path / "nats.pid").write_text(str(other.pid))
    try:
        signal_nats(tmp_path / "nats.pid")(True)
        assert other.poll() is None
        other.send_signal(signal.SIGHUP)  # the negative control: it would have ended
        assert other.wait(10) == -signal.SIGHUP
    finally:
        other.kill()
    signal_nats(tmp_path / "nats.pid")(True)  # nobody has it
