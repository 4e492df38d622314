"""What other companies' codes hold: GS1 element strings, GS1 Digital Links, ISO/IEC 15434 envelopes.

Each reader answers with the fields, in order: GS1 application identifier or ASC MH10 data identifier, and
value. GS1 is read by biip; this says what biip leaves open: a separator that the scanner dropped.
"""

import re

from biip import ParseError
from biip.gs1_digital_link_uris import GS1DigitalLinkURI
from biip.gs1_element_strings import GS1ElementString

from mes_server.domain.codes import BadCode

GS, RS, EOT = "\x1d", "\x1e", "\x04"
Fields = list[tuple[str, str]]

# AIM symbology identifiers (ISO/IEC 15424) that promise a GS1 element string.
GS1_SYMBOLOGIES = ("]C1", "]e0", "]d2", "]Q3", "]J1")
# GS1 General Specifications, figure 7.11-1: the characters a value may have.
_GS1_CHARACTERS = re.compile(r"[!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z]")
# What commonly follows a lot or serial number in one code, and what it looks like: 01, 02 and 00 have a
# check digit and dates are dates, so that a lot number seldom looks like these by chance; 10 and 21 do.
_FOLLOWERS = ("00", "01", "02", "10", "11", "13", "15", "17", "21")
_GTIN_OR_SSCC = re.compile(r"(01|02)[0-9]{14}|00[0-9]{18}")
_HRI = re.compile(r"(?:\([0-9]{2,4}\)[^()]+)+")
_DATA_IDENTIFIER = re.compile(r"([0-9]{0,3}[A-Z])(.+)")


class LostSeparators(BadCode):
    """The scanner dropped, or may have dropped, the separators between the fields of a code."""

    def __init__(self, text: str, readings: str = "") -> None:
        super().__init__("separators_are_kept", text)
        self.readings = readings


def looks_like_gs1(text: str) -> bool:
    """Whether a text without symbology identifier is a GS1 element string: separators or a check digit."""
    if GS in text or _HRI.fullmatch(text):
        return True
    match = _GTIN_OR_SSCC.match(text)
    return match is not None and _is_sound(GS1ElementString.extract(match[0]))


def _is_sound(element: GS1ElementString) -> bool:
    return not (element.gtin_error or element.sscc_error)


def gs1_fields(text: str) -> Fields:
    """The fields of an element string, or of one as people read it, (01)…(10)…; raises BadCode."""
    if _HRI.fullmatch(text):
        parts = re.findall(r"\(([0-9]+)\)([^()]+)", text)
        return _walk(GS.join(identifier + value for identifier, value in parts))
    return _walk(text)


def _walk(text: str) -> Fields:
    rest, fields = text.strip(GS), []
    while rest:
        try:
            element = GS1ElementString.extract(rest)
        except ParseError as error:
            raise BadCode("code_is_well_formed", text) from error
        if not _is_sound(element):
            raise BadCode("code_is_misread", text)
        fields.append((element.ai.ai, element.value))
        rest = rest[len(element) :]
        if rest and element.ai.separator_required and not rest.startswith(GS):
            if _GS1_CHARACTERS.match(rest):
                raise LostSeparators(text)
            raise BadCode("code_is_well_formed", text)
        rest = rest.lstrip(GS)
    if not fields:
        raise BadCode("code_is_well_formed", text)
    return fields


def refuse_two_readings(text: str, fields: Fields) -> None:
    """Raise LostSeparators where the last field may have swallowed others.

    A lot or serial number at the end of a text without any separator has no sign of where it ends: what
    can be read both ways is not guessed.
    """
    identifier, value = fields[-1]
    if GS in text or text.startswith("(") or identifier not in ("10", "21"):
        return
    for at in range(1, len(value)):
        tail = value[at:]
        if tail.startswith(_FOLLOWERS) and _can_be_read(tail):
            raise LostSeparators(text, f"({identifier}){value} / ({identifier}){value[:at]} {tail}")


def _can_be_read(text: str) -> bool:
    try:
        return len(_walk(text)) > 0
    except BadCode:
        return False


def digital_link_fields(text: str) -> Fields:
    """The fields of a GS1 Digital Link URI; raises BadCode."""
    try:
        link = GS1DigitalLinkURI.parse(text)
    except (ParseError, ValueError) as error:  # urlsplit raises ValueError
        raise BadCode("code_is_unknown", text) from error
    if not all(_is_sound(element) for element in link.element_strings):
        raise BadCode("code_is_misread", text)
    return [(element.ai.ai, element.value) for element in link.element_strings]


def envelope_fields(text: str) -> Fields:
    """The fields of an ISO/IEC 15434 message of formats 05 and 06; raises BadCode.

    `[)>` RS format GS field GS field … RS EOT. Scanners that act as keyboards drop RS and EOT, too; one
    record can be told without them, but never without GS.
    """
    body = text.removeprefix("[)>").strip(RS + EOT)
    fields = []
    for record in body.split(RS):
        form, data = record[:2], record[2:]
        if form not in ("05", "06"):
            raise BadCode("code_is_well_formed", text)
        if not data.startswith(GS):
            raise LostSeparators(text)
        parts = [part for part in data.split(GS) if part]
        fields += _walk(data) if form == "05" else [_data_identifier(part, text) for part in parts]
    if not fields:
        raise BadCode("code_is_well_formed", text)
    return fields


def _data_identifier(part: str, text: str) -> tuple[str, str]:
    match = _DATA_IDENTIFIER.fullmatch(part)
    if match is None:
        raise BadCode("code_is_well_formed", text)
    return match[1], match[2]
