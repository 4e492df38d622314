"""How gauges write: readings, and everything else that comes over a serial line. Both interpreters run this file."""

from schemas.limit_rows import LimitError
from schemas.line_protocols import (
    FAULTS,
    LINE_MAX,
    UNITS,
    Frames,
    load_protocol,
    plain_value,
    protocol_faults,
    protocol_names,
    read_line,
    unit_of,
)
from tests.device_help import fault_of

# protocol, line, and what it says: (value, unit), or the fault in a word.
LINES = (
    ("number_unit", b"12.34 mm\r\n", ("12.34", "mm")),
    ("number_unit", b"  -0.500mm\n", ("-0.500", "mm")),
    ("number_unit", b"+ 7 pcs\r", ("7", "pcs")),
    ("number_unit", "8.5 µm\r\n".encode(), ("8.5", "µm")),
    ("number_unit", b"8.5 \xb5m\r\n", ("8.5", "µm")),
    ("number_unit", "8.5 μm\r\n".encode(), ("8.5", "µm")),
    ("number_unit", b"1.234 T\r\n", ("1234", "mT")),
    ("number_unit", b"12,34 mm\r\n", "garbled"),
    ("number_unit", b"12.34\r\n", "garbled"),
    ("number_unit", b"12.3.4 mm\r\n", "garbled"),
    ("number_unit", b"1e3 mm\r\n", "garbled"),
    ("number_unit", b"12.34 furlong\r\n", "unit_unknown"),
    ("number_unit", b"OL\r\n", "overload"),
    ("number_unit", b"Err 7\r\n", "gauge_error"),
    ("number_unit", b"12.34 mm", "cut"),
    ("number_unit", b"12.\x0034 mm\r\n", "rubbish"),
    ("number_unit", b"\xff\xfe\x80\x81\r\n", "rubbish"),
    ("number_unit", b"1" * LINE_MAX + b" mm\r\n", "too_long"),
    ("number_unit", b"1234567890123 mm\r\n", "garbled"),
    ("number_unit_comma", b"12,34 mm\r\n", ("12.34", "mm")),
    ("number_unit_comma", b"12.34 mm\r\n", "garbled"),
    ("number_unit_comma", b"1.234,5 mm\r\n", "garbled"),
    ("mettler_sics", b"S S     100.00 g\r\n", ("100.00", "g")),
    ("mettler_sics", b"S S      -0.02 kg\r\n", ("-0.02", "kg")),
    ("mettler_sics", b"S D      99.87 g\r\n", "unstable"),
    ("mettler_sics", b"S I\r\n", "busy"),
    ("mettler_sics", b"S +\r\n", "overload"),
    ("mettler_sics", b"S -\r\n", "underload"),
    ("mettler_sics", b"ES\r\n", "gauge_error"),
    ("mettler_sics", b"S S     100.00 lb\r\n", "unit_unknown"),
    ("mettler_sics", b"S X     100.00 g\r\n", "garbled"),
    ("mettler_sics", b"S S     100.00\r\n", "garbled"),
    ("mettler_sics", b"S\r\n", "echo"),
    ("sartorius_sbi", b"+  111.255 g  \r\n", ("111.255", "g")),
    ("sartorius_sbi", b"-    0.010 kg \r\n", ("-0.010", "kg")),
    ("sartorius_sbi", b"   111.255 g  \r\n", ("111.255", "g")),
    ("sartorius_sbi", b"N     +  111.255 g  \r\n", ("111.255", "g")),
    ("sartorius_sbi", b"+  111.255    \r\n", "unstable"),
    ("sartorius_sbi", b"      High    \r\n", "overload"),
    ("sartorius_sbi", b"      Low     \r\n", "underload"),
    ("sartorius_sbi", b"   Err 54     \r\n", "gauge_error"),
    ("sartorius_sbi", b"\x1bP\r\n", "echo"),
    ("and_standard", b"ST,+00123.45  g\r\n", ("123.45", "g")),
    ("and_standard", b"QT,+00012345 PC\r\n", ("12345", "pcs")),
    ("and_standard", b"ST,OK,+0001.234 kg\r\n", ("1.234", "kg")),
    ("and_standard", b"US,-00183.69  g\r\n", "unstable"),
    ("and_standard", b"OL,+9999999E+19\r\n", "overload"),
    ("mitutoyo_digimatic", b"01A+0000.123\r", ("0.123", "mm")),
    ("mitutoyo_digimatic", b"01A-0012.500\r", ("-12.500", "mm")),
    ("mitutoyo_digimatic", b"911\r", "no_value"),
    ("mitutoyo_digimatic", b"912\r", "gauge_error"),
    ("mitutoyo_digimatic", b"1A+0000.123\r", "garbled"),
    ("sylvac_opto", b"+0012.345\r", ("12.345", "mm")),
    ("sylvac_opto", b" 12.345\r\n", ("12.345", "mm")),
    ("sylvac_opto", b"ERR3\r", "overload"),
    ("sylvac_opto", b"ERR0\r", "gauge_error"),
    ("sylvac_opto", b"?\r", "echo"),
    ("cdi_indicator", b"+0012.345 ,MM\r\n", ("12.345", "mm")),
    ("cdi_indicator", b"-00.50000 ,IN\r\n", ("-0.50000", "in")),
    ("coating_ascii", b"  12.3 \xe6m\r\n", ("12.3", "µm")),
    ("coating_ascii", b"n= 12.3 um\r\n", ("12.3", "µm")),
    ("coating_ascii", b"----\r\n", "no_value"),
    ("lakeshore_gaussmeter_t", b"+123.456E-03\r\n", ("123.456", "mT")),
    ("lakeshore_gaussmeter_t", b"-001.500E+00\r\n", ("-1500", "mT")),
    ("lakeshore_gaussmeter_t", b"OL\r\n", "overload"),
    ("magsys_gaussmeter_mt", b"\x02+12.34\x03", ("12.34", "mT")),
    ("magsys_gaussmeter_mt", b"\x02?\x03", "echo"),
    ("scpi_value_unit", b"+1.23450E-01 T\n", ("123.450", "mT")),
    ("scpi_value_unit", b"2.5kG\n", ("250", "mT")),
    ("scpi_value_unit", b"9.9E37\n", "overload"),
)  # fmt: skip


