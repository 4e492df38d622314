"""When space is scarce: analogue values are thinned, events, alarms and faults are not."""

from edge_agent.journal import EVENTS_ONLY
from schemas.samples import BAD, GOOD, bad_because
from tests.device_help import Faulty
from tests.edge_agent.fakes import SamplerBench, analog, board_metric

BROKEN = OSError(5, "no answer")


def test_a_thinned_metric_keeps_its_distance_and_counts_what_it_drops():
    bench = SamplerBench(
        analog(deadband=0), board_metric("state", datatype="string", kind="event", deadband=0)
    )
    bench.sensors[1].value = "run"
    bench.run(1)
    bench.sampler.thinning = 4
    dropped = []

    def move():
        bench.sensors[0].value += 1
        dropped.append(bench.sampler.dropped)

    kept = 0
    for _ in range(40):
        bench.sampler.take()
        move()
        kept += sum(reading[0] == 0 for reading in bench.sampler.close_record())
        bench.time.pass_ms(1000)
    # The first reading is no news; of the 39 that are, every fourth is kept.
    assert kept == 10 and sum(dropped) == 29


def test_a_step_of_a_quiet_metric_is_not_delayed_by_thinning():
    bench = SamplerBench(analog(deadband=0.5, report_ms=60_000))
    bench.sampler.thinning = 16
    bench.run(30)
    bench.sensors[0].value = 90.0
    assert bench.run(1) == [(0, 90.0, GOOD)]


def test_that_a_sensor_is_bad_for_another_reason_is_no_event_for_a_full_journal():
    bench = SamplerBench(board_metric("state", datatype="string", kind="event"), board_metric("b"))
    bench.sensors[0].value = Faulty("silence")
    assert (0, None, bad_because("silence")) in bench.run(1)

    def told(kind):
        bench.sensors[0].value = Faulty(kind)
        return [quality for index, _, quality in bench.run(6) if index == 0]

    assert told("check") == [bad_because("check")], "the negative control: there is room"
    bench.sampler.thinning = EVENTS_ONLY
    assert told("silence") == []
    bench.sensors[0].value = "run"
    assert (0, "run", GOOD) in bench.run(6), "that it is well is news"


def test_events_only_means_no_analogue_sample_but_events_alarms_and_faults():
    bench = SamplerBench(
        analog(deadband=0, alarm=(None, 100)),
        board_metric("state", datatype="string", kind="event", deadband=0),
    )
    bench.sensors[1].value = "run"
    bench.run(1)
    bench.sampler.thinning = EVENTS_ONLY
    bench.sensors[0].value = 50.0
    assert bench.run(30) == [(1, "run", GOOD)] * 3
    bench.sensors[1].value = "alarm"
    bench.sensors[0].value = 101.0
    assert bench.run(1) == [(0, 101.0, GOOD), (1, "alarm", GOOD)]
    bench.sensors[0].value = BROKEN
    assert bench.run(1) == [(0, None, BAD)]
