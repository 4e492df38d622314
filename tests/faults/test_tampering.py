"""Whoever owns the database may take the guards off the ledger and write what he likes: it is found.

What the chain cannot know (the newest events cut off, everything sealed anew by somebody who knows how) is
found by each anchor there is: the file, an edge's journal, a printed paper. Without one it is not seen.
"""

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import Engine

from mes_server.actions.handle_lots import hold_lots
from mes_server.domain.amounts import Amount
from mes_server.domain.seal import (
    GENESIS,
    Anchor,
    Draft,
    Event,
    anchor_on_paper,
    read_anchor,
    seal,
)
from mes_server.store.anchors import append_anchor, read_anchors
from mes_server.store.engine import open_engine, reading
from mes_server.store.ledger import head
from mes_server.store.schema import upgrade
from mes_server.store.verifying import verify_ledger
from tests.faults.counting import count, draw_for
from tests.mes_server.actions.lot_floor import Floor

TAMPERINGS = 10_000
GUARDS = ("ledger_no_update", "ledger_no_delete", "ledger_append")
COLUMNS = ", ".join(Event._fields)
MARKS = ", ".join("?" * len(Event._fields))


class Done(NamedTuple):
    """`first`: the event that must be named. `hidden`: the chain alone is whole, only an anchor tells."""

    first: int
    hidden: bool = False


class Owner:
    """Somebody with the file of the database, its programs and all the time there is."""

    def __init__(self, engine: Engine, path: Path) -> None:
        self.conn: Any = engine.dialect.import_dbapi().connect(path, isolation_level=None)
        self.conn.execute("PRAGMA synchronous = OFF")
        for guard in GUARDS:
            self.conn.execute(f"DROP TRIGGER {guard}")
        self.conn.execute("CREATE TABLE kept AS SELECT * FROM ledger")
        self.events = [Event._make(row) for row in self.rows()]

    def rows(self) -> list[tuple[Any, ...]]:
        return list(self.conn.execute(f"SELECT {COLUMNS} FROM ledger ORDER BY number"))

    def restore(self) -> None:
        if self.conn.in_transaction:
            self.conn.execute("ROLLBACK")
        self.conn.execute("BEGIN")
        self.conn.execute("DELETE FROM ledger")
        self.conn.execute(f"INSERT INTO ledger ({COLUMNS}) SELECT {COLUMNS} FROM kept")
        self.conn.execute("COMMIT")

    def put(self, events: list[Event]) -> None:
        """These behind what is left."""
        self.conn.executemany(f"INSERT INTO ledger ({COLUMNS}) VALUES ({MARKS})", events)


def edit(owner: Owner, draw: random.Random) -> Done:
    """Any column of any event: another number, other letters, another event's, or another type."""
    event, other = draw.sample(owner.events, 2)
    column = draw.choice([name for name in Event._fields if name != "number"])
    old = getattr(event, column)
    at = draw.randrange(len(str(old)) + 1)
    altered = str(old)[:at] + draw.choice("x0 é\0") + str(old)[at:]
    choices = [altered, getattr(other, column), str(old)[:at], altered.encode(), 1.5]
    if isinstance(old, int):
        choices += [old + draw.randint(1, 9), -old]
    new = draw.choice([one for one in choices if str(one) != str(old)])
    owner.conn.execute(
        f"UPDATE OR IGNORE ledger SET {column} = ? WHERE number = ?", (new, event.number)
    )
    if owner.rows() == owner.events:  # another event has this place in its stream
        return edit(owner, draw)
    return Done(event.number)


def renumber(owner: Owner, draw: random.Random) -> Done:
    """An event gets a number that no event has: far away, before all, half, or none at all."""
    event = draw.choice(owner.events)
    new = draw.choice([-event.number, 0, event.number + 1000, event.number + 0.5, "x", b"x"])
    owner.conn.execute("UPDATE ledger SET number = ? WHERE number = ?", (new, event.number))
    early = isinstance(new, int) and new < 1
    last = len(owner.events)
    return Done(1 if early else min(event.number + (new == event.number + 0.5), event.number, last))


def delete(owner: Owner, draw: random.Random) -> Done:
    """A few, anywhere, and at least one that others follow."""
    numbers = draw.sample(range(1, len(owner.events)), draw.randint(1, 4))
    owner.conn.executemany("DELETE FROM ledger WHERE number = ?", [(n,) for n in numbers])
    return Done(min(numbers))


def close_up(owner: Owner, draw: random.Random) -> Done:
    """One is deleted and those behind it move up, so that no number is missing."""
    number = draw.randrange(1, len(owner.events))
    owner.conn.execute("DELETE FROM ledger WHERE number = ?", (number,))
    for event in owner.events[number:]:
        owner.conn.execute(
            "UPDATE ledger SET number = ? WHERE number = ?", (event.number - 1, event.number)
        )
    return Done(number)


def swap(owner: Owner, draw: random.Random) -> Done:
    """Two change places."""
    one, two = sorted(draw.sample(owner.events, 2))
    for new, old in ((0, one.number), (one.number, two.number), (two.number, 0)):
        owner.conn.execute("UPDATE ledger SET number = ? WHERE number = ?", (new, old))
    return Done(one.number)


