"""Why a line of a gauge may not be taken as a reading: each reason by itself, and all of them at once."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mes_server.domain.checks import as_kept, reading_of
from mes_server.domain.decimals import figure
from mes_server.domain.gauge_lines import (
    FRESH_MS,
    Asked,
    GaugeLine,
    line_faults,
    taken,
    without_line,
)
from schemas.line_protocols import (
    FAULTS,
    UNITS,
    Frames,
    load_protocol,
    protocol_names,
    read_line,
)

T0 = 1_795_430_000_000
LINE = GaugeLine(
    7, "line-0007", "BAL-1", "lab-1", T0, T0 + 200, "W-1", "mettler_sics", "53", "S S 5.00 g", "5.00", "g", ""
)  # fmt: skip
ASKED = Asked("lab-1", "g")
FAULTY = {"value": "", "unit": "", "fault": "unstable"}

CASES: tuple[tuple[dict[str, Any], dict[str, Any], list[str]], ...] = (
    ({}, {}, []),
    ({}, {"gauge": "BAL-1"}, []),
    ({}, {"unit": ""}, []),
    ({"unit": "µm"}, {"unit": "um"}, []),
    ({"noted_ms": T0 + FRESH_MS}, {}, []),
    ({"noted_ms": T0 + FRESH_MS + 1}, {}, ["gauge_line_is_fresh"]),
    ({}, {"gauge": "BAL-2"}, ["gauge_line_is_of_gauge"]),
    ({}, {"station": "lab-2"}, ["gauge_line_is_of_station"]),
    ({}, {"unit": "kg"}, ["gauge_line_has_unit"]),
    ({"unit": "mg"}, {}, ["gauge_line_has_unit"]),
    ({"check": "CK26-000001-XX"}, {}, ["gauge_line_is_free"]),
    (FAULTY, {}, ["gauge_line_is_good"]),
    (FAULTY, {"gauge": "BAL-2", "unit": "kg"}, ["gauge_line_is_good"]),
    ({"check": "CK"}, {"gauge": "X", "unit": "kg", "station": "y"},
     ["gauge_line_is_of_gauge", "gauge_line_is_of_station", "gauge_line_has_unit", "gauge_line_is_free"]),
)  # fmt: skip


@pytest.mark.parametrize(("line", "asked", "rules"), CASES)
def test_a_line_is_refused_for_every_reason_there_is(
    line: dict[str, Any], asked: dict[str, Any], rules: list[str]
) -> None:
    told = line_faults(replace(LINE, **line), replace(ASKED, **asked))
    assert [one.rule for one in told] == rules


def test_a_reading_is_what_its_line_says_and_keeps_what_the_gauge_said() -> None:
    readings = [reading_of({"value": "5.00", "line": 7}), reading_of({"value": "4.99"})]
    found, refused = taken(readings, {7: LINE}, ASKED)
    assert refused == []
    kept = [as_kept(one) for one in found]
    assert kept[0] == {"value": "5.00", "position": "", "piece": "", "line": 7, "said": "S S 5.00 g"}  # fmt: skip
    assert kept[1] == {"value": "4.99", "position": "", "piece": ""}
    assert [reading_of(one) for one in kept] == found
    assert [one.facts["numbers"] for one in without_line(found)] == ["2"]
    assert without_line(found[:1]) == []


@pytest.mark.parametrize(
    ("said", "rules"),
    [
        ([{"value": "5.000", "line": 7}], ["reading_is_of_its_line"]),
        ([{"value": "5.01", "line": 7}], ["reading_is_of_its_line"]),
        ([{"value": "5.00", "line": 8}], ["gauge_line_is_known"]),
        ([{"value": "5.00", "line": 7}] * 2, ["gauge_line_is_free"]),
        ([{"value": "5.01"}], []),
    ],
)
def test_a_reading_that_its_line_does_not_say_is_refused(
    said: list[dict[str, Any]], rules: list[str]
) -> None:
    _, refused = taken([reading_of(one) for one in said], {7: LINE}, ASKED)
    assert [one.rule for one in refused] == rules


PROTOCOLS = {name: load_protocol(name) for name in protocol_names()}
SENT = [
    b"S S     100.00 g\r\n", b"12,34 mm\r\n", b"01A+0000.123\r", b"+123.456E-03\r\n", b"\x02+12.34\x03", b"ST,+00123.45  g\r\n",
    b"+  111.255 g  \r\n", b"2.5kG\n", "8.5 µm\r\n".encode(),
]  # fmt: skip
NOISE = st.one_of(
    st.binary(max_size=200),
    st.builds(
        lambda line, at, put: line[: at % len(line)] + put + line[at % len(line) :],
        st.sampled_from(SENT), st.integers(0, 99), st.binary(max_size=3),
    ),
)  # fmt: skip


@given(st.sampled_from(sorted(PROTOCOLS)), NOISE)
def test_whatever_comes_is_a_figure_with_a_unit_or_a_fault(name: str, line: bytes) -> None:
    read = read_line(PROTOCOLS[name], line)
    assert read.text.isprintable()
    if read.fault:
        assert (read.value, read.unit, read.fault in FAULTS) == ("", "", True)
        return
    figure(read.value)
    assert read.unit in UNITS
    digits = [c for c in read.value.strip("0.-") if c.isdigit()]
    rest = iter(read.text)
    assert all(digit in rest for digit in digits), "no digit is made up"


@given(st.lists(st.sampled_from(SENT), max_size=6), st.lists(st.integers(1, 9), min_size=1))
def test_lines_are_the_same_however_they_are_cut_up(lines: list[bytes], sizes: list[int]) -> None:
    row = PROTOCOLS["number_unit"]
    sent, frames, found = b"".join(lines), Frames(row), []
    whole = Frames(row).feed(sent)
    for size in sizes * (len(sent) + 1):
        found += frames.feed(sent[:size])
        sent = sent[size:]
    assert found == whole
