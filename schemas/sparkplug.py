"""Sparkplug B payloads: the part of protocol buffers that they need, on both interpreters.

Field numbers are those of the Eclipse Sparkplug 3.0 payload definition, chapter 6. Fields are
written in the order of their numbers, so that the bytes equal those of the official encoder.
"""

# long: writing and reading of one format, held to one another line by line
import struct
from collections import namedtuple

from schemas.samples import BAD, GOOD, REASONS, STALE, bad_because, is_bad

TYPE_CHECKING = False  # neither interpreter runs the next lines, mypy does
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

DATATYPES = {
    "int8": 1,
    "int16": 2,
    "int32": 3,
    "int64": 4,
    "uint8": 5,
    "uint16": 6,
    "uint32": 7,
    "uint64": 8,
    "float": 9,
    "double": 10,
    "boolean": 11,
    "string": 12,
    "datetime": 13,
    "text": 14,
    "uuid": 15,
    "dataset": 16,
    "bytes": 17,
    "file": 18,
    "template": 19,
}
BITS = {1: 8, 2: 16, 3: 32, 4: 64, 5: 8, 6: 16, 7: 32, 8: 64, 13: 64}
_SIGNED = (1, 2, 3, 4)
_LONG = (4, 8, 13)
_TEXT = (12, 14, 15)
METRICS_MAX = 2000  # a payload with more is refused: a bomb, not a station
_MASK64 = (1 << 64) - 1

# datatype: a code of DATATYPES or None (absent). value None is Sparkplug's is_null.
# quality: as schemas.samples has it, None when the metric carries none (then it is good).
Metric = namedtuple(
    "Metric",
    ("name", "alias", "at_ms", "datatype", "value", "quality", "is_historical", "is_transient"),
)
# at_ms, seq: None when absent.
Payload = namedtuple("Payload", ("at_ms", "metrics", "seq"))


class PayloadError(ValueError):
    """Bytes that are not a payload, or a value that does not fit its datatype."""


def metric(  # noqa: PLR0913  the fields of a Metric
    name: str,
    datatype: str,
    value: object,
    at_ms: "int | None",
    quality: "int | None" = None,
    is_historical: bool = False,
    is_transient: bool = False,
) -> Metric:
    """A Metric without alias; `datatype` by name."""
    return Metric(
        name, None, at_ms, DATATYPES[datatype], value, quality, is_historical, is_transient
    )


# -- writing ---------------------------------------------------------------------------------


def _put_varint(out: bytearray, number: int) -> None:
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)


def _put_bytes(out: bytearray, tag: int, data: "bytes | bytearray") -> None:
    out.append(tag)
    _put_varint(out, len(data))
    out.extend(data)


def _put_value(out: bytearray, code: int, value: "Any") -> None:
    if code in BITS:
        bits = BITS[code]
        low = -(1 << (bits - 1)) if code in _SIGNED else 0
        if not isinstance(value, int) or not low <= value < low + (1 << bits):
            raise PayloadError(f"{value!r} does not fit datatype {code}")
        wide = code in _LONG
        out.append(0x58 if wide else 0x50)
        _put_varint(out, value & (_MASK64 if wide else 0xFFFFFFFF))
    elif code == 10:
        out.append(0x69)
        out.extend(struct.pack("<d", value))
    elif code == 9:
        out.append(0x65)
        out.extend(struct.pack("<f", value))
    elif code == 11:
        out.append(0x70)
        out.append(1 if value else 0)
    elif code in _TEXT:
        _put_bytes(out, 0x7A, value.encode())
    elif code == 17 or code == 18:
        out.append(0x82)
        _put_bytes(out, 0x01, value)
    else:
        raise PayloadError(f"datatype {code} cannot be written")


def _quality_property(quality: int) -> bytes:
    """The property set of a quality; why a sample is bad is a property of its own beside it."""
    reason = REASONS[quality] if is_bad(quality) else ""
    value = bytearray(b"\x08\x03\x18")
    _put_varint(value, BAD if reason else quality)
    out = bytearray()
    _put_bytes(out, 0x0A, b"Quality")
    if reason:
        _put_bytes(out, 0x0A, b"Reason")
    _put_bytes(out, 0x12, value)
    if reason:
        value = bytearray(b"\x08\x0c")
        _put_bytes(value, 0x42, reason.encode())
        _put_bytes(out, 0x12, value)
    return bytes(out)


