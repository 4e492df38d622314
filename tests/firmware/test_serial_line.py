"""Lines and turns on them: settings, silences, the RS-485 driver, who may probe; both interpreters run this file."""

from firmware.drivers import serial_line
from firmware.drivers.bus_device import Bus, Device
from firmware.drivers.bus_fault import BusFault
from firmware.drivers.port_uart import BoardPort
from firmware.drivers.rtu_master import RtuMaster
from firmware.drivers.serial_line import character_us, open_line
from firmware.drivers.serial_turns import Turns, turns_on
from firmware.drivers.ticks import apart, ticks_ms
from tests.device_help import fault_of
from tests.firmware.lines import MemoryLine, Time, answer_to

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

USUAL: "dict[str, Any]" = {"baud": 9600, "parity": "none", "bytesize": 8, "stopbits": 1}


def test_a_character_is_as_long_as_its_bits() -> None:
    assert character_us(USUAL) == 1041
    assert character_us(USUAL | {"parity": "even", "baud": 19200}) == 572
    assert character_us(USUAL | {"bytesize": 7, "parity": "odd", "stopbits": 2}) == 1145


def test_the_silence_before_a_question_is_three_and_a_half_characters_or_1750_us() -> None:
    for baud, gap in ((9600, 3643), (19200, 1820), (38400, 1750), (115200, 1750)):
        line = MemoryLine(lambda _: [])
        line.char_us = character_us(USUAL | {"baud": baud})
        assert Turns(line).gap_us == gap, baud


def test_a_line_is_open_once_with_one_setting() -> None:
    line = open_line({"port": "/dev/full", "baud": 4800})
    assert line.name == "full"
    assert open_line({"port": "/dev/full", "baud": 4800, "unit": 7}) is line
    fault = fault_of(OSError, open_line, {"port": "/dev/full", "baud": 4800, "parity": "even"})
    assert "another parity" in str(fault)
    assert turns_on(line, {}) is turns_on(line, {"timeout_ms": 500})
    assert turns_on(line, {}).late_ms == 1000, "as long as its slowest device may take"
    serial_line._lines.pop("full")


class Uart:
    """A UART and its pin, which note what happens in which order."""

    def __init__(self, *came: bytes) -> None:
        self.came = list(came)
        self.done: list[Any] = []

    def value(self, level: int) -> None:
        self.done.append(level)

    def write(self, data: bytes) -> None:
        self.done.append(data)

    def flush(self) -> None:
        self.done.append("sent")

    def any(self) -> int:
        return len(self.came[0]) if self.came else 0

    def read(self, _n: int) -> bytes:
        return self.came.pop(0)


def test_the_driver_of_the_line_is_on_until_all_is_sent() -> None:
    uart = Uart(b"abc")
    port = BoardPort(uart, uart)
    port.write(b"question")
    assert uart.done == [1, b"question", "sent", 0]
    assert port.read(50) == b"abc"
    began = ticks_ms()
    assert port.read(20) == b""
    assert apart(ticks_ms(), began) >= 10
    without = Uart()
    BoardPort(without, None).write(b"question")
    assert without.done == [b"question", "sent"]


def test_a_line_that_is_never_quiet_is_a_fault() -> None:
    line = MemoryLine(lambda _: [])
    ends = [0]

    def babble(wait_ms: int) -> bytes:
        ends[0] += 1
        return b"x" if ends[0] % 2 else b""

    line.read = babble  # type: ignore[method-assign]
    fault = fault_of(BusFault, Turns(line).ask, 1, b"q", lambda came, state: None, 20)
    assert "never quiet" in str(fault)
    assert line.requests == []


def test_two_answers_at_once_settle_two_questions() -> None:
    asked: list[bytes] = []

    def twice(request: bytes) -> "list[bytes]":
        asked.append(request)
        return [answer_to(request, int) * 2] if len(asked) == 2 else []

    line = MemoryLine(twice)
    turns = Turns(line, 20)
    master = RtuMaster(turns)
    fault_of(BusFault, master.read, 1, "holding", 7, 1, 10)
    assert len(turns.owed) == 1
    assert master.read(1, "holding", 7, 1, 10) == b"\x00\x07"
    assert turns.owed == [], "nothing is waited for that came already"


def test_a_long_answer_on_a_slow_line_has_the_time_it_takes() -> None:
    given: list[int] = []

    class Noting(Turns):
        def ask(self, unit: int, question: bytes, find: "Any", timeout_ms: int) -> bytes:
            given.append(timeout_ms)
            return b""

    line = MemoryLine(lambda _: [])
    line.char_us = character_us(USUAL)
    RtuMaster(Noting(line)).read(1, "holding", 0, 120, 300)
    assert given == [300 + 263], "253 characters at 9600 baud"


def test_a_late_answer_is_waited_for_on_a_slow_line_as_well() -> None:
    slow = USUAL | {"baud": 300}
    line = open_line({"port": "/dev/slow"} | slow)
    line.char_us = character_us(slow)
    far = MemoryLine(lambda _: [])
    line.read, line.write = far.read, far.write  # type: ignore[method-assign]
    turns = turns_on(line, {"timeout_ms": 50})
    turns.gap_us = 0
    began = ticks_ms()
    fault_of(BusFault, RtuMaster(turns).read, 1, "holding", 0, 3, 1)
    (owed,) = turns.owed
    # 19 characters of 33 ms: longer than twice timeout_ms already.
    assert apart(owed[2], began) >= 627 + 50, "the answer may come as late as on a fast line"


