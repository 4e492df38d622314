"""Keeps a board's network up: a cable, or WiFi that is joined again whenever it is lost."""

import asyncio
import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

WIFI = "wifi.json"  # {"ssid": …, "password": …}, on the board beside station.json
LOOK_S = 2.0
JOIN_S = 20.0  # so long a WiFi may take to be joined before it is tried afresh
_COARSE_DBM = 5  # so that a signal that flickers is not news every ten seconds


class Wired:
    """An Ethernet interface; DHCP gives its address."""

    def __init__(self, nic: "Any", say: "Callable[[str], None]") -> None:
        self._nic = nic
        self._say = say
        self._was_up = False

    def link(self) -> str:
        return "ethernet"

    def up(self) -> bool:
        """Whether it is worth asking for a name or a connection."""
        return bool(self._nic.isconnected())

    async def run(self) -> None:
        """For ever: say when the cable is in and when it is not."""
        while True:
            if not self._nic.active():  # a W5500 whose chip faults ends itself
                self._nic.active(True)
            up = self.up()
            if up != self._was_up:
                self._was_up = up
                self._say("network: cable is up" if up else "network: cable is down")
            await asyncio.sleep(LOOK_S)


class Wifi:
    """A station of a WiFi network."""

    def __init__(self, nic: "Any", access: "tuple[str, str]", say: "Callable[[str], None]") -> None:
        """`access`: SSID and password."""
        self._nic = nic
        self._access = access
        self._say = say

    def up(self) -> bool:
        return bool(self._nic.isconnected())

    def link(self) -> str:
        if not self.up():
            return "wifi"
        dbm = int(self._nic.status("rssi"))
        return f"wifi {round(dbm / _COARSE_DBM) * _COARSE_DBM}"

    async def run(self) -> None:
        """For ever: join, and join again."""
        self._nic.active(True)
        told = ""
        while True:
            if not self._nic.isconnected():
                told = self._tell(told, await self._join())
            await asyncio.sleep(LOOK_S)

    async def _join(self) -> str:
        """Try once; what became of it."""
        ssid, password = self._access
        try:
            self._nic.disconnect()
            self._nic.connect(ssid, password)
        except OSError as fault:
            return f"network: {ssid} cannot be joined ({fault})"
        waited = 0.0
        while not self._nic.isconnected() and waited < JOIN_S:
            await asyncio.sleep(LOOK_S / 4)
            waited += LOOK_S / 4
        if self._nic.isconnected():
            return f"network: {ssid} joined"
        return f"network: {ssid} does not answer; is it in reach, and the password right?"

    def _tell(self, before: str, now: str) -> str:
        if now != before:
            self._say(now)
        return now


def read_access(path: str) -> "tuple[str, str]":
    """SSID and password of a wifi.json. Raises OSError with what to do."""
    try:
        with open(path, "rb") as file:
            raw = json.loads(file.read())
        ssid, password = raw["ssid"], raw["password"]
    except OSError:
        raise OSError(2, f'{path} is missing: write {{"ssid": …, "password": …}} on it') from None
    except (ValueError, KeyError, TypeError):
        raise OSError(22, f'{path} is wrong: write {{"ssid": …, "password": …}}') from None
    if not isinstance(ssid, str) or not isinstance(password, str):
        raise OSError(22, f"{path} is wrong: ssid and password are texts")
    return ssid, password
