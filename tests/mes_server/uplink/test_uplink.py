"""Sending by HJ 212 against a platform that answers, answers late or wrong, half, not at all, or is away."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from threading import Event, Thread
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from mes_server.actions.tell_authority import Teller, profile_of
from mes_server.domain.hj212 import HOUR, Frame
from mes_server.domain.uplink import Telling
from mes_server.store import hj212_outbox as outbox
from mes_server.store.engine import open_engine, reading
from mes_server.store.hj212_outbox import Kept, list_newest
from mes_server.store.schema import upgrade
from mes_server.store.transaction import writing
from mes_server.uplink.link import AWAY, CLOSED, NO_ANSWER, Undelivered, connect
from mes_server.uplink.listen import (
    CLOSE,
    HALF,
    JUNK,
    LATE,
    REFUSE,
    SILENT,
    WRONG_QN,
    Platform,
)
from mes_server.uplink.run import Uplink, frames_of, send_due, work
from tests.brokers import wait_until

MN = "010000A8900016F000169DC0"
NOW_MS = 1_795_000_000_000
PROFILE = profile_of("2017")
AGAIN_MS = int(PROFILE["again_after_s"]) * 1000


def put(engine: Engine, count: int, cp: str = "DataTime=20261120000000;w20121-Avg=0.300,w20121-Flag=N") -> None:  # fmt: skip
    with writing(engine) as conn:
        for n in range(count):
            told = Telling(MN, "o-shop", HOUR, f"202611200{n}0000", cp)
            outbox.put(conn, told, (f"2026112010000000{n}", NOW_MS + n), NOW_MS)


def states(engine: Engine) -> list[str]:
    with reading(engine) as conn:
        return [one.state for one in list_newest(conn)[::-1]]


def newest(engine: Engine) -> Kept:
    with reading(engine) as conn:
        return list_newest(conn)[0]


class Clock:
    """The sender's clock, which the test moves."""

    now_ms = NOW_MS

    def __call__(self) -> int:
        return self.now_ms


@pytest.fixture
def platform() -> Iterator[Platform]:
    one = Platform(late_s=1.5).start()
    yield one
    one.stop()


def uplink(engine: Engine, platform: Platform, timeout_s: float = 0.5) -> Uplink:
    return Uplink(engine, platform.endpoint, "123456", PROFILE, timeout_s, Clock())


def test_what_waits_is_sent_in_its_order_and_acknowledged_once(engine: Engine, platform: Platform) -> None:  # fmt: skip
    put(engine, 3)
    assert send_due(uplink(engine, platform)) == (3, 0)
    assert states(engine) == ["acknowledged"] * 3
    assert [one.qn for one in platform.got] == [f"2026112010000000{n}" for n in range(3)]
    assert {one.flag for one in platform.got} == {5}
    assert send_due(uplink(engine, platform)) == (0, 0)
    assert len(platform.got) == 3


@pytest.mark.parametrize("fault", [SILENT, WRONG_QN, JUNK])
def test_a_frame_without_its_answer_is_sent_again_under_its_number(
    engine: Engine, platform: Platform, fault: str
) -> None:
    put(engine, 1)
    platform.faults = [fault]
    assert send_due(uplink(engine, platform)) == (1, 0)
    assert [one.qn for one in platform.got] == ["20261120100000000"] * 2
    assert len(platform.distinct) == 1


def test_an_answer_to_another_number_acknowledges_nothing(
    engine: Engine, platform: Platform
) -> None:
    put(engine, 1)
    platform.faults = [WRONG_QN] * 4
    assert send_due(uplink(engine, platform)) == (0, 1)
    assert states(engine) == ["waiting"]
    assert (newest(engine).trouble, newest(engine).tries) == (NO_ANSWER, 1)


def test_an_answer_that_comes_late_still_counts_for_its_own_frame_alone(
    engine: Engine, platform: Platform
) -> None:
    put(engine, 2)
    platform.faults = [LATE]
    assert send_due(uplink(engine, platform, timeout_s=1.0)) == (2, 0)
    assert states(engine) == ["acknowledged"] * 2
    assert len(platform.distinct) == 2


@pytest.mark.parametrize("fault", [CLOSE, HALF])
def test_a_connection_that_ends_in_the_middle_loses_nothing(
    engine: Engine, platform: Platform, fault: str
) -> None:
    put(engine, 2)
    platform.faults = [fault]
    up = uplink(engine, platform)
    assert send_due(up) == (1, 1)
    assert states(engine) == ["waiting", "acknowledged"]
    up.clock_ms.now_ms += AGAIN_MS  # type: ignore[attr-defined]
    assert send_due(up) == (1, 0)
    assert states(engine) == ["acknowledged"] * 2
    assert len(platform.distinct) == 2


def test_what_the_platform_refuses_is_kept_with_what_it_said(
    engine: Engine, platform: Platform
) -> None:
    put(engine, 1)
    platform.faults = [REFUSE]
    assert send_due(uplink(engine, platform)) == (0, 1)
    assert newest(engine).trouble == "refused 3"


