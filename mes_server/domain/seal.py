"""The ledger's chain: each event is sealed by a hash over itself and the hash of the one before it.

SHA-256 (FIPS 180-4) over canonical JSON: sorted keys, no blanks, UTF-8, integers and strings only, so
that every program of every time writes the same bytes.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

GENESIS = "0" * 64  # what the first event follows
FILE, PAPER = "", "paper"  # sources of anchors; any other is a node
_LINE = re.compile(r"([1-9][0-9]{0,17}) ([0-9a-f]{64}) ([0-9]{1,15})")
_ON_PAPER = re.compile(r"([1-9][0-9]{0,17}):([0-9a-f]{12,64})")
_PAPER_HASH = 16  # characters


class Draft(NamedTuple):
    """What is to be recorded. `stream`: what it is about, such as "lot:L26-000123-7K".

    `stream_number`: its number there, from 1; two who write the same number at once: one wins.
    `action`: the id of the action it belongs to. `at_ms`: when it happened. `person`, `place` (a station) and `reason` may be empty. `content` holds
    integers, strings, truths, lists and objects of these, and null.
    """

    stream: str
    stream_number: int
    kind: str
    action: str
    at_ms: int
    person: str
    place: str
    reason: str
    content: dict[str, Any]


class Event(NamedTuple):
    """A sealed fact. `number`: of the whole ledger, from 1 without gaps. `noted_ms`: when recorded."""

    number: int
    stream: str
    stream_number: int
    kind: str
    action: str
    at_ms: int
    noted_ms: int
    person: str
    place: str
    reason: str
    content: str
    previous: str
    hash: str

    def facts(self) -> dict[str, Any]:
        """The content, read."""
        read: dict[str, Any] = json.loads(self.content)
        return read


class Anchor(NamedTuple):
    """What somebody outside the store remembers: so many events, the last of them with this hash.

    Of a hash on paper only the beginning may be known. `source`: FILE, PAPER, or the node's name.
    """

    number: int
    hash: str
    at_ms: int
    source: str = FILE

    def on_paper(self) -> str:
        """As paper carries it and `anchor_on_paper` reads it."""
        return f"{self.number}:{self.hash[:_PAPER_HASH]}"


def read_anchor(line: str, source: str = FILE) -> Anchor | None:
    """The anchor in "count hash Unix-ms", as the file and the nodes keep it; None: it is none."""
    match = _LINE.fullmatch(line)
    return None if match is None else Anchor(int(match[1]), match[2], int(match[3]), source)


def anchor_on_paper(text: str) -> Anchor | None:
    """The anchor in "count:hash" as somebody read it from paper, twelve characters of the hash or more."""
    match = _ON_PAPER.fullmatch("".join(text.split()).lower())
    return None if match is None else Anchor(int(match[1]), match[2], 0, PAPER)


class Break(NamedTuple):
    """The first event that is not what was sealed. `why` is a key of the translations."""

    number: int
    why: str


def _check(value: object, where: str) -> None:
    """Raise TypeError for what two programs may write differently."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise TypeError(f"{where}: the key {key!r} is no string")
            _check(inner, f"{where}.{key}")
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            _check(inner, f"{where}[{index}]")
    elif isinstance(value, float) or not isinstance(value, str | int | None):
        raise TypeError(f"{where}: {value!r} is neither an integer nor a string")


def canonical(value: object) -> str:
    """The one way to write a value; raises TypeError for floats and ValueError for half characters."""
    _check(value, "content")
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    text.encode()  # a lone surrogate raises UnicodeEncodeError, a ValueError
    return text


def _hash(event: Event) -> str:
    return hashlib.sha256(canonical(event[:-1]).encode()).hexdigest()


def seal(previous: str, number: int, noted_ms: int, draft: Draft) -> Event:
    """The event a draft becomes behind the one whose hash is `previous`."""
    event = Event(number, *draft[:5], noted_ms, *draft[5:8], canonical(draft.content), previous, "")
    return event._replace(hash=_hash(event))


def is_sealed(event: Event, previous: str) -> bool:
    """Whether an event is what was sealed behind the one whose hash is `previous`."""
    try:
        return event.previous == previous and event.hash == _hash(event)
    except (TypeError, ValueError):  # somebody put in what no event of ours can hold
        return False


def _hashes_by_number(anchors: Iterable[Anchor], first: int) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for anchor in anchors:
        if anchor.number >= first:
            found.setdefault(anchor.number, []).append(anchor.hash)
    return found


def first_break(
    events: Iterable[Event],
    anchors: Sequence[Anchor] = (),
    previous: str = GENESIS,
    number: int = 1,
) -> Break | None:
    """The first event, by its number, that was changed, added, moved or is missing; None: all is well.

    The chain alone shows what was changed inside it. That the newest were cut off, or that all was
    sealed anew from some event on, only an anchor shows.
    """
    wanted = _hashes_by_number(anchors, number)
    streams: dict[str, int] = {}
    for event in events:
        if event.number != number:
            behind = isinstance(event.number, int) and event.number > number
            return Break(number, "missing" if behind else "added")
        if not is_sealed(event, previous):
            return Break(number, "changed")
        before = streams.get(event.stream)
        if before is not None and event.stream_number != before + 1:
            return Break(number, "out_of_order")
        if not all(event.hash.startswith(remembered) for remembered in wanted.pop(number, ())):
            return Break(number, "sealed_anew")
        streams[event.stream] = event.stream_number
        previous, number = event.hash, number + 1
    if wanted:
        return Break(number, "cut_off")
    return None