def insert(owner: Owner, draw: random.Random) -> Done:
    """One more, sealed behind the one before it, in the middle; the rest moves on by one."""
    at = draw.randrange(1, len(owner.events))
    after = owner.events[at:]
    for event in reversed(after):
        owner.conn.execute(
            "UPDATE ledger SET number = ? WHERE number = ?", (event.number + 1, event.number)
        )
    before = owner.events[at - 1]
    owner.put([seal(before.hash, at + 1, before.noted_ms, forged(draw))])
    return Done(min(at + 2, len(owner.events)))  # the last is another one than the anchor knows


def append(owner: Owner, draw: random.Random) -> Done:
    """One more at the end, a copy or sealed wrongly."""
    last = owner.events[-1]
    number = last.number + 1
    made = seal(draw.choice([GENESIS, last.previous]), number, last.noted_ms, forged(draw))
    copy = last._replace(number=number, stream=f"{last.stream}x")
    owner.put([draw.choice([made, copy])])
    return Done(number)


def cut(owner: Owner, draw: random.Random) -> Done:
    """The newest are gone, or all."""
    first = draw.randint(1, len(owner.events))
    owner.conn.execute("DELETE FROM ledger WHERE number >= ?", (first,))
    return Done(first, hidden=True)


def forged(draw: random.Random) -> Draft:
    name = f"lot:F{draw.getrandbits(60):x}"
    return Draft(name, 1, "created", "a", 1, "P9", "", "", {"pieces": draw.randint(1, 99)})


def seal_anew(owner: Owner, draw: random.Random) -> Done:
    """One is changed and everything from there on is sealed as the program would; maybe more is added."""
    at = draw.randrange(len(owner.events))
    changed = owner.events[at]
    drafts = [Draft(*e[1:6], *e[7:10], e.facts()) for e in owner.events[at:]]
    drafts[0] = drafts[0]._replace(
        **{draw.choice(["person", "place", "reason"]): f"{changed.person}{draw.randint(1, 99)}"}
    )
    return _sealed(owner, at, drafts + [forged(draw) for _ in range(draw.randint(0, 2))])


def leave_out(owner: Owner, draw: random.Random) -> Done:
    """One is left out, the rest sealed anew, and made as long as it was, or longer."""
    at = draw.randrange(len(owner.events))
    gone = owner.events[at].stream
    kept = [e for e in owner.events[at + 1 :] if e.stream != gone]
    drafts = [Draft(*e[1:6], *e[7:10], e.facts()) for e in kept]
    missing = len(owner.events) - at - len(drafts)
    return _sealed(owner, at, drafts + [forged(draw) for _ in range(missing + draw.randint(0, 2))])


def _sealed(owner: Owner, at: int, drafts: list[Draft]) -> Done:
    owner.conn.execute("DELETE FROM ledger WHERE number > ?", (at,))
    previous = owner.events[at - 1].hash if at else GENESIS
    events: list[Event] = []
    for number, draft in enumerate(drafts, at + 1):
        events.append(seal(previous, number, owner.events[-1].noted_ms, draft))
        previous = events[-1].hash
    owner.put(events)
    return Done(len(owner.events), hidden=True)


WAYS: tuple[Callable[[Owner, random.Random], Done], ...] = (
    edit, renumber, delete, close_up, swap, insert, append, cut, seal_anew, leave_out,
)  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Engine, Path]]:
    folder = tmp_path_factory.mktemp("tampering")
    engine = open_engine(f"sqlite:///{folder / 'lodestone.db'}")
    upgrade(engine)
    floor = Floor(engine)
    codes = [floor.receive(Amount(n, 1000 * n)) for n in range(1, 17)]
    for code in codes[::3]:
        floor.act(hold_lots, [code], "氧含量 oxygen")
    yield engine, folder
    engine.dispose()


@pytest.fixture(scope="module")
def anchors(store: tuple[Engine, Path]) -> list[Anchor]:
    """The same head as file, edge and paper remember it, each read as the program reads it."""
    engine, folder = store
    with reading(engine) as conn:
        last = head(conn, 5)
    append_anchor(folder, last)
    (in_file,), _ = read_anchors(folder)
    on_edge = read_anchor(f"{last.number} {last.hash} 6", "sintering/ctl-1")
    on_paper = anchor_on_paper(last.on_paper())
    assert on_edge
    assert on_paper
    return [in_file, on_edge, on_paper]


@pytest.fixture(scope="module")
def owner(store: tuple[Engine, Path]) -> Iterator[Owner]:
    owner = Owner(store[0], store[1] / "lodestone.db")
    yield owner
    owner.conn.close()


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_every_tampering_is_found(
    store: tuple[Engine, Path],
    anchors: list[Anchor],
    owner: Owner,
    way: Callable[[Owner, random.Random], Done],
) -> None:
    engine, _ = store
    draw = draw_for(f"tampering {way.__name__}")
    owner.restore()
    assert verify_ledger(engine, anchors, 0).broken is None, "the negative control: nobody was here"
    for _ in range(TAMPERINGS // len(WAYS)):
        owner.restore()
        owner.conn.execute("BEGIN")
        done = way(owner, draw)
        owner.conn.execute("COMMIT")
        anchor = draw.choice(anchors)
        verdict = verify_ledger(engine, [anchor], 0)
        assert verdict.broken is not None, (way.__name__, anchor.source, done)
        assert verdict.broken.number == done.first, (anchor.source, verdict.broken, owner.rows())
        if done.hidden:
            assert verdict.unknown == (anchor,)
            assert verify_ledger(engine, [], 0).broken is None, "the chain alone cannot know"
    owner.restore()
    assert verify_ledger(engine, anchors, 0).broken is None
    count("thousand tamperings of the ledger")
