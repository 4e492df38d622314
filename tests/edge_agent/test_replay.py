"""Sending again: window, tokens, patience, restored servers."""

from edge_agent.replay import BATCH_RECORDS, WINDOW, Replay
from tests.edge_agent.fakes import MemoryStorage, Time, layout, open_journal, put, put_many


class Bench:
    """A journal with `old` records from before the session, and what is sent of it."""

    def __init__(self, old=0, rate=1000, layouts=None):
        self.storage, self.time = MemoryStorage(), Time()
        self.journal = open_journal(self.storage, self.time, layouts)
        put_many(self.journal, self.time, old)
        self.journal.sent = 0
        self.replay = Replay(self.journal, rate, self.time.clock.mono_ms)
        self.sent = []

    def batch(self):
        """Send one batch; its numbers."""
        found = self.replay.batch()
        seqs = sorted(entry.head.seq for entries in found.values() for entry in entries)
        for seq in seqs:
            self.replay.sent(seq)
        self.sent += seqs
        return seqs

    def live(self, count=1):
        for _ in range(count):
            seq = put(self.journal, self.time)
            self.journal.sync()
            self.replay.sent(seq)

    def acknowledge(self, seq):
        assert self.journal.acknowledge(self.journal.position(seq))
        self.replay.acknowledged()

    def pump(self, seconds, step_ms=100):
        for _ in range(int(seconds * 1000 / step_ms)):
            self.batch()
            self.time.pass_ms(step_ms)


def test_nothing_old_is_sent_before_the_mes_says_what_it_holds_or_two_seconds_are_over():
    bench = Bench(old=50)
    assert bench.batch() == []
    bench.acknowledge(0)
    bench.time.pass_ms(50)
    assert bench.batch()[0] == 1
    bench = Bench(old=50)
    assert 0 < bench.replay.wait_ms() <= 2000
    bench.time.pass_ms(2000)
    assert bench.batch()[0] == 1


def test_what_the_mes_holds_already_is_not_sent():
    bench = Bench(old=50)
    bench.journal.sent = 50
    bench.acknowledge(30)
    bench.pump(1)
    assert bench.sent == list(range(31, 51)) and bench.replay.idle()


def test_the_window_bounds_what_is_in_flight():
    bench = Bench(old=500)
    bench.acknowledge(0)
    bench.pump(0.5, 50)
    assert bench.sent == list(range(1, WINDOW + 1))
    bench.acknowledge(90)
    bench.pump(0.5, 50)
    assert bench.sent[-1] == WINDOW + 90


def answer(bench, took_ms, times):
    """Send what may be sent, and acknowledge all of it so much later, a number of times."""
    for _ in range(times):
        bench.pump(took_ms / 1000, 50)
        bench.acknowledge(max(bench.sent))


def in_flight(bench):
    bench.pump(0.4, 50)
    return max(bench.sent) - bench.journal.ack


def test_slow_answers_close_the_window_and_quick_ones_open_it():
    """What is live must not wait behind what is old, however many nodes come back at once."""
    bench = Bench(old=1100)  # what the journal of a test holds
    bench.acknowledge(0)
    answer(bench, 300, 1)
    assert in_flight(bench) == WINDOW
    answer(bench, 1000, 2)
    assert in_flight(bench) <= WINDOW // 4
    answer(bench, 100, 4)
    assert in_flight(bench) == WINDOW


def test_the_token_bucket_bounds_the_rate():
    bench = Bench(old=500, rate=40)
    bench.acknowledge(0)
    bench.time.pass_ms(10_000)
    bench.batch()
    bench.pump(2)
    assert 100 <= len(bench.sent) <= 130
    assert 0 < bench.replay.wait_ms() <= 1000 * BATCH_RECORDS / 40


def test_a_batch_groups_the_records_by_station():
    bench = Bench(layouts=[layout("sinter-1"), layout("mill-1")])
    for n in range(40):
        put(bench.journal, bench.time, slot=n % 2)
    bench.journal.sync()
    bench.replay.begin()
    bench.acknowledge(0)
    bench.time.pass_ms(1000)
    found = bench.replay.batch()
    assert [entry.head.seq for entry in found["sinter-1"]] == list(range(1, 41, 2))
    assert [entry.head.seq for entry in found["mill-1"]] == list(range(2, 41, 2))


def test_without_progress_it_begins_anew_after_the_last_acknowledged_ever_more_slowly():
    bench = Bench(old=10)
    bench.acknowledge(0)
    bench.time.pass_ms(100)
    bench.batch()
    pauses = []
    for _ in range(9):
        waited = 0
        while not bench.batch():
            bench.time.pass_ms(100)
            waited += 100
        pauses.append(waited)
    assert 1400 <= pauses[0] <= 5100
    assert all(pause <= 60_100 for pause in pauses) and pauses[-1] >= 50_000
    assert bench.sent == list(range(1, 11)) * 10


