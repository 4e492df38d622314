"""Says how many faults were done and with which seed; fails a run of all tests that did too few."""

import pytest

from tests.faults.counting import COUNTED, FAULTS_MIN, summary


def _is_everything(config: pytest.Config) -> bool:
    """Whether all tests were asked for and all kills that are meant."""
    chosen = config.option.keyword or config.option.markexpr or config.option.collectonly
    whole = config.args_source == pytest.Config.ArgsSource.TESTPATHS
    return whole and not chosen and not config.option.maxfail


def pytest_sessionfinish(session: pytest.Session) -> None:
    if _is_everything(session.config) and session.exitstatus == 0 and COUNTED.total() < FAULTS_MIN:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if not COUNTED:
        return
    terminalreporter.section("faults")
    terminalreporter.line(summary())
    if _is_everything(config) and COUNTED.total() < FAULTS_MIN:
        terminalreporter.line(f"At least {FAULTS_MIN} are asked for: this is a failure.")
