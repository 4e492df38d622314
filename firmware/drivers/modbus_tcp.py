"""Modbus TCP: gateways, power meters, controllers with a network port.

args: host (an address; a name is looked up once, which may take long), tcp_port (default 502), unit (default 255), and
what modbus.py names for the value. Waiting for a connection costs no more than timeout_ms.
Source: MODBUS messaging on TCP/IP implementation guide V1.0b.
"""

import select
import socket
import struct

from firmware.drivers.bus_device import Bus
from firmware.drivers.bus_fault import BusFault
from firmware.drivers.mapped import mapped
from firmware.drivers.modbus import ModbusChannel, open_value
from firmware.drivers.rtu_master import FUNCTIONS, data_bytes, refused
from firmware.drivers.ticks import apart, ticks_ms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_EIO = 5
_EAGAIN, _EINPROGRESS = 11, 115
_UNDER_WAY = (_EAGAIN, _EINPROGRESS, 119, 36, 35)  # of Linux, lwIP, macOS
_FRAME_MAX = 260
_SILENT = 3  # unanswered questions; the connection may be one that the other end has forgotten


class TcpMaster:
    """One connection; opened when it is needed, and anew when it broke."""

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self.bus = Bus()
        self.address: Any = (
            None  # kept: to look it up anew, without a name server, would hold up everything
        )
        self.number = 0
        self.socket: Any = None
        self.poll: Any = None
        self.connected = False
        self.came = b""
        self.silences = 0

    def read(self, unit: int, table: str, register: int, count: int, timeout_ms: int) -> bytes:
        """The data of registers or coils. Raises BusFault, or OSError of the connection."""
        began = ticks_ms()
        body = struct.pack(">BBHH", unit, FUNCTIONS[table], register, count)
        self.number = self.number + 1 & 0xFFFF
        question = struct.pack(">HHH", self.number, 0, len(body)) + body
        try:
            self._connect(timeout_ms)
            if self.socket.send(question) != len(question):
                raise OSError(_EIO, "the connection takes no more")
            answer = self._answer(began, timeout_ms)
        except BusFault:
            self.silences += 1
            if self.silences >= _SILENT:
                self.close()
            raise
        except OSError as fault:
            self.close()
            raise OSError(_EIO, f"no connection to {self.host}: {fault}") from None
        self.silences = 0
        return _data(answer, body[:2], data_bytes(table, count))

    def _connect(self, timeout_ms: int) -> None:
        if self.socket is None:
            if self.address is None:
                self.address = socket.getaddrinfo(self.host, self.port)[0][-1]
            self.socket, self.poll, self.came = socket.socket(), select.poll(), b""
            self.socket.setblocking(False)
            try:
                self.socket.connect(self.address)
            except OSError as fault:
                if fault.args[0] not in _UNDER_WAY:
                    raise
            self.poll.register(self.socket, select.POLLOUT)
        if not self.connected:
            events = self.poll.poll(timeout_ms)
            if not events:
                raise BusFault("silence", f"{self.host} does not take the connection yet")
            if events[0][1] & ~select.POLLOUT:
                raise OSError(_EIO, "refused")
            self.poll.modify(self.socket, select.POLLIN)
            self.connected = True

    def _answer(self, began: int, timeout_ms: int) -> bytes:
        """The frame with our number; late ones with another are skipped."""
        while (left := timeout_ms - apart(ticks_ms(), began)) > 0:
            frame = self._frame()
            if frame is not None:
                if frame[:2] == struct.pack(">H", self.number):
                    return frame
                continue
            if not self.poll.poll(left):
                break
            part = self.socket.recv(_FRAME_MAX)
            if not part:
                raise OSError(_EIO, "closed by the device")
            self.came += part
        raise BusFault("silence", "no answer")

    def _frame(self) -> "bytes | None":
        came = self.came
        if len(came) < 6:
            return None
        length = came[4] << 8 | came[5]
        if came[2:4] != b"\x00\x00" or not 3 <= length <= _FRAME_MAX - 6:
            raise OSError(_EIO, "what comes is no Modbus TCP")
        if len(came) < 6 + length:
            return None
        self.came = came[6 + length :]
        return came[: 6 + length]

    def close(self) -> None:
        connection, self.socket, self.connected = self.socket, None, False
        self.silences = 0
        if connection is not None:
            connection.close()


def _data(answer: bytes, head: bytes, expected: int) -> bytes:
    if answer[7] == head[1] | 0x80:
        raise refused(answer[8])
    # Some devices answer with a unit of their own: the number has told whose answer it is.
    if answer[7] != head[1] or len(answer) != 9 + expected or answer[8] != expected:
        raise BusFault("other", "an answer to another question")
    return answer[9:]


_masters: "dict[str, TcpMaster]" = {}


def open_channel(args: "dict[str, Any]", station: str, metric: str, plant: object) -> ModbusChannel:
    """A value of the device args describes. OSError when args are wrong; the device may come later."""
    args = mapped(args, "modbus")
    try:
        name = f"{args['host']}:{args.get('tcp_port', 502)}"
        if name not in _masters:
            _masters[name] = TcpMaster(args["host"], args.get("tcp_port", 502))
        master = _masters[name]
        return open_value(name, master.bus, master, {"unit": 255} | args)
    except KeyError as problem:
        raise OSError(_EIO, f"{station}.{metric}: args lack or misname {problem}") from None
