"""What every test may use, and the rule that on CI nothing is left out."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parent.parent
ON_CI = os.environ.get("CI") == "true"

# A property is about what is computed, not how fast on a busy machine.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

_not_run: dict[str, str] = {}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        _not_run[report.nodeid] = reason.removeprefix("Skipped: ")


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if report.skipped:
        _not_run[report.nodeid] = str(report.longrepr)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if ON_CI and _not_run and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not _not_run:
        return
    terminalreporter.section("not run here" + (": on CI this is a failure" if ON_CI else ""))
    for test, reason in sorted(_not_run.items()):
        terminalreporter.line(f"{test}: {reason}")


def find_micropython() -> str | None:
    """The MicroPython that `make setup` found or brought, else None."""
    own = ROOT / ".tools" / "micropython" / "micropython"
    named = os.environ.get("LODESTONE_MICROPYTHON")
    return named or (str(own) if own.exists() else shutil.which("micropython"))


@pytest.fixture(scope="session")
def micropython() -> str:
    """Path of a real MicroPython; the test is listed as not run where there is none."""
    path = find_micropython()
    if path is None:
        pytest.skip("no MicroPython on this machine (make setup says why)")
    return path


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with real data sets beside the checkout, where it is there."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the folder with real data is not beside this checkout")
    return folder
