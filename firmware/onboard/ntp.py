"""Sets a board's clock by SNTP (RFC 4330), by default from the broker's host: a plant network may have no other.

What answers must answer this question, be synchronised itself, and tell a time that can be.
"""

import asyncio
import os
import socket

from edge_agent.clock import CEILING_MS, FLOOR_MS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

PORT = 123
_SINCE_1900_S = 2_208_988_800
_ROUND_S = 1 << 32  # the count of seconds begins anew in 2036
ANSWER_S = 2.0
AGAIN_S = (30.0, 3600.0)  # until it is known; then
_LOOK_S = 0.05
LOOK_S = 2.0  # between two looks whether the network is up


def question() -> bytes:
    """A request with a random mark as its time of sending: an answer has to give it back."""
    return b"\x23" + bytes(39) + os.urandom(8)


def time_in(answer: bytes, asked: bytes) -> int:
    """Unix seconds; 0 when it is no answer to be believed."""
    if len(answer) < 48 or answer[24:32] != asked[40:48]:
        return 0
    leap, mode, stratum = answer[0] >> 6, answer[0] & 7, answer[1]
    if leap == 3 or mode != 4 or not 1 <= stratum <= 15:
        return 0
    seconds = int.from_bytes(answer[40:44], "big")
    if seconds < _SINCE_1900_S:
        seconds += _ROUND_S
    unix_s = seconds - _SINCE_1900_S
    return unix_s if FLOOR_MS <= unix_s * 1000 < CEILING_MS else 0


async def ask(host: str, port: int = PORT) -> int:
    """The time of a server, Unix seconds; 0 when it does not say. Raises OSError."""
    asked = question()
    address = socket.getaddrinfo(host, port, 0, socket.SOCK_DGRAM)[0][-1]
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        line.setblocking(False)
        line.sendto(asked, address)
        for _ in range(int(ANSWER_S / _LOOK_S)):
            await asyncio.sleep(_LOOK_S)
            try:
                answer = line.recv(48)
            except OSError:
                continue
            unix_s = time_in(answer, asked)
            if unix_s:
                return unix_s
    finally:
        line.close()
    return 0


class Ntp:
    """Keeps the clock set; `known` once a server told it in this boot."""

    def __init__(
        self,
        hosts: "list[str]",
        set_clock: "Callable[[int], None]",
        say: "Callable[[str], None]",
        up: "Callable[[], bool]",
    ) -> None:
        """`up`: whether there is a network to ask in."""
        self._up = up
        self._hosts = hosts
        self._set_clock = set_clock
        self._say = say
        self.known = False

    async def run(self) -> None:
        """For ever."""
        while True:
            if self._up():
                await self._set_from_any()
                await asyncio.sleep(AGAIN_S[self.known])
            else:
                await asyncio.sleep(LOOK_S)

    async def _set_from_any(self) -> None:
        for host in self._hosts:
            if await self._set_from(host):
                return

    async def _set_from(self, host: str) -> bool:
        try:
            unix_s = await ask(host)
        except OSError:
            return False
        if not unix_s:
            return False
        self._set_clock(unix_s)
        if not self.known:
            self.known = True
            self._say(f"clock: set by {host}")
        return True
