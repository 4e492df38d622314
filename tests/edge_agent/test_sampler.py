"""When a reading is worth recording: periods, deadbands, heartbeats, broken sensors."""

from edge_agent import sampler
from edge_agent.sampler import DEAD_MS, Sampler, fitted
from schemas.samples import BAD, GOOD, STALE, bad_because
from tests.device_help import Faulty
from tests.edge_agent.fakes import SamplerBench, Sensor, Time, analog, board_metric

BROKEN = OSError(5, "no answer")


def test_a_steady_value_is_reported_at_first_and_then_at_its_longest_silence():
    bench = SamplerBench(analog(every_ms=1000, report_ms=10_000))
    assert bench.run(35) == [(0, 20.0, GOOD)] * 4
    assert bench.sensors[0].reads == 35


def test_a_move_by_the_deadband_is_reported_and_a_smaller_one_is_not():
    bench = SamplerBench(analog(deadband=0.5))
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
    bench = SamplerBench(analog(deadband="5%", report_ms=600_000))
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
    bench = SamplerBench(analog(deadband=0, report_ms=600_000))
    bench.run(1)
    assert bench.run(5) == []
    for value in (20.000001, 20.0, -20.0):
        bench.sensors[0].value = value
        assert bench.run(1) == [(0, value, GOOD)]


def test_each_metric_keeps_its_own_period():
    bench = SamplerBench(
        analog(every_ms=100), board_metric("b", every_ms=1000), board_metric("c", every_ms=7000)
    )
    bench.run(21)
    assert [sensor.reads for sensor in bench.sensors] == [210, 21, 3]


def test_after_a_hold_up_sampling_goes_on_in_step_without_a_burst():
    bench = SamplerBench(analog(every_ms=1000))
    bench.run(3)
    bench.time.pass_ms(7300)
    before = bench.sensors[0].reads
    bench.sampler.take()
    assert bench.sensors[0].reads == before + 1
    assert bench.sampler.next_ms % 1000 == 0
    assert 0 < bench.sampler.next_ms - bench.time.clock.mono_ms() <= 1000


def test_a_broken_sensor_is_reported_at_once_then_at_heartbeats_and_again_when_it_is_back():
    bench = SamplerBench(analog(every_ms=1000, report_ms=5000), board_metric("other"))
    bench.run(2)
    bench.sensors[0].value = BROKEN
    found = [entry for entry in bench.run(21) if entry[0] == 0]
    assert found[0] == (0, None, BAD) and set(found) == {(0, None, BAD)}
    assert 3 <= len(found) <= 5
    bench.sensors[0].value = 20.0
    assert (0, 20.0, GOOD) in bench.run(6)


def test_a_bad_sample_has_the_reason_of_its_driver_and_a_new_reason_is_told_when_it_comes():
    bench = SamplerBench(analog(every_ms=1000, report_ms=600_000), board_metric("other"))

    def told(value):
        bench.sensors[0].value = value
        return [quality for index, _, quality in bench.run(6) if index == 0]

    assert told(20.0) == [GOOD]
    assert told(Faulty("silence")) == [bad_because("silence")]
    assert told(Faulty("silence")) == []
    assert told(Faulty("check")) == [bad_because("check")]
    assert told(Faulty("of another kind")) == [BAD]
    assert told(OSError(5, "no kind")) == []
    assert told(20.0) == [GOOD]


def test_a_broken_sensor_is_asked_ever_more_rarely_but_at_every_heartbeat():
    bench = SamplerBench(analog(every_ms=100, report_ms=10_000), board_metric("other"))
    bench.sensors[0].value = BROKEN
    bench.run(60)
    assert 8 <= bench.sensors[0].reads <= 16


def test_a_sensor_that_was_mended_is_seen_within_seconds_however_long_it_was_broken():
    bench = SamplerBench(analog(every_ms=1000, report_ms=60_000), board_metric("other"))
    bench.sensors[0].value = BROKEN
    bench.run(300)
    bench.sensors[0].value = 20.0
    assert (0, 20.0, GOOD) in bench.run(6)


def test_a_sensor_that_is_not_there_at_boot_is_opened_later():
    time = Time()
    sensors = [None]

    def opened(_index):
        if sensors[0] is None:
            raise OSError(19, "not connected")
        return sensors[0]

    sampler = Sampler([analog()], opened, time.clock.mono_ms)
    sampler.take()
    assert sampler.close_record()[0][2:] == (None, BAD)
    sensors[0] = Sensor(7.0)
    time.pass_ms(10_000)
    sampler.take()
    assert sampler.close_record()[0][2:] == (7.0, GOOD)


