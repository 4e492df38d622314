"""A board put together from parts, and what it tells of itself; both interpreters run this file."""

from firmware.onboard.facts import BoardFacts, Buses
from firmware.onboard.machine import BoardMachine
from schemas.journal_metrics import UPDATE_OFFER


class Teller:
    def __init__(self):
        self.news = False
        self.saves = 0

    def facts(self):
        return [("Update/State", "string", "idle")]

    def saved(self):
        self.saves += 1


class Hearer:
    def __init__(self, takes):
        self.takes = takes
        self.heard_of = []
        self.parts = []

    def heard(self, name, value):
        self.heard_of.append(value)
        return name == self.takes

    def progress(self, part):
        self.parts.append(part)


def test_a_machine_without_parts_tells_nothing_and_takes_nothing():
    bare = BoardMachine([])
    assert bare.facts() == [] and not bare.heard(UPDATE_OFFER, "") and not bare.news
    bare.progress("keeper")
    bare.saved()


def test_each_part_has_only_the_hooks_it_needs():
    teller, hearer = Teller(), Hearer(UPDATE_OFFER)
    board = BoardMachine([BoardFacts("0.2.0 a", "watchdog", lambda: "ethernet"), hearer, teller])
    told = [(name, value) for name, _, value in board.facts() if name != "Node/Heap_Free"]
    assert told == [
        ("Node/Boot_Reason", "watchdog"), ("Node/Link", "ethernet"),
        ("Node/Image", "0.2.0 a"), ("Update/State", "idle"),
    ]  # fmt: skip
    board.progress("keeper")
    board.saved()
    assert hearer.parts == ["keeper"] and teller.saves == 1


def test_a_command_goes_to_the_first_part_that_takes_it():
    first, second, third = Hearer("Node/Certificate"), Hearer(UPDATE_OFFER), Hearer(UPDATE_OFFER)
    board = BoardMachine([first, second, third])
    assert board.heard(UPDATE_OFFER, "offer")
    assert (first.heard_of, second.heard_of, third.heard_of) == (["offer"], ["offer"], [])
    assert not board.heard("Update/Block", b"")


def test_news_of_any_part_is_news_and_is_set_back_for_all():
    teller = Teller()
    board = BoardMachine([Hearer(""), teller])
    assert not board.news
    teller.news = True
    assert board.news
    board.news = False
    assert not board.news and not teller.news


def test_a_reason_nobody_knows_is_told_as_unknown():
    told = BoardFacts("0.2.0 a", "gremlins", lambda: "host").facts()
    assert told[0][2] == "unknown"


def test_the_heap_is_told_in_whole_kilobytes_where_the_interpreter_can_tell():
    import gc

    told = [value for name, _, value in BoardFacts("", "soft", str).facts() if "Heap" in name]
    assert len(told) == hasattr(gc, "mem_free")
    assert all(value % 1024 == 0 and value > 0 for value in told)


def test_buses_are_told_as_json():
    line = {"at": "modbus ttyUSB0 1", "asked": 7, "failed": 1, "last": "no answer"}
    name, kind, text = Buses(lambda: [line]).facts()[0]
    assert (name, kind) == ("Node/Buses", "string")
    import json

    assert json.loads(text) == [line]
