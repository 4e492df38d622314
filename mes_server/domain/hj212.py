"""Frames of HJ 212, which carry effluent data to the environmental authority: written, read, split, told apart.

"##", four digits of length, the data segment, its CRC in four hexadecimal digits, CR LF. Pure: no clock, no socket.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

GET_TIME = "1011"
REALTIME, DAY, MINUTE, HOUR = "2011", "2031", "2051", "2061"
REQUEST_ANSWER, RESULT, NOTICE_ANSWER, DATA_ANSWER = "9011", "9012", "9013", "9014"
ANSWERS = (REQUEST_ANSWER, RESULT, NOTICE_ANSWER, DATA_ANSWER)
# Bits of Flag below the six of the version: numbered parts follow, an answer is asked for.
PARTS, ANSWER = 2, 1
HEAD, TAIL = b"##", b"\r\n"
LENGTH_MAX = 9999
_EDGES = len(HEAD) + 4, 4 + len(TAIL)  # bytes before and behind the data segment
_SEGMENT = re.compile(
    r"(?:QN=(?P<qn>[0-9]{17});)?ST=(?P<st>[0-9]{2});CN=(?P<cn>[0-9]{4});PW=(?P<pw>[^;=&]{0,32});MN=(?P<mn>[0-9A-Za-z]{1,32});"
    r"Flag=(?P<flag>[0-9]{1,3});(?:PNUM=(?P<pnum>[0-9]{1,4});PNO=(?P<pno>[0-9]{1,4});)?CP=&&(?P<cp>[^&\r\n]*)&&"
)


class BadFrame(ValueError):
    """Bytes that are no frame; `rule` says by a name of ours what is wrong with them."""

    def __init__(self, rule: str, said: bytes) -> None:
        super().__init__(f"{rule}: {said[:80]!r}")
        self.rule = rule
        self.said = said


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame. `qn`: its number, the time of the request with ms (17 digits); `cp`: the data without their "&&".

    `pnum`, `pno`: parts and number of this one, 0: it is whole.
    """

    qn: str
    st: str
    cn: str
    pw: str
    mn: str
    flag: int
    cp: str
    pnum: int = 0
    pno: int = 0

    @property
    def asks(self) -> bool:
        """Whether an answer is asked for."""
        return bool(self.flag & ANSWER)


def crc16(segment: bytes) -> int:
    """Of the data segment. Not CRC-16/MODBUS: the register is moved before each byte, and the byte meets its high half
    (HJ 212-2017 annex A)."""
    register = 0xFFFF
    for byte in segment:
        register = (register >> 8) ^ byte
        for _ in range(8):
            odd = register & 1
            register >>= 1
            if odd:
                register ^= 0xA001
    return register


def segment_of(frame: Frame) -> str:
    """The data segment."""
    number = f"QN={frame.qn};" if frame.qn else ""
    parts = f"PNUM={frame.pnum};PNO={frame.pno};" if frame.flag & PARTS else ""
    return (
        f"{number}ST={frame.st};CN={frame.cn};PW={frame.pw};MN={frame.mn};Flag={frame.flag};"
        f"{parts}CP=&&{frame.cp}&&"
    )


def encode(frame: Frame) -> bytes:
    """The bytes to be sent; raises BadFrame when a field cannot be written."""
    text = segment_of(frame)
    if not _SEGMENT.fullmatch(text) or frame.flag > 255:
        raise BadFrame("segment_is_known", text.encode())
    segment = text.encode("utf-8")
    if len(segment) > LENGTH_MAX:
        raise BadFrame("length_fits", segment)
    return HEAD + b"%04d" % len(segment) + segment + b"%04X" % crc16(segment) + TAIL


def decode(data: bytes) -> Frame:
    """The one frame that these bytes are; raises BadFrame."""
    before, behind = _EDGES
    if not data.startswith(HEAD):
        raise BadFrame("frame_begins", data)
    if not data[2:6].isdigit():
        raise BadFrame("length_is_digits", data)
    length = int(data[2:6])
    if len(data) < before + length + behind:
        raise BadFrame("frame_is_whole", data)
    if len(data) > before + length + behind or data[-2:] != TAIL:
        raise BadFrame("frame_ends", data)
    segment, told = data[before : before + length], data[before + length : -2]
    if not re.fullmatch(rb"[0-9A-Fa-f]{4}", told) or int(told, 16) != crc16(segment):
        raise BadFrame("crc_is_right", data)
    return _frame(segment)


