"""Sparkplug 3.0 by its ids: our edge, our host and both brokers, and the page that says so."""

import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future

import pytest

from tests.brokers import KINDS
from tests.conformance import labs, report
from tests.conformance.recording import Recording
from tests.conformance.registry import CHECKS, STATUSES, Check, requirements

Labs = dict[labs.Key, "Future[Recording]"]


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Labs]:
    with labs.recordings(tmp_path_factory.mktemp("conformance")) as futures:
        yield futures


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.key)
def test_our_side_does_what_the_check_asks(check: Check, kind: str, recorded: Labs) -> None:
    assert check.finding(recorded[check.side, kind].result()) is None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.key)
def test_a_check_refuses_its_doctored_recordings(check: Check, kind: str, recorded: Labs) -> None:
    recording = recorded[check.side, kind].result()
    passed = [n for n, spoil in enumerate(check.broken_by) if not check.finding(spoil(recording))]
    assert passed == [], f"{check.key} lets the doctored recordings {passed} pass"
    assert check.broken_by


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.key)
def test_a_check_that_sees_nothing_does_not_pass(check: Check) -> None:
    assert check.finding(Recording((), {}))


@pytest.mark.parametrize("kind", KINDS)
def test_a_session_lasts_until_something_ends_it(kind: str, recorded: Labs) -> None:
    sessions = recorded["edge", kind].result().sessions()
    clients = Counter(session.connect.client_id for session in sessions)
    assert clients == {"test-ctl-a": 2, "test-ctl-b": 1, "test-ctl-c": 3}


def test_every_statement_of_the_standard_is_judged_or_says_why_not() -> None:
    rows = requirements()
    sides = Counter(side for row in rows for side in row.sides)
    assert len({row.id for row in rows}) == len(rows) == 299
    assert sides == {"edge": 200, "host": 107, "broker": 11}
    proved = {(name, check.side) for check in CHECKS for name in check.ids}
    assert {name for name, _ in proved} <= {row.id for row in rows}
    for row in rows:
        assert row.status in STATUSES, row
        assert row.remark or row.status == "check", f"{row.id} does not say why"
        if row.status == "check":
            missing = [side for side in row.sides if (row.id, side) not in proved]
            assert missing == [], f"{row.id} is not checked for {missing}"


def test_the_page_says_what_was_found(recorded: Labs) -> None:
    findings = labs.judge({key: future.result() for key, future in recorded.items()})
    written = report.PAGE.read_text(encoding="utf-8")
    assert report.page(findings) == written, "run python -m tests.conformance.report --write"


def test_the_page_shows_a_regress() -> None:
    findings = {(check.key, kind): None for check in CHECKS for kind in KINDS}
    spoiled = findings | {(CHECKS[0].key, KINDS[0]): "broken"}
    assert "| fails |" not in report.page(findings)
    rows = re.findall(r"^\| `(\S+)` .*\| fails \|", report.page(spoiled), re.MULTILINE)
    assert set(rows) == set(CHECKS[0].ids)
