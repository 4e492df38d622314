"""Agents on both interpreters, through both brokers, with TLS: what is refused waits in the journal and arrives once."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from firmware.boards.unix.demo import with_tls
from mes_server.pki.site import Revoked, load_site, make_servers, write_crl
from tests.brokers import KINDS, wait_until
from tests.conftest import ROOT
from tests.faults import invariants
from tests.plant import PYTHON
from tests.security.rogue import Rogue
from tests.security.secure_plant import NODE, SecurePlant
from tests.security.secured import Site

IN_2000_S = 946_684_800 + 3600  # an hour after the clock of a board begins
SHIFT = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
static long shift(void) { const char *by = getenv("SHIFT_S"); return by ? atol(by) : 0; }
int clock_gettime(clockid_t id, struct timespec *at) {
    int (*real)(clockid_t, struct timespec *) = dlsym(RTLD_NEXT, "clock_gettime");
    int done = real(id, at);
    if (done == 0 && id == CLOCK_REALTIME) at->tv_sec += shift();
    return done;
}
int gettimeofday(struct timeval *restrict at, void *restrict zone) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    at->tv_sec = now.tv_sec; at->tv_usec = now.tv_nsec / 1000;
    return 0;
}
time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}
"""


@pytest.fixture(params=["python", "micropython"])
def interpreter(request: pytest.FixtureRequest) -> str:
    if request.param == "python":
        return PYTHON
    found: str = request.getfixturevalue("micropython")
    return found


@pytest.fixture
def kind() -> str:
    return "nats"


@pytest.fixture
def plant(tmp_path: Path, kind: str, interpreter: str) -> Iterator[SecurePlant]:
    plant = SecurePlant(tmp_path, kind, interpreter)
    try:
        plant.start()
        yield plant
    finally:
        plant.stop()


@pytest.mark.parametrize("kind", KINDS)
def test_a_node_that_is_refused_goes_on_recording_and_all_of_it_arrives_once(
    plant: SecurePlant,
) -> None:
    old = plant.site.issue(NODE, days_ago=366, file="old")
    plant.let_in(old)
    plant.hold(old)
    plant.run_agent()
    agent = plant.agents[NODE]
    wait_until(lambda: "link: " in agent.said(), "the expired certificate to be refused")
    wait_until(lambda: len(plant.recorded().records) > 3, "records")
    assert "born" not in agent.said()

    good = plant.site.issue(NODE, file="good")
    plant.let_in(good)
    plant.hold(good)
    wait_until(
        lambda: "born" in agent.said(), f"a good one to be let in ({plant.broker.said()[-500:]})"
    )
    plant.wait_stored()

    write_crl(
        load_site(plant.site.pki), [Revoked(good.serial, datetime.now(UTC))], datetime.now(UTC)
    )
    said = len(agent.said())
    plant.let_in()
    if plant.broker.kind == "mosquitto":  # what `--cut` is for
        plant.broker.stop()
        plant.broker.start()
    wait_until(lambda: "link: " in agent.said()[said:], "the revoked one to be cut")
    held = plant.held_by_store()
    plant.keeps_recording()
    assert plant.held_by_store() <= held + 3, "what was on its way"

    new = plant.site.issue(NODE, file="new")
    plant.let_in(new)
    plant.hold(new)
    last = plant.wait_stored()
    agent.kill()
    wait_until(lambda: plant.judge(last), "everything to be folded")


def test_a_node_refuses_a_broker_of_another_ca_or_of_another_name(
    plant: SecurePlant, tmp_path: Path
) -> None:
    good = plant.site.issue(NODE)
    plant.let_in(good)
    plant.hold(good, ca=Site(tmp_path / "other").pki / "root.der")
    plant.run_agent()
    agent = plant.agents[NODE]
    wait_until(lambda: "link: " in agent.said(), "a broker of another CA to be refused")
    plant.keeps_recording()
    agent.kill()
    assert "born" not in agent.said()

    plant.hold(good)
    make_servers(load_site(plant.site.pki), ["broker.plant", "127.0.0.1"], datetime.now(UTC))
    plant.broker.reload()
    said = len(agent.said())
    plant.run_agent(host="localhost")
    wait_until(lambda: "link: " in agent.said()[said:], "a broker of another name to be refused")
    plant.agents[NODE].kill()
    assert "born" not in agent.said()
    plant.run_agent()
    plant.wait_stored()  # and by the name that it has it is heard


