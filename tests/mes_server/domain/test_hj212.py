"""Frames of HJ 212: the standard's own vector, any frame written and read back, and what is refused by which name."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mes_server.domain.hj212 import (
    ANSWER,
    HOUR,
    BadFrame,
    Frame,
    Stream,
    answer_to,
    crc16,
    decode,
    encode,
    flag_of,
    group,
    read_groups,
    segment_of,
    split,
)

MN = "010000A8900016F000169DC0"
# HJ 212-2017, annex C: set the interval of real-time data.
OF_THE_STANDARD = (
    b"##0101QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;"
    b"CP=&&RtdInterval=30&&1C80\r\n"
)
FRAME = Frame("20261128100000001", "32", HOUR, "123456", MN, 5, "DataTime=20261128090000;w20121-Avg=0.312,w20121-Flag=N")  # fmt: skip


def modbus(data: bytes) -> int:
    """The CRC that most people mean by CRC-16: what the standard's is not."""
    register = 0xFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = (register >> 1) ^ (0xA001 if register & 1 else 0)
    return register


def test_the_frame_of_the_standard_is_read_and_written_byte_for_byte():
    frame = decode(OF_THE_STANDARD)
    assert (frame.cn, frame.mn, frame.flag, frame.cp) == ("1062", MN, 5, "RtdInterval=30")
    assert encode(frame) == OF_THE_STANDARD


def test_the_crc_is_that_of_annex_a_and_not_modbus():
    segment = OF_THE_STANDARD[6:-6]
    assert crc16(segment) == 0x1C80
    assert modbus(segment) != 0x1C80


def test_flag_tells_version_and_answer():
    assert (flag_of(1), flag_of(1, asks=False), flag_of(2)) == (5, 4, 9)


def test_an_answer_carries_the_number_of_the_request():
    said = answer_to(FRAME, "91")
    assert (
        segment_of(said) == f"QN=20261128100000001;ST=91;CN=9014;PW=123456;MN={MN};Flag=4;CP=&&&&"
    )
    assert not said.asks
    assert FRAME.asks


GOOD = encode(FRAME)


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"#" + GOOD, "length_is_digits"),
        (b"??" + GOOD[2:], "frame_begins"),
        (b"##01x1" + GOOD[6:], "length_is_digits"),
        (GOOD[:-1], "frame_is_whole"),
        (GOOD[:40], "frame_is_whole"),
        (GOOD + b"\n", "frame_ends"),
        (GOOD[:-2] + b"\n\r", "frame_ends"),
        (GOOD.replace(b"0.312", b"0.912"), "crc_is_right"),
        (GOOD[:-6] + b"ZZZZ\r\n", "crc_is_right"),
    ],
)
def test_bytes_that_are_no_frame_are_refused_by_name(data: bytes, rule: str):
    with pytest.raises(BadFrame) as error:
        decode(data)
    assert error.value.rule == rule


def sealed(segment: bytes) -> bytes:
    """Any segment with a length and a CRC that fit it."""
    return b"##%04d" % len(segment) + segment + b"%04X\r\n" % crc16(segment)


@pytest.mark.parametrize(
    ("segment", "rule"),
    [
        (b"QN=1;ST=32", "segment_is_known"),
        (segment_of(FRAME).replace("Flag=5", "Flag=999").encode(), "segment_is_known"),
        (segment_of(FRAME).replace("&&", "&").encode(), "segment_is_known"),
        (segment_of(FRAME).replace("Flag=5", "Flag=7").encode(), "parts_are_numbered"),
        (segment_of(replace(FRAME, flag=7, pnum=2, pno=3)).encode(), "parts_are_numbered"),
        (b"\xff\xfe" + segment_of(FRAME).encode(), "segment_is_text"),
    ],
)
def test_a_segment_that_is_sealed_but_wrong_is_refused_by_name(segment: bytes, rule: str):
    with pytest.raises(BadFrame) as error:
        decode(sealed(segment))
    assert error.value.rule == rule