def _frame(segment: bytes) -> Frame:
    try:
        found = _SEGMENT.fullmatch(segment.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise BadFrame("segment_is_text", segment) from error
    if found is None or int(found["flag"]) > 255:
        raise BadFrame("segment_is_known", segment)
    flag = int(found["flag"])
    if bool(flag & PARTS) != (found["pnum"] is not None):
        raise BadFrame("parts_are_numbered", segment)
    pnum, pno = int(found["pnum"] or 0), int(found["pno"] or 0)
    if flag & PARTS and not 1 <= pno <= pnum:
        raise BadFrame("parts_are_numbered", segment)
    return Frame(found["qn"] or "", found["st"], found["cn"], found["pw"], found["mn"], flag, found["cp"], pnum, pno)  # fmt: skip


class Stream:
    """Tells frames apart in what a connection brings, however it is cut; what is no frame is given up to the next "##"."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> list[Frame | BadFrame]:
        """The frames that are whole now, and what is none, in their order."""
        self._held += data
        found: list[Frame | BadFrame] = []
        while (one := self._next()) is not None:
            found.append(one)
        return found

    @property
    def rest(self) -> bytes:
        """What has begun and is not whole."""
        return self._held

    def _next(self) -> Frame | BadFrame | None:
        at = self._held.find(HEAD)
        if at != 0:
            return self._give_up(at)
        length = self._held[2:6]
        if len(length) == 4 and not length.isdigit():
            return self._drop("length_is_digits")
        if len(length) < 4:
            return None
        size = sum(_EDGES) + int(length)
        cut = self._held.find(TAIL + HEAD, 6)
        if 0 < cut < size - len(TAIL):
            return self._drop("frame_is_whole")  # its end never came, the next has begun
        if len(self._held) < size:
            return None
        whole = self._held[:size]
        try:
            frame = decode(whole)
        except BadFrame as error:
            return self._drop(error.rule)
        self._held = self._held[size:]
        return frame

    def _give_up(self, at: int) -> BadFrame | None:
        """What stands before the next frame; a single "#" at the end may begin one."""
        keep = at if at > 0 else len(self._held) - self._held.endswith(b"#")
        lost, self._held = self._held[:keep], self._held[keep:]
        return BadFrame("frame_begins", lost) if lost.strip() else None

    def _drop(self, rule: str) -> BadFrame:
        """The first frame is none; what follows begins at the next "##"."""
        after = self._held.find(HEAD, 2)
        end = after if after > 0 else len(self._held)
        lost, self._held = self._held[:end], self._held[end:]
        return BadFrame(rule, lost)


def flag_of(version_bits: int, asks: bool = True) -> int:
    """Flag of a whole frame of a version of the standard."""
    return (version_bits << 2) | (ANSWER if asks else 0)


def group(code: str, fields: Iterable[tuple[str, str]]) -> str:
    """All that is told of a factor: w20121-Avg=0.31,w20121-Flag=N."""
    return ",".join(f"{code}-{name}={value}" for name, value in fields)


def read_groups(cp: str) -> dict[str, str]:
    """The fields of CP by their names, with the factor in it: {"DataTime": …, "w20121-Avg": …}."""
    pairs = [one.partition("=") for part in cp.split(";") for one in part.split(",") if one]
    return {name: value for name, _, value in pairs}


def split(frame: Frame, most: int) -> list[Frame]:
    """The frame, or parts of it, whose data segment is no longer than so many bytes.

    DataTime stands in each part; what is told of one factor is never torn apart. Raises BadFrame when it cannot be.
    """
    if len(segment_of(frame).encode()) <= most:
        return [frame]
    label, _, rest = frame.cp.partition(";")
    numbered = replace(frame, flag=frame.flag | PARTS, pnum=9999, pno=9999, cp="")
    room = most - len(segment_of(numbered).encode()) - len(label.encode())
    parts = _pack(rest.split(";"), room)
    if room <= 0 or any(len(part.encode()) > room for part in parts):
        raise BadFrame("length_fits", frame.cp.encode())
    return [
        replace(numbered, pnum=len(parts), pno=number, cp=label + part)
        for number, part in enumerate(parts, 1)
    ]


def _pack(groups: Sequence[str], room: int) -> list[str]:
    """Groups with their separators, as many in each part as there is room for."""
    parts = [""]
    for one in groups:
        added = f";{one}"
        if parts[-1] and len((parts[-1] + added).encode()) > room:
            parts.append("")
        parts[-1] += added
    return parts


def answer_to(frame: Frame, system: str) -> Frame:
    """What the platform says to data: command 9014, with the number of the request."""
    flag = frame.flag & ~ANSWER
    return replace(frame, st=system, cn=DATA_ANSWER, flag=flag, cp="")


def refusal_of(frame: Frame, system: str, why: str) -> Frame:
    """What is said to a request that is not carried out: command 9011, with its number and a QnRtn of the standard."""
    flag = frame.flag & ~(ANSWER | PARTS)
    return replace(frame, st=system, cn=REQUEST_ANSWER, flag=flag, cp=f"QnRtn={why}", pnum=0, pno=0)