def test_progress_restores_patience():
    bench = Bench(old=10)
    bench.acknowledge(0)
    bench.pump(120)
    bench.acknowledge(4)
    bench.sent = []
    bench.pump(5.2)
    assert bench.sent[:6] == list(range(5, 11))


def test_live_records_that_were_not_acknowledged_are_sent_again_with_their_number():
    bench = Bench()
    bench.acknowledge(0)
    bench.live(1)
    bench.acknowledge(1)
    bench.live(4)
    bench.acknowledge(2)
    bench.pump(8)
    assert bench.sent[:3] == [3, 4, 5]
    assert bench.replay.wait_ms() > 1


def test_acknowledged_live_records_are_not_sent_again():
    bench = Bench()
    bench.acknowledge(0)
    for n in range(20):
        bench.live()
        bench.acknowledge(n + 1)
        bench.pump(1)
    assert bench.sent == [] and bench.replay.wait_ms() == 60_000


def test_live_records_the_link_could_not_take_are_caught_up():
    bench = Bench()
    bench.acknowledge(0)
    bench.live(3)
    for _ in range(30):
        put(bench.journal, bench.time)
    bench.journal.sync()
    bench.replay.missed()
    bench.pump(1)
    assert bench.sent[-30:] == list(range(4, 34))


def test_a_restored_mes_gets_everything_after_what_it_holds():
    bench = Bench(old=50)
    bench.journal.sent = 50
    bench.acknowledge(50)
    bench.live(1)
    bench.acknowledge(51)
    bench.acknowledge(20)
    bench.pump(1)
    assert bench.sent == list(range(21, 52))


def test_a_rewind_is_not_cut_short_by_the_acknowledgements_that_go_on():
    bench = Bench(old=100)
    bench.journal.sent = 100
    bench.acknowledge(100)
    bench.live(20)
    bench.acknowledge(120)
    bench.replay.rewind(31)
    bench.time.pass_ms(100)
    bench.batch()
    bench.acknowledge(120)
    bench.pump(1)
    assert bench.sent == list(range(31, 121)) and bench.replay.idle()
    bench.live(1)
    bench.acknowledge(121)
    bench.pump(10)
    assert len(bench.sent) == 90


def test_rewinds_without_pause_keep_nothing_from_being_sent():
    bench = Bench(old=1000, rate=200)
    bench.acknowledge(0)
    for _ in range(40):
        bench.replay.rewind(1)
        for _ in range(10):
            bench.batch()
            bench.time.pass_ms(100)
        known = bench.journal.ack
        while known + 1 in bench.sent:
            known += 1
        bench.acknowledge(known)
    assert bench.journal.ack == 1000
    bench.pump(30)
    assert bench.sent.count(1) < 10 and bench.replay.idle()


def test_a_rewind_behind_what_is_held_begins_with_the_oldest_record():
    bench = Bench()
    bench.acknowledge(0)
    for _ in range(30):
        put_many(bench.journal, bench.time, 60)
        bench.journal.sent = bench.journal.durable
        bench.acknowledge(bench.journal.durable)
    assert bench.journal.first > 1
    bench.replay.sent(bench.journal.durable)
    bench.replay.rewind(1)
    bench.pump(30)
    assert bench.sent == list(range(bench.journal.first, bench.journal.durable + 1))


def test_on_a_slow_link_fewer_records_are_in_flight_and_patience_grows():
    bench = Bench(old=3000)
    bench.acknowledge(0)
    flying = []
    for _ in range(400):
        seqs = bench.batch()
        if seqs:
            flying.append((bench.time.ticks + 6000, seqs[-1]))
        while flying and flying[0][0] <= bench.time.ticks:
            bench.acknowledge(max(bench.journal.ack, flying.pop(0)[1]))
        bench.time.pass_ms(100)
    # Before the first answer it cannot know; from then on nothing is sent twice.
    assert len(bench.sent) - len(set(bench.sent)) <= 3 * WINDOW
    late = bench.sent[-40:]
    assert late == list(range(late[0], late[0] + 40))
    assert late[-1] - bench.journal.ack <= 60


def test_the_whole_backlog_arrives_once_when_everything_is_acknowledged():
    bench = Bench(old=900, rate=400)
    bench.acknowledge(0)
    for _ in range(100):
        seqs = bench.batch()
        if seqs:
            bench.acknowledge(seqs[-1])
        bench.time.pass_ms(100)
    assert bench.sent == list(range(1, 901)) and bench.replay.idle()


def test_a_new_session_begins_at_what_is_not_acknowledged():
    bench = Bench(old=30)
    bench.acknowledge(0)
    bench.pump(1)
    bench.acknowledge(10)
    bench.live(5)
    bench.replay.begin()
    bench.sent = []
    bench.time.pass_ms(2500)
    bench.batch()
    assert bench.sent == list(range(11, 36))
