"""Instruments that tell a line of text, and readers of codes; both interpreters run this file."""

from firmware.drivers.line_serial import LineChannel, open_channel, reader_on
from tests.device_help import fault_of
from tests.firmware.lines import MemoryLine, Time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def listening(**args: "Any") -> "tuple[MemoryLine, Time, LineChannel]":
    line, time = MemoryLine(lambda _: []), Time()
    args = {"timeout_ms": 20, "tries": 1} | args
    return line, time, LineChannel(reader_on(line, args, time), args)


def test_a_balance_is_asked_and_its_answer_is_a_number() -> None:
    line, _, channel = listening(protocol="mettler_sics", unit="g")
    line.answer = lambda _: [b"S S     12", b"34.567 g\r\n"]
    line.read = lambda wait_ms: line.waiting.pop(0) if line.waiting else b""  # type: ignore[method-assign]
    assert channel.read() == 1234.567
    assert line.requests == [b"S\r\n"]
    line.answer = lambda _: [b"S S 1.5 kg\r\n"]
    channel.reader.fresh_ms = 0
    fault = fault_of(OSError, channel.read)
    assert "in kg" in str(fault) and fault.kind == "value"
    line.answer = lambda _: [b"S D 1.5 g\r\n"]
    assert "unstable" in str(fault_of(OSError, channel.read))
    line.answer = lambda _: []
    assert "no answer" in str(fault_of(OSError, channel.read))


def test_a_balance_whose_port_is_gone_is_bad_for_that_and_counted() -> None:
    line, _, channel = listening(protocol="mettler_sics", unit="g")

    def gone(_wait_ms: int) -> bytes:
        raise OSError(5, "the port is gone")

    line.read = gone  # type: ignore[method-assign]
    assert fault_of(OSError, channel.read).kind == "line"
    tally = channel.reader.device.tally
    assert tally.asked >= tally.failed["line"] == 1


def test_what_comes_by_itself_holds_for_a_while() -> None:
    line, time, channel = listening(protocol="mitutoyo_digimatic", stale_ms=5000)
    line.read = lambda wait_ms: line.waiting.pop(0) if line.waiting else b""  # type: ignore[method-assign]
    fault = fault_of(OSError, channel.read)
    assert "nothing came yet" in str(fault) and fault.kind == "silence"
    line.waiting = [b"01A+00012.345\r"]
    assert channel.read() == 12.345
    time.now += 5000
    assert channel.read() == 12.345
    time.now += 1
    assert "nothing came for 5 s" in str(fault_of(OSError, channel.read))
    line.waiting = [b"01A+0001x.345\r"]
    assert "garbled" in str(fault_of(OSError, channel.read))


def test_a_barcode_is_text_and_the_same_one_again_is_counted() -> None:
    line, time, channel = listening()
    line.read = lambda wait_ms: line.waiting.pop(0) if line.waiting else b""  # type: ignore[method-assign]
    counts = LineChannel(channel.reader, {"what": "count"})
    assert counts.read() == 0
    line.waiting = [b"\x02LOT-0", b"7\x03\r\n"]
    assert channel.read() == "LOT-07"
    line.waiting = [b"LOT-07\r\n", b"\xff\xfe\r\n"]
    time.now += 1000000
    assert counts.read() == 2
    assert channel.read() == "LOT-07"
    assert "what is" in str(fault_of(OSError, LineChannel, channel.reader, {"what": "value"}))


def test_an_instrument_speaks_one_protocol() -> None:
    """The first one said would else be that of all channels, and read them wrongly."""

    def opened(port: str, protocol: str = "") -> LineChannel:
        args: dict[str, Any] = {"port": port, "baud": 9600, "bytesize": 8, "stopbits": 1, "parity": "none"}  # fmt: skip
        return open_channel(args | ({"protocol": protocol} if protocol else {}), "s", "m", None)

    both = opened("scale", "mettler_sics"), opened("scale", "mettler_sics")
    assert both[0].reader is both[1].reader
    assert opened("scale").reader is both[0].reader, "who names none takes what there is"
    assert "another protocol" in str(fault_of(OSError, opened, "scale", "mitutoyo_digimatic"))
    opened("codes")
    assert "another protocol" in str(fault_of(OSError, opened, "codes", "mettler_sics"))


def test_a_code_that_was_cut_off_is_no_part_of_the_next() -> None:
    line, time, channel = listening()
    line.read = lambda wait_ms: line.waiting.pop(0) if line.waiting else b""  # type: ignore[method-assign]
    line.waiting = [b"LOT-0", b"7\r\n"]
    assert channel.read() == "LOT-07"
    line.waiting = [b"LOT-0"]
    channel.read()
    line.waiting = [b"8\r\n"]
    time.now += 1000
    assert channel.read() == "LOT-08", "the negative control: the rest of it came at the next look"
    line.waiting = [b"LOT-1"]
    channel.read()
    time.now += 1000
    channel.read()  # nothing more came of it
    line.waiting = [b"LOT-22\r\n"]
    assert channel.read() == "LOT-22"
    assert channel.reader.device.tally.failed["short"] == 1


def test_a_code_that_is_too_long_is_no_other_code() -> None:
    line, _, channel = listening()
    line.read = lambda wait_ms: line.waiting.pop(0) if line.waiting else b""  # type: ignore[method-assign]
    line.waiting = [b"LOT-07\r\n", b"X" * 300 + b"\r\n"]
    assert channel.read() == "LOT-07"
    assert "too long" in channel.reader.device.tally.last
    line.waiting = [b"Y" * 119 + b"\r\n"]
    assert channel.read() == "Y" * 119


def test_a_reader_whose_cable_was_pulled_is_told_with_the_node_and_begins_anew() -> None:
    line, _, channel = listening()
    line.waiting = [b"LOT-0"]

    def read(wait_ms: int) -> bytes:
        if line.waiting:
            return line.waiting.pop(0)
        if gone:
            raise OSError(5, "the port is gone")
        return b""

    gone: list[int] = []
    line.read = read  # type: ignore[method-assign]
    fault_of(OSError, channel.read)
    gone.append(1)
    before = dict(channel.reader.device.tally.failed)
    assert "gone" in str(fault_of(OSError, channel.read))
    failed = channel.reader.device.tally.failed
    assert failed["line"] == before.get("line", 0) + 1
    gone.clear()
    line.waiting = [b"LOT-22\r\n"]
    assert channel.read() == "LOT-22"
