"""The simulated plant's slaves, byte by byte; both interpreters run this file."""

import struct

from firmware.plant import bus_aibus, bus_modbus
from firmware.plant.bus_frames import Frames, silence_us
from firmware.plant.bus_modbus import checked
from firmware.plant.bus_registers import Registers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# A request known from many a manual: unit 1, function 3, register 0, ten registers.
KNOWN = b"\x01\x03\x00\x00\x00\x0a\xc5\xcd"


def broken() -> float:
    raise OSError(5, "sensor open")


class Count:
    """How often the plant was moved."""

    def __init__(self) -> None:
        self.n = 0

    def __call__(self) -> None:
        self.n += 1


def device(*places: "tuple[dict[str, Any], Any]") -> Registers:
    registers = Registers(Count())
    for args, value in places:
        registers.place(args, value if callable(value) else lambda value=value: value)
    return registers


def ask(registers: Registers, function: int, register: int, count: int) -> bytes:
    """The body of the answer of unit 1 to a request."""
    request = checked(struct.pack(">BBHH", 1, function, register, count))
    said = bus_modbus.answer(request, {1: registers.read})
    assert checked(said[:-2]) == said
    return said[:-2]


# -- Modbus -----------------------------------------------------------------------------------


def test_the_check_is_that_of_the_specification() -> None:
    assert checked(KNOWN[:-2]) == KNOWN


