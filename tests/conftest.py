"""What every test may use, the rule that on CI nothing is left out, and how many faults a run of all tests did."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.faults.counting import COUNTED, FAULTS_MIN, summary
from tests.figures import FIGURES

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


def _is_everything(config: pytest.Config) -> bool:
    """Whether all tests were asked for and all faults that are meant."""
    chosen = config.option.keyword or config.option.markexpr or config.option.collectonly
    whole = config.args_source == pytest.Config.ArgsSource.TESTPATHS
    return whole and not chosen and not config.option.maxfail


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """One of the processes that the tests are shared among has ended: what it did counts here."""
    output = getattr(node, "workeroutput", {})
    COUNTED.update(output.get("faults", {}))
    FIGURES.update(output.get("figures", {}))


def pytest_sessionfinish(session: pytest.Session) -> None:
    config = session.config
    if hasattr(config, "workeroutput"):
        config.workeroutput["faults"] = dict(COUNTED)
        config.workeroutput["figures"] = dict(FIGURES)
        return
    too_few = _is_everything(config) and COUNTED.total() < FAULTS_MIN
    if session.exitstatus == 0 and (too_few or (ON_CI and _not_run)):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if COUNTED:
        terminalreporter.section("faults")
        terminalreporter.line(summary())
    if FIGURES:
        terminalreporter.section("figures")
    for what, found in sorted(FIGURES.items()):
        terminalreporter.line(f"{what}: {found}")
    if _is_everything(config) and COUNTED.total() < FAULTS_MIN:
        terminalreporter.line(f"At least {FAULTS_MIN} are asked for: this is a failure.")
    if _not_run:
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