def test_while_nobody_is_there_everything_is_kept_and_sent_later(engine: Engine) -> None:
    gone = Platform().start()
    gone.stop()
    put(engine, 4)
    up = uplink(engine, gone)
    assert send_due(up) == (0, 2)  # and the rest is not even tried
    assert states(engine) == ["waiting"] * 4
    assert AWAY in [one.trouble.split()[0] for one in _kept(engine) if one.tries]
    assert send_due(up) == (0, 2)
    assert send_due(up) == (0, 0)  # not before it is time again
    up.clock_ms.now_ms += AGAIN_MS  # type: ignore[attr-defined]
    back = Platform(port=gone.port).start()
    assert send_due(up) == (4, 0)
    assert len(back.distinct) == 4
    back.stop()


def _kept(engine: Engine) -> list[Kept]:
    with reading(engine) as conn:
        return list_newest(conn)


def test_a_long_request_goes_in_numbered_parts_each_answered(
    engine: Engine, platform: Platform
) -> None:
    groups = ";".join(f"w2{n:04d}-Avg={n}.123,w2{n:04d}-Flag=N" for n in range(80))
    put(engine, 1, f"DataTime=20261120000000;{groups}")
    parts = frames_of(newest(engine).told, newest(engine).qn, uplink(engine, platform))
    platform.faults = ["", SILENT]
    assert send_due(uplink(engine, platform)) == (1, 0)
    assert len(parts) > 1
    assert list(platform.distinct.values()) == parts
    assert len(platform.got) == len(parts) + 1


def test_the_2025_profile_says_so_in_flag(engine: Engine, platform: Platform) -> None:
    put(engine, 1)
    up = Uplink(engine, platform.endpoint, "123456", profile_of("2025"), 0.5, Clock())
    assert [one.flag for one in frames_of(newest(engine).told, newest(engine).qn, up)] == [9]
    assert profile_of("2025")["certainty"] == "L"


def test_nobody_at_an_address_and_a_platform_that_hangs_up_are_told_apart(
    platform: Platform,
) -> None:
    with pytest.raises(Undelivered, match=AWAY):
        connect("127.0.0.1:1", 0.5, 0)
    put_in_time = connect(platform.endpoint, 0.5, 0)
    platform.faults = [CLOSE]
    frame = Frame("20261120100000000", "32", HOUR, "1", MN, 5, "DataTime=20261120000000")
    with pytest.raises(Undelivered, match=CLOSED):
        put_in_time.deliver([frame])
    put_in_time.connection.close()


def test_the_loop_tells_until_it_is_asked_to_stop(engine: Engine, platform: Platform) -> None:
    put(engine, 2)
    stop = Event()
    teller = Teller(PROFILE, ZoneInfo("Asia/Shanghai"))
    thread = Thread(target=work, args=(uplink(engine, platform), teller, stop, 0.05), daemon=True)
    thread.start()
    wait_until(lambda: states(engine) == ["acknowledged"] * 2, "both are acknowledged")
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


def told_more_or_ended(platform: Platform, seen: int, sender: subprocess.Popen[bytes]) -> bool:
    return len(platform.got) > seen or sender.poll() is not None


def test_a_sender_that_is_killed_again_and_again_loses_nothing_and_doubles_nothing(
    tmp_path: Path, platform: Platform
) -> None:
    url = f"sqlite:///{tmp_path / 'lodestone.db'}"
    engine = open_engine(url)
    upgrade(engine)
    put(engine, 9)
    platform.late_s = 0.2
    platform.faults = [LATE, SILENT, LATE, "", CLOSE, LATE, HALF, LATE] * 2
    settings = {
        "MES_DATA_DIR": str(tmp_path), "MES_HJ212_ENDPOINT": platform.endpoint, "MES_TIMEZONE": "Asia/Shanghai",
    }  # fmt: skip
    command = [sys.executable, "-m", "mes_server.cli", "hj212", "send", "--once"]
    for kills in range(1, 6):
        seen = len(platform.got)
        sender = subprocess.Popen(command, env=os.environ | settings, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)  # fmt: skip
        wait_until(partial(told_more_or_ended, platform, seen, sender), "the sender sends")
        sender.send_signal(signal.SIGKILL)
        sender.wait()
        told = {(one.mn, one.qn) for one in platform.got}
        acknowledged = {one.qn for one in _kept(engine) if one.state == "acknowledged"}
        assert acknowledged <= {qn for _, qn in told}, f"acknowledged and never seen, kill {kills}"
    platform.faults = []
    with writing(engine) as conn:
        conn.exec_driver_sql("UPDATE hj212_outbox SET next_ms = 0")
    ended = subprocess.run(command, env=os.environ | settings, capture_output=True, text=True, timeout=60)  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert set(states(engine)) == {"acknowledged"}
    assert len(platform.distinct) == 9  # however often each was sent, under one number
    engine.dispose()
