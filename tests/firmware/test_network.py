"""A board's network is kept up, and its clock set by what can be believed; both interpreters run this file."""

import asyncio
import struct

from firmware.onboard import network, ntp
from firmware.onboard.network import Wifi, Wired, read_access
from tests.device_help import fault_of
from tests.edge_agent.fakes import Said, until

NOW_S = 1_795_000_000


class Nic:
    def __init__(self):
        self.up = False
        self.is_active = False
        self.joins = []
        self.fault = None

    def active(self, state=None):
        if state is not None:
            self.is_active = state
        return self.is_active

    def isconnected(self):
        return self.up

    def status(self, _what):
        return -63

    def disconnect(self):
        self.up = False

    def connect(self, ssid, password):
        if self.fault:
            raise self.fault
        self.joins.append((ssid, password))


def _run(kept, steps):
    """Run a network quickly, and through the steps: each is (what to do, what must come true)."""
    network.LOOK_S, network.JOIN_S = 0.02, 0.2

    async def work():
        task = asyncio.create_task(kept.run())
        for do, condition in steps:
            do()
            await until(condition)
        task.cancel()

    asyncio.run(work())


def test_a_cable_is_brought_up_and_watched():
    nic, said = Nic(), Said()

    def plug(state):
        nic.up = state

    wired = Wired(nic, said)
    assert wired.link() == "ethernet"
    _run(
        wired,
        [
            (lambda: plug(True), lambda: said.any("is up")),
            (lambda: plug(False), lambda: said.any("is down")),
        ],
    )
    assert nic.is_active and len(said.lines) == 2


def test_a_network_chip_that_ended_itself_is_started_again():
    nic = Nic()

    def fault():
        nic.is_active = False

    _run(
        Wired(nic, Said()), [(lambda: None, lambda: nic.is_active), (fault, lambda: nic.is_active)]
    )


def test_a_wifi_is_joined_and_joined_again_when_it_is_lost():
    nic, said = Nic(), Said()

    def plug(state):
        nic.up = state

    wifi = Wifi(nic, ("plant", "secret"), said)
    steps = [
        (lambda: None, lambda: said.any("does not answer")),
        (lambda: plug(True), lambda: nic.up),
        (lambda: plug(False), lambda: len(nic.joins) > 2),
    ]
    _run(wifi, steps)
    assert nic.joins[0] == ("plant", "secret") and not said.any("secret")
    assert wifi.link() == "wifi"
    nic.up = True
    assert wifi.link() == "wifi -65"


def test_a_radio_that_refuses_is_said_once_and_tried_again():
    nic, said = Nic(), Said()
    nic.fault = OSError(1, "Wifi Internal Error")

    def mend():
        nic.fault = None

    steps = [(lambda: None, lambda: said.any("cannot be joined")), (mend, lambda: nic.joins)]
    _run(Wifi(nic, ("plant", "secret"), said), steps)
    assert len([line for line in said.lines if "cannot" in line]) == 1


def test_a_wifi_file_that_is_missing_says_what_to_write():
    assert "write" in str(fault_of(OSError, read_access, "nowhere/wifi.json"))


def _answer(asked, **changes):
    fields = {"head": 0x24, "stratum": 2, "mark": asked[40:48], "at_s": NOW_S}
    fields.update(changes)
    seconds = (fields["at_s"] + ntp._SINCE_1900_S) & 0xFFFFFFFF
    return (
        bytes((fields["head"], fields["stratum"]))
        + bytes(22)
        + fields["mark"]
        + bytes(8)
        + struct.pack(">II", seconds, 0)
    )


def test_an_answer_is_believed_only_if_it_is_one_and_its_server_knows_the_time():
    asked = ntp.question()
    assert len(asked) == 48 and asked != ntp.question()
    assert ntp.time_in(_answer(asked), asked) == NOW_S
    assert ntp.time_in(_answer(asked, at_s=2_200_000_000), asked) == 2_200_000_000  # beyond 2036
    for wrong in (
        {"mark": b"12345678"}, {"head": 0xE4}, {"head": 0x23}, {"stratum": 0}, {"stratum": 16},
        {"at_s": 1_000_000_000}, {"at_s": 4_200_000_000},
    ):  # fmt: skip
        assert ntp.time_in(_answer(asked, **wrong), asked) == 0, wrong
    assert ntp.time_in(_answer(asked)[:47], asked) == 0


def test_a_clock_is_set_by_the_first_host_that_tells_the_time():
    told, said, looks = [], Said(), []
    ntp.LOOK_S = 0.01
    answers = {"silent": 0, "good": NOW_S}
    asked = []

    async def ask(host, port=123):
        asked.append(host)
        if host == "nowhere":
            raise OSError(-2)
        return answers[host]

    real, ntp.ask = ntp.ask, ask
    clock = ntp.Ntp(
        ["nowhere", "silent", "good", "never"],
        told.append,
        said,
        lambda: looks.append(1) or len(looks) > 2,
    )
    try:

        async def work():
            task = asyncio.create_task(clock.run())
            await until(lambda: told)
            task.cancel()

        asyncio.run(work())
    finally:
        ntp.ask = real
    assert (
        told == [NOW_S]
        and clock.known
        and asked == ["nowhere", "silent", "good"]
        and len(looks) == 3
    )
    assert said.lines == ["clock: set by good"]
