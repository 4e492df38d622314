"""As much of DER and X.509 as a board needs: to ask for a certificate, and to judge the one it gets."""

from collections import namedtuple

from firmware.onboard import p256

# Of SubjectPublicKeyInfo and PKCS #8 with a P-256 key, everything but the key: their lengths never vary.
_SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")
_PKCS8 = bytes.fromhex("308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420")
_PKCS8_PUBLIC = bytes.fromhex("a144034200")
_CN = bytes.fromhex("0603550403")
_ECDSA_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")
# Basic constraints of an authority, as the site's own CA writes them: critical, CA true, a path length.
_AUTHORITY = bytes.fromhex("0603551d130101ff040830060101ff")
_USAGE_PERIOD = bytes.fromhex("0603551d10")
_SEQUENCE, _SET, _INTEGER, _BITS, _UTF8, _UTC = 0x30, 0x31, 0x02, 0x03, 0x0C, 0x17
_NAME_TAGS = (0x0C, 0x13, 0x16)  # UTF8String, PrintableString, IA5String
CHAIN_BYTES_MAX = 4096

# body: the signed part; key: 65 bytes, None when it is none of P-256; name, issuer: the common name, the issuer's
# whole name; from_s, until_s: Unix seconds; issued_s: when it was really issued, by its private key usage period.
Certificate = namedtuple(
    "Certificate", ("der", "body", "name", "issuer", "subject", "key", "from_s", "until_s", "issued_s", "signature")
)  # fmt: skip


def tlv(tag: int, *parts: bytes) -> bytes:
    """One DER value."""
    content = b"".join(parts)
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    if size < 256:
        return bytes([tag, 0x81, size]) + content
    return bytes([tag, 0x82, size >> 8, size & 255]) + content


def _integer(value: int) -> bytes:
    data = value.to_bytes(33, "big")
    skipped = 0
    while skipped < 32 and data[skipped] == 0 and data[skipped + 1] < 128:
        skipped += 1
    return tlv(_INTEGER, data[skipped:])


def public_info(key: bytes) -> bytes:
    """SubjectPublicKeyInfo of a public key (65 bytes)."""
    return _SPKI + key


def private_info(secret: int, key: bytes) -> bytes:
    """PKCS #8 of a private key, which Mbed TLS and OpenSSL load."""
    return _PKCS8 + secret.to_bytes(32, "big") + _PKCS8_PUBLIC + key


def secret_from(der: bytes) -> "tuple[int, bytes]":
    """The private and the public key in what private_info() wrote. Raises ValueError."""
    head = len(_PKCS8)
    whole = len(der) == head + 32 + len(_PKCS8_PUBLIC) + 65
    if not whole or der[:head] != _PKCS8 or der[head + 32 : -65] != _PKCS8_PUBLIC:
        raise ValueError("not a private key of ours")
    return int.from_bytes(der[head : head + 32], "big"), der[-65:]


def request(secret: int, key: bytes, name: str) -> bytes:
    """A request for a certificate (PKCS #10, RFC 2986) for a common name."""
    subject = tlv(_SEQUENCE, tlv(_SET, tlv(_SEQUENCE, _CN, tlv(_UTF8, name.encode()))))
    body = tlv(_SEQUENCE, _integer(0), subject, public_info(key), tlv(0xA0))
    r, s = p256.sign(secret, body)
    signed = tlv(_SEQUENCE, _integer(r), _integer(s))
    return tlv(_SEQUENCE, body, _ECDSA_SHA256, tlv(_BITS, b"\x00", signed))


def _take(data: bytes, at: int, tag: int) -> "tuple[int, int]":
    """Where the content of the value at `at` begins and ends. Raises ValueError."""
    if at + 2 > len(data) or data[at] != tag:
        raise ValueError("not the DER that is expected")
    size, start = data[at + 1], at + 2
    if size >= 128:
        count = size & 127
        if not 1 <= count <= 3 or start + count > len(data):
            raise ValueError("a length in the DER is wrong")
        size = int.from_bytes(data[start : start + count], "big")
        start += count
    if start + size > len(data):
        raise ValueError("the DER is cut off")
    return start, start + size


def _whole(data: bytes, at: int, tag: int) -> bytes:
    """The value at `at` with its head."""
    return data[at : _take(data, at, tag)[1]]


