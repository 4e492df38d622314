"""Plays a board at the end of a cable: micropython tests/firmware/pty_board.py FOLDER [HOW …]

The unix port of MicroPython has no raw REPL, so this program serves one, as docs.micropython.org describes it,
on its standard input and output; what is sent is run by the real interpreter, on files in FOLDER.
HOW: platform=NAME, flash=BYTES (a littlefs in memory of that size), plain (no raw-paste), spoil=NAME (the
medium gives this file back wrongly), loops (a board that starts over and over), uid=HEX, dog=COMMANDS (so many after what it ran was stopped its
watchdog bites).
"""

# MicroPython runs it:
# ruff: noqa: PTH107, PTH123, PTH208, RUF005
import io
import os
import sys
import time

_IN, _OUT = sys.stdin.buffer, sys.stdout.buffer
_BANNER = b"raw REPL; CTRL-B to exit\r\n>"
_WINDOW = 128


class Memory:
    """A block device for a small littlefs."""

    def __init__(self, size):
        self.data = bytearray(size)

    def readblocks(self, block, buf, off=0):
        buf[:] = self.data[block * 512 + off : block * 512 + off + len(buf)]

    def writeblocks(self, block, buf, off=0):
        self.data[block * 512 + off : block * 512 + off + len(buf)] = buf

    def ioctl(self, op, _arg):
        return {4: len(self.data) // 512, 5: 512}.get(op, 0)


class Sys:
    """sys of the board."""

    def __init__(self, platform):
        self.platform = platform

    def __getattr__(self, name):
        return getattr(sys, name)


class Machine:
    def __init__(self, uid):
        self._uid = uid

    def unique_id(self):
        return bytes([int(self._uid[at : at + 2], 16) for at in range(0, len(self._uid), 2)])

    def reset(self):
        raise SystemExit(0)  # who plays the world starts the program again


def _say(data):
    _OUT.write(data)
    if hasattr(_OUT, "flush"):
        _OUT.flush()


def _byte():
    data = _IN.read(1)
    if not data:
        raise SystemExit(1)
    return data


def _code():
    """Code until Ctrl-D in raw mode, or None for anything else that was handled."""
    code = b""
    while True:
        byte = _byte()
        if byte == b"\x04":
            _say(b"OK")
            return code
        if byte == b"\x03":
            code = b""
        elif byte == b"\x01":
            code = b""
            _say(b"\r\n" + _BANNER)
        elif byte == b"\x02":
            _say(b"\r\n>>> ")
            return None
        elif byte == b"\x05":
            kind = _byte() + _byte()
            if kind == b"A\x01" and "plain" not in HOW:
                return _pasted()
            _say(b"R\x00")
        else:
            code += byte


def _pasted():
    _say(b"R\x01" + bytes([_WINDOW, 0]) + b"\x01")
    code, left = b"", 2 * _WINDOW
    left = _WINDOW
    while True:
        byte = _byte()
        if byte == b"\x04":
            _say(b"\x04")
            return code
        code += byte
        left -= 1
        if left == 0:
            left = _WINDOW
            _say(b"\x01")


def _run(code, names):
    try:
        exec(code.decode(), names)
    except SystemExit:
        raise
    except BaseException as fault:  # noqa: BLE001  a board tells it, whatever it is
        text = io.StringIO()
        sys.print_exception(fault, text)
        _say(b"\x04" + text.getvalue().encode())
    else:
        _say(b"\x04")
    _say(b"\x04>")


def _spoiling(name):
    """open() that gives one file back with a byte turned."""

    def opened(path, mode="r"):
        if path.endswith(name) and mode == "rb":
            with open(path, "rb") as file:
                data = bytearray(file.read())
            if data:
                data[len(data) // 2] ^= 1
            return io.BytesIO(data)
        return open(path, mode)

    return opened


def _held():
    """What the launcher does with the file of the workshop; else a board runs its agent until Ctrl-C."""
    try:
        os.remove("hold")
        _say(b"held for the workshop, until the next reset\r\n")
        return True
    except OSError:
        return False


def _begin():
    """What happens before the first prompt; whether an agent runs now."""
    os.chdir(sys.argv[1])
    if "flash" in HOW:
        medium = Memory(int(HOW["flash"]))
        os.VfsLfs2.mkfs(medium)
        os.mount(os.VfsLfs2(medium), "/flash")
        os.chdir("/flash")
    while "loops" in HOW:
        _say(b"rst:0x10 (RTCWDT_RTC_RESET),boot:0x13\r\n")
        time.sleep(0.2)  # waits: between two boots of a board that cannot start
    running = not _held() and "main.py" in os.listdir()
    _say(b"agent runs\r\n" if running else b"\r\n>>> ")
    return running


def _wait_for_raw():
    """The prompt for people."""
    while (byte := _byte()) != b"\x01":
        if byte == b"\x03":
            _say(b"\r\n>>> ")
    _say(b"\r\n" + _BANNER)


def main():
    food = int(HOW["dog"]) if _begin() and "dog" in HOW else -1
    sys.modules["machine"] = Machine(HOW.get("uid", "0a0b0c0d"))
    board_sys = Sys(HOW.get("platform", sys.platform))
    names = {"__name__": "__main__"}
    if "spoil" in HOW:
        names["open"] = _spoiling(HOW["spoil"])
    code = None
    while True:
        if code is None:
            _wait_for_raw()
        code = _code()
        if food == 0:
            raise SystemExit(1)
        food -= 1
        if code is not None:
            sys.modules["sys"] = board_sys
            _run(code, names)
            sys.modules["sys"] = sys


HOW = dict([(word.split("=") + [""])[:2] for word in sys.argv[2:]])
main()