def test_every_line_says_what_it_says():
    for name, line, said in LINES:
        found = read_line(load_protocol(name), line)
        told = found.fault or (found.value, found.unit)
        assert told == said, (name, line, found)


def test_every_protocol_is_sound_and_has_a_reading_and_a_fault_in_the_cases():
    assert len(protocol_names()) >= 12
    for name in protocol_names():
        row = load_protocol(name)
        assert protocol_faults(row) == []
        said = [said for of, _, said in LINES if of == name]
        assert [one for one in said if isinstance(one, tuple)], name
    assert {one for _, _, one in LINES if isinstance(one, str)} == set(FAULTS)
    assert {one[1] for _, _, one in LINES if isinstance(one, tuple)} <= set(UNITS)


def test_the_text_of_a_line_can_be_printed_whatever_came():
    row = load_protocol("number_unit")
    assert read_line(row, b"12.\x0034 mm\r\n").text == "12.\\x0034 mm"
    assert read_line(row, b"\x1b[31m\x7f\x80\r\n").text == "\\x1b[31m\\x7f\\x80"
    assert read_line(row, b"8.5 \xb5m\r\n").text == "8.5 µm"
    turned = read_line(row, "\u202e5 mm\r\n".encode())
    assert (turned.text, turned.fault) == ("\\x202e5 mm", "rubbish")
    assert len(read_line(row, b"\x01" * 500).text) <= 4 * (LINE_MAX + 1)


# What came in, piece by piece, and the lines that are whole then.
PIECES = (
    ((b"1 mm\r\n", b"2 mm\r\n"), [b"1 mm\r", b"2 mm\r"]),
    ((b"1 mm\n2 mm\n3 m", b"m\n"), [b"1 mm\n", b"2 mm\n", b"3 mm\n"]),
    ((b"1 m", b"m", b"\r", b"\n\r\n\r\n", b"2 mm\r"), [b"1 mm\r", b"2 mm\r"]),
    ((b"\r\n\n\r  \r\n",), []),
    ((b"1 mm",), []),
    ((b"x" * 500, b"\r\n1 mm\r\n"), [b"x" * (LINE_MAX + 1), b"1 mm\r"]),
)


def test_lines_are_cut_at_their_ends_however_they_come():
    for pieces, whole in PIECES:
        frames = Frames(load_protocol("number_unit"))
        found = []
        for piece in pieces:
            found += frames.feed(piece)
        assert found == whole, pieces
    frames = Frames(load_protocol("magsys_gaussmeter_mt"))
    assert frames.feed(b"\x02+1.234\x03\x02+1.2") == [b"\x02+1.234\x03"]


def test_a_line_without_an_end_is_given_after_a_silence_and_is_no_reading():
    row = load_protocol("number_unit")
    frames = Frames(row)
    assert frames.feed(b"12.3") == []
    assert frames.silence() == [b"12.3"]
    assert frames.silence() == []
    assert read_line(row, b"12.3").fault == "cut"
    assert frames.feed(b"4 mm\r\n") == [b"4 mm\r"]


def test_the_rest_of_a_line_whose_beginning_was_missed_is_dropped():
    frames = Frames(load_protocol("number_unit"))
    frames.skip()
    assert frames.feed(b"00.00 mm\r\n12.34 mm\r\n") == [b"12.34 mm\r"]


def test_no_digit_is_lost_or_made_up():
    cases = (
        ("+00012.340", 0, "12.340"), ("-0.000", 0, "-0.000"), ("000", 0, "0"), (".5", 0, "0.5"), ("1.50E-01", 0, "0.150"),
        ("1.5e3", 0, "1500"), ("12.34", 3, "12340"), ("12.34", -3, "0.01234"), ("", 0, ""), ("1.2.3", 0, ""),
        ("1E", 0, "1"), ("1E9X", 0, ""), ("1E99", 0, ""), ("--1", 0, ""), ("1 2", 0, ""), ("²", 0, ""), ("١", 0, ""),
    )  # fmt: skip
    for text, shift, value in cases:
        assert plain_value(text, ".", shift) == value, text


def test_units_are_the_same_however_micro_is_spelled():
    assert [unit_of(text) for text in ("um", "μm", "µm", " mm ", "us")] == ["µm", "µm", "µm", "mm", "us"]  # fmt: skip


def test_a_row_says_every_fault_and_a_name_leads_out_of_no_folder():
    row = {"patterns": [{"match": "[", "groups": ["thing"]}], "units": {"mm": "ell"}, "answers": {"X": "odd"}}  # fmt: skip
    said = "; ".join(protocol_faults(row))
    for word in ("title", "baud", "bytesize", "parity", "terminator", "decimal", "groups", "no pattern", "from ^ to $", "units.mm", "odd"):  # fmt: skip
        assert word in said, word
    for name in ("nothing_like_it", "../limit_sets/recall", ""):
        fault_of(OSError, load_protocol, name)
    assert issubclass(LimitError, ValueError)
    assert protocol_names("/no/such/folder") == []
