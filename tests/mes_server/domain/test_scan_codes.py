"""mes_server.domain.scan_codes: the golden vectors, and what holds for every text there may be."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mes_server.domain.codes import PREFIXES, Code
from mes_server.domain.labels import label_id
from mes_server.domain.rules import Refusal
from mes_server.domain.scan_codes import (
    LENGTH_MAX,
    ScanCode,
    Scanner,
    expected,
    read_scan,
    shown,
)
from mes_server.domain.seal import canonical

GS, RS, EOT = "\x1d", "\x1e", "\x04"
VECTORS = json.loads((Path(__file__).parents[2] / "vectors/scan_codes.json").read_text("utf-8"))
LOTS = st.builds(
    lambda kind, year, number: str(Code(kind, year, number)),
    st.sampled_from([kind for kind in PREFIXES if kind not in ("bath", "charge", "shipment")]),
    st.integers(0, 99),
    st.integers(1, 999_999_999),
)
# What may stand in a supplier's lot number without being taken for a formula or a script.
FOREIGN = st.from_regex(r"\A[A-Z0-9][A-Z0-9/.-]{0,18}\Z")


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["why"])
def test_a_golden_vector_is_read_as_it_says(vector: dict[str, Any]) -> None:
    read = read_scan(vector["text"], Scanner(**vector.get("scanner", {})))
    if "refused" in vector:
        assert isinstance(read, Refusal)
        assert read.rule == vector["refused"]
        assert read.facts["code"] == shown(vector["text"])
        assert read.facts.get("readings", "") == vector.get("readings", "")
    else:
        says = vector["is"]
        fields = tuple((name, value) for name, value in says.pop("fields", ()))
        assert read == ScanCode(**says, fields=fields)


@given(st.text(max_size=80) | st.text("[)>\x1e\x1d\x04]C10621SPT-", max_size=40), st.booleans())
def test_every_text_gets_an_answer_that_the_ledger_can_keep(text: str, keeps: bool) -> None:
    read = read_scan(text, Scanner("kept" if keeps else ""))
    if isinstance(read, Refusal):
        canonical(read.facts)
    else:
        assert read.value.isascii()
        assert read.value.isprintable()
        assert not read.value.startswith(("=", "+", "-", "@"))
        canonical([read.value, read.label, [list(field) for field in read.fields]])


@given(LOTS, st.sampled_from(["", "]d1", "]Q1", "]C0", "]A0"]), st.sampled_from(["", "\r", "\r\n"]))
def test_our_lots_are_read_from_any_symbology(lot: str, symbology: str, end: str) -> None:
    assert read_scan(symbology + lot + end) == ScanCode("lot", lot)
    assert read_scan(symbology + lot.lower() + end) == ScanCode("lot", lot)


@given(LOTS, LOTS)
def test_a_code_is_never_found_as_a_part_of_another_text(lot: str, other: str) -> None:
    for text in (lot + other, lot + " " + other, "x" + lot, lot + "0", lot[:-1], lot[1:]):
        read = read_scan(text)
        assert isinstance(read, Refusal) or read.value == text  # the next lot number, by chance


@given(LOTS, st.integers(1, 9999))
def test_a_label_says_its_lot_and_itself(lot: str, number: int) -> None:
    label = label_id(lot, number)
    assert read_scan(label) == ScanCode("lot", lot, label=label)
    address = "http://10.0.0.5:8080"
    read = read_scan(f"{address}/lots/{lot}#{label}", Scanner(address=address))
    assert read == ScanCode("lot", lot, "address", label=label)


@given(LOTS, FOREIGN)
def test_our_own_code_is_found_in_what_others_wrap_it(lot: str, other: str) -> None:
    for text, written in (
        (f"]d210{lot}", "gs1"),
        (f"]C121{other}{GS}10{lot}", "gs1"),
        (f"[)>{RS}06{GS}P{other}{GS}1T{lot}{RS}{EOT}", "iso_15434"),
        (f"[)>{RS}06{GS}1T{other}{GS}T{lot}{RS}{EOT}", "iso_15434"),
        (f"https://id.gs1.org/01/09501101530003/10/{lot}", "digital_link"),
    ):
        read = read_scan(text)
        assert isinstance(read, ScanCode), (text, read)
        assert (read.kind, read.value, read.ours, read.written) == ("lot", lot, True, written)


@given(FOREIGN, FOREIGN, st.sampled_from(["|", "~", "<GS>", "{GS}"]))
def test_a_lot_of_another_company_is_kept_to_the_letter(
    lot: str, part: str, substitute: str
) -> None:
    text = f"[)>{RS}06{GS}P{part}{GS}1T{lot}{RS}{EOT}"
    read = read_scan(text)
    assert isinstance(read, ScanCode)
    assert (read.value, read.ours) == (lot, False)
    assert read.fields == (("P", part), ("1T", lot))
    assert read_scan(text.replace(GS, substitute), Scanner(substitute)) == read


@given(FOREIGN, FOREIGN)
def test_a_dropped_separator_never_makes_another_lot(lot: str, serial: str) -> None:
    """The negative control is the scanner that is said to keep separators: it is believed."""
    whole = f"]d20109501101530003{'10' + lot}{GS}21{serial}"
    dropped = whole.replace(GS, "")
    read = read_scan(whole)
    assert isinstance(read, ScanCode)
    assert read.value == lot
    told = read_scan(dropped)
    assert isinstance(told, Refusal)
    assert told.rule == "separators_are_kept"
    assert told.facts["code"] == dropped
    if len(lot + serial) + 2 <= 20:
        believed = read_scan(dropped, Scanner("kept"))
        assert isinstance(believed, ScanCode)
        assert believed.value != lot


def test_a_text_that_is_too_long_is_cut_where_it_is_kept() -> None:
    read = read_scan("9" * (LENGTH_MAX + 1))
    assert isinstance(read, Refusal)
    assert read.rule == "code_is_short"
    assert len(read.facts["code"]) == 200


def test_control_characters_are_made_visible() -> None:
    assert shown("[)>\x1e06\x1d1T\x04\r") == "[)>␞06␝1T␄␍"
    assert shown("\ud800") == "\\ud800"


def test_a_code_of_another_kind_is_refused_by_name() -> None:
    code = ScanCode("badge", "W0042")
    assert expected(code, ["badge", "lot"]) is None
    assert expected(code, ["lot", "bath"]) == Refusal(
        "code_is_of_kind", {"code": "W0042", "kind": "badge", "expected": "lot, bath"}
    )