def test_what_is_no_number_is_bad_and_never_zero():
    for value in (float("nan"), float("inf"), -float("inf"), "12", None):
        bench = SamplerBench(analog())
        bench.sensors[0].value = value
        assert bench.run(1) == [(0, None, bad_because("value"))], value


def test_readings_are_made_to_fit_their_datatype():
    for name, reading, value in (
        ("double", 3, 3.0), ("double", True, 1.0), ("int32", 2.6, 3), ("int32", -2.6, -3),
        ("int32", 1 << 31, None), ("uint32", -1, None), ("uint64", (1 << 64) - 1, (1 << 64) - 1),
        ("uint64", 1 << 64, None), ("boolean", 1, True), ("boolean", 2, None), ("string", 5, None),
        ("string", "跑", "跑"), ("int64", "5", None),
    ):  # fmt: skip
        bench = SamplerBench(board_metric("m", datatype=name, deadband=0))
        bench.sensors[0].value = reading
        assert bench.run(1)[0][1] == value, (name, reading)
    long = fitted(12, "炉" * 100)
    assert len(long.encode()) <= 120 and long == "炉" * 40


def test_no_infinity_is_a_reading_where_floats_are_short():
    # To a board with single precision 1e300 is infinite.
    was, sampler._HUGE = sampler._HUGE, float("inf")
    try:
        for code in (4, 10):
            assert fitted(code, float("inf")) is None
            assert fitted(code, -float("inf")) is None
            assert fitted(code, float("nan")) is None
            assert fitted(code, 7.0) == 7
    finally:
        sampler._HUGE = was


def test_scale_and_offset_are_applied_to_numbers():
    bench = SamplerBench(analog(scale=0.1, offset=-40))
    bench.sensors[0].value = 650
    assert bench.run(1) == [(0, 25.0, GOOD)]
    bench.sensors[0].value = 10**400
    assert bench.run(2)[-1][1] is None, "no number, however it is scaled"


def test_an_event_and_an_edge_of_an_integer_counter_are_urgent_and_an_analogue_value_is_not():
    for spec, urgent in (
        (board_metric("state", datatype="string", kind="event", deadband=0), True),
        (board_metric("alarm_count", datatype="uint32", kind="counter", deadband=0), True),
        (board_metric("energy_kwh", kind="counter", deadband=0), False),
        (board_metric("zone", deadband=0), False),
    ):
        bench = SamplerBench(spec)
        bench.sensors[0].value = "idle" if spec.datatype == "string" else 1
        bench.run(1)
        bench.sensors[0].value = "run" if spec.datatype == "string" else 2
        bench.sampler.take()
        assert bench.sampler.readings and bench.sampler.urgent is urgent, spec.name


def test_crossing_an_alarm_limit_is_urgent_in_both_directions_and_ignores_the_deadband():
    bench = SamplerBench(analog(deadband=50, alarm=(0, 1120)))
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
    bench = SamplerBench(analog(alarm=(None, 5), deadband=50))
    bench.sensors[0].value = -1e9
    bench.sampler.take()
    assert bench.sampler.channels[0].alarmed is False


def test_a_record_is_closed_for_an_event_or_when_the_next_reading_is_a_second_off():
    bench = SamplerBench(
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
    specs = [analog(), board_metric("b")]
    sampler = Sampler(specs, lambda n: sensors[n], time.clock.mono_ms)
    sampler.take()
    assert [reading[1] for reading in sampler.close_record()] == [30, 30]
    sensors[1].read = slow
    time.pass_ms(970)
    sampler.channels[0].value = sampler.channels[1].value = -9.0
    sampler.take()
    assert [reading[1] for reading in sampler.close_record()] == [1030, 1060]


def test_a_station_none_of_whose_channels_answers_is_lost_after_a_while_and_comes_back():
    bench = SamplerBench(analog(), board_metric("b"))
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
    bench = SamplerBench(analog(), board_metric("b"))
    bench.sensors[0].value = BROKEN
    bench.run(60)
    assert not bench.sampler.dead
    assert bench.sampler.channels[0].quality == BAD and bench.sampler.channels[1].quality == GOOD
    assert SamplerBench(analog()).sampler.channels[0].quality == STALE
