"""When a reading is worth recording: periods, deadbands, heartbeats, broken sensors, thinning."""

from edge_agent.journal import EVENTS_ONLY
from edge_agent.sampler import DEAD_MS, Sampler, fitted
from schemas.samples import BAD, GOOD, STALE
from tests.edge_agent.fakes import Sensor, Time, board_metric

BROKEN = OSError(5, "no answer")


class Bench:
    """A sampler of one or more sensors under a clock by hand."""

    def __init__(self, *specs):
        self.time = Time()
        self.sensors = [Sensor() for _ in specs]
        openers = [lambda sensor=sensor: sensor for sensor in self.sensors]
        self.sampler = Sampler(list(specs), openers, self.time.clock.mono_ms)

    def run(self, seconds, then=None):
        """Take what is due for so long; (index, value, quality) of all that was recorded."""
        found = []
        end = self.time.clock.mono_ms() + int(seconds * 1000)
        while self.time.clock.mono_ms() < end:
            self.sampler.take()
            found += [(n, value, quality) for n, _, value, quality in self.sampler.close_record()]
            if then:
                then()
            self.time.pass_ms(self.sampler.next_ms - self.time.clock.mono_ms())
        return found


def analog(**other):
    return board_metric("zone_1_temperature_c", **other)


def test_a_steady_value_is_reported_at_first_and_then_at_its_longest_silence():
    bench = Bench(analog(every_ms=1000, report_ms=10_000))
    assert bench.run(35) == [(0, 20.0, GOOD)] * 4
    assert bench.sensors[0].reads == 35


def test_a_move_by_the_deadband_is_reported_and_a_smaller_one_is_not():
    bench = Bench(analog(deadband=0.5))
    bench.run(1)
    bench.sensors[0].value = 20.49
    assert bench.run(3) == []
    bench.sensors[0].value = 20.5
    assert bench.run(3) == [(0, 20.5, GOOD)]
    bench.sensors[0].value = 20.01
    assert bench.run(3) == []
    bench.sensors[0].value = 20.0
    assert bench.run(3) == [(0, 20.0, GOOD)]


def test_a_deadband_in_percent_is_of_the_last_report():
    bench = Bench(analog(deadband="5%", report_ms=600_000))
    bench.sensors[0].value = 1e-3
    bench.run(1)
    for value, news in (
        (1.04e-3, 0),
        (0.95e-3, 1),
        (0.9e-3, 1),
        (0.93e-3, 0),
        (-0.9e-3, 1),
        (0.0, 1),
        (1e-9, 1),
    ):
        bench.sensors[0].value = value
        assert len(bench.run(1)) == news, value


def test_no_deadband_reports_every_change():
    bench = Bench(analog(deadband=0, report_ms=600_000))
    bench.run(1)
    assert bench.run(5) == []
    for value in (20.000001, 20.0, -20.0):
        bench.sensors[0].value = value
        assert bench.run(1) == [(0, value, GOOD)]


def test_each_metric_keeps_its_own_period():
    bench = Bench(
        analog(every_ms=100), board_metric("b", every_ms=1000), board_metric("c", every_ms=7000)
    )
    bench.run(21)
    assert [sensor.reads for sensor in bench.sensors] == [210, 21, 3]


def test_after_a_hold_up_sampling_goes_on_in_step_without_a_burst():
    bench = Bench(analog(every_ms=1000))
    bench.run(3)
    bench.time.pass_ms(7300)
    before = bench.sensors[0].reads
    bench.sampler.take()
    assert bench.sensors[0].reads == before + 1
    assert bench.sampler.next_ms % 1000 == 0
    assert 0 < bench.sampler.next_ms - bench.time.clock.mono_ms() <= 1000


def test_a_broken_sensor_is_reported_at_once_then_at_heartbeats_and_again_when_it_is_back():
    bench = Bench(analog(every_ms=1000, report_ms=5000), board_metric("other"))
    bench.run(2)
    bench.sensors[0].value = BROKEN
    found = [entry for entry in bench.run(21) if entry[0] == 0]
    assert found[0] == (0, None, BAD) and set(found) == {(0, None, BAD)}
    assert 3 <= len(found) <= 5
    bench.sensors[0].value = 20.0
    assert (0, 20.0, GOOD) in bench.run(6)


def test_a_broken_sensor_is_asked_ever_more_rarely_but_at_every_heartbeat():
    bench = Bench(analog(every_ms=100, report_ms=10_000), board_metric("other"))
    bench.sensors[0].value = BROKEN
    bench.run(60)
    assert 8 <= bench.sensors[0].reads <= 16


def test_a_sensor_that_is_not_there_at_boot_is_opened_later():
    time = Time()
    sensors = [None]

    def opener():
        if sensors[0] is None:
            raise OSError(19, "not connected")
        return sensors[0]

    sampler = Sampler([analog()], [opener], time.clock.mono_ms)
    sampler.take()
    assert sampler.close_record()[0][2:] == (None, BAD)
    sensors[0] = Sensor(7.0)
    time.pass_ms(10_000)
    sampler.take()
    assert sampler.close_record()[0][2:] == (7.0, GOOD)


def test_what_is_no_number_is_bad_and_never_zero():
    for value in (float("nan"), float("inf"), -float("inf"), "12", None):
        bench = Bench(analog())
        bench.sensors[0].value = value
        assert bench.run(1) == [(0, None, BAD)], value


