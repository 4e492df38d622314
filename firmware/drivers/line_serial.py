"""Instruments that write lines: balances, XRF, thickness gauges by their protocol; barcode readers as text.

args: those of serial_line.py for the line; protocol (a file in schemas/gauges; without one, any text is a line);
what "value" (default with a protocol) | "text" | "count" (lines since the start, so that the same code read twice is
seen); request (what asks for a reading; the protocol's by default, "" to only listen); unit (a line in another is a
fault); stale_ms (how long a reading that came by itself holds, default 10000). See bus_device.py for timeouts.
"""

from firmware.drivers.bus_device import Bus, Device
from firmware.drivers.bus_fault import BusFault, as_fault, words_of
from firmware.drivers.serial_line import open_line
from firmware.drivers.ticks import apart, ticks_ms
from schemas.limit_rows import LimitError
from schemas.line_protocols import LINE_MAX, Frames, load_protocol, read_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from firmware.drivers.serial_line import Line
    from schemas.line_protocols import LineReading

_EIO = 5
_PARITIES = {"N": "none", "E": "even", "O": "odd"}
_ANY_TEXT = {"terminator": "\r\n"}
_PIECES = 16
_CUT_MS = 500  # no instrument pauses so long in a line
_WHATS = ("value", "text", "count")


class LineReader:
    """One instrument: the last line it wrote."""

    def __init__(self, line: "Line", protocol: "dict[str, Any] | None", device: Device, args: "dict[str, Any]") -> None:  # fmt: skip
        self.line = line
        self.protocol = protocol
        self.device = device
        self.request: str = args.get("request", (protocol or {}).get("request", ""))
        self.fresh_ms: int = args.get("fresh_ms", 500)
        self.frames = Frames(protocol or _ANY_TEXT)
        self.count = 0
        self.text = ""
        self.reading: LineReading | None = None
        self.came = 0
        self.aged_ms = 0
        self.heard = 0

    def listen(self, wait_ms: int = 0) -> bool:
        """Take what has come; whether a line was among it."""
        before = self.count
        for n in range(_PIECES):  # one that never stops must not keep us here
            data = self.line.read(0 if self.count > before else wait_ms)
            if not data:
                if not n:
                    self._quiet()
                break
            self.heard = self.device.ticks()
            for line in self.frames.feed(data):
                self._line(line)
        return self.count > before

    def _quiet(self) -> None:
        """Nothing came since the last look: what has no end yet gets none any more."""
        if apart(self.device.ticks(), self.heard) >= _CUT_MS and self.frames.silence():
            self.device.tally.fault("short", "a line without its end")

    def try_to_listen(self) -> bool:
        """As listen(); that there is no line to listen on is counted."""
        try:
            return self.listen()
        except OSError as fault:
            self.frames.silence()
            self.device.tally.asked += 1
            self.device.tally.fault("line", words_of(fault))
            raise as_fault("line", fault) from None

    def _line(self, line: bytes) -> None:
        if self.protocol is None:
            if len(line) > LINE_MAX:
                self.device.tally.fault("check", "a line that is too long")
                return
            try:
                self.text = line.strip(b"\r\n\x02\x03").decode()
            except ValueError:
                self.device.tally.fault("check", "a line that is no text")
                return
        else:
            reading = read_line(self.protocol, line)
            if reading.fault == "echo":
                return
            self.reading, self.text = reading, reading.text
            if reading.fault:
                self.device.tally.fault("check", f"{reading.fault}: {reading.text}")
        self.count += 1
        self.came, self.aged_ms = self.device.ticks(), 0

    def ask(self) -> None:
        """Have a line not older than fresh_ms. OSError when the instrument does not answer."""
        if self.try_to_listen() or (self.count and self.age_ms() < self.fresh_ms):
            return

        def ask(timeout_ms: int) -> bytes:
            self.line.write(self.request.encode())
            began = ticks_ms()
            while (left := timeout_ms - apart(ticks_ms(), began)) > 0:
                if self.listen(left):
                    return b""
            raise BusFault("silence", "no answer")

        self.device.ask(ask)

    def age_ms(self) -> int:
        """It only grows until the next line: on a board counts begin again, and would make a reading young."""
        self.aged_ms = max(self.aged_ms, apart(self.device.ticks(), self.came))
        return self.aged_ms


class LineChannel:
    """What a metric takes of an instrument's lines."""

    def __init__(self, reader: LineReader, args: "dict[str, Any]") -> None:
        self.reader = reader
        self.what: str = args.get("what", "text" if reader.protocol is None else "value")
        if self.what not in _WHATS or (self.what == "value" and reader.protocol is None):
            raise OSError(_EIO, "what is value (with a protocol), text or count")
        self.unit: str | None = args.get("unit")
        self.stale_ms: int = args.get("stale_ms", 10000)

    def read(self) -> "float | int | str":
        """The last reading. OSError with the reason when it is none, or too old."""
        reader = self.reader
        if reader.request and self.what == "value":
            reader.ask()
        else:
            reader.try_to_listen()
            reader.device.tally.asked += 1
        if self.what == "count":
            return reader.count
        if not reader.count:
            raise BusFault("silence", "nothing came yet")
        if self.what == "text":
            return reader.text
        return self._value(reader)

    def _value(self, reader: LineReader) -> float:
        if self.stale_ms and reader.age_ms() > self.stale_ms:
            raise BusFault("silence", f"nothing came for {reader.age_ms() // 1000} s")
        reading = reader.reading
        if reading is None or reading.fault:
            raise BusFault("value", f"{reading.fault}: {reading.text}" if reading else "no reading")
        if self.unit is not None and reading.unit != self.unit:
            raise BusFault("value", f"a reading in {reading.unit}, not {self.unit}: {reading.text}")
        return float(reading.value)


_readers: "dict[str, LineReader]" = {}


def settings_of(protocol: "dict[str, Any]") -> "dict[str, Any]":
    """The settings of a line as a protocol says them."""
    found = {key: protocol[key] for key in ("baud", "bytesize", "stopbits")}
    found["parity"] = _PARITIES.get(protocol["parity"], protocol["parity"])
    return found


def open_channel(args: "dict[str, Any]", station: str, metric: str, plant: object) -> LineChannel:
    """A channel of the instrument args describes. OSError when args are wrong; the port may come later."""
    protocol: dict[str, Any] | None = None
    try:
        if "protocol" in args:
            protocol = load_protocol(args["protocol"])
            args = settings_of(protocol) | args
    except LimitError as fault:
        raise OSError(_EIO, str(fault)) from None
    except OSError:
        raise OSError(_EIO, f"no protocol is called {args['protocol']}") from None
    line = open_line(args)
    if line.name not in _readers:
        device = Device(Bus(), f"line {line.name}", args)
        _readers[line.name] = LineReader(line, protocol, device, args)
    if protocol is not None and protocol != _readers[line.name].protocol:
        raise OSError(_EIO, f"{line.name} is read by another protocol: one for all on it")
    return LineChannel(_readers[line.name], args)


def reader_on(line: "Line", args: "dict[str, Any]", ticks: "Callable[[], int]") -> LineReader:
    """A reader on a line that is open already."""
    protocol = load_protocol(args["protocol"]) if "protocol" in args else None
    return LineReader(line, protocol, Device(Bus(), "line", args, ticks), args)