def test_silent_devices_share_a_fifth_of_the_time_of_their_line() -> None:
    bus, time, asked = Bus(), Time(), []

    def silence(timeout_ms: int) -> bytes:
        asked.append(time.now)
        time.now += timeout_ms
        raise BusFault("silence", "no answer")

    devices = [Device(bus, f"silent {n}", {"timeout_ms": 300}, time) for n in range(20)]
    for device in devices * 3:
        fault_of(BusFault, device.ask, silence)
    began, before = time.now, len(asked)
    while time.now - began < 60000:
        for device in devices:
            fault_of(BusFault, device.ask, silence)
        time.now += 10
    spent = 300 * (len(asked) - before)
    assert 0 < spent < 60000 / 4, (
        "twenty silent devices, probed by themselves, would take all of it"
    )


def test_a_device_whose_answers_are_garbled_is_left_in_peace_later() -> None:
    for kinds, times in ((("silence",), 3), (("check",), 9), (("check", "silence", "short"), 5)):
        asked: list[str] = []

        def fails(timeout_ms: int, kinds: "tuple[str, ...]" = kinds, asked: "list[str]" = asked) -> bytes:  # fmt: skip
            asked.append(kinds[len(asked) % len(kinds)])
            raise BusFault(asked[-1], "in words")

        device = Device(Bus(), f"garbled {kinds}", {}, Time())
        for _ in range(20):
            fault_of(BusFault, device.ask, fails)
        assert len(asked) == times, kinds
    device = Device(Bus(), "garbled now and then", {"tries": 1}, Time())
    for _ in range(20):
        fault_of(BusFault, device.ask, fails)
        device.ask(lambda timeout_ms: b"well")
    assert device.lost == 0


def test_a_device_that_is_busy_is_asked_again_and_one_that_refuses_is_not() -> None:
    for code, times in ((6, 2), (5, 2), (2, 1)):
        asked = []

        def busy(timeout_ms: int, code: int = code, asked: "list[int]" = asked) -> bytes:
            asked.append(timeout_ms)
            raise BusFault("exception", "in words", code)

        device = Device(Bus(), f"busy {code}", {}, Time())
        fault_of(BusFault, device.ask, busy)
        assert len(asked) == times, code


class Cabinet:
    """Five devices on one line, read at one moment every five seconds; `well` are on."""

    def __init__(self) -> None:
        self.well: list[int] = []
        self.time = Time()
        bus = Bus()
        self.devices = [
            Device(bus, f"cabinet {n}", {"timeout_ms": 300}, self.time) for n in range(5)
        ]

    def answers(self, n: int) -> bool:
        def ask(timeout_ms: int) -> bytes:
            if n in self.well:
                return b"well"
            self.time.now += timeout_ms
            raise BusFault("silence", "no answer")

        try:
            return self.devices[n].ask(ask) == b"well"
        except BusFault:
            return False

    def round(self) -> "list[int]":
        """Who answers."""
        found = [n for n in range(5) if self.answers(n)]
        self.time.now += 5000
        return found


def test_silent_devices_are_asked_in_turn_although_they_are_read_at_one_moment() -> None:
    cabinet = Cabinet()
    for _ in range(4):
        cabinet.round()
    cabinet.well.append(3)
    found = [cabinet.round() for _ in range(5)]
    assert [3] in found, "one that is back is asked, whoever is not"
    cabinet.well = [0, 1, 2, 3, 4]
    cabinet.round()
    assert cabinet.round() == [0, 1, 2, 3, 4]


def test_a_device_that_is_wanted_seldom_keeps_no_other_from_being_asked() -> None:
    bus, time = Bus(), Time()
    asked = []

    def silence(timeout_ms: int) -> bytes:
        asked.append(time.now)
        time.now += timeout_ms
        raise BusFault("silence", "no answer")

    seldom, often = (Device(bus, f"seldom {n}", {}, time) for n in range(2))
    for device in (seldom, often):
        for _ in range(2):
            fault_of(BusFault, device.ask, silence)
    time.now += 5000
    for device in (often, seldom):
        fault_of(BusFault, device.ask, silence)
    before = len(asked)
    for _ in range(10):
        time.now += 5000
        fault_of(BusFault, often.ask, silence)
    assert len(asked) - before >= 8


def test_a_gateway_that_says_a_device_is_silent_is_believed() -> None:
    for code, times in ((11, 3), (10, 3), (4, 20)):
        asked: list[int] = []

        def refuses(timeout_ms: int, code: int = code, asked: "list[int]" = asked) -> bytes:
            asked.append(timeout_ms)
            raise BusFault("exception", "in words", code)

        device = Device(Bus(), f"behind a gateway {code}", {"tries": 1}, Time())
        for _ in range(20):
            fault_of(BusFault, device.ask, refuses)
        assert len(asked) == times, code
