"""A board in the workshop's hands: its files, what it is, whether it is ours.

Paths are relative to where MicroPython starts: the root of the file system on most boards.
"""

import ast
import base64
import contextlib
import hashlib
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from firmware.flash.faults import Fault
from firmware.flash.repl import BoardError, Repl
from firmware.onboard.launcher import HOLD

MARK = "lodestone.json"
PIECE = 1024
_BACK_S = 30.0
_WAIT_S = 20.0  # a flash that tidies up answers late

# What runs on the board; each function prints one line that ast.literal_eval reads.
_PRELUDE = """
import os as _o, sys as _s, binascii as _b, hashlib as _h
def _st(p):
    try:
        return _o.stat(p)
    except OSError:
        return None
def _ls(p):
    r = []
    for n in _o.listdir(p or '.'):
        f = p + '/' + n if p else n
        s = _o.stat(f)
        if s[0] & 0x4000:
            r += _ls(f) + [(f + '/', 0)]
        else:
            r.append((f, s[6]))
    return r
def _wr(p, m, t):
    with open(p, m) as f:
        f.write(_b.a2b_base64(t))
def _rd(p, a, n):
    with open(p, 'rb') as f:
        f.seek(a)
        print(_b.b2a_base64(f.read(n)).decode().strip())
def _mk(p):
    a = p.find('/')
    while a > 0:
        if not _st(p[:a]):
            _o.mkdir(p[:a])
        a = p.find('/', a + 1)
"""
_WHO = """
_v = _o.statvfs('.')
try:
    import machine as _m
    _u = _b.hexlify(_m.unique_id()).decode()
except (ImportError, AttributeError):
    _u = ''
print((_s.implementation[0], _s.implementation[1], getattr(_s.implementation, '_mpy', 0), _s.platform, _u, _v[0] * _v[3], _v[0] * _v[2], getattr(_s.implementation, '_machine', '')))
"""


class Who(NamedTuple):
    """What a board says it is."""

    interpreter: str
    version: tuple[int, ...]
    mpy: int
    platform: str
    serial: str
    free: int
    total: int
    machine: str = ""  # such as "Generic ESP32S3 module with ESP32S3"


class WorkBoard:
    """Raises Fault, with what to do next."""

    def __init__(self, port: str, open_repl: Callable[[str], Repl] = Repl) -> None:
        self.port = port
        self._open = open_repl
        self._repl = open_repl(port)
        self._run(_PRELUDE)

    def close(self) -> None:
        """What the board ran when we came runs again, whosever it is."""
        with contextlib.suppress(Fault):  # it is gone, or was reset already
            self._repl.enter()  # Ctrl-C at the laptop may have come in the middle of an answer
            self.reset()
        self._repl.close()

    def _run(self, code: str, wait_s: float = 0.0) -> str:
        try:
            return self._repl.run(code, wait_s or _WAIT_S)
        except BoardError as error:
            raise _in_words(str(error)) from None

    def _value(self, code: str) -> Any:
        text = self._run(code)
        try:
            return ast.literal_eval(text.strip())
        except (ValueError, SyntaxError):
            raise Fault(
                f"{self.port} answered what was not asked: {text[:60]!r}",
                "pull the cable, wait five seconds, plug it in, and run the same command again.",
            ) from None

    # -- what it is -------------------------------------------------------------------------

    def who(self) -> Who:
        told = self._value(_WHO)
        return Who(told[0], tuple(told[1][:3]), *told[2:])

    def files(self) -> dict[str, int]:
        """Every file with its size; folders end with a slash."""
        return dict(self._value("print(_ls(''))"))

    # -- files ------------------------------------------------------------------------------

    def read(self, path: str, progress: Callable[[int], None] | None = None) -> bytes:
        """All of it, byte by byte over the cable. Raises Fault when it is not there."""
        data = b""
        while True:
            piece = base64.b64decode(self._run(f"_rd({path!r}, {len(data)}, {PIECE})"))
            data += piece
            if progress is not None:
                progress(len(piece))
            if len(piece) < PIECE:
                return data

    def read_or_none(self, path: str) -> bytes | None:
        return self.read(path) if self._value(f"print(_st({path!r}) is not None)") else None

    def write(self, path: str, data: bytes, progress: Callable[[int], None] | None = None) -> None:
        """By a name of its own first: after a cut it is the old file or the new one, and read back."""
        new = path + ".new"
        self._run(f"_mk({path!r})\n_wr({new!r}, 'wb', '')")
        for at in range(0, len(data), PIECE):
            piece = data[at : at + PIECE]
            self._run(f"_wr({new!r}, 'ab', '{base64.b64encode(piece).decode()}')")
            if progress is not None:
                progress(len(piece))
        if self.read(new) != data:
            raise Fault(
                f"{path} came back from the board otherwise than it was written.",
                "run the same command again; if it happens again, the flash of this board is worn "
                "or the cable is bad: take another.",
            )
        self._run(f"_o.rename({new!r}, {path!r})")

    def sha256(self, path: str) -> str:
        return hashlib.sha256(self.read(path)).hexdigest()

    def remove(self, path: str) -> None:
        """A file, or an empty folder (it ends with a slash)."""
        name = path.rstrip("/")
        self._run(f"_o.{'rmdir' if path.endswith('/') else 'remove'}({name!r})")

    def run(self, code: str, wait_s: float = 120.0) -> str:
        return self._run(code, wait_s)

    # -- resets -----------------------------------------------------------------------------

    def is_ours(self) -> bool:
        return bool(self._value(f"print(bool(_st({MARK!r}) and _st('main.py')))"))

    def hold(self) -> None:
        """Reset into a board that starts nothing: a watchdog that was on is off then."""
        try:
            self._run(f"_wr({HOLD!r}, 'wb', '')")
        except Fault:  # its flash is full, and an update may be what helps
            return
        self.reset()
        self._repl = self._back()
        self._run(_PRELUDE)
        if self._value(f"print(_st({HOLD!r}) is not None)"):  # its launcher is not ours
            self.remove(HOLD)

    def reset(self) -> None:
        self._repl.start("import machine\nmachine.reset()")
        self._repl.close()

    def _back(self) -> Repl:
        """The port goes away with its own USB and comes back."""
        end = time.monotonic() + _BACK_S
        while True:
            try:
                return self._open(self.port)
            except Fault as fault:
                if time.monotonic() > end:
                    raise Fault(
                        f"{self.port} did not come back after a reset ({fault.what})",
                        "plug the board out and in, look with: python -m firmware.flash find, "
                        "and run the same command again.",
                    ) from None
            time.sleep(0.5)


def _in_words(trace: str) -> Fault:
    last = trace.splitlines()[-1] if trace else ""
    if "ENOSPC" in last or "[Errno 28]" in last or "OSError: 28" in last:
        return Fault(
            "The flash of the board is full.",
            "leave out the station types it has not (--types), or use a board with more flash.",
        )
    if "MemoryError" in last:
        return Fault(
            "The board has not memory enough.", "press RESET and run the same command again."
        )
    return Fault(
        f"The board says: {last or 'nothing'}",
        "press RESET, run the same command again; if it stays, tell this line to whoever keeps Lodestone.",
    )
