"""Random things that people do to lots away from stations, for test_anything_done.py."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from mes_server.actions import handle_lots as handle
from mes_server.actions import make_lots as make
from mes_server.actions.record_events import Book
from mes_server.domain.amounts import Amount
from tests.stories.anything import MINUTE_MS, PLANNED, Doer, part_of

KINDS = {"raw": "", "powder": "jet_milling", "green": "pressing", "block": "sintering",
         "parts": "slicing", "finished": "final_inspection"}  # fmt: skip
share = st.integers(0, 12)
which = st.integers(0, 2**24)


class Handled(Doer):
    """Lots are received, split, merged, blended, sampled, scrapped, packed, shipped, held, sent back …"""

    has_lots = precondition(lambda self: bool(self.works.lots()))

    def stock(self) -> None:
        for number, kind in enumerate([*KINDS, *KINDS]):
            self.receive_one(kind, 9, 11 + number % 2, 0)

    @rule(
        kind=st.sampled_from(sorted(KINDS)),
        pieces=share,
        kilos=st.integers(0, 20),
        tb=st.integers(0, 500),
    )
    def receive(self, kind: str, pieces: int, kilos: int, tb: int) -> None:
        self.receive_one(kind, pieces, kilos, tb)

    def receive_one(self, kind: str, pieces: int, kilos: int, tb: int) -> None:
        count = 0 if kind in ("raw", "powder") else pieces * 7
        mass_mg = kilos * 1_000_003
        amount = Amount(
            count, mass_mg, count * 11, {"Nd": mass_mg // 3, "Tb": mass_mg * tb // 7000}
        )
        done = PLANNED[: PLANNED.index(KINDS[kind]) + 1] if KINDS[kind] else []
        facts = {"part": "P", "grade": "G", "route": "M1/A", "done": done}
        facts |= {"expires_ms": self.works.now_ms + 20 * MINUTE_MS if tb == 1 else None}
        self.act("receive", lambda book, _codes: make.receive(book, kind, amount, facts))

    @has_lots
    @rule(lot=which, one=share, two=share, odd=st.integers(-1, 1))
    def split(self, lot: int, one: int, two: int, odd: int) -> None:
        parent = self.pick(lot)
        parts = [part_of(parent, one), part_of(parent, two)]
        parts[0] = (parts[0][0], max(0, parts[0][1] + odd))
        self.act("split", lambda book, codes: make.split_off(book, codes[0], parts), parent.code)

    @has_lots
    @rule(lots=st.lists(which, min_size=1, max_size=6))
    def merge(self, lots: list[int]) -> None:
        first = self.pick(lots[0])
        like = [
            o.code
            for o in self.works.lots()
            if (o.kind, o.done, o.status) == (first.kind, first.done, "active")
        ]
        others = [like[n % len(like)] if like and n % 7 else self.pick(n).code for n in lots[1:]]
        self.act("merge", handle.merge_lots, *dict.fromkeys([first.code, *others]))

    @has_lots
    @rule(lots=st.lists(st.tuples(which, st.integers(1, 12)), min_size=2, max_size=3))
    def blend(self, lots: list[tuple[int, int]]) -> None:
        picked = [(self.pick(number, "raw", "powder"), of_12) for number, of_12 in lots]
        masses = [part_of(lot, of_12)[1] for lot, of_12 in picked]
        wanted = make.Wanted("powder", "P", "G", "M1/A")

        def acting(book: Book, codes: list[str]) -> Any:
            return make.blend_lots(book, list(zip(codes, masses, strict=True)), wanted)

        self.act("blend", acting, *(lot.code for lot, _ in picked))

    @has_lots
    @rule(lot=which, of_12=share, form=st.sampled_from(["scrap", "swarf", "coupon", "return"]))
    def take(self, lot: int, of_12: int, form: str) -> None:
        parent = self.pick(lot)
        pieces, mass_mg = part_of(parent, of_12)

        def acting(book: Book, codes: list[str]) -> Any:
            if form == "coupon":
                return make.take_coupons(book, codes[0], pieces, mass_mg)
            if form == "return":
                return make.return_lot(book, codes[0], (pieces, mass_mg), "rust")
            much = (0 if form == "swarf" else pieces, mass_mg)
            return make.scrap_some(book, codes[0], much, ("broken", form))

        self.act(form, acting, parent.code)

    @has_lots
    @rule(lot=which, each=st.integers(20, 90))
    def pack(self, lot: int, each: int) -> None:
        self.act(
            "pack",
            lambda book, codes: make.pack_lot(book, codes[0], each),
            self.pick(lot, "finished").code,
        )

    @has_lots
    @rule(lots=st.lists(which, min_size=1, max_size=3))
    def ship(self, lots: list[int]) -> None:
        codes = [self.pick(number, "finished", "pack").code for number in lots]
        self.act(
            "ship", lambda book, codes: handle.ship_lots(book, codes, {"customer": "C"}), *codes
        )

    @has_lots
    @rule(lot=which)
    def hold_or_release(self, lot: int) -> None:
        if any(one.holds for one in self.works.lots()) and lot % 4:
            self.release(lot)
        else:
            self.hold(lot)

    def hold(self, lot: int) -> None:
        self.act(
            "hold", lambda book, codes: handle.hold_lots(book, codes, "odd"), self.pick(lot).code
        )

    def release(self, lot: int) -> None:
        held = [one for one in self.works.lots() if one.holds] or self.works.lots()
        chosen = held[lot % len(held)]
        hold = next(iter(chosen.holds), "none")
        self.act(
            "release",
            lambda book, codes: handle.release_lot(book, codes[0], hold, "ok"),
            chosen.code,
        )

    @has_lots
    @rule(lot=which, grade=st.sampled_from(["G", "H"]))
    def regrade(self, lot: int, grade: str) -> None:
        chosen = self.pick(lot).code
        self.act(
            "regrade", lambda book, codes: handle.regrade_lot(book, codes[0], grade, "BH"), chosen
        )

    @has_lots
    @rule(lot=which)
    def rework(self, lot: int) -> None:
        chosen = self.pick(lot)
        back = chosen.done[-1] if chosen.done else "pressing"
        self.act(
            "rework", lambda book, codes: handle.send_back(book, codes[0], back, "bad"), chosen.code
        )
