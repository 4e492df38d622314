"""What the board makes and reads, judged by the cryptography library and OpenSSL; and what it costs on MicroPython."""

import datetime
import re
import ssl
import subprocess
from pathlib import Path

import pytest
from cryptography import x509 as judge
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
)
from hypothesis import given
from hypothesis import strategies as st

from firmware.onboard import keys, p256, x509
from mes_server.pki.certificates import Signer, Subject, certify, client, new_key
from mes_server.pki.site import issue_node, load_site, make_site
from tests.firmware.onboard_help import vector

ROOT = Path(__file__).parent.parent.parent
HEAPS_K = (24, 32, 40, 48, 56, 64, 96)
HEAP_MAX_K = 96


def test_signatures_go_both_ways_between_us_and_the_library() -> None:
    for number in range(20):
        secret = p256.new_secret()
        theirs = ec.derive_private_key(secret, ec.SECP256R1())
        key = theirs.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        assert p256.public(secret) == key
        message = bytes(number)
        r, s = p256.sign(secret, message)
        theirs.public_key().verify(
            utils.encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256())
        )
        with pytest.raises(InvalidSignature):
            theirs.public_key().verify(
                utils.encode_dss_signature(r, s), message + b"x", ec.ECDSA(hashes.SHA256())
            )
        r, s = utils.decode_dss_signature(theirs.sign(message, ec.ECDSA(hashes.SHA256())))
        assert p256.is_signed(key, message, r, s)
        assert not p256.is_signed(key, message + b"x", r, s)


def test_the_library_and_openssl_load_the_key_and_the_request(tmp_path: Path) -> None:
    _, fingerprint = keys.begin(str(tmp_path), "4f-1")
    private = load_der_private_key((tmp_path / keys.KEY).read_bytes(), None)
    info = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    digest = hashes.Hash(hashes.SHA256())
    digest.update(info)
    assert digest.finalize().hex() == fingerprint
    assert (tmp_path / keys.KEY).stat().st_mode & 0o777 == 0o600
    asked = keys.csr(str(tmp_path), "press-1")
    request = judge.load_der_x509_csr(asked)
    assert request.is_signature_valid
    assert request.subject.rfc4514_string() == "CN=press-1"
    assert request.public_key() == private.public_key()
    ways = ["openssl", "req", "-inform", "DER", "-verify", "-noout"]
    said = subprocess.run(ways, input=asked, capture_output=True, check=False)
    assert said.returncode == 0, said.stderr


def test_certificates_are_read_as_the_library_reads_them() -> None:
    for name in ("first.der", "renewed.der", "other_key.der", "root.der"):
        for der in x509.split_chain(vector(name)):
            ours, theirs = x509.read_certificate(der), judge.load_der_x509_certificate(der)
            until = datetime.datetime.fromtimestamp(ours.until_s, datetime.UTC)
            assert until == theirs.not_valid_after_utc
            assert f"CN={ours.name}" == theirs.subject.rfc4514_string()
            assert ours.body == theirs.tbs_certificate_bytes
            assert utils.encode_dss_signature(*ours.signature) == theirs.signature


@given(st.binary(max_size=80), st.integers(0, 1400), st.integers(0, 80))
def test_whatever_is_put_into_a_chain_only_a_fault_in_words_comes_of_it(
    junk: bytes, at: int, cut: int
) -> None:
    chain = vector("first.der")
    made = chain[:at] + junk + chain[at + cut :]
    root, key = vector("root.der"), x509.secret_from(vector("key.der"))[1]
    try:
        found = keys.judge(x509.split_chain(made), root, key, "press-1")
    except ValueError:
        return
    assert found == x509.read_certificate(x509.split_chain(chain)[0])


def test_a_node_cannot_certify_another(tmp_path: Path) -> None:
    now = datetime.datetime(2026, 11, 28, tzinfo=datetime.UTC)
    make_site(tmp_path / "pki", ["localhost"], now)
    site, key = load_site(tmp_path / "pki"), new_key()
    folder = tmp_path / "board"
    folder.mkdir()
    keys.begin(str(folder), "4f-1")
    secret, public = keys.load(str(folder))
    rogue_secret = key.private_numbers().private_value
    asked = x509.request(rogue_secret, p256.public(rogue_secret), "press-2")
    rogue, above = issue_node(site, asked, "press-2", 365, now)
    ours = ec.derive_private_key(secret, ec.SECP256R1()).public_key()
    subject = Subject("press-1", ours, now, now + datetime.timedelta(days=300))
    root = site.chain[1]
    for issuer, chain, good in (
        (Signer(judge.load_der_x509_certificate(rogue), key), [rogue, above], False),
        (site.signer, [above], True),
    ):
        made = certify(subject, issuer, issuer.key, client()).public_bytes(Encoding.DER)
        if good:
            assert keys.judge([made, *chain], root, public, "press-1").name == "press-1"
        else:
            with pytest.raises(ValueError, match="not by this site"):
                keys.judge([made, *chain], root, public, "press-1")


def test_python_itself_loads_key_and_certificate_for_tls(tmp_path: Path) -> None:
    for name, kind in (("key.der", "PRIVATE KEY"), ("first.der", "CERTIFICATE")):
        parts = x509.split_chain(vector(name)) if kind == "CERTIFICATE" else [vector(name)]
        text = "".join(ssl.DER_cert_to_PEM_cert(part) for part in parts)
        (tmp_path / name).write_text(text.replace("CERTIFICATE", kind))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_cert_chain(tmp_path / "first.der", tmp_path / "key.der")
    context.load_verify_locations(cadata=vector("root.der"))


def test_micropythons_own_tls_loads_key_and_certificate(micropython: str) -> None:
    code = (
        "import tls; r = lambda n: open('tests/vectors/enrolment/' + n, 'rb').read();"
        "c = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT); c.load_verify_locations(r('root.der'));"
        "c.load_cert_chain(r('first.der'), r('key.der')); print('loaded')"
    )
    ran = subprocess.run(
        [micropython, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.stdout == "loaded\n", ran.stderr


def test_a_request_and_a_renewed_certificate_fit_a_small_heap(
    micropython: str, tmp_path: Path
) -> None:
    said = {}
    for size in HEAPS_K:
        cost = [micropython, "-X", f"heapsize={size}K", "-m", "tests.firmware.key_cost", tmp_path]
        ran = subprocess.run(cost, cwd=ROOT, capture_output=True, text=True, check=False)
        if ran.returncode == 0:
            said[size] = ran.stdout
    smallest = min(said)
    print(f"in a heap of {smallest} KB, with the source compiled in it:\n{said[smallest]}")
    assert len(re.findall(r"^(?:request|judge) \d+ ms", said[smallest], re.MULTILINE)) == 2
    assert smallest <= HEAP_MAX_K