def _put_metric(out: bytearray, m: Metric, with_datatype: bool) -> None:
    body = bytearray()
    if m.name is not None:
        _put_bytes(body, 0x0A, m.name.encode())
    if m.alias is not None:
        body.append(0x10)
        _put_varint(body, m.alias)
    if m.at_ms is not None:
        body.append(0x18)
        _put_varint(body, m.at_ms)
    if with_datatype and m.datatype is not None:
        body.append(0x20)
        _put_varint(body, m.datatype)
    _put_flags(body, m)
    if m.quality is not None:
        body.extend(quality_field(m.quality))
    if m.value is not None:
        _put_value(body, m.datatype, m.value)
    _put_bytes(out, 0x12, body)


def _put_flags(body: bytearray, m: Metric) -> None:
    if m.is_historical:
        body.extend(b"\x28\x01")
    if m.is_transient:
        body.extend(b"\x30\x01")
    if m.value is None:
        body.extend(b"\x38\x01")


def encode_payload(payload: Payload, with_datatypes: bool = True) -> bytes:
    """The bytes of a Payload. Datatypes belong in births and commands, not in data.

    Raises PayloadError when a value does not fit its datatype.
    """
    out = bytearray()
    put_payload(out, payload, with_datatypes)
    return bytes(out)


def put_payload(out: bytearray, payload: Payload, with_datatypes: bool = True) -> None:
    """As encode_payload, at the end of `out`; the metrics may come one by one: memory."""
    if payload.at_ms is not None:
        out.append(0x08)
        _put_varint(out, payload.at_ms)
    for m in payload.metrics:
        _put_metric(out, m, with_datatypes)
    if payload.seq is not None:
        out.append(0x18)
        _put_varint(out, payload.seq)


# Pieces for a writer that sends the same metrics again and again: it puts them together itself, in
# the order of the fields: name, time, (datatype), flags, quality, value.
HISTORICAL_FIELD = b"\x28\x01"
NULL_FIELD = b"\x38\x01"


def quality_field(quality: int) -> bytes:
    """A quality of schemas.samples as the field that tells it."""
    out = bytearray()
    _put_bytes(out, 0x4A, _quality_property(quality))
    return bytes(out)


def varint(number: int) -> bytes:
    """A number >= 0 as protocol buffers write it."""
    out = bytearray()
    _put_varint(out, number)
    return bytes(out)


def name_field(name: str) -> bytes:
    """The name of a metric, up to where the digits of its time begin."""
    out = bytearray()
    _put_bytes(out, 0x0A, name.encode())
    out.append(0x18)
    return bytes(out)


def field_name(field: bytes) -> str:
    """The name in a name_field; one of more than 127 bytes has two for its size."""
    return field[2 if field[1] < 128 else 3 : -1].decode()


def value_field(code: int, value: "Any") -> bytes:
    """A value as the field its datatype asks for; raises PayloadError when it does not fit."""
    out = bytearray()
    _put_value(out, code, value)
    return bytes(out)


# -- reading ---------------------------------------------------------------------------------


def _varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    number = shift = 0
    while at < end:
        byte = data[at]
        at += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number & _MASK64, at
        shift += 7
        if shift > 63:
            break
    raise PayloadError(f"unreadable number before byte {at}")


def _fields(data: bytes, at: int, end: int) -> "Iterator[tuple[int, int, Any]]":
    """Yield `(field, wire type, value)`; a length-delimited value is its `(start, end)`."""
    while at < end:
        tag, at = _varint(data, at, end)
        wire = tag & 7
        value: Any
        if wire == 0:
            value, at = _varint(data, at, end)
        elif wire == 2:
            size, at = _varint(data, at, end)
            value = (at, at + size)
            at += size
        elif wire == 1:
            value = at
            at += 8
        elif wire == 5:
            value = at
            at += 4
        else:
            raise PayloadError(f"wire type {wire} before byte {at}")
        if at > end or tag < 8:
            raise PayloadError(f"cut off or broken at byte {end}")
        yield tag >> 3, wire, value


def _text(data: bytes, span: tuple[int, int]) -> "str | bytes":
    raw = bytes(data[span[0] : span[1]])
    try:
        return raw.decode()
    except ValueError:
        return raw


