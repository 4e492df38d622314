"""The clock is asked over a real socket, on both interpreters; a liar before the server is not heard (CPython runs this)."""

import socket
import struct
import subprocess
import sys
import threading

import pytest

from firmware.onboard.ntp import _SINCE_1900_S
from tests.conftest import ROOT

NOW_S = 1_795_000_000
ASK = "import asyncio\nfrom firmware.onboard.ntp import ask\nprint(asyncio.run(ask('127.0.0.1', {port})))"


def _serve(line: socket.socket) -> None:
    """One question: first an answer to another one, then the right one."""
    asked, who = line.recvfrom(100)
    for mark, at_s in ((b"guessing", NOW_S + 5000), (asked[40:48], NOW_S)):
        seconds = struct.pack(">II", at_s + _SINCE_1900_S, 0)
        line.sendto(b"\x24\x02" + bytes(22) + mark + bytes(8) + seconds, who)


@pytest.mark.parametrize("kind", ["cpython", "micropython"])
def test_the_time_comes_from_whoever_was_asked(kind: str, request: pytest.FixtureRequest) -> None:
    interpreter = sys.executable if kind == "cpython" else request.getfixturevalue("micropython")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind(("127.0.0.1", 0))
        server = threading.Thread(target=_serve, args=(line,), daemon=True)
        server.start()
        code = ASK.format(port=line.getsockname()[1])
        ran = subprocess.run(
            [interpreter, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60
        )
        server.join(10)
    assert ran.stdout.split() == [str(NOW_S)], ran.stderr
