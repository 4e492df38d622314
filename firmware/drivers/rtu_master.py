"""Modbus RTU: the frames of a master. Faults in words; nothing but a whole, right frame is an answer.

Source: MODBUS over serial line V1.02 (frames, silences, check), MODBUS application protocol V1.1b3.
"""

import struct

from firmware.drivers.bus_fault import ONLY_ECHO, BusFault
from firmware.drivers.serial_turns import OVER, QUIET, Turns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.drivers.serial_turns import Find

FUNCTIONS = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}
EXCEPTIONS = {
    1: "illegal function",
    2: "illegal register",
    3: "illegal value",
    4: "device failure",
    5: "acknowledged, not done yet",
    6: "device busy",
    8: "memory parity error",
    10: "gateway path unavailable",
    11: "gateway target does not respond",
}
# The check, four bits at a time: a board computes it in a millisecond, and the table is small.
_NIBBLES = (
    0x0000, 0xCC01, 0xD801, 0x1400, 0xF001, 0x3C00, 0x2800, 0xE401,
    0xA001, 0x6C00, 0x7800, 0xB401, 0x5000, 0x9C01, 0x8801, 0x4400,
)  # fmt: skip


def crc16(frame: bytes) -> int:
    """The check of a frame: polynomial 0xA001, preset 0xFFFF; low byte goes first."""
    crc = 0xFFFF
    for byte in frame:
        crc = crc >> 4 ^ _NIBBLES[(crc ^ byte) & 15]
        crc = crc >> 4 ^ _NIBBLES[(crc ^ byte >> 4) & 15]
    return crc


def framed(body: bytes) -> bytes:
    """A frame with its check."""
    return body + struct.pack("<H", crc16(body))


def data_bytes(table: str, count: int) -> int:
    """How many bytes an answer holds."""
    return (count + 7) // 8 if table in ("coil", "discrete") else 2 * count


def refused(code: int) -> BusFault:
    """An exception in words."""
    return BusFault("exception", EXCEPTIONS.get(code, f"exception {code}"), code)


class RtuMaster:
    """Asks the devices of one line, one question at a time."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns

    def read(self, unit: int, table: str, register: int, count: int, timeout_ms: int) -> bytes:
        """The data of registers or coils. Raises BusFault, OSError of the port."""
        function = FUNCTIONS[table]
        question = framed(struct.pack(">BBHH", unit, function, register, count))
        expected = data_bytes(table, count)
        # timeout_ms is how long the device may think: sending goes on top, long at 9600 baud.
        timeout_ms += self.turns.sent_ms(len(question) + expected + 5)
        return self.turns.ask(unit, question, _finder(question, expected), timeout_ms)


def _finder(question: bytes, expected: int) -> "Find":
    """Looks for the answer in all that came: an echo of the question, a byte of noise as the line turns
    round and the late answer to another question may stand before it."""
    head, refusal = question[:2], bytes((question[0], question[1] | 0x80))

    def find(came: bytes, state: int) -> "tuple[int, bytes] | None":
        for at in range(len(came) - 4):
            start = came[at : at + 2]
            if start == refusal and crc16(came[at : at + 5]) == 0:
                raise refused(came[at + 2])
            whole = came[at : at + expected + 5]
            fits = start == head and len(whole) == expected + 5 and whole[2] == expected
            if fits and crc16(whole) == 0:
                return (at + len(whole), whole[3:-2])
        if state == OVER or (state == QUIET and len(_after_echo(came, question)) >= expected + 5):
            raise _what_came(_after_echo(came, question), expected, question)
        return None

    return find


def _after_echo(came: bytes, question: bytes) -> bytes:
    return came[len(question) :] if came.startswith(question) else came


def _what_came(came: bytes, expected: int, question: bytes) -> BusFault:
    """Words for bytes that are no answer."""
    if not came:
        return BusFault("silence", ONLY_ECHO)
    if len(came) >= 5 and crc16(came[: came[2] + 5]) == 0:
        return BusFault("other", "an answer to another question")
    if len(came) < expected + 5:
        return BusFault("short", f"{len(came)} of {expected + 5} bytes of an answer")
    return BusFault("check", "wrong check sum")
