"""zh and en are equals: the same keys, the same facts, and no key that a page lacks."""

import json
import re
from pathlib import Path
from string import Formatter

import pytest

import mes_server.web.words as words_module
from mes_server.actions.sign_in import WRONG
from mes_server.actions.try_pin import LOCKED
from mes_server.domain import lots
from mes_server.domain.cards import COMMANDS
from mes_server.domain.codes import PREFIXES
from mes_server.domain.people import pin_fault
from mes_server.domain.rules import SCAN_RULES
from mes_server.domain.scan_codes import KINDS as SCAN_KINDS
from mes_server.translations import LANGUAGES, load_texts
from mes_server.web.condition import _FAULT_RULES, _NOTE_RULES
from mes_server.web.standing import LOOKS
from mes_server.web.words import Words
from schemas.station_check import STATES
from schemas.station_types import load_station_types

WEB = Path(words_module.__file__).parent
EN, ZH = load_texts("en"), load_texts("zh")


def fields(text: str) -> set[str]:
    """The facts that a text names."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_both_languages_have_the_same_keys_in_the_same_order() -> None:
    assert list(EN) == list(ZH)
    assert set(LANGUAGES) == {"en", "zh"}


@pytest.mark.parametrize("key", EN)
def test_a_text_names_the_same_facts_in_both_languages(key: str) -> None:
    assert fields(EN[key]) == fields(ZH[key])
    assert EN[key].strip()
    assert ZH[key].strip()


def test_chinese_is_chinese() -> None:
    same = {key for key in EN if EN[key] == ZH[key]}
    assert same == {"brand", "problem.http"}
    latin = {key for key in ZH if not re.search(r"[\u4e00-\u9fff]", ZH[key])}
    assert latin - same == {"language.other"}


def test_chinese_is_written_with_chinese_punctuation() -> None:
    half = re.compile(r"[\u4e00-\u9fff][,;:?!]|[,;:?!][\u4e00-\u9fff]")
    assert {key: text for key, text in ZH.items() if half.search(text)} == {}


def used_keys() -> dict[str, str]:
    """Every key written out in a template, a script or a module, and where."""
    found = {}
    for file in [*WEB.rglob("*.html"), *WEB.glob("*.py"), *(WEB / "static").glob("*.js")]:
        text = file.read_text(encoding="utf-8")
        for key in re.findall(r"\bt\(\s*[\"']([a-z_]+(?:\.[a-z_0-9 ]+)*)[\"']\s*[,)]", text):
            found[key] = file.name
        for key in re.findall(r"words\(\)\(\s*[\"']([a-z_.]+)[\"']", text):
            found[key] = file.name
        for key in re.findall(r"[\"'](js\.why\.[a-z_]+)[\"']", text):
            found[key] = file.name
    return found


def used_groups() -> set[str]:
    """Every `t(f"group.{…}")`, `t("group." ~ …)` or `t(`group.${…}`)`: some key must begin so."""
    found: set[str] = set()
    for file in [*WEB.rglob("*.html"), *WEB.glob("*.py"), *(WEB / "static").glob("*.js")]:
        text = file.read_text(encoding="utf-8")
        found |= set(re.findall(r"\bt\(\s*\"([a-z_.]+\.)\" ~", text))
        found |= set(re.findall(r"\bt\(\s*f\"([a-z_.]+\.)\{", text))
        found |= set(re.findall(r"\bt\(\s*`([a-z_.]+\.)\$\{", text))
        found |= {group + "." for group in re.findall(r"known\(\s*\"([a-z_.]+)\"", text)}
    return found


def test_every_key_that_is_used_exists() -> None:
    used = used_keys()
    assert len(used) > 100
    assert {key: file for key, file in used.items() if key not in EN} == {}


def test_every_group_that_is_used_has_keys() -> None:
    groups = used_groups()
    assert {"state.", "span.", "js.age.", "js.gap.", "condition.", "query."} <= groups
    assert {group for group in groups if not any(key.startswith(group) for key in EN)} == set()


def test_no_text_is_left_over() -> None:
    files = [*WEB.rglob("*.html"), *WEB.glob("*.py"), *(WEB / "static").glob("*.js")]
    sources = "\n".join(file.read_text(encoding="utf-8") for file in files)
    built = (
        *used_groups(),
        "fault.",
        "note.",
        "clock.",
        "theme.",
        *ON_PAPER,
        "proof.",
        "lot_status.",
        "qualification.",
        "tablet.camera.",
        "tablet.why.",
    )
    left = {
        key
        for key in EN
        if not key.startswith(built) and not re.search(rf"[\"']{re.escape(key)}[\"']", sources)
    }
    assert left == set()


def test_every_look_state_area_and_certainty_has_a_word() -> None:
    kinds = load_station_types().values()
    needed = {f"state.{look}" for look in LOOKS} | {f"state.{state}" for state in STATES}
    needed |= {f"area.{kind.area}" for kind in kinds}
    needed |= {f"certainty.{m.basis['certainty']}" for kind in kinds for m in kind.metrics}
    assert needed - set(EN) == set()


def test_every_reason_has_its_sentence() -> None:
    source = (WEB / "condition.py").read_text(encoding="utf-8")
    names = set(re.findall(r'Reason\(\s*"([a-z_]+)"', source)) | {"database_locked"}
    assert len(names) >= len(_FAULT_RULES) + len(_NOTE_RULES)
    assert {n for n in names if f"fault.{n}" not in EN and f"note.{n}" not in EN} == set()


# Said by the command line and on paper, or by the tablet, which asks for them by name.
ON_PAPER = (
    "refusal.", "scan_kind.", "lot_kind.", "label.", "command.", "command_note.", "card.", "paper.", "binder.gap.",
)  # fmt: skip


def named_rules() -> set[str]:
    """Every rule that refuses something: in a Refusal, a BadCode, a BadQuantity, a CannotStudy, in SCAN_RULES or by name."""
    found = {rule.__name__ for rule in SCAN_RULES} | {LOCKED, WRONG, *map(str, _pin_faults())}
    for file in WEB.parent.rglob("*.py"):
        source = file.read_text(encoding="utf-8")
        found |= set(
            re.findall(
                r"\b(?:BadCode|BadFile|BadQuantity|CannotStudy|NoFigure|Refusal)\(\s*\"([a-z_]+)\"",
                source,
            )
        )
        found |= set(re.findall(r"super\(\).__init__\(\"([a-z_]+)\"", source))
    for file in (WEB / "static").glob("*.js"):
        found |= set(re.findall(r"rule: \"([a-z_]+)\"", file.read_text(encoding="utf-8")))
    return found


def _pin_faults() -> list[str | None]:
    return [pin_fault(pin, "W-1") for pin in ("", "111111")]


def test_every_rule_says_what_is_wrong_and_what_to_do() -> None:
    rules = named_rules()
    assert {"code_is_misread", "separators_are_kept", "label_is_good", "unit_is_given"} <= rules
    assert {"lot_is_free", "run_is_open", "undo_is_in_time", "pieces_add_up"} <= rules
    needed = {f"refusal.{rule}{part}" for rule in rules for part in ("", ".next")}
    for texts in (EN, ZH):
        told = {key for key in texts if key.startswith("refusal.")}
        assert told == needed, "no rule without its two texts, and no text without a rule"
        assert {key for key in told if not re.search(r"[.!?。！？]$", texts[key])} == set()
    assert {f"scan_kind.{kind}" for kind in SCAN_KINDS} - set(EN) == set()


def test_the_glossary_has_the_words_of_lots_in_both_languages() -> None:
    """The same word on the screen and in the glossary; kinds of lots one by one."""
    glossary = (WEB.parent.parent / "docs" / "glossary.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1:3] for line in glossary.splitlines() if line.startswith("|")]
    words = {
        (en.strip(" *").lower(), zh.strip())
        for both in rows
        for en, zh in zip(re.split(r"[,/]", both[0]), re.split(r"[，/]", both[1]), strict=False)
    }
    kinds = {(EN[k].lower(), ZH[k]) for k in EN if k.startswith("kind.lot.")}
    assert len(kinds) == 15
    edges = {(EN[f"edge.{name}"], ZH[f"edge.{name}"]) for name in ("split", "merge", "blend")}
    edges |= {(EN["edge.swarf"], ZH["edge.swarf"]), (EN["edge.return"], ZH["edge.return"])}
    columns = {(EN[k].lower(), ZH[k]) for k in ("lots.supplier_lot", "lots.shipment")}
    assert (kinds | edges | columns) - words == set()


def test_every_status_of_a_lot_has_a_word() -> None:
    statuses = (lots.ACTIVE, lots.RUNNING, lots.USED_UP, lots.SHIPPED_OUT)
    assert {key for key in EN if key.startswith("lot_status.")} == {
        f"lot_status.{status}" for status in statuses
    }


def test_paper_has_a_word_for_every_kind_of_lot_and_every_command() -> None:
    needed = {f"lot_kind.{kind}" for kind in PREFIXES} | {f"command.{name}" for name in COMMANDS}
    assert needed - set(EN) == set()


def test_a_name_from_the_wire_stands_for_itself_where_there_is_no_word() -> None:
    t = Words("zh")
    assert t.known("state", "melting") == "melting"
    assert t.known("state", None) == "状态未知"
    assert t.one_of({"en": "Zone", "zh": "一区"}) == "一区"
    assert t.one_of({"en": "Zone"}) == "Zone"
    assert t.one_of({}) == ""


def test_a_fact_from_the_wire_cannot_reach_into_the_text() -> None:
    assert Words("en")("problem.no_station", name="{0.__class__}") == (
        "There is no station {0.__class__}; /api/v1/stations lists them."
    )


def test_the_files_are_plain_json_of_texts() -> None:
    for language in LANGUAGES:
        file = WEB.parent / "translations" / f"{language}.json"
        read = json.loads(file.read_text(encoding="utf-8"))
        assert all(isinstance(text, str) for text in read.values())
