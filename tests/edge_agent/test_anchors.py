"""Anchors of the ledger: kept through power cuts, given back at births, spaced ever more widely."""

from edge_agent.anchors import APART_MS, FILE, KEPT, Anchors, is_anchor
from schemas import journal_metrics as names
from schemas.sparkplug import metric
from tests.edge_agent.bench import Bench, value_of
from tests.edge_agent.fakes import NOW_MS, MemoryStorage, until

DAY_MS = 86_400_000


def said(count):
    return f"{count} {count:064x}"


def times_of(anchors):
    return [int(one.split(" ")[2]) for one in anchors.text().split(",")]


def test_an_anchor_is_a_count_and_a_hash_and_nothing_else():
    assert is_anchor(said(1)) and is_anchor(said(999_999_999_999_999_999))
    for wrong in ("", "1", " " + "a" * 64, "1 " + "A" * 64, "1 " + "a" * 63, "x " + "a" * 64,
                  "1" * 19 + " " + "a" * 64, said(1) + " ", said(1) + ",", "-1 " + "a" * 64, 1, None,
                  True, b"1"):  # fmt: skip
        assert not is_anchor(wrong), wrong


def test_what_was_said_is_there_after_a_power_cut():
    storage = MemoryStorage()
    anchors = Anchors(storage)
    assert anchors.text() == "" and not anchors.news
    anchors.take(said(5), NOW_MS)
    assert anchors.news
    anchors.take(said(9), NOW_MS + APART_MS)
    storage.cut()
    again = Anchors(storage)
    assert again.text() == f"{said(5)} {NOW_MS},{said(9)} {NOW_MS + APART_MS}" and not again.news


def test_a_damaged_file_is_no_anchor_and_never_a_wrong_one():
    storage = MemoryStorage()
    Anchors(storage).take(said(5), NOW_MS)
    whole = storage.files[FILE]
    for at in range(len(whole)):
        storage.files[FILE] = whole
        storage.flip(FILE, at, 4)
        assert Anchors(storage).text() == "", at
    storage.files[FILE] = b""
    assert Anchors(storage).text() == ""


def test_a_medium_that_cannot_write_keeps_what_it_had():
    storage = MemoryStorage()
    anchors = Anchors(storage)
    anchors.take(said(5), NOW_MS)
    anchors.news = False
    storage.fail = 28
    anchors.take(said(9), NOW_MS + APART_MS)
    assert anchors.text() == f"{said(5)} {NOW_MS}" and not anchors.news
    assert Anchors(storage).text() == anchors.text()


def test_neither_a_flood_nor_a_repetition_wears_the_flash():
    storage = MemoryStorage()
    anchors = Anchors(storage)
    anchors.take(said(5), NOW_MS)
    before = storage.files[FILE]
    for count in range(6, 200):
        anchors.take(said(count), NOW_MS + count)
    anchors.take(said(5), NOW_MS + 10 * APART_MS)
    assert storage.files[FILE] is before
    anchors.take(said(200), NOW_MS - DAY_MS)
    assert storage.files[FILE] is not before, "a clock that went back does not stop them"


def test_after_a_year_of_hours_the_oldest_is_there_and_old_ones_are():
    storage = MemoryStorage()
    anchors = Anchors(storage)
    for hour in range(24 * 365):
        anchors.take(said(hour + 1), NOW_MS + hour * 3_600_000)
    ages = [(times_of(anchors)[-1] - at_ms) / DAY_MS for at_ms in times_of(anchors)]
    assert len(ages) == KEPT and ages[0] > 364 and ages[-1] == 0
    assert ages == sorted(ages, reverse=True)
    assert sum(age > 1 for age in ages) >= 3 and sum(0 < age < 10 for age in ages) >= 2
    assert len(storage.files[FILE]) < 1024
    assert Anchors(storage).text() == anchors.text()


def test_the_mes_gets_an_anchor_back_at_once_and_at_every_birth():
    storage = MemoryStorage()
    bench = Bench(storage)

    async def work():
        await bench.born()
        bench.command(metric(names.ANCHORS, "string", said(7), NOW_MS))
        await until(lambda: bench.journal.anchors.news)
        bench.session.tell()
        await until(lambda: bench.broker.said("NDATA"))
        bench.command(metric(names.ANCHORS, "string", "7 of clubs", NOW_MS))
        await until(lambda: bench.say.any(names.ANCHORS))
        bench.session.tell()
        await until(lambda: len(bench.broker.said("NDATA")) == 2)
        bench.command(metric(names.REBIRTH, "boolean", True, NOW_MS))
        await bench.born(2)

    bench.run(work)
    kept = bench.journal.anchors.text()
    first, second = bench.payloads("NBIRTH")
    assert value_of(first, names.ANCHORS) == "" and value_of(second, names.ANCHORS) == kept
    assert kept.startswith(said(7) + " ")
    told = [
        [m.value for m in p.metrics if m.name == names.ANCHORS] for p in bench.payloads("NDATA")
    ]
    assert told == [[kept], []], "once, not every ten seconds"

    later = Bench(storage)

    async def again():
        await later.born()

    later.run(again)
    assert value_of(later.payloads("NBIRTH")[0], names.ANCHORS) == kept


def test_a_journal_that_went_round_keeps_its_anchors():
    storage = MemoryStorage()
    bench = Bench(storage)
    bench.journal.anchors.take(said(7), NOW_MS)
    first = bench.journal.first
    for n in range(5000):
        bench.record(float(n))
        bench.journal.sent = bench.journal.durable
        bench.journal.acknowledge(bench.journal.position(bench.journal.durable))
    assert bench.journal.first > first, "the ring was used again"
    assert Bench(storage).journal.anchors.text() == f"{said(7)} {NOW_MS}"
