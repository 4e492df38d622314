"""A driver's bug is told once for each metric, and again when it is another one."""

from edge_agent import bugs


def test_a_bug_is_told_once_for_each_metric_and_kind():
    said = []
    traces = []
    shown, bugs.print_trace = bugs.print_trace, traces.append
    try:
        drivers = bugs.DriverBugs(said.append)
        for name, bug in (
            ("sinter-1.a", ValueError("no such\npin")),
            ("sinter-1.a", ValueError("again")),
            ("sinter-1.b", ValueError("no such pin")),
            ("sinter-1.a", KeyError("x" * 300)),
        ):
            drivers.tell(name, bug)
    finally:
        bugs.print_trace = shown
    assert len(traces) == len(said) == 3
    assert said[0] == "driver of sinter-1.a: ValueError: 'no such\\npin'; its readings are bad"
    assert said[1].startswith("driver of sinter-1.b: ValueError")
    assert said[2].startswith("driver of sinter-1.a: KeyError") and len(said[2]) < 300
