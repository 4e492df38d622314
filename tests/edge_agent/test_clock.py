"""The node's time: trusted or not, monotonic, jumps stated."""

from edge_agent.clock import FLOOR_MS, Clock
from schemas.journal_metrics import CLOCK_NETWORK, CLOCK_RTC, CLOCK_UNSET
from tests.edge_agent.fakes import NOW_MS, Time


def test_a_clock_before_2026_was_never_set():
    time = Time(unix=0)
    assert time.clock.state == CLOCK_UNSET
    assert time.clock.now_ms() == 0 and time.clock.offset_ms() == 0
    for unix in (1_000, 946_684_800_000, FLOOR_MS - 1):
        time.unix = unix
        assert time.clock.state == CLOCK_UNSET and time.clock.now_ms() == 0


def test_the_board_says_whether_its_time_is_from_the_network_or_a_battery():
    source = [CLOCK_RTC]
    clock = Clock(lambda: NOW_MS, lambda: 0, trust=lambda: source[0])
    assert clock.state == CLOCK_RTC
    source[0] = CLOCK_NETWORK
    assert clock.state == CLOCK_NETWORK
    assert Clock(lambda: NOW_MS, lambda: 0).state == CLOCK_NETWORK


def test_time_since_boot_survives_the_wrap_of_the_ticks():
    ticks = [(1 << 30) - 10]
    clock = Clock(lambda: NOW_MS, lambda: ticks[0], period=1 << 30)
    assert clock.mono_ms() == 0
    ticks[0] = 15
    assert clock.mono_ms() == 25
    ticks[0] = 5
    assert clock.mono_ms() == 25 + (1 << 30) - 10


def test_the_time_of_the_mes_is_taken_only_while_none_is_known():
    time = Time(unix=0)
    assert not time.clock.offer(1_000)
    assert time.clock.offer(NOW_MS)
    assert time.clock.now_ms() == NOW_MS and time.clock.state == CLOCK_NETWORK
    time.pass_ms(500)
    assert time.clock.now_ms() == NOW_MS + 500
    assert not time.clock.offer(NOW_MS + 99_000)
    time.unix = NOW_MS + 7_000
    assert time.clock.now_ms() == NOW_MS + 7_000


def test_a_jump_of_more_than_two_seconds_is_stated_once():
    time = Time()
    time.pass_ms(1000)
    assert time.clock.watch() == 0
    time.unix += 2_000
    assert time.clock.watch() == 0
    time.unix -= 60_000
    assert time.clock.watch() == -60_000
    assert time.clock.watch() == 0
    assert time.clock.stepped_ms == -60_000


def test_becoming_set_is_no_jump():
    time = Time(unix=0)
    time.unix = NOW_MS
    assert time.clock.watch() == 0
    assert time.clock.offset_ms() == NOW_MS


def test_the_time_of_this_machine_is_after_2026_and_goes_on():
    clock = Clock()
    first = clock.mono_ms()
    assert clock.now_ms() > FLOOR_MS and clock.state == CLOCK_NETWORK
    for _ in range(100_000):
        if clock.mono_ms() > first:
            break
    assert clock.mono_ms() >= first
