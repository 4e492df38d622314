"""The modules of a chip that no test machine has, as far as boards call them (CPython: for sys.modules)."""

import types
from typing import Any, ClassVar

from tests.firmware.nor import Nor


class Nic:
    """A network interface whose state the test sets."""

    def __init__(self, *given: Any, **named: Any) -> None:
        self.given, self.named = given, named
        self.up = False
        self.is_active = False
        self.joined: list[tuple[str, str]] = []
        self.fault: OSError | None = None

    def active(self, state: bool) -> None:
        self.is_active = state

    def isconnected(self) -> bool:
        return self.up

    def status(self, _what: str) -> int:
        return -63

    def disconnect(self) -> None:
        self.up = False

    def connect(self, ssid: str, password: str) -> None:
        if self.fault is not None:
            raise self.fault
        self.joined.append((ssid, password))


class Wdt:
    def __init__(self, timeout: int) -> None:
        self.timeout = timeout
        self.meals = 0

    def feed(self) -> None:
        self.meals += 1


class Rtc:
    set_to: tuple[int, ...] = ()

    def datetime(self, fields: tuple[int, ...]) -> None:
        Rtc.set_to = fields


class Partition:
    """An esp32.Partition: one of raw flash, where there is one."""

    TYPE_DATA = 1
    there: ClassVar[list[Nor]] = []

    @staticmethod
    def find(kind: int, label: str) -> list[Nor]:
        assert kind == Partition.TYPE_DATA and label == "journal"
        return Partition.there


class Rp2Flash(Nor):
    """An rp2.Flash of 64 blocks, or a part of it."""

    def __init__(self, start: int = 0, len: int = 64 * 4096) -> None:  # noqa: A002  as theirs is called
        super().__init__(len // 4096, 1, 256)
        self.start = start


def modules() -> dict[str, types.ModuleType]:
    """By their names."""
    machine = types.ModuleType("machine")
    machine.__dict__.update(
        WDT=Wdt, RTC=Rtc, Pin=lambda number: number, SPI=lambda *a, **k: (a, k),
        PWRON_RESET=1, HARD_RESET=2, WDT_RESET=3, DEEPSLEEP_RESET=4, SOFT_RESET=5,
        unique_id=lambda: bytes.fromhex("24dcc3a1b2c3"), reset_cause=lambda: 3, reset=lambda: None,
    )  # fmt: skip
    network = types.ModuleType("network")
    wlan = type("WLAN", (Nic,), {"IF_STA": 0})
    network.__dict__.update(WLAN=wlan, LAN=Nic, WIZNET5K=Nic, PHY_LAN8720=0)
    esp32 = types.ModuleType("esp32")
    esp32.__dict__.update(Partition=Partition)
    rp2 = types.ModuleType("rp2")
    rp2.__dict__.update(Flash=Rp2Flash)
    return {"machine": machine, "network": network, "esp32": esp32, "rp2": rp2}
