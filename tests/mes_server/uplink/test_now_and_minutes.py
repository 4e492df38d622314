"""Real-time and minute data over the line: the one never kept nor sent again, the other through power cuts; and commands
of the platform, which are refused in its own words."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from mes_server.actions.tell_authority import Teller, keep_tellings, profile_of
from mes_server.domain.hj212 import GET_TIME, HOUR, MINUTE, REALTIME, REQUEST_ANSWER, Frame
from mes_server.store.engine import open_engine, reading
from mes_server.store.hj212_outbox import Kept, list_newest
from mes_server.store.schema import upgrade
from mes_server.uplink.link import Undelivered, connect
from mes_server.uplink.listen import CLOSE, COMMAND, LATE, SILENT, Platform
from mes_server.uplink.run import Uplink, send_due, send_now, work
from tests.brokers import wait_until
from tests.mes_server.actions.outlet_floor import FROM_MS, MINUTE_MS, NI, ZONE, OutletFloor, around
from tests.mes_server.domain.water_making import permit_content

MN = "010000A8900016F000169DC0"
PROFILE = profile_of("2017")
TELLER = Teller(PROFILE, ZoneInfo(ZONE))
AT_MS = FROM_MS + 30 * MINUTE_MS + PROFILE["minute_settle_min"] * MINUTE_MS
FRAME = Frame("20261120100000000", "32", HOUR, "1", MN, 5, "DataTime=20261120000000")


@pytest.fixture
def platform() -> Iterator[Platform]:
    one = Platform(late_s=1.5).start()
    yield one
    one.stop()


def uplink(engine: Engine, platform: Platform) -> Uplink:
    return Uplink(engine, platform.endpoint, "123456", PROFILE, 0.5, lambda: AT_MS)


def floor_of(engine: Engine) -> None:
    floor = OutletFloor(engine).build(permit_content("o-shop", mn=MN))
    floor.water(rate=2.0, metrics={NI: around(0.3)})


def kept(engine: Engine) -> list[Kept]:
    with reading(engine) as conn:
        return list_newest(conn)[::-1]


def commands(platform: Platform) -> list[str]:
    return [one.cn for one in platform.got]


def test_what_is_now_is_sent_once_and_never_kept(engine: Engine, platform: Platform) -> None:
    floor_of(engine)
    assert send_now(uplink(engine, platform), TELLER) == 1
    (frame,) = platform.got
    assert (frame.cn, frame.mn, frame.flag) == (REALTIME, MN, 5)
    assert frame.cp.startswith("DataTime=20261120003200;w00000-")
    assert kept(engine) == []


@pytest.mark.parametrize("fault", [SILENT, CLOSE, LATE])
def test_what_is_now_and_is_not_taken_is_gone(
    engine: Engine, platform: Platform, fault: str
) -> None:
    floor_of(engine)
    platform.faults = [fault]
    assert send_now(uplink(engine, platform), TELLER) == 0
    assert commands(platform) == [REALTIME]  # not sent again
    assert kept(engine) == []
    later = replace(uplink(engine, platform), clock_ms=lambda: AT_MS + MINUTE_MS)
    assert send_now(later, TELLER) == 1
    assert [one.cp[9:23] for one in platform.got] == ["20261120003200", "20261120003300"]


def test_while_nobody_is_there_nothing_of_now_is_queued(engine: Engine) -> None:
    floor_of(engine)
    gone = Platform().start()
    gone.stop()
    assert send_now(uplink(engine, gone), TELLER) == 0
    back = Platform(port=gone.port).start()
    assert send_due(uplink(engine, back)) == (0, 0)
    assert back.got == []
    back.stop()


def test_a_number_that_a_kept_request_bears_is_not_used_for_now(
    engine: Engine, platform: Platform
) -> None:
    floor_of(engine)
    assert keep_tellings(engine, TELLER, AT_MS) == 3  # the last is numbered two milliseconds ahead
    assert send_now(uplink(engine, platform), TELLER) == 0
    later = replace(uplink(engine, platform), clock_ms=lambda: AT_MS + 3)
    assert send_now(later, TELLER) == 1


@pytest.mark.parametrize(("seconds", "told"), [(60, [REALTIME, MINUTE, MINUTE, MINUTE]), (0, [MINUTE] * 3)])  # fmt: skip
def test_the_loop_tells_now_beside_the_rest_unless_it_is_switched_off(
    engine: Engine, platform: Platform, seconds: int, told: list[str]
) -> None:
    floor_of(engine)
    ticks = iter(range(AT_MS, AT_MS + MINUTE_MS, 10))
    up = replace(uplink(engine, platform), profile=PROFILE | {"realtime_s": seconds}, clock_ms=lambda: next(ticks))  # fmt: skip
    stop = Event()
    thread = Thread(target=work, args=(up, TELLER, stop, 0.05), daemon=True)
    thread.start()
    wait_until(lambda: [one.state for one in kept(engine)] == ["acknowledged"] * 3, "minutes are acknowledged")  # fmt: skip
    stop.set()
    thread.join(10)
    assert commands(platform) == told


def test_minutes_survive_a_power_cut_between_store_and_send(
    tmp_path: Path, platform: Platform
) -> None:
    url = f"sqlite:///{tmp_path / 'lodestone.db'}"
    engine = open_engine(url)
    upgrade(engine)
    floor_of(engine)
    # Killed after the commit and before the first byte goes out.
    script = (
        "import os, signal, sys\n"
        "from zoneinfo import ZoneInfo\n"
        "from mes_server.actions.tell_authority import Teller, keep_tellings, profile_of\n"
        "from mes_server.store.engine import open_engine\n"
        f"teller = Teller(profile_of('2017'), ZoneInfo({ZONE!r}))\n"
        "keep_tellings(open_engine(sys.argv[1]), teller, int(sys.argv[2]))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, url, str(AT_MS)], env=os.environ, check=False)  # fmt: skip
    assert killed.returncode == -signal.SIGKILL
    before = [(one.qn, one.told.label, one.state) for one in kept(engine)]
    assert [state for _, _, state in before] == ["waiting"] * 3
    assert platform.got == []
    assert keep_tellings(engine, TELLER, AT_MS) == 0  # after the restart nothing is kept twice
    platform.faults = [CLOSE]
    assert send_due(uplink(engine, platform)) == (2, 1)
    again = int(PROFILE["again_after_s"]) * 1000
    later = replace(uplink(engine, platform), clock_ms=lambda: AT_MS + again)
    assert send_due(later) == (1, 0)
    assert {qn for _, qn, _ in platform.distinct} == {qn for qn, _, _ in before}
    assert set(commands(platform)) == {MINUTE}
    assert {one.state for one in kept(engine)} == {"acknowledged"}
    engine.dispose()


def test_a_command_of_the_platform_is_refused_and_what_was_told_is_acknowledged(
    platform: Platform,
) -> None:
    platform.faults = [COMMAND]
    link = connect(platform.endpoint, 5, 0, (PROFILE["answers_system"], PROFILE["refuses"]))
    link.deliver([FRAME])
    wait_until(lambda: len(platform.got) == 2, "the refusal is there")
    said = platform.got[1]
    assert (said.cn, said.qn, said.st, said.cp) == (REQUEST_ANSWER, "3" * 17, "91", "QnRtn=2")
    assert not said.asks
    assert link.odd == [f"not awaited: {GET_TIME} QN={'3' * 17}"]
    link.close()


def test_a_link_without_a_refusal_says_nothing_to_a_command(platform: Platform) -> None:
    platform.faults = [COMMAND, SILENT]
    link = connect(platform.endpoint, 0.3, 0)
    link.deliver([FRAME])
    with pytest.raises(
        Undelivered
    ):  # the next frame gets through, so a refusal would have come before it
        link.deliver([replace(FRAME, qn="20261120100000001")])
    assert commands(platform) == [HOUR, HOUR]
    link.close()