def test_another_node_cannot_guess_the_client_id_and_end_its_connection(plant: SecurePlant) -> None:
    good, other = plant.site.issue(NODE), plant.site.issue("ctl-other")
    plant.let_in(good, other)
    plant.hold(good)
    plant.run_agent()
    plant.wait_stored()
    for client_id in (f"test-{NODE}", NODE, "mes-lodestone", "mes"):
        rogue = Rogue(plant.broker.port, other)
        rogue.connect(client_id)
        assert rogue.welcome()
        rogue.vanish()
    plant.wait_stored()
    assert "link: " not in plant.agents[NODE].said()
    assert "Replacing old client" not in plant.broker.said()


def test_the_demo_takes_an_interpreter_that_can_speak_tls(micropython: str, tmp_path: Path) -> None:
    without = tmp_path / "micropython"
    without.write_text("#!/bin/sh\nexit 1\n")
    without.chmod(0o755)
    assert [with_tls(one) for one in (micropython, PYTHON, str(without))] == [
        micropython,
        PYTHON,
        PYTHON,
    ]


def test_a_board_in_the_year_2000_connects_and_is_told_the_time(
    plant: SecurePlant, tmp_path: Path
) -> None:
    """No battery, no network time: what it recorded before gets its real time when the MES told it."""
    good = plant.site.issue(NODE)
    plant.let_in(good)
    plant.hold(good)
    begun_ms = time.time_ns() // 1_000_000
    by_s = IN_2000_S - begun_ms // 1000
    plant.run_agent(env={"LD_PRELOAD": str(shifted_clock(tmp_path)), "SHIFT_S": str(by_s)})
    agent = plant.agents[NODE]
    wait_until(lambda: "born" in agent.said(), f"the board to be let in ({agent.said()})", 120)
    last = plant.wait_stored()
    agent.kill()
    wait_until(plant.is_folded, "everything to be folded")
    with plant.reading() as conn:
        assert len(invariants.positions(conn, NODE)) >= last
        times = [at_ms for _, _, at_ms, _, _ in invariants.stored_facts(conn, NODE) if at_ms]
    now_ms = time.time_ns() // 1_000_000
    assert times
    assert all(begun_ms - 10_000 < at_ms < now_ms + 10_000 for at_ms in times)


PROBE = """
import asyncio, sys
from edge_agent.link import Link
from firmware.onboard.link_tls import read_bytes
from firmware.onboard.tls import opener
ca, cert, key = [read_bytes(sys.argv[1] + "/" + name) for name in ("ca.der", "cert.der", "key.der")]
async def main():
    link = Link(30, lambda: 0, opener(ca, [cert], key))
    try:
        await link.open(("127.0.0.1", int(sys.argv[2])))
        await link.connect("probe", "spBv1.0/test/NDEATH/ctl-one", b"")
        print("let in")
    except OSError as fault:
        print("refused", fault)
asyncio.run(main())
"""


def test_before_the_certificates_begin_nobody_is_believed(
    plant: SecurePlant, tmp_path: Path
) -> None:
    """Negative control: the time is looked at, and a year earlier the same board is told nothing."""
    good = plant.site.issue(NODE)
    plant.let_in(good)
    plant.hold(good)
    probe = tmp_path / "probe.py"
    probe.write_text(PROBE)
    library, now_s = shifted_clock(tmp_path), time.time_ns() // 1_000_000_000
    said = []
    for at_s in (IN_2000_S, IN_2000_S - 366 * 86_400):
        env = os.environ | {"LD_PRELOAD": str(library), "SHIFT_S": str(at_s - now_s)}
        env |= {"PYTHONPATH": str(ROOT), "MICROPYPATH": f"{ROOT}:.frozen"}
        command = [plant.interpreter, str(probe), str(plant.held), str(plant.broker.port)]
        done = subprocess.run(command, capture_output=True, text=True, env=env)
        said.append(done.stdout.split(" ")[0].strip())
    assert said == ["let", "refused"]


def shifted_clock(folder: Path) -> Path:
    """A library that moves the clock of a program, and of all it is linked to, by SHIFT_S seconds."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler to move a program's clock with")
    source, library = folder / "shift.c", folder / "shift.so"
    source.write_text(SHIFT)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return library