def test_readings_are_made_to_fit_their_datatype():
    for name, reading, value in (
        ("double", 3, 3.0), ("double", True, 1.0), ("int32", 2.6, 3), ("int32", -2.6, -3),
        ("int32", 1 << 31, None), ("uint32", -1, None), ("uint64", (1 << 64) - 1, (1 << 64) - 1),
        ("uint64", 1 << 64, None), ("boolean", 1, True), ("boolean", 2, None), ("string", 5, None),
        ("string", "跑", "跑"), ("int64", "5", None),
    ):  # fmt: skip
        bench = Bench(board_metric("m", datatype=name, deadband=0))
        bench.sensors[0].value = reading
        assert bench.run(1)[0][1] == value, (name, reading)
    long = fitted(12, "炉" * 100)
    assert len(long.encode()) <= 120 and long == "炉" * 40


def test_scale_and_offset_are_applied_to_numbers():
    bench = Bench(analog(scale=0.1, offset=-40))
    bench.sensors[0].value = 650
    assert bench.run(1) == [(0, 25.0, GOOD)]


def test_an_event_and_an_edge_of_an_integer_counter_are_urgent_and_an_analogue_value_is_not():
    for spec, urgent in (
        (board_metric("state", datatype="string", kind="event", deadband=0), True),
        (board_metric("alarm_count", datatype="uint32", kind="counter", deadband=0), True),
        (board_metric("energy_kwh", kind="counter", deadband=0), False),
        (board_metric("zone", deadband=0), False),
    ):
        bench = Bench(spec)
        bench.sensors[0].value = "idle" if spec.datatype == "string" else 1
        bench.run(1)
        bench.sensors[0].value = "run" if spec.datatype == "string" else 2
        bench.sampler.take()
        assert bench.sampler.readings and bench.sampler.urgent is urgent, spec.name


def test_crossing_an_alarm_limit_is_urgent_in_both_directions_and_ignores_the_deadband():
    bench = Bench(analog(deadband=50, alarm=(0, 1120)))
    bench.sensors[0].value = 1119.0
    bench.run(1)
    for value, crossing in (
        (1121.0, True),
        (1125.0, False),
        (1119.0, True),
        (1110.0, False),
        (-1.0, True),
    ):
        bench.sensors[0].value = value
        bench.sampler.take()
        assert bench.sampler.urgent is crossing, value
        assert bool(bench.sampler.close_record()) is crossing
        bench.time.pass_ms(1000)
    bench = Bench(analog(alarm=(None, 5), deadband=50))
    bench.sensors[0].value = -1e9
    bench.sampler.take()
    assert bench.sampler.channels[0].alarmed is False


def test_a_record_is_closed_for_an_event_or_when_the_next_reading_is_a_second_off():
    bench = Bench(
        analog(every_ms=300, deadband=0),
        board_metric("state", datatype="string", kind="event", every_ms=300, deadband=0),
    )
    bench.sensors[1].value = "run"
    sampler = bench.sampler
    sampler.take()
    assert sampler.record_is_full()
    sampler.close_record()
    assert not sampler.record_is_full()
    times = []
    for n in range(30):
        bench.time.pass_ms(sampler.next_ms - bench.time.clock.mono_ms())
        bench.sensors[0].value = float(n)
        sampler.take()
        if sampler.record_is_full():
            times.append([reading[1] for reading in sampler.close_record()])
    assert all(span[-1] - span[0] < 1000 for span in times)
    assert {len(span) for span in times} == {4} and len(times) >= 7


def test_each_sample_has_its_own_time():
    time = Time()
    sensors = [Sensor(), Sensor()]

    def slow():
        time.pass_ms(30)
        return 1.0

    sensors[0].read = slow
    openers = [lambda sensor=sensor: sensor for sensor in sensors]
    sampler = Sampler([analog(), board_metric("b")], openers, time.clock.mono_ms)
    sampler.take()
    assert [reading[1] for reading in sampler.close_record()] == [30, 30]
    sensors[1].read = slow
    time.pass_ms(970)
    sampler.channels[0].value = sampler.channels[1].value = -9.0
    sampler.take()
    assert [reading[1] for reading in sampler.close_record()] == [1030, 1060]


def test_a_thinned_metric_keeps_its_distance_and_counts_what_it_drops():
    bench = Bench(
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
    bench = Bench(analog(deadband=0.5, report_ms=60_000))
    bench.sampler.thinning = 16
    bench.run(30)
    bench.sensors[0].value = 90.0
    assert bench.run(1) == [(0, 90.0, GOOD)]


def test_events_only_means_no_analogue_sample_but_events_alarms_and_faults():
    bench = Bench(
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


def test_a_station_none_of_whose_channels_answers_is_lost_after_a_while_and_comes_back():
    bench = Bench(analog(), board_metric("b"))
    bench.run(2)
    for sensor in bench.sensors:
        sensor.value = BROKEN
    assert bench.run(5) == [(0, None, BAD), (1, None, BAD)]
    assert not bench.sampler.dead
    bench.run(DEAD_MS / 1000 + 10)
    assert bench.sampler.dead
    assert bench.run(60) == []
    bench.sensors[1].value = 21.0
    assert (1, 21.0, GOOD) in bench.run(11)
    assert not bench.sampler.dead


def test_a_single_glitch_or_one_living_channel_keeps_a_station_alive():
    bench = Bench(analog(), board_metric("b"))
    bench.sensors[0].value = BROKEN
    bench.run(60)
    assert not bench.sampler.dead
    assert bench.sampler.channels[0].quality == BAD and bench.sampler.channels[1].quality == GOOD
    assert Bench(analog()).sampler.channels[0].quality == STALE
