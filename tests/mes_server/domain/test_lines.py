"""What stands at a station: mounted, taken off, locked, cleared."""

from typing import Any

from mes_server.domain.lines import CLEARED, LOCKED, MOUNTED, STOPPED, UNLOCKED, Line, replay_line
from mes_server.domain.seal import Draft, Event, seal

T0 = 1_795_500_000_000


def history(*said: tuple[str, str, dict[str, Any]]) -> list[Event]:
    return [
        seal(
            "", n, T0 + n, Draft("line:pl-1", n, kind, f"a{n}", T0 + n, "P1", "pl-1", reason, facts)
        )
        for n, (kind, reason, facts) in enumerate(said, 1)
    ]


def test_a_role_has_one_resource_at_a_time_until_it_is_taken_off() -> None:
    bath = (MOUNTED, "", {"role": "bath", "resource": "BM-1"})
    jig = (MOUNTED, "", {"role": "jig", "resource": "J-7"})
    fresh = (MOUNTED, "", {"role": "bath", "resource": "BM-2"})
    off = (MOUNTED, "", {"role": "jig", "resource": ""})
    assert replay_line("pl-1", history(bath, jig)).mounted == {"bath": "BM-1", "jig": "J-7"}
    assert replay_line("pl-1", history(bath, jig, fresh, off)).mounted == {"bath": "BM-2"}


def test_a_line_is_locked_until_it_is_unlocked_and_remembers_when_it_was_cleared() -> None:
    locked = (LOCKED, "pH drifts", {})
    assert replay_line("pl-1", history(locked)).locked == "pH drifts"
    line = replay_line("pl-1", history(locked, (UNLOCKED, "titrated", {}), (CLEARED, "", {})))
    assert line == Line("pl-1", {}, "", T0 + 3, stopped_ms=T0 + 1)
    stopped = replay_line("pl-1", history((LOCKED, "leak", {}), (STOPPED, "power cut", {})))
    assert (stopped.locked, stopped.stopped_ms) == ("leak", T0 + 2)