def _quality(data: bytes, span: tuple[int, int]) -> "int | None":
    """What a property set says of the quality, as schemas.samples has it; None: nothing."""
    keys = []
    values = []
    for field, wire, value in _fields(data, span[0], span[1]):
        if field == 1 and wire == 2:
            keys.append(_text(data, value))
        elif field == 2 and wire == 2:
            values.append(value)
    if "Quality" not in keys or len(keys) != len(values):
        return None
    inner = values[keys.index("Quality")]
    for field, wire, value in _fields(data, inner[0], inner[1]):
        if field in (3, 4) and wire == 0:
            if value in (GOOD, STALE):
                return int(value)
            return _why_bad(data, keys, values) if value == BAD else BAD
    return None


def _why_bad(data: bytes, keys: "list[Any]", values: "list[tuple[int, int]]") -> int:
    """BAD, with the reason that stands beside it."""
    if "Reason" not in keys:
        return BAD
    span = values[keys.index("Reason")]
    for field, wire, value in _fields(data, span[0], span[1]):
        if field == 8 and wire == 2:
            return bad_because(_text(data, value))
    return BAD


def _value(data: bytes, field: int, wire: int, value: "Any") -> object:
    if wire == 0 and (field == 10 or field == 11):
        return value
    if field == 13 and wire == 1:
        return struct.unpack("<d", data[value : value + 8])[0]
    if field == 12 and wire == 5:
        return struct.unpack("<f", data[value : value + 4])[0]
    if field == 14 and wire == 0:
        return value != 0
    if wire == 2:
        return _text(data, value) if field == 15 else bytes(data[value[0] : value[1]])
    raise PayloadError(f"value field {field} with wire type {wire}")


def _metric(data: bytes, span: tuple[int, int]) -> Metric:  # noqa: C901  a branch per field
    name = alias = at_ms = datatype = value = quality = None
    historical = transient = null = False
    for field, wire, raw in _fields(data, span[0], span[1]):
        if field >= 10 and field <= 19:
            value = _value(data, field, wire, raw)
        elif field == 1 and wire == 2:
            name = _text(data, raw)
        elif field == 9 and wire == 2:
            quality = _quality(data, raw)
        elif wire == 0:
            if field == 3:
                at_ms = raw
            elif field == 4:
                datatype = raw
            elif field == 5:
                historical = raw != 0
            elif field == 7:
                null = raw != 0
            elif field == 2:
                alias = raw
            elif field == 6:
                transient = raw != 0
    if isinstance(name, bytes):
        raise PayloadError(f"metric name {name!r} is not UTF-8")
    return Metric(
        name, alias, at_ms, datatype, None if null else value, quality, historical, transient
    )


def decode_payload(data: bytes) -> Payload:
    """The Payload in `data`; values are as on the wire: see `typed_value`.

    Raises PayloadError for bytes that are no payload, a metric name that is not UTF-8, more than
    METRICS_MAX metrics. A string value that is not UTF-8 comes back as bytes.
    """
    at_ms = seq = None
    metrics: list[Metric] = []
    for field, wire, value in _fields(data, 0, len(data)):
        if field == 2 and wire == 2:
            if len(metrics) == METRICS_MAX:
                raise PayloadError(f"more than {METRICS_MAX} metrics")
            metrics.append(_metric(data, value))
        elif field == 1 and wire == 0:
            at_ms = value
        elif field == 3 and wire == 0:
            seq = value
    return Payload(at_ms, metrics, seq)


def typed_value(value: "Any", datatype: "int | None") -> "Any":
    """A decoded value as its datatype (a code) means it; None stays None.

    Integers arrive as two's complement of 8 to 64 bits in either integer field; the sign is found
    here. Raises PayloadError when the value is of another kind.
    """
    if value is None:
        return None
    kind = type(value)
    if datatype in BITS and kind is int:
        bits = BITS[datatype]
        if datatype not in _SIGNED:
            if value >> bits:
                raise PayloadError(f"{value} does not fit datatype {datatype}")
            return value
        value &= (1 << bits) - 1
        return value - (1 << bits) if value >> (bits - 1) else value
    if datatype in (9, 10) and kind is float:
        return value
    if datatype == 11 and kind is bool:
        return value
    if datatype in _TEXT and kind is str:
        return value
    raise PayloadError(f"a value of kind {kind.__name__} is not of datatype {datatype}")
