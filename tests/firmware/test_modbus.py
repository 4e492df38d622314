"""Modbus against the frames of its specification, on a line in memory; both interpreters run this file."""

import struct

from firmware.drivers import modbus_rtu, modbus_tcp
from firmware.drivers.bus_stats import _tallies, buses
from firmware.drivers.registers import Value
from firmware.drivers.rtu_master import framed
from tests.device_help import fault_of
from tests.firmware.lines import MemoryLine, Time, answer_to, channels


def healthy(request: bytes) -> "list[bytes]":
    return [answer_to(request, lambda register: 10 * register)]


def test_the_check_sum_is_that_of_the_specification() -> None:
    # A request known from many a manual: unit 1, function 3, register 0, ten registers.
    assert framed(b"\x01\x03\x00\x00\x00\x0a") == b"\x01\x03\x00\x00\x00\x0a\xc5\xcd"


def test_registers_become_numbers_of_every_format_and_order() -> None:
    for form, data, order, expected in (
        ("int16", b"\xff\xfe", "big", -2),
        ("int16", b"\xfe\xff", "big_swapped", -2),
        ("uint16", b"\xff\xfe", "big", 65534),
        ("int32", b"\xff\xff\xff\xfe", "big", -2),
        ("uint32", b"\x00\x02\x00\x01", "little", 0x00010002),
        ("uint32", b"\x02\x01\x04\x03", "big_swapped", 0x01020304),
        ("uint32", b"\x04\x03\x02\x01", "little_swapped", 0x01020304),
        ("float32", b"\x42\xf6\x00\x00", "big", 123.0),
        ("float32", b"\x00\x00\x42\xf6", "little", 123.0),
        ("float32", b"\xf6\x42\x00\x00", "big_swapped", 123.0),
        ("float32", b"\x00\x00\xf6\x42", "little_swapped", 123.0),
        ("int64", b"\x00\x03\x00\x02\x00\x01\x00\x00", "little", 0x0000000100020003),
        ("uint64", b"\x01\x00\x00\x00\x00\x00\x00\x02", "big", 0x0100000000000002),
        ("float64", b"\x40\x09\x21\xfb\x54\x44\x2d\x18", "big", 3.141592653589793),
        ("float64", b"\x2d\x18\x54\x44\x21\xfb\x40\x09", "little", 3.141592653589793),
        ("text", b"NdFeB 52\x00\x07", "big", "NdFeB 52"),
        ("text", b"dNeFB ", "big_swapped", "NdFe B"),
    ):
        args = {"format": form, "word_order": order, "registers": len(data) // 2}
        assert Value(args).of(data) == expected, (form, order)
    assert Value({"format": "bit", "bit": 3}).of(b"\x00\x08") is True
    assert Value({"format": "bit", "bit": 2}).of(b"\x00\x08") is False


def test_decimals_are_those_of_the_map_or_those_the_instrument_says() -> None:
    assert Value({"decimals": 2}).of(b"\x04\xd2") == 12.34
    line = MemoryLine(
        lambda request: [answer_to(request, lambda register: 1234 if register else 1)]
    )
    (channel,) = channels(line, [{"register": 7, "decimal_register": 0}], Time())
    assert channel.read() == 123.4


def test_what_no_instrument_shows_is_no_reading() -> None:
    value = Value({"format": "float32", "range": [0, 1400]})
    assert value.of(struct.pack(">f", 1085.5)) == 1085.5
    for data, word in (
        (struct.pack(">f", -41.5), "outside"),
        (b"\xb0\x00\x44\x87", "word_order"),  # 1085.5 with its words the wrong way round
        (b"\x00\xb0\x87\x44", "word_order"),  # with its bytes, too
        (b"\x7f\xc0\x00\x00", "no number"),
        (b"\x7f\x80\x00\x00", "no number"),
    ):
        assert word in str(fault_of(OSError, value.of, data))
    broken = Value({"no_value": {"32767": "the sensor is broken"}})
    assert "sensor is broken" in str(fault_of(OSError, broken.of, b"\x7f\xff"))
    assert "decimals" in str(fault_of(OSError, broken.of, b"\x00\x01", 200))
    assert "no text" in str(fault_of(OSError, Value({"format": "text"}).of, b"\xff\xfe"))
    for args in ({"format": "int24"}, {"word_order": "middle"}):
        fault_of(OSError, Value, args)


def test_a_coil_is_a_truth() -> None:
    line = MemoryLine(lambda _: [framed(b"\x01\x01\x01\x01")])
    (channel,) = channels(line, [{"table": "coil", "register": 3}], Time())
    assert channel.read() is True


def test_a_frame_in_pieces_with_noise_or_an_echo_before_it_is_put_together() -> None:
    good = framed(b"\x01\x03\x02\x00\x2a")
    for pieces in (
        [good[:1], good[1:4], good[4:]],
        [b"\x00", good],
        [b"\xff\x01" + good],
        [framed(b"\x01\x03\x00\x05\x00\x01"), good],
        [framed(b"\x01\x03\x00\x05\x00\x01") + good[:2], good[2:]],
    ):
        line = MemoryLine(lambda _, pieces=pieces: list(pieces))
        (channel,) = channels(line, [{"register": 5, "tries": 1}], Time())
        assert channel.read() == 42, pieces


def test_a_spoilt_answer_is_never_taken_for_a_value() -> None:
    good = framed(b"\x01\x03\x02\x00\x2a")
    for n in range(len(good)):
        spoilt = good[:n] + bytes([good[n] ^ 0x10]) + good[n + 1 :]
        line = MemoryLine(lambda _, spoilt=spoilt: [spoilt])
        (channel,) = channels(line, [{"register": 0, "tries": 1}], Time())
        fault_of(OSError, channel.read)
    line = MemoryLine(lambda _: [good])
    assert channels(line, [{"register": 0}], Time())[0].read() == 42


def test_a_question_is_asked_again_once() -> None:
    answers = [[b"\x01\x03\x02\x00"], [framed(b"\x01\x03\x02\x00\x2a")]]
    line = MemoryLine(lambda _: answers.pop(0))
    assert channels(line, [{"register": 0}], Time())[0].read() == 42
    line = MemoryLine(lambda _: [])
    assert "no answer" in str(fault_of(OSError, channels(line, [{"register": 0}], Time())[0].read))
    assert len(line.requests) == 2


def test_what_is_wrong_is_told_in_words() -> None:
    for body, words in (
        (b"\x01\x83\x02", "illegal register"),
        (b"\x01\x83\x0b", "gateway target"),
        (b"\x01\x83\x63", "exception 99"),
        (b"\x02\x03\x02\x00\x2a", "another question"),
        (b"\x01\x04\x02\x00\x2a", "another question"),
        (b"\x01\x03\x04\x00\x2a\x00\x2a", "another question"),
        (b"\x01\x03\x01\x2a", "another question"),
    ):
        line = MemoryLine(lambda _, body=body: [framed(body)])
        (channel,) = channels(line, [{"register": 999, "tries": 1}], Time())
        assert words in str(fault_of(OSError, channel.read)), body
    line = MemoryLine(lambda request: [request])
    (channel,) = channels(line, [{"register": 0, "tries": 1}], Time())
    assert "only the echo" in str(fault_of(OSError, channel.read))


def test_registers_in_a_row_are_one_question_while_the_answer_is_fresh() -> None:
    line, time = MemoryLine(healthy), Time()
    every = [{"register": n} for n in (4, 5, 6, 9)] + [{"register": 7, "format": "uint32"}]
    found = channels(line, every, time)
    assert [channel.read() for channel in found] == [40, 50, 60, 90, 70 << 16 | 80]
    assert len(line.requests) == 1
    time.now += 499
    found[0].read()
    assert len(line.requests) == 1
    time.now += 1
    found[0].read()
    assert len(line.requests) == 2


def test_registers_apart_are_asked_for_apart() -> None:
    line = MemoryLine(healthy)
    found = channels(
        line, [{"register": 4}, {"register": 6}, {"register": 4, "table": "input"}], Time()
    )
    assert [channel.read() for channel in found] == [40, 60, 40]
    assert len(line.requests) == 3


def test_a_block_the_device_refuses_is_asked_one_by_one() -> None:
    def refuses(request: bytes) -> "list[bytes]":
        return healthy(request) if request[5] == 1 else [framed(b"\x01\x83\x02")]

    line, time = MemoryLine(refuses), Time()
    found = channels(line, [{"register": 4}, {"register": 5}], time)
    assert [channel.read() for channel in found] == [40, 50]
    assert len(line.requests) == 3
    time.now += 1000
    assert [channel.read() for channel in found] == [40, 50]
    assert len(line.requests) == 5, "it is not asked for the block again"


def test_a_silent_device_is_asked_now_and_then_and_holds_nobody_up() -> None:
    silent = [True]
    line, time = MemoryLine(lambda r: [] if silent[0] else healthy(r)), Time()
    found = channels(line, [{"register": 1}, {"register": 3}], time)
    for _ in range(5):
        for channel in found:
            assert "no answer" in str(fault_of(OSError, channel.read))
    assert len(line.requests) == 3, "three questions without a sign, and it is left in peace"
    assert "left in peace" in str(fault_of(OSError, found[1].read))
    time.now += 4999
    fault_of(OSError, found[0].read)
    assert len(line.requests) == 3
    time.now += 1
    fault_of(OSError, found[0].read)
    fault_of(OSError, found[1].read)
    assert len(line.requests) == 4, "one probe, for all of its channels"
    silent[0] = False
    time.now += 5000
    assert [channel.read() for channel in found] == [10, 30]


def test_what_a_device_answered_is_counted_by_kind() -> None:
    answers = [
        [],
        [b"\x01\x03\x02"],
        [framed(b"\x01\x83\x04")],
        healthy(framed(b"\x01\x03\0\5\0\1")),
    ]
    line = MemoryLine(lambda _: answers.pop(0))
    (channel,) = channels(line, [{"register": 5}], Time())
    fault_of(OSError, channel.read)
    assert "device failure" in str(fault_of(OSError, channel.read))
    assert channel.read() == 50
    mine = [bus for bus in buses() if bus["at"] == channel.device.device.tally.at]
    assert mine == [
        {
            "at": channel.device.device.tally.at,
            "asked": 4,
            "failed": 3,
            "kinds": {"silence": 1, "short": 1, "exception": 1},
            "last": "device failure",
        }
    ]


def test_an_answer_that_is_no_reading_is_told_with_its_device() -> None:
    _tallies.clear()
    line = MemoryLine(healthy)
    every = [{"register": n, "range": [0, 15]} for n in (1, 2)]
    good, bad = channels(line, every, Time())
    assert good.read() == 10
    assert "outside" in str(fault_of(OSError, bad.read))
    told = [bus for bus in buses() if bus["at"] == bad.device.device.tally.at]
    assert [(bus["asked"], bus["failed"], bus["kinds"]) for bus in told] == [(1, 0, {"value": 1})]
    assert "outside" in told[0]["last"]


def test_args_that_are_wrong_are_a_fault_of_their_channel() -> None:
    for args, word in (
        ({"unit": 1, "register": 0}, "port"),
        ({"port": "/dev/null", "register": 0}, "unit"),
        ({"port": "/dev/null", "unit": 1}, "register"),
        ({"port": "/dev/null", "unit": 1, "register": 0, "table": "holdings"}, "table"),
        ({"port": "/dev/null", "unit": 256, "register": 0}, "unit is a whole number"),
        ({"port": "/dev/null", "unit": 1, "register": 65536}, "from 0 to 65535"),
        ({"port": "/dev/null", "unit": 1, "register": "7"}, "from 0 to 65535"),
        ({"port": "/dev/null", "unit": 0, "register": 7}, "none answers"),
        (
            {"port": "/dev/null", "unit": 1, "register": 65535, "format": "uint32"},
            "2 registers from 65535 on",
        ),
        (
            {"port": "/dev/null", "unit": 1, "register": 7, "format": "text", "registers": 126},
            "from 1 to 125",
        ),
        ({"port": "/dev/null", "unit": 1, "register": 0, "baud": 19200}, "one line, one setting"),
        ({"port": "/dev/nul", "unit": 1, "register": 0, "parity": "mark"}, "parity"),
    ):
        assert word in str(fault_of(OSError, modbus_rtu.open_channel, args, "s", "m", None)), args
    channel = modbus_rtu.open_channel(
        {"port": "/dev/nope", "unit": 1, "register": 0}, "s", "m", None
    )
    assert "no serial line" in str(fault_of(OSError, channel.read))
    channel = modbus_rtu.open_channel({"uart": 1, "unit": 1, "register": 0}, "s", "m", None)
    assert "no serial line" in str(fault_of(OSError, channel.read))


class Names:
    """In the place of `socket`: a name server that is asked, and devices that refuse."""

    def __init__(self) -> None:
        self.asked = 0

    def getaddrinfo(self, host: str, port: int) -> "list[tuple[str, int]]":
        self.asked += 1
        return [(host, port)]

    def socket(self) -> None:
        raise OSError(111, "refused")


def test_a_name_is_looked_up_once_and_not_at_every_probe() -> None:
    names = Names()
    was, modbus_tcp.socket = modbus_tcp.socket, names  # type: ignore[assignment]
    try:
        master = modbus_tcp.TcpMaster("meter-1", 502)
        for _ in range(3):
            fault_of(OSError, master.read, 1, "holding", 1, 1, 20)
    finally:
        modbus_tcp.socket = was
    assert names.asked == 1
