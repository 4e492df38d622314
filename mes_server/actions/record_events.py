"""Record what happened to lots: seal it in the ledger, and follow with what is computed from it.

The one way for a fact about a lot into the store. Nothing of an action is kept when any of it cannot be.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine

from mes_server.actions.followers import drop_followed, follow_all
from mes_server.domain.charges import RUN_CORRECTED, replay_run
from mes_server.domain.genealogy import Edge, edges_of
from mes_server.domain.lines import replay_line
from mes_server.domain.lots import (
    CORRECTED,
    MOVING,
    Impossible,
    Lot,
    check_rests,
    corrected_actions,
    moved_ms,
    replay,
)
from mes_server.domain.seal import Draft, Event, seal
from mes_server.store.labels import follow_labels
from mes_server.store.ledger import (
    append_events,
    iter_events,
    load_stream,
    lock_ledger,
    stream_length,
)
from mes_server.store.lines import drop_all_lines, save_line
from mes_server.store.lots import append_edges, drop_all, drop_edges, drop_lot, save_lots
from mes_server.store.runs import drop_all_runs, drop_run, open_run_at, save_run
from mes_server.store.transaction import writing

_SAVE_EVERY = 1_000
# What is computed from the whole of a stream. Others (the scans of a station: hundreds a day) are only
# numbered on.
_REPLAYED = ("lot:", "charge:", "line:")


@dataclass(frozen=True, slots=True)
class Act:
    """Who does what where and when. `id`: made once, on the tablet or here; the same of a repetition."""

    id: str
    person: str
    place: str
    at_ms: int
    now_ms: int


@dataclass(slots=True)
class Book:
    """Collects the facts of one action; a lot is as it will be with those already noted.

    Nobody else writes to the ledger while a book is open: what was decided upon stays as it was read.
    Clocks of tablets differ: what happens to a lot is of no earlier than what happened to it before.
    """

    conn: Connection
    act: Act
    _histories: dict[str, list[Event]] = field(default_factory=dict)
    _drafts: list[Draft] = field(default_factory=list)
    _lengths: dict[str, int] = field(default_factory=dict)
    _at_ms: int = 0

    def __post_init__(self) -> None:
        lock_ledger(self.conn)
        self._at_ms = self.act.at_ms

    def not_before(self, at_ms: int) -> None:
        """What is noted from now on is of no earlier than that."""
        self._at_ms = max(self._at_ms, at_ms)

    def lot(self, code: str) -> Lot | None:
        """A lot with what was noted so far; None: there is none."""
        return replay(self._history(f"lot:{code}"))

    def noted(self, stream: str) -> list[Event]:
        """The events of a stream with those noted so far."""
        return list(self._history(stream))

    def _history(self, stream: str) -> list[Event]:
        if stream not in self._histories:
            self._histories[stream] = load_stream(self.conn, stream)
        return self._histories[stream]

    def note(self, stream: str, kind: str, reason: str = "", /, **facts: Any) -> None:
        """A fact. For a stream "lot:…" it must follow from what is there: raises Impossible, TooLittle."""
        if not stream.startswith(_REPLAYED):
            self._number_on(stream, kind, reason, facts)
            return
        act, history = self.act, self._history(stream)
        number = len(history) + 1
        if kind in MOVING:
            self.not_before(moved_ms(history))
        draft = self._draft(stream, number, kind, reason, facts)
        event = seal("", number, act.now_ms, draft)
        self._check([*history, event])
        history.append(event)
        self._drafts.append(draft)

    def note_as(self, person: str, stream: str, kind: str, /, **facts: Any) -> None:
        """A fact of somebody else than who acts: of who signs. The stream is none that is replayed."""
        self._number_on(stream, kind, "", facts)
        self._drafts[-1] = self._drafts[-1]._replace(person=person)

    def _number_on(self, stream: str, kind: str, reason: str, facts: dict[str, Any]) -> None:
        if stream not in self._lengths:
            self._lengths[stream] = stream_length(self.conn, stream)
        self._lengths[stream] += 1
        self._drafts.append(self._draft(stream, self._lengths[stream], kind, reason, facts))

    def _draft(
        self, stream: str, number: int, kind: str, reason: str, facts: dict[str, Any]
    ) -> Draft:
        act = self.act
        at_ms = act.at_ms if stream.startswith("scans:") else self._at_ms
        return Draft(stream, number, kind, act.id, at_ms, act.person, act.place, reason, facts)

    def _check(self, history: list[Event]) -> None:
        """The last of these may follow the others: raises Impossible, TooLittle."""
        event = history[-1]
        if event.stream.startswith("lot:"):
            replay(history)
            if event.kind == CORRECTED:
                check_rests(history)
        elif event.stream.startswith("charge:"):
            run = replay_run(history)
            if event.kind == RUN_CORRECTED and run is not None and run.closed_ms is None:
                following = open_run_at(self.conn, run.station)
                if following is not None and following.code != run.code:
                    raise Impossible(following.code)  # a station has one run at a time

    def note_all(self, streams: Iterable[tuple[str, str]], reason: str, **facts: Any) -> None:
        """The same facts in several streams, each with its kind; all of them, or none when it raises."""
        before = self.mark()
        noted = False
        try:
            for stream, kind in streams:
                self.note(stream, kind, reason, **facts)
            noted = True
        finally:
            if not noted:
                self.forget_since(before)

    def mark(self) -> int:
        """Where the notes are now."""
        return len(self._drafts)

    def forget_since(self, mark: int) -> None:
        """What was noted since is not: what came after it was refused, and nothing is half done."""
        for draft in self._drafts[mark:]:
            if draft.stream in self._histories:
                self._histories[draft.stream].pop()
            else:
                self._lengths[draft.stream] -= 1
        del self._drafts[mark:]

    def close(self) -> list[Event]:
        """Write it all; raises ledger.Overtaken when somebody else was quicker."""
        events = append_events(self.conn, self._drafts, self.act.now_ms)
        _follow(self.conn, events, self._histories)
        return events


def _follow(
    conn: Connection, events: Iterable[Event], histories: Mapping[str, list[Event]]
) -> None:
    """Bring lots and edges up to these events."""
    events = list(events)
    follow_labels(conn, events)
    follow_all(conn, events)
    new: dict[str, list[Event]] = {}
    for event in events:
        new.setdefault(event.stream, []).append(event)
    kept, edges = [], []
    for stream in sorted(s for s in new if s.startswith("lot:")):
        code, history = stream.removeprefix("lot:"), histories[stream]
        lot = replay(history)
        if lot is None:
            drop_lot(conn, code)
        else:
            kept.append(lot)
        if any(event.kind == CORRECTED for event in new[stream]):  # its past is another one now
            drop_edges(conn, code)
            edges += _edges(history)
        else:
            edges += [edge for event in new[stream] for edge in edges_of(event)]
    save_lots(conn, kept)
    append_edges(conn, edges)
    for stream in sorted(new):
        if stream.startswith(_REPLAYED):
            _follow_place(conn, stream, histories[stream])


def _follow_place(conn: Connection, stream: str, history: list[Event]) -> None:
    """Bring a run, or what stands at a station, up to its events."""
    about, _, name = stream.partition(":")
    if about == "line":
        save_line(conn, replay_line(name, history))
    if about != "charge":
        return
    run = replay_run(history)
    if run is None:
        drop_run(conn, name)
    else:
        save_run(conn, run)


def _edges(history: list[Event]) -> list[Edge]:
    """The edges into a lot that its events make, but for those that were corrected."""
    taken_back = corrected_actions(history)
    kept = [event for event in history if event.action not in taken_back]
    return [edge for event in kept for edge in edges_of(event)]


def rebuild_lots(engine: Engine) -> int:
    """Throw away what is computed of lots, edges, runs and lines, and make it anew from the ledger;
    how many lots there are."""
    with writing(engine) as conn:
        histories: dict[str, list[Event]] = {}
        drop_followed(conn)
        for event in iter_events(conn):
            follow_all(conn, [event])
            if event.stream.startswith(_REPLAYED):
                histories.setdefault(event.stream, []).append(event)
        drop_all(conn)
        drop_all_runs(conn)
        drop_all_lines(conn)
        lots = []
        for stream, history in histories.items():
            _follow_place(conn, stream, history)
            if not stream.startswith("lot:"):
                continue
            lot = replay(history)
            if lot is not None:
                lots.append(lot)
            append_edges(conn, _edges(history))
        for start in range(0, len(lots), _SAVE_EVERY):
            save_lots(conn, lots[start : start + _SAVE_EVERY])
    return len(lots)
