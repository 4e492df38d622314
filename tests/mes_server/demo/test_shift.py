"""mes_server.demo.shift: what the workers ask for, given what lies where; nothing that must be refused."""

from collections import Counter

from mes_server.demo.floor import LEAD, QUALITY, Ask, Heard
from mes_server.demo.shift import Shift
from mes_server.domain.lots import Lot
from tests.mes_server.demo.floors import BEFORE, MOTOR, NOW, floor, lot, shift

HOUR_MS = 3_600_000
ONLY_PLATING = {"plating-1": "electroplating_line"}


def abouts(asks: list[Ask]) -> list[str]:
    return [ask.about for ask in asks]


def make_ready(workers: Shift, *lots: Lot, stations: dict[str, str]) -> None:
    """Receive and mount what the station asks for."""
    for made in ("BM26-000001-00", ""):
        for ask in workers.asks(floor(*lots, stations=stations), NOW):
            answer = Heard(made=(made,) if ask.about == "receive" else ())
            workers.hear(ask, answer, floor(*lots), NOW)


def test_an_empty_plant_orders_metal_before_it_makes_up_a_charge() -> None:
    (ask,) = shift().asks(floor(), NOW)
    assert (ask.about, ask.path, ask.body["part"]) == ("receive", "/lots", "PRND")
    assert ask.id.startswith("demo-test0000-")


def test_a_bath_is_made_up_and_mounted_before_a_barrel_goes_in() -> None:
    parts = lot("L1", "parts", 10)
    workers = shift()
    seen = []
    for _ in range(3):
        (ask,) = [
            a for a in workers.asks(floor(parts, stations=ONLY_PLATING), NOW) if a.station
        ]  # fmt: skip
        seen.append(ask)
        made = ("BM26-000001-00",) if ask.about == "receive" else ()
        workers.hear(ask, Heard((), "L2", "CH1", "electroplating", made), floor(parts), NOW)
    assert abouts(seen) == ["receive", "mount", "load"]
    assert seen[1].body == {"role": "bath", "resource": "BM26-000001-00"}
    part = seen[2].body["facts"]["part"]
    assert part == {"pieces": 416, "mass_mg": 24_960_000}, "a barrel, and the rest waits"


def test_nobody_touches_a_lot_that_is_held_and_quality_looks_at_it_in_time() -> None:
    held = lot("L1", "parts", 10, holds={"a1": "thin"})
    workers = shift()
    make_ready(workers, held, stations=ONLY_PLATING)
    assert all(ask.lot != "L1" for ask in workers.asks(floor(held), NOW))
    later = workers.asks(floor(held), NOW + 11 * HOUR_MS)
    (release,) = [ask for ask in later if ask.lot == "L1"]
    assert (release.about, release.badge, release.body["hold"]) == ("release", QUALITY, "a1")


def test_a_run_is_unloaded_when_it_is_due_even_by_workers_who_forgot_when_it_began() -> None:
    inside = lot("L1", "parts", 10, run="CH1", operation="electroplating")
    inside = Lot(**{n: getattr(inside, n) for n in inside.__slots__} | {"place": "plating-1"})
    workers = shift()
    stations = ONLY_PLATING
    assert not [a for a in workers.asks(floor(inside, stations=stations), NOW) if a.station]
    asks = workers.asks(floor(inside, stations=stations), NOW + 5 * HOUR_MS)
    (unload,) = [ask for ask in asks if ask.about == "unload"]
    assert unload.path == "/runs/CH1/unload"
    (told,) = unload.body["lots"]
    pieces = sum(part["pieces"] for name, part in told.items() if name != "lot")
    assert pieces == inside.amount.pieces


def test_what_was_refused_is_left_alone_for_a_while() -> None:
    finished = lot("F1", "finished", (*BEFORE, "electroplating", "magnetizing", "flux_check"))
    workers = shift()
    (pack,) = [a for a in workers.asks(floor(finished), NOW) if a.about == "pack"]
    workers.hear(pack, Heard(("lot_is_here",)), floor(finished), NOW)
    assert "pack" not in abouts(workers.asks(floor(finished), NOW))
    assert "pack" in abouts(workers.asks(floor(finished), NOW + HOUR_MS))


def test_barrels_of_one_lot_meet_again_as_many_as_the_route_allows() -> None:
    done = (*BEFORE, "electroplating")
    barrels = [lot(f"L{n}", "parts", done) for n in range(4)]
    asks = shift().asks(floor(*barrels), NOW)
    (merge,) = [ask for ask in asks if ask.about == "merge"]
    assert merge.body == {"lots": ["L0", "L1", "L2"]}
    alone = shift().asks(floor(barrels[0], lot("L9", "parts", 10)), NOW)
    assert "merge" not in abouts(alone), "one waits for the others"


def test_a_barrel_that_was_sent_back_is_stripped_first() -> None:
    back = lot("L1", "parts", 10, first="stripping", reworks={"electroplating": 1})
    workers = shift()
    asks = workers.asks(floor(back, stations=ONLY_PLATING), NOW)
    (load,) = [ask for ask in asks if ask.about == "load"]
    assert load.body["operation"] == "stripping"


def test_a_wrong_split_is_taken_back_by_the_lead_and_nobody_touches_it_before() -> None:
    whole, part = lot("L1", "parts", 8), lot("L2", "parts", 8)
    workers = shift(correct=1.0)
    grinding = Heard((), "", "CH1", "slicing", ("L1",))
    workers.hear(Ask("unload", "", {}, ""), grinding, floor(whole), NOW)
    (split,) = [a for a in workers.asks(floor(whole), NOW + 3 * 60_000) if a.lot == "L1"]
    assert split.about == "split"
    workers.hear(split, Heard(made=("L2",)), floor(whole), NOW + 3 * 60_000)
    assert not [a for a in workers.asks(floor(whole, part), NOW + 3 * 60_000) if a.lot]
    asks = workers.asks(floor(whole, part), NOW + 7 * 60_000)
    (correct,) = [ask for ask in asks if ask.about == "correct"]
    assert (correct.badge, correct.path) == (LEAD, f"/actions/{split.id}/correct")


def test_a_mistake_is_one_by_every_choice_that_the_route_leaves() -> None:
    coating = {"ecoat-1": "ecoat_line"}
    here = [lot(f"L{n}", "parts", 10, route=MOTOR, grade="N42SH") for n in range(8)]
    other = lot("B1", "block", 6)
    mistakes = []
    for seed in range(12):
        workers = shift(seed, mistake=1.0)
        make_ready(workers, *here, stations=coating)
        asks = workers.asks(floor(*here, other, stations=coating), NOW)
        mistakes += [ask.body["code"] for ask in asks if ask.mistake]
    assert set(mistakes) == {"B1"}


def test_the_same_floor_and_seed_give_the_same_asks() -> None:
    lots = [lot(f"L{n}", "parts", 8 + n % 3) for n in range(12)]
    asked = [shift(5).asks(floor(*lots), NOW) for _ in range(2)]
    assert asked[0] == asked[1]
    assert Counter(abouts(asked[0]))["load"] >= 3


def test_a_full_floor_starts_no_new_heat() -> None:
    lots = [lot(f"B{n}", "block", 6) for n in range(60)]
    assert not {"blend", "receive"} & {
        ask.about for ask in shift().asks(floor(*lots, stations={}), NOW)
    }