def test_every_format_lies_in_its_registers_most_significant_word_first() -> None:
    for form, value, data in (
        ("int16", -2, b"\xff\xfe"),
        ("uint16", True, b"\x00\x01"),
        ("int32", -2, b"\xff\xff\xff\xfe"),
        ("uint32", 0x00020001, b"\x00\x02\x00\x01"),
        ("uint64", (1 << 63) + 1, b"\x80" + bytes(6) + b"\x01"),
        ("float32", 123.0, b"\x42\xf6\x00\x00"),
        ("float64", 23.4, struct.pack(">d", 23.4)),
    ):
        registers = device(({"register": 7, "format": form}, value))
        answer = ask(registers, 3, 7, len(data) // 2)
        assert answer == b"\x01\x03" + bytes([len(data)]) + data, form


def test_words_are_swapped_and_decimals_shifted_as_the_args_say() -> None:
    swapped = {"register": 0, "format": "uint32", "word_order": "little"}
    assert ask(device((swapped, 0x00010002)), 3, 0, 2)[3:] == b"\x00\x02\x00\x01"
    scaled = {"register": 0, "format": "int16", "decimals": 1}
    assert ask(device((scaled, 23.4)), 3, 0, 1)[3:] == struct.pack(">h", 234)


def test_text_is_cut_between_characters_and_filled_with_zeros() -> None:
    args = {"register": 0, "format": "text", "registers": 2}
    assert ask(device((args, "ab")), 3, 0, 2)[3:] == b"ab\0\0"
    assert ask(device((args, "烧结")), 3, 0, 2)[3:] == "烧".encode() + b"\0"


def test_inputs_and_coils_are_tables_of_their_own_and_bits_begin_at_the_lowest() -> None:
    places = [({"register": n, "table": "coil"}, n in (0, 8)) for n in range(9)]
    registers = device(*places, ({"register": 0, "table": "input"}, 5))
    assert ask(registers, 1, 0, 9)[2:] == b"\x02\x01\x01"
    assert ask(registers, 4, 0, 1)[3:] == b"\x00\x05"
    assert ask(registers, 2, 0, 1) == b"\x01\x82\x02"


def test_an_open_sensor_leaves_what_instruments_show_without_a_value() -> None:
    for args, data in (
        ({"format": "float64"}, struct.pack(">d", float("nan"))),
        ({"format": "float32", "word_order": "little"}, b"\x00\x00\x7f\xc0"),
        ({"format": "uint16", "no_value": {"65535": "open"}}, b"\xff\xff"),
        ({"format": "int32", "no_value": {"-2147483648": "open"}}, b"\x80\x00\x00\x00"),
        ({"format": "text", "registers": 2}, b"\xff\xff\xff\xff"),
    ):
        registers = device(({"register": 0} | args, broken), ({"register": 8}, 1))
        assert ask(registers, 3, 0, len(data) // 2)[3:] == data, args
        assert ask(registers, 3, 8, 1)[3:] == b"\x00\x01"


def test_a_part_of_a_value_can_be_read_and_the_plant_moves_once_per_request() -> None:
    moved = Count()
    registers = Registers(moved)
    registers.place({"register": 0, "format": "uint32"}, lambda: 0x00020001)
    registers.place({"register": 2, "format": "uint32"}, lambda: 0x00040003)
    assert ask(registers, 3, 1, 2)[3:] == b"\x00\x01\x00\x04"
    assert moved.n == 1


def test_what_a_device_refuses_it_refuses_with_the_code_of_the_specification() -> None:
    registers = device(({"register": 0}, 1), ({"register": 1}, broken), ({"register": 2}, 70_000))
    assert ask(registers, 3, 0, 1) == b"\x01\x03\x02\x00\x01"
    for function, register, count, code in (
        (6, 0, 1, bus_modbus.ILLEGAL_FUNCTION),
        (43, 0, 1, bus_modbus.ILLEGAL_FUNCTION),
        (3, 5, 1, bus_modbus.ILLEGAL_REGISTER),
        (3, 2, 2, bus_modbus.ILLEGAL_REGISTER),
        (3, 0, 0, bus_modbus.ILLEGAL_VALUE),
        (3, 0, 126, bus_modbus.ILLEGAL_VALUE),
        (3, 1, 1, bus_modbus.DEVICE_FAILURE),  # a sensor that is open
        (3, 0, 2, bus_modbus.DEVICE_FAILURE),  # a block with such a one in it
        (3, 2, 1, bus_modbus.DEVICE_FAILURE),  # a value its registers cannot hold
    ):
        assert ask(registers, function, register, count) == bytes((1, function | 0x80, code))


def test_a_wrong_check_and_another_unit_get_no_answer() -> None:
    read = device(*[({"register": n}, n) for n in range(10)]).read
    assert len(bus_modbus.answer(KNOWN, {1: read})) == 25
    assert bus_modbus.answer(KNOWN, {2: read}) == b""
    assert bus_modbus.answer(KNOWN[:-1] + b"\x00", {1: read}) == b""
    assert bus_modbus.answer(b"\x01", {1: read}) == b""


# -- frames -----------------------------------------------------------------------------------


def test_the_silence_is_three_and_a_half_characters_and_never_under_what_is_fixed() -> None:
    assert silence_us(9600) == 4010
    assert silence_us(19200) == 2005
    assert silence_us(115200) == 1750


def test_a_request_is_heard_when_it_is_whole_in_however_many_pieces() -> None:
    frames = Frames(9600, bus_modbus.length)
    for n in range(7):
        assert frames.hear(KNOWN[n : n + 1], 1000 * n) == b""
    assert frames.waits()
    assert frames.hear(KNOWN[7:], 7000) == KNOWN
    assert not frames.waits()


def test_a_silence_ends_a_frame_that_never_became_a_request() -> None:
    frames = Frames(9600, bus_modbus.length)
    assert frames.hear(KNOWN[:5], 0) == b""
    assert frames.end(4000) == b"" and frames.waits(), "not silent for long enough"
    assert frames.end(4011) == KNOWN[:5] and not frames.waits()
    assert frames.hear(KNOWN[:5], 10_000) == b""
    assert frames.hear(KNOWN, 20_000) == KNOWN, "the half before the silence is forgotten"
    unknown = checked(b"\x01\x2b\x0e\x01\x00")
    assert frames.hear(unknown, 30_000) == b""
    assert frames.end(40_000) == unknown, "only the silence tells how long it is"


def test_of_two_requests_that_came_together_the_last_is_answered() -> None:
    frames = Frames(9600, bus_modbus.length)
    other = checked(b"\x01\x03\x00\x01\x00\x02")
    assert frames.hear(KNOWN + other, 0) == other
    assert not frames.waits()


def test_noise_without_end_is_not_kept() -> None:
    frames = Frames(9600, bus_modbus.length)
    assert frames.hear(bytes(300), 0) == b"" and not frames.waits()


# -- AIBUS ------------------------------------------------------------------------------------


def aibus(address: int, code: int, parameter: int, value: int = 0) -> bytes:
    total = parameter * 256 + code + address + value
    head = bytes((0x80 + address, 0x80 + address, code, parameter))
    return head + struct.pack("<HH", value & 0xFFFF, total & 0xFFFF)


def words(answer: bytes, address: int) -> "tuple[int, ...]":
    """Process value, set point, output and alarms, parameter of an answer with a right check."""
    found = struct.unpack("<hhHhH", answer)
    total = sum([word & 0xFFFF for word in found[:4]]) + address
    assert total & 0xFFFF == found[4]
    return found[:4]


def test_a_controller_answers_with_its_value_set_point_alarms_and_the_parameter() -> None:
    controllers = {3: (lambda: 1075.4, lambda: 1080.0), 4: (lambda: -12.3, lambda: 20.0)}
    request = aibus(3, 0x52, 0)
    assert request == b"\x83\x83\x52\x00\x00\x00\x55\x00"
    assert words(bus_aibus.answer(request, controllers), 3) == (10754, 10800, 0, 10800)
    assert words(bus_aibus.answer(aibus(4, 0x52, 0x0C), controllers), 4) == (-123, 200, 0, 1)
    assert words(bus_aibus.answer(aibus(4, 0x52, 0x50), controllers), 4)[3] == 32767


def test_a_broken_thermocouple_is_over_range_and_the_set_point_still_told() -> None:
    pv, sv, flags, _ = words(bus_aibus.answer(aibus(1, 0x52, 0), {1: (broken, lambda: 900.0)}), 1)
    assert (pv, sv, flags) == (32000, 9000, 0x1000)


def test_a_locked_controller_answers_a_write_with_what_it_keeps() -> None:
    controllers = {1: (lambda: 20.0, lambda: 900.0)}
    assert words(bus_aibus.answer(aibus(1, 0x43, 0, 5000), controllers), 1)[3] == 9000


def test_no_controller_answers_what_is_not_for_it_or_wrong() -> None:
    controllers = {1: (lambda: 20.0, lambda: 900.0)}
    right = aibus(1, 0x52, 0)
    assert bus_aibus.answer(right, controllers)
    assert bus_aibus.answer(aibus(2, 0x52, 0), controllers) == b""
    assert bus_aibus.answer(aibus(1, 0x47, 0), controllers) == b""
    assert bus_aibus.answer(right[:-1] + b"\x01", controllers) == b""
    assert bus_aibus.length(right[:7]) == 0 and bus_aibus.length(right + b"\x81") == 8
    frames = Frames(9600, bus_aibus.length)
    assert frames.hear(right[:3], 0) == b"" and frames.hear(right[3:], 3000) == right
