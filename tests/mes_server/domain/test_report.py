"""A report as a value: states, verdicts, figures as texts, people on the day, the contract it keeps to."""

from typing import Any

import pytest

from mes_server.domain import papers, report_contract
from mes_server.domain.amounts import Amount
from mes_server.domain.codes import parse_record
from mes_server.domain.lot_report import Standing, verdict_of, verdict_section
from mes_server.domain.lots import Lot
from mes_server.domain.report import (
    Remark,
    Report,
    Section,
    iso,
    json_of,
    kg,
    percent,
    scaled,
    square_metres,
)
from mes_server.domain.report_people import deeds_of, qualified_until
from mes_server.domain.seal import Anchor, Draft, Event, canonical, seal
from mes_server.translations import LANGUAGES, load_texts
from schemas.samples import REASONS

GAP, KEPT, BAD = Remark("no_runs"), Remark("not_kept", {"what": "x", "what_zh": "某"}), Remark("check_out")  # fmt: skip


@pytest.mark.parametrize(
    ("section", "state"),
    [
        (Section(), "ok"),
        (Section(applies=False), "none"),
        (Section(gaps=(GAP,)), "gap"),
        (Section(gaps=(GAP,), failures=(BAD,)), "failed"),
    ],
)
def test_a_section_says_how_it_stands(section: Section, state: str) -> None:
    assert section.state == state
    assert section.as_content()["state"] == state


@pytest.mark.parametrize(
    ("sections", "conceded", "verdict"),
    [
        ([Section()], False, "conforms"),
        ([Section(gaps=(KEPT,))], False, "conforms"),
        ([Section()], True, "concession"),
        ([Section(gaps=(GAP,))], True, "open"),
        ([Section(gaps=(GAP,)), Section(failures=(BAD,))], False, "does_not_conform"),
    ],
)
def test_a_verdict_is_as_bad_as_the_worst_section(
    sections: list[Section], conceded: bool, verdict: str
) -> None:
    assert verdict_of(dict(enumerate(sections)), conceded) == verdict  # type: ignore[arg-type]


def test_the_verdict_counts_what_is_missing_and_who_did_not_sign() -> None:
    lot = Lot("L", "parts", "", "", "", Amount(), "", 0, None)
    told = verdict_section({"header": Section(gaps=(GAP,))}, lot, [], Standing(False, False))
    assert (told.facts["gaps"], told.facts["failures"], told.facts["verdict"]) == ("2", "0", "open")
    signed = verdict_section({"header": Section()}, lot, [], Standing(True, False))
    assert (signed.facts["gaps"], signed.facts["verdict"]) == ("0", "conforms")


def test_figures_are_decimal_texts_without_trailing_noughts() -> None:
    assert (scaled(12_345_000, 6), scaled(20_000_000, 6), scaled(-5, 3)) == (
        "12.345",
        "20",
        "-0.005",
    )
    assert (kg(0), kg(1), square_metres(12_000)) == ("", "0.000001", "0.012")
    assert (percent(None), percent(999_999), percent(1_000_000)) == ("", "99.99", "100")
    assert (iso(None), iso(1_795_400_000_007)) == ("", "2026-11-23T02:13:20.007Z")


def event(kind: str, at_ms: int, person: str = "P-1", **facts: Any) -> Event:
    return seal("", 1, at_ms, Draft("s", 1, kind, "a", at_ms, person, "", "", facts))


def test_a_qualification_is_told_as_it_stood_on_the_day() -> None:
    events = [
        event("qualified", 100, qualification="sinter", until_ms=1_000),
        event("unqualified", 500, qualification="sinter"),
        event("qualified", 100, qualification="press", until_ms=200),
    ]
    assert qualified_until(events, "sinter", 50) is None, "not yet"
    assert qualified_until(events, "sinter", 300) == 1_000
    assert qualified_until(events, "sinter", 600) is None, "taken since"
    assert qualified_until(events, "press", 300) is None, "ran out"


def test_deeds_are_of_our_lots_and_told_once() -> None:
    events = [
        event("run_opened", 1, operation="sinter"),
        event("run_loaded", 2, lot="A"),
        event("run_loaded", 3, lot="A"),
        event("run_loaded", 4, "P-2", lot="B"),
        event("run_closed", 9, ""),
    ]
    found = deeds_of("CH", events, ["A"])
    assert [(d.badge, d.did, d.at_ms) for d in found] == [("P-1", "opened", 1), ("P-1", "loaded", 2), ("", "closed", 9)]  # fmt: skip


@pytest.mark.parametrize("kind", papers.CODES)
def test_every_title_word_and_remark_of_a_contract_is_in_both_languages(kind: str) -> None:
    contract = report_contract.contract_of(kind)
    titles = [contract.titles, *contract.remarks.values()]
    titles += [titles for group in contract.words.values() for titles in group.values()]
    for spec in contract.sections:
        titles += [spec.titles, *(f.titles for f in spec.facts)]
        for table in spec.tables:
            titles += [table.titles, *(c.titles for c in table.columns)]
            assert {c.words for c in table.columns if c.words} <= set(contract.words), table.name
    assert all(set(one) == set(LANGUAGES) and all(one.values()) for one in titles)
    assert report_contract.schema_of(kind)["$schema"].endswith("2020-12/schema")


def test_a_paper_is_numbered_as_its_kind() -> None:
    assert parse_record("RP26-000001-E8").kind == papers.CODES["lot_report"]
    assert papers.stream_of("RP26-000001-E8") == "paper:RP26-000001-E8"
    assert papers.digest_of_file(b"") == (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )


def test_the_json_of_a_report_is_canonical() -> None:
    made = Report("lot_report", "N", "L", "zh", 0, "P", "1", "厂", Anchor(0, "0" * 64, 0), {"a": Section()})  # fmt: skip
    assert json_of(made).decode() == canonical(made.as_content())


@pytest.mark.parametrize("reason", [f"bad_{reason}" for reason in REASONS if reason])
def test_a_report_says_in_words_why_nothing_was_measured(reason: str) -> None:
    for language in LANGUAGES:
        said = report_contract.contract_of("lot_report").word("gap", reason, language)
        assert said == load_texts(language)[f"js.gap.{reason}"]
