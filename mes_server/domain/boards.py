"""What a board tells of itself beside its sensors: image, boots, link, buses, certificate, update.

Pure; strangers' habits included: what is no such fact counts as not said, and nothing is longer than a line.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas import journal_metrics as names
from schemas.sparkplug import Payload

BUSES_MAX = 16
_TEXT_MAX = 120
_BUSES_TEXT_MAX = 8_000
_ASK_MAX = 4_000  # a request for a certificate is about 400 characters
_COUNT_MAX = (1 << 53) - 1  # what every reader of JSON can count to
_SECONDS_MAX = 253_370_764_800  # the year 9999, the last that can be written in every time zone
UNKNOWN = "unknown"
BAD_REASONS = ("watchdog", "brownout")
_READY = ("ready", "trying")


@dataclass(frozen=True, slots=True)
class Bus:
    """One instrument: where it is, how often it was asked since the boot, how often without an answer."""

    at: str
    asked: int
    failed: int
    last: str


@dataclass(frozen=True, slots=True)
class BoardSaid:
    """What one NBIRTH or NDATA says of the board; None where it does not say. `certificate_until`: Unix s."""

    kind: str | None = None
    image: str | None = None
    boot_reason: str | None = None
    heap_free: int | None = None
    link: str | None = None
    buses: tuple[Bus, ...] | None = None
    certificate_until: int | None = None
    update_state: str | None = None

    def facts(self) -> dict[str, Any]:
        """What was said, without the buses."""
        told = {name: getattr(self, name) for name in self.__slots__ if name != "buses"}
        return {name: value for name, value in told.items() if value is not None}


@dataclass(frozen=True, slots=True)
class BoardAsks:
    """What a board wants of the MES: a renewed certificate, blocks of a release. "": nothing; None: not said."""

    csr: str | None = None
    want: str | None = None

    def after(self, before: "BoardAsks") -> "BoardAsks":
        """This, with what it does not say as it was before."""
        return BoardAsks(
            before.csr if self.csr is None else self.csr,
            before.want if self.want is None else self.want,
        )


NOTHING = BoardAsks()


def board_said(payload: Payload) -> BoardSaid:
    """The facts of a board in the payload of its node."""
    told = {metric.name: metric.value for metric in payload.metrics}
    reason = _line(told.get(names.BOOT_REASON))
    if reason is not None and reason not in names.BOOT_REASONS:
        reason = UNKNOWN
    return BoardSaid(
        kind=_line(told.get(names.BOARD)) or None,
        image=_line(told.get(names.IMAGE)),
        boot_reason=reason,
        heap_free=_count(told.get(names.HEAP_FREE)),
        link=_line(told.get(names.LINK)),
        buses=_buses(told.get(names.BUSES)),
        certificate_until=_count(told.get(names.CERT_UNTIL), _SECONDS_MAX),
        update_state=_line(told.get(names.UPDATE_STATE)),
    )


def board_asks(payload: Payload) -> BoardAsks:
    """What the board wants."""
    told = {metric.name: metric.value for metric in payload.metrics}
    return BoardAsks(_asked(told.get(names.CSR)), _asked(told.get(names.UPDATE_WANT)))


def _asked(value: object) -> str | None:
    return value if isinstance(value, str) and len(value) <= _ASK_MAX else None


def _line(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    return "".join(c if c.isprintable() else "�" for c in value[:_TEXT_MAX])


def _count(value: object, most: int = _COUNT_MAX) -> int | None:
    if type(value) is not int or value < 0:
        return None
    return min(value, most)


def _buses(value: object) -> tuple[Bus, ...] | None:
    """The instruments of a text of JSON; None: it is none."""
    if not isinstance(value, str) or len(value) > _BUSES_TEXT_MAX:
        return None
    try:
        told = json.loads(value)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, list):
        return None
    read = [_bus(one) for one in told[:BUSES_MAX] if isinstance(one, dict)]
    return tuple({one.at: one for one in read if one.at}.values())


def _bus(told: Mapping[str, object]) -> Bus:
    return Bus(
        _line(told.get("at")) or "",
        _count(told.get("asked")) or 0,
        _count(told.get("failed")) or 0,
        _line(told.get("last")) or "",
    )


def since(now: Sequence[Bus], before: Sequence[Bus]) -> list[tuple[int, int]]:
    """How often each instrument was asked and failed since `before`; a count that fell began anew."""
    known = {one.at: one for one in before}
    found = []
    for one in now:
        then = known.get(one.at)
        if then is None or one.asked < then.asked or one.failed < then.failed:
            found.append((one.asked, one.failed))
        else:
            found.append((one.asked - then.asked, one.failed - then.failed))
    return found


def version_of(image: str | None) -> str:
    """The version of an image such as "0.2.0 a"."""
    return (image or "").partition(" ")[0]


def is_trying(update_state: str | None) -> bool:
    """Whether a board has a whole release and goes over to it, or has just gone."""
    return (update_state or "") in _READY


def refusal_of(update_state: str | None) -> str | None:
    """Why a board does not take a release; None: it has not refused."""
    if not (update_state or "").startswith("refused"):
        return None
    return (update_state or "").partition(":")[2].strip() or UNKNOWN


def days_level(until_s: int, now_ms: int, days: Sequence[int]) -> int | None:
    """Which of the marks in days a certificate has come to, the nearest; None: it has longer, or there is none."""
    if not until_s:
        return None
    left_s = until_s - now_ms // 1000
    return min((mark for mark in days if left_s <= mark * 86_400), default=None)
