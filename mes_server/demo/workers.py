"""`mes demo work`: the workers of a running demo, one look at the floor after another, over the real API."""

import json
import random
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from mes_server.demo.checking import check_asks, checks_follow, is_surprise, release_asks
from mes_server.demo.door import (
    API,
    Door,
    HttpDoor,
    Unreachable,
    due_at,
    iso,
    load_routes,
    look,
    send,
)
from mes_server.demo.floor import QUALITY, Ask, Floor, Pace
from mes_server.demo.gear import gear_asks
from mes_server.demo.shift import Shift
from mes_server.demo.simulation import load_routes as contents
from mes_server.demo.simulation import load_simulation

# Nobody waits for a furnace of a day: no run of a demo is longer than so many of its minutes.
LONGEST_MIN = 12.0
WAITS_MIN = 15.0
COMPANY_MIN = 2.0
_LOOK_S = 1.0
_AGAIN_S = 3.0


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def find_door(file: Path, stop: threading.Event) -> tuple[HttpDoor, str] | None:
    """The door that demo.json tells of, as soon as it does, and the PIN of quality; None: told to stop, or there
    is no token."""
    while not stop.is_set():
        try:
            told = json.loads(file.read_text(encoding="utf-8"))
            if not told["token"]:
                return None
            return HttpDoor(told["url"], told["token"]), pin_of(told.get("people", []))
        except (OSError, ValueError, KeyError):
            stop.wait(_AGAIN_S)
    return None


def pin_of(people: Sequence[Mapping[str, str]], badge: str = QUALITY) -> str:
    """The PIN of somebody among the people of the demo; "" when it is not told."""
    return next((one["pin"] for one in people if one["badge"] == badge), "")


def release_routes(door: HttpDoor) -> None:
    """Release the demo's routes that are not released yet; raises Unreachable."""
    for content in contents():
        name = f"{content['code']}-{content['revision']}".lower()
        body = {"content": content, "act_id": f"demo-route-{name}",
                "at": iso(_now_ms()), "badge": QUALITY}  # fmt: skip
        door.call("POST", f"{API}/routes", body)


class Workers:
    """They look, do what is to be done, and look again."""

    def __init__(self, door: Door, shift: Shift, say: Callable[[str], None]) -> None:
        self.door, self.shift, self.say = door, shift, say
        self.routes = load_routes(contents())

    def turn(self) -> int:
        """One look and all that follows from it; how much was done. Raises Unreachable."""
        floor = look(self.door, self.routes)
        self.shift.forget(floor, _now_ms())
        asks = self.shift.asks(floor, _now_ms())
        for ask in asks:
            self._do(ask, floor)
        return len(asks)

    def _do(self, ask: Ask, floor: Floor) -> None:
        heard = send(self.door, ask, _now_ms())
        if is_surprise(ask, heard):
            self.say(f"{ask.about} {ask.path}: {', '.join(heard.rules)}")
        for follow in self.shift.hear(ask, heard, floor, _now_ms()):
            self._do(follow, floor)
        if checks_follow(ask, heard):
            for check in check_asks(ask, due_at(self.door, ask.station), self.shift.chance):
                self._do(check, floor)


def work(data_dir: Path, speed: float, seed: int, say: Callable[[str], None]) -> None:
    """Work until SIGTERM or SIGINT; a server that is away is waited for."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    found = find_door(data_dir / "demo.json", stop)
    if found is None:
        say("This is no demo's own store: nobody works here.")
        stop.wait()
        return
    door, pin = found
    pace = Pace(speed, LONGEST_MIN, WAITS_MIN, COMPANY_MIN)
    shift = Shift(f"{_now_ms():x}", load_simulation(), random.Random(seed), pace)  # noqa: S311
    shift.memory.pin = pin
    workers = Workers(door, shift, say)
    released = False
    while not stop.wait(_LOOK_S):
        try:
            if not released:
                release_routes(door)
                for ask in (*release_asks(pin), *gear_asks(pin, _now_ms())):
                    send(door, ask, _now_ms())
                released = True
            workers.turn()
        except Unreachable as fault:
            say(f"the server does not answer, trying again: {fault}")
            stop.wait(_AGAIN_S)
