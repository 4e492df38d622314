"""What boards tell of themselves, as pages write it: link, last boot, errors of instruments, certificate, alarms in words."""

import re
from collections.abc import Mapping
from typing import Any, Literal

from mes_server.actions.read_water import dated_row
from mes_server.domain.boards import BAD_REASONS, days_level
from mes_server.domain.firmware import FAILURES
from mes_server.store.alarms import Alarm
from mes_server.store.boards import Board, BusNow
from mes_server.web.page import now_ms, words

Mark = Literal["", "warn", "alarm"]


def levels() -> Mapping[str, Any]:
    """The dated row that is in force."""
    return dated_row("boards", now_ms())


def journal_mark(used_pct: float | None) -> Mark:
    """Above the first level something is amiss, above the second it presses."""
    first, second = sorted(levels()["journal_pct"].values())[:2]
    return _mark(used_pct, first, second)


def bus_mark(bus: BusNow) -> Mark:
    """By the share of questions since the last look that got no good answer."""
    row = levels()["bus_failed_pct"]
    return _mark(bus.failed_pct if bus.failed_since else None, row["warn"], row["alarm"])


def _mark(value: float | None, warn: float, alarm: float) -> Mark:
    if value is None or value < warn:
        return ""
    return "alarm" if value >= alarm else "warn"


def boards_mark(board: Board) -> Mark:
    """Of the worst of its instruments."""
    marks = [bus_mark(bus) for bus in board.buses]
    return "alarm" if "alarm" in marks else "warn" if "warn" in marks else ""


def buses_text(board: Board) -> str:
    """How many instruments answer."""
    bad = sum(bool(bus_mark(bus)) for bus in board.buses)
    if not board.buses:
        return "–"
    key = "nodes.buses_bad" if bad else "nodes.buses_good"
    return words()(key, bad=bad, n=len(board.buses))


def link_text(link: str | None) -> str:
    """Wire, radio with its strength, or the host's own network."""
    kind, _, strength = (link or "").partition(" ")
    if not kind:
        return "–"
    text = words().known("node_link", kind)
    return f"{text} {strength.replace('-', '−')} dBm" if strength else text


def boot_text(reason: str | None) -> str:
    """Why a board came up."""
    return "–" if reason is None else words().known("boot", reason)


def certificate_mark(until_s: int | None) -> Mark:
    """Near its end by the marks of the row: the two nearest press."""
    days = levels()["certificate_days"]
    level = None if until_s is None else days_level(until_s, now_ms(), days)
    if level is None:
        return ""
    return "alarm" if level in sorted(days)[:2] else "warn"


def image_parts(image: str | None) -> tuple[str, str]:
    """Version and slot."""
    version, _, slot = (image or "").partition(" ")
    return version, slot


def update_text(state: str | None) -> str:
    """The state of an update: the word, and the percent or the reason that came with it."""
    if not state:
        return "–"
    word, _, rest = state.replace(":", " ", 1).partition(" ")
    text, rest = words().known("update", word), rest.strip()
    if word == "fetching" and rest:
        return f"{text} {rest} %"
    return f"{text}: {rest}" if rest else text


_NOTED = re.compile(
    f"(\\S+) ({'|'.join(FAILURES)})(: .*)?"
)  # as actions/roll_out notes a board that failed


def stop_text(reason: str) -> str:
    """Why a roll-out stopped: a person's words as they are, what it noted by itself in words."""
    noted = [_NOTED.fullmatch(part) for part in reason.split("; ")]
    told = [
        f"{one[1]} {words().known('standing', one[2])}{one[3] or ''}"
        for one in noted
        if one is not None
    ]
    return "; ".join(told) if len(told) == len(noted) else reason


def alarm_text(alarm: Alarm) -> str:
    """An alarm with its facts: in words where it has some, else as they are."""
    key = f"alarm_told.{alarm.kind}"
    told = words().known("alarm_told", alarm.kind)
    if told != alarm.kind:
        return words()(key, **alarm.facts)
    return ", ".join(f"{name}: {fact}" for name, fact in alarm.facts.items())


def short_at(at: str) -> str:
    """Where an instrument is, its port without the folders: "modbus rs485 1"."""
    return re.sub(r"\S*/", "", at)


WRITERS: dict[str, Any] = {
    "short_at": short_at,
    "journal_mark": journal_mark,
    "bus_mark": bus_mark,
    "boards_mark": boards_mark,
    "buses_text": buses_text,
    "link_text": link_text,
    "boot_text": boot_text,
    "boot_is_bad": lambda reason: reason in BAD_REASONS,
    "certificate_mark": certificate_mark,
    "image_parts": image_parts,
    "update_text": update_text,
    "stop_text": stop_text,
    "alarm_text": alarm_text,
}
