"""`mes bench edge` measures the agent in a process of the edge wing."""

import json

from click.testing import CliRunner

from mes_server.bench.edge import command
from mes_server.bench.line import BenchError


def test_figures_come_with_their_aims_and_the_interpreter(micropython: str) -> None:
    table = CliRunner().invoke(command, ["--interpreter", micropython]).output
    assert "micropython" in table
    assert "≤ 100" in table
    assert "≤ 65,536" in table


def test_cpython_runs_the_agent_but_cannot_tell_its_heap() -> None:
    figures = json.loads(CliRunner().invoke(command, ["--interpreter", "python", "--json"]).output)
    assert figures["interpreter"] == "cpython"
    assert figures["heap_bytes"] == 0 < figures["us_per_record"]


def test_an_interpreter_that_cannot_is_told() -> None:
    failed = CliRunner().invoke(command, ["--interpreter", "/bin/false"])
    assert isinstance(failed.exception, BenchError)