def split_chain(data: bytes) -> "list[bytes]":
    """The certificates that stand behind each other. Raises ValueError."""
    if len(data) > CHAIN_BYTES_MAX:
        raise ValueError(f"{len(data)} bytes of certificates are too many")
    found = []
    at = 0
    while at < len(data):
        found.append(_whole(data, at, _SEQUENCE))
        at += len(found[-1])
    if not found:
        raise ValueError("there is no certificate")
    return found


def read_certificate(der: bytes) -> Certificate:
    """A certificate of a site's CA; its signature is not judged here. Raises ValueError."""
    start, _ = _take(der, 0, _SEQUENCE)
    body = _whole(der, start, _SEQUENCE)
    at, _ = _take(body, 0, _SEQUENCE)
    for tag in (0xA0, _INTEGER, _SEQUENCE):  # version, serial number, algorithm
        at = _take(body, at, tag)[1]
    issuer = _whole(body, at, _SEQUENCE)
    at += len(issuer)
    dates = _whole(body, at, _SEQUENCE)
    at += len(dates)
    subject = _whole(body, at, _SEQUENCE)
    info = _whole(body, at + len(subject), _SEQUENCE)
    key = info[len(_SPKI) :] if info[: len(_SPKI)] == _SPKI and len(info) == len(_SPKI) + 65 else None  # fmt: skip
    from_s, until_s = _dates(dates)
    signature = _signature(der, start + len(body))
    return Certificate(
        der, body, _common_name(subject), issuer, subject, key, from_s, until_s, _issued(body, from_s), signature
    )  # fmt: skip


def _signature(der: bytes, at: int) -> "tuple[int, int]":
    if _whole(der, at, _SEQUENCE) != _ECDSA_SHA256:
        raise ValueError("not signed by ECDSA with SHA-256")
    start, end = _take(der, at + len(_ECDSA_SHA256), _BITS)
    bits = der[start + 1 : end]
    at, _ = _take(bits, 0, _SEQUENCE)
    start, end = _take(bits, at, _INTEGER)
    r = int.from_bytes(bits[start:end], "big")
    start, end = _take(bits, end, _INTEGER)
    return r, int.from_bytes(bits[start:end], "big")


def _common_name(subject: bytes) -> str:
    at = subject.find(_CN)
    if at < 0 or at + len(_CN) >= len(subject) or subject[at + len(_CN)] not in _NAME_TAGS:
        return ""
    at += len(_CN)
    start, end = _take(subject, at, subject[at])
    return subject[start:end].decode()


def _dates(data: bytes) -> "tuple[int, int]":
    at, _ = _take(data, 0, _SEQUENCE)
    found = []
    for _ in range(2):
        tag = data[at] if at < len(data) else 0
        start, end = _take(data, at, _UTC if tag == _UTC else 0x18)
        found.append(_seconds(data[start:end], tag == _UTC))
        at = end
    return found[0], found[1]


def _seconds(text: bytes, short: bool) -> int:
    """Unix seconds of YYMMDDHHMMSSZ (`short`) or YYYYMMDDHHMMSSZ; RFC 5280, 4.1.2.5."""
    said = text.decode()
    if short:
        said = ("19" if said[:2] >= "50" else "20") + said
    if len(said) != 15 or said[14] != "Z":
        raise ValueError("a date in the certificate is not readable")
    year, month, day = int(said[:4]), int(said[4:6]), int(said[6:8])
    if month <= 2:  # years that begin in March: the leap day is the last
        year, month = year - 1, month + 12
    days = 365 * year + year // 4 - year // 100 + year // 400 + (153 * (month - 3) + 2) // 5 + day
    clock = int(said[8:10]) * 3600 + int(said[10:12]) * 60 + int(said[12:14])
    return (days - 719_469) * 86_400 + clock


def _issued(body: bytes, from_s: int) -> int:
    """The beginning of the private key usage period (X.509, 9.2.2.5), else of the validity."""
    at = body.find(_USAGE_PERIOD)
    if at < 0:
        return from_s
    start, end = _take(body, at + len(_USAGE_PERIOD), 0x04)
    inner, _ = _take(body[start:end], 0, _SEQUENCE)
    begin, over = _take(body[start:end], inner, 0x80)
    return _seconds(body[start + begin : start + over], False)


def is_issued_by(certificate: Certificate, issuer: Certificate) -> bool:
    """Whether another certificate is an authority's, and its name and key stand behind this one's signature."""
    if issuer.key is None or certificate.issuer != issuer.subject or _AUTHORITY not in issuer.body:
        return False
    r, s = certificate.signature
    return p256.is_signed(issuer.key, certificate.body, r, s)