@pytest.mark.parametrize("odd", [{"cp": "a&&b"}, {"pw": "a;b"}, {"mn": ""}, {"flag": 256}, {"cp": "x" * 9999}])  # fmt: skip
def test_a_frame_that_cannot_be_written_is_refused(odd: dict[str, object]):
    with pytest.raises(BadFrame):
        encode(replace(FRAME, **odd))  # type: ignore[arg-type]


PLAIN = st.text(st.characters(codec="utf-8", exclude_characters="&\r\n", exclude_categories=("Cs",)), max_size=200)  # fmt: skip
FRAMES = st.builds(
    Frame,
    st.from_regex(r"[0-9]{17}", fullmatch=True).filter(str.isascii), st.sampled_from(["32", "91"]), st.sampled_from(["2011", "2051", "2061", "2031", "9014"]),
    st.from_regex(r"[A-Za-z0-9]{0,6}", fullmatch=True), st.from_regex(r"[0-9A-F]{1,24}", fullmatch=True), st.sampled_from([4, 5, 8, 9]), PLAIN,
)  # fmt: skip


@given(FRAMES)
def test_any_frame_is_read_as_it_was_written(frame: Frame):
    assert decode(encode(frame)) == frame


@given(st.lists(FRAMES, min_size=1, max_size=4), st.lists(st.integers(0, 2000), max_size=8))
def test_frames_are_told_apart_however_the_line_cuts_them(frames: list[Frame], cuts: list[int]):
    data = b"".join(map(encode, frames))
    at = sorted({0, len(data), *(cut % len(data) for cut in cuts)})
    stream, found = Stream(), []
    for begin, end in itertools.pairwise(at):
        found += stream.feed(data[begin:end])
    assert found == frames
    assert stream.rest == b""


@given(st.binary(max_size=300))
def test_odd_bytes_never_raise_and_what_follows_is_read(junk: bytes):
    stream = Stream()
    stream.feed(junk)
    found = stream.feed(b"\r\n" + GOOD + GOOD)
    assert (
        found[-1:] == [FRAME] or stream.rest
    )  # a length that the junk made up may reach over both


def test_half_a_frame_is_given_up_by_name_when_the_next_begins():
    stream = Stream()
    assert stream.feed(GOOD[:50]) == []
    found = stream.feed(b"\r\n" + GOOD)
    assert isinstance(found[0], BadFrame)
    assert found[0].rule == "frame_is_whole"
    assert found[1:] == [FRAME]


def test_a_frame_with_a_broken_crc_does_not_take_the_next_with_it():
    found = Stream().feed(GOOD.replace(b"0.312", b"0.912") + GOOD)
    assert isinstance(found[0], BadFrame)
    assert found[0].rule == "crc_is_right"
    assert found[1] == FRAME


def test_what_is_too_long_is_split_by_whole_factors_and_is_whole_again_together():
    groups = [group(f"w2{n:04d}", [("Avg", f"{n}.123"), ("Flag", "N")]) for n in range(80)]
    frame = replace(FRAME, cp=";".join(["DataTime=20261128090000", *groups]))
    parts = split(frame, 1024)
    assert len(parts) > 1
    assert {(one.pnum, one.qn) for one in parts} == {(len(parts), frame.qn)}
    assert [one.pno for one in parts] == list(range(1, len(parts) + 1))
    assert all(len(segment_of(one).encode()) <= 1024 and one.flag == 7 for one in parts)
    assert all(decode(encode(one)) == one for one in parts)
    together: dict[str, str] = {}
    for one in parts:
        assert one.cp.startswith("DataTime=20261128090000;")
        together |= read_groups(one.cp)
    assert together == read_groups(frame.cp)


def test_what_fits_is_not_split_and_what_cannot_be_split_is_refused():
    assert split(FRAME, 1024) == [FRAME]
    assert FRAME.flag & ANSWER
    with pytest.raises(BadFrame, match="length_fits"):
        split(replace(FRAME, cp=f"DataTime=20261128090000;w1-Info={'x' * 1200}"), 1024)
