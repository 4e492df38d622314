"""Requests and certificates on the board, on files that OpenSSL agrees with; both interpreters run this file."""

from firmware.onboard import p256, x509
from tests.device_help import fault_of
from tests.firmware.onboard_help import DAY_S, ISSUED_S, vector

Y2000_S = 946_684_800


def test_a_key_is_written_and_read_as_it_was():
    secret, key = x509.secret_from(vector("key.der"))
    assert p256.public(secret) == key
    assert x509.private_info(secret, key) == vector("key.der")
    for wrong in (b"", vector("key.der")[:-1], vector("root.der"), bytes(138)):
        assert fault_of(ValueError, x509.secret_from, wrong)


def test_a_request_is_the_same_to_the_last_byte():
    secret, key = x509.secret_from(vector("key.der"))
    assert x509.request(secret, key, "press-1") == vector("press-1.csr")


def test_a_long_name_is_asked_for_whole():
    secret, key = x509.secret_from(vector("key.der"))
    asked = x509.request(secret, key, "n" * 64)
    assert len(asked) > 255
    assert b"n" * 64 in asked


def test_a_certificate_says_for_whom_and_until_when():
    first, site = [x509.read_certificate(der) for der in x509.split_chain(vector("first.der"))]
    assert first.name == "press-1"
    assert first.key == x509.secret_from(vector("key.der"))[1]
    assert first.from_s == Y2000_S
    assert first.issued_s == ISSUED_S
    assert first.until_s == ISSUED_S + 365 * DAY_S
    root = x509.read_certificate(vector("root.der"))
    assert root.until_s == ISSUED_S + 26_000 * DAY_S  # behind 2049: written another way
    assert x509.is_issued_by(first, site)
    assert x509.is_issued_by(site, root)
    assert not x509.is_issued_by(first, root)
    assert not x509.is_issued_by(root, site)


def test_a_certificate_of_another_site_is_not_taken_for_ours():
    foreign, its_site = [
        x509.read_certificate(der) for der in x509.split_chain(vector("other_site.der"))
    ]
    root = x509.read_certificate(vector("root.der"))
    assert x509.is_issued_by(foreign, its_site)
    assert not x509.is_issued_by(its_site, root)
    renamed = list(its_site)
    renamed[3] = root.subject  # it says that our root issued it
    assert not x509.is_issued_by(x509.Certificate(*renamed), root)


def test_whatever_is_cut_or_turned_is_refused_and_never_more_than_that():
    der = x509.split_chain(vector("first.der"))[0]
    for size in range(len(der)):
        assert fault_of(ValueError, x509.read_certificate, der[:size]), size
    site = x509.read_certificate(x509.split_chain(vector("first.der"))[1])
    for at in range(0, len(der), 7):
        turned = der[:at] + bytes([der[at] ^ 0x55]) + der[at + 1 :]
        try:
            found = x509.read_certificate(turned)
        except ValueError:
            continue
        assert found.der == turned
        if at % 35 == 0:
            assert not x509.is_issued_by(found, site), at


def test_a_chain_that_is_empty_or_too_long_is_not_taken_apart():
    assert "no certificate" in str(fault_of(ValueError, x509.split_chain, b""))
    fault = fault_of(ValueError, x509.split_chain, bytes(x509.CHAIN_BYTES_MAX + 1))
    assert "too many" in str(fault)
