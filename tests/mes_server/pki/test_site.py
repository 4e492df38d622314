"""The site's CA: what it writes, what it signs, what it refuses, and what OpenSSL thinks of it."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from edge_agent.commands import DATA_MAX
from mes_server.pki import certificates
from mes_server.pki.certificates import BadHost, new_key
from mes_server.pki.requests import BadRequest, read_request
from mes_server.pki.site import (
    SITE_BYTES_MAX,
    Lives,
    Revoked,
    SiteExists,
    SiteMissing,
    hosts_of,
    issue_node,
    load_site,
    make_servers,
    make_site,
    revoked_numbers,
    write_crl,
)

NOW = datetime(2026, 11, 28, 8, 0, tzinfo=UTC)
HOSTS = ["localhost", "127.0.0.1", "broker.magnets.example"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("data") / "pki"
    make_site(made, HOSTS, NOW)
    return made


def request_of(
    name: str, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | None = None
) -> bytes:
    builder = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    )
    return builder.sign(key or new_key(), hashes.SHA256()).public_bytes(Encoding.DER)


def openssl(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True)


def test_a_site_is_written_whole_and_its_keys_are_for_its_owner_alone(folder: Path) -> None:
    names = {path.name for path in folder.iterdir()}
    assert names == {
        "root.crt", "root.key", "site.crt", "site.key", "chain.pem", "broker.crt", "broker.key",
        "mes.crt", "mes.key", "crl.pem",
    }  # fmt: skip
    for path in folder.glob("*.key"):
        assert path.stat().st_mode & 0o777 == 0o600, path.name
        key = load_pem_private_key(path.read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        assert key.curve.name == "secp256r1"
    assert folder.stat().st_mode & 0o777 == 0o700


def test_another_site_is_never_written_over_one(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(SiteExists):
        make_site(folder, HOSTS, NOW)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_site_that_cannot_be_made_leaves_nothing_in_its_place(tmp_path: Path) -> None:
    with pytest.raises(BadHost, match="no host name"):
        make_site(tmp_path / "pki", ["bro ker"], NOW)
    assert not (tmp_path / "pki").exists()
    make_site(tmp_path / "pki", ["broker"], NOW)
    assert hosts_of(load_site(tmp_path / "pki")) == ["broker"]


def test_a_nodes_certificate_and_the_one_above_it_fit_one_command_to_a_board(
    tmp_path: Path,
) -> None:
    hosts = [f"broker-{number}.area-{number}.magnets.example" for number in range(40)]
    with pytest.raises(BadHost, match="name fewer"):
        make_site(tmp_path / "pki", hosts, NOW)
    make_site(tmp_path / "pki", hosts[:8], NOW)
    name = "n" * 64
    both = issue_node(load_site(tmp_path / "pki"), request_of(name), name, 365, NOW)
    assert len(both[0]) <= 750
    assert len(both[1]) <= SITE_BYTES_MAX
    assert sum(map(len, both)) + 80 < DATA_MAX


def test_openssl_trusts_broker_mes_and_nodes_by_the_root_alone_and_in_their_own_part_only(
    folder: Path, tmp_path: Path
) -> None:
    node, above = issue_node(load_site(folder), request_of("press-1"), "press-1", 365, NOW)
    (tmp_path / "node.crt").write_bytes(node)
    (tmp_path / "site.crt").write_bytes(above)
    ways = ("-x509_strict", "-CAfile", folder / "root.crt", "-untrusted", folder / "site.crt")
    for part, path in (
        ("sslserver", folder / "broker.crt"),
        ("sslclient", folder / "mes.crt"),
        ("sslclient", tmp_path / "node.crt"),
    ):
        good = openssl("verify", *ways, "-purpose", part, path)
        assert good.returncode == 0, good.stderr
        other = {"sslserver": "sslclient", "sslclient": "sslserver"}[part]
        assert openssl("verify", *ways, "-purpose", other, path).returncode != 0, path
    named = openssl("verify", *ways, "-verify_ip", "127.0.0.1", folder / "broker.crt")
    assert named.returncode == 0, named.stderr
    assert openssl("verify", *ways, "-verify_hostname", "evil.example", folder / "broker.crt").returncode != 0  # fmt: skip
    alone = openssl("verify", "-CAfile", folder / "root.crt", tmp_path / "node.crt")
    assert alone.returncode != 0


def test_every_certificate_is_good_for_a_board_whose_clock_was_never_set(folder: Path) -> None:
    node = issue_node(load_site(folder), request_of("press-1"), "press-1", 365, NOW)[0]
    found = [x509.load_der_x509_certificate(node)]
    found += [x509.load_pem_x509_certificate(path.read_bytes()) for path in folder.glob("*.crt")]
    assert {one.not_valid_before_utc for one in found} == {datetime(2000, 1, 1, tzinfo=UTC)}
    assert found[0].not_valid_after_utc == NOW + timedelta(days=365)
    period = found[0].extensions.get_extension_for_class(x509.PrivateKeyUsagePeriod).value
    assert period.not_before == NOW.replace(tzinfo=None)


def test_a_nodes_certificate_says_its_id_alone_and_is_for_clients(folder: Path) -> None:
    node = x509.load_der_x509_certificate(
        issue_node(load_site(folder), request_of("press-1"), "press-1", 365, NOW)[0]
    )
    assert node.subject.rfc4514_string() == "CN=press-1"
    usage = node.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert node.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False


def test_a_certificate_never_outlives_the_one_that_issued_it(tmp_path: Path) -> None:
    make_site(tmp_path / "pki", HOSTS, NOW, Lives(root=100, site=50, server=999))
    site = load_site(tmp_path / "pki")
    node = issue_node(site, request_of("press-1"), "press-1", 365, NOW)[0]
    assert x509.load_der_x509_certificate(node).not_valid_after_utc == NOW + timedelta(days=50)


def test_the_root_key_may_be_taken_away(tmp_path: Path) -> None:
    make_site(tmp_path / "pki", HOSTS, NOW)
    (tmp_path / "pki" / "root.key").unlink()
    site = load_site(tmp_path / "pki")
    assert len(issue_node(site, request_of("press-1"), "press-1", 365, NOW)) == 2
    write_crl(site, [], NOW)
    make_servers(site, ["127.0.0.1"], NOW)
    assert hosts_of(site) == ["127.0.0.1"]


def test_a_broker_outside_of_the_plant_gets_no_certificate(folder: Path) -> None:
    site = load_site(folder)
    before = (folder / "broker.crt").read_bytes()
    for host in ("shop.example", "magnets.example", "8.8.8.8", "not a host", ""):
        with pytest.raises(BadHost):
            make_servers(site, [host], NOW)
    with pytest.raises(BadHost, match="at least one"):
        make_servers(site, [], NOW)
    assert (folder / "broker.crt").read_bytes() == before
    certificates.check_hosts(site.signer.certificate, ["mes.lan", "10.1.2.3", "fd00::1"])


def test_openssl_itself_refuses_what_the_intermediate_may_not_speak_for(
    folder: Path, tmp_path: Path
) -> None:
    site, key = load_site(folder), new_key()
    subject = certificates.Subject("x", key.public_key(), NOW, NOW + timedelta(days=9))
    ways = ("-CAfile", folder / "root.crt", "-untrusted", folder / "site.crt")
    for host, trusted in (("bank.example", False), ("mes.lan", True)):
        made = certificates.certify(
            subject, site.signer, site.signer.key, certificates.server([host])
        )
        (tmp_path / "x.crt").write_bytes(made.public_bytes(Encoding.PEM))
        said = openssl("verify", *ways, tmp_path / "x.crt")
        assert (said.returncode == 0) is trusted, said.stderr


def test_a_missing_or_mixed_site_is_said(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(SiteMissing, match=r"root\.crt"):
        load_site(tmp_path)
    for name in ("root.crt", "site.crt", "broker.key"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    (tmp_path / "broker.key").rename(tmp_path / "site.key")
    with pytest.raises(SiteMissing, match="not the key of"):
        load_site(tmp_path)


def test_requests_that_are_none_are_refused_in_words(folder: Path) -> None:
    site, key = load_site(folder), new_key()
    good = request_of("press-1", key)
    broken = bytearray(good)
    broken[-1] ^= 1
    more = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, "press-1"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "x"),
        ]
    )
    rich = x509.CertificateSigningRequestBuilder().subject_name(more).sign(key, hashes.SHA256())
    ed = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(
        ed25519.Ed25519PrivateKey.generate(), None
    )  # fmt: skip
    for csr, words in (
        (b"", "not a PKCS #10"),
        (b"\x30\x80" * 50, "not a PKCS #10"),
        (good[:-3], "not a PKCS #10"),
        (bytes(5000), "too many"),
        (bytes(broken), "signature"),
        (request_of("press-1", rsa.generate_private_key(65537, 2048)), "P-256"),
        (request_of("press-1", ec.generate_private_key(ec.SECP384R1())), "P-256"),  # type: ignore[arg-type]
        (ed.public_bytes(Encoding.DER), "P-256"),
        (rich.public_bytes(Encoding.DER), "common name"),
        (request_of("press-2", key), "for press-2, not for press-1"),
    ):
        with pytest.raises(BadRequest, match=words):
            issue_node(site, csr, "press-1", 365, NOW)
    assert read_request(good).name == "press-1"


@pytest.mark.filterwarnings("ignore:Attribute's length")
def test_a_request_of_which_any_byte_was_turned_is_refused_and_nothing_else_happens() -> None:
    key = new_key()
    good = request_of("press-1", key)
    passed = []
    for at in range(len(good)):
        for turn in (0x01, 0x02, 0x7F, 0x80, 0xFF):
            bad = good[:at] + bytes([good[at] ^ turn]) + good[at + 1 :]
            try:
                passed.append(read_request(bad))
            except BadRequest:
                continue
    # How many bits at the end of the signature's string are unused is all that may differ.
    assert len(passed) <= 2
    whole = read_request(good)
    assert {(one.name, one.fingerprint) for one in passed} <= {(whole.name, whole.fingerprint)}


def test_a_revoked_certificate_is_in_the_list_and_openssl_refuses_it(
    folder: Path, tmp_path: Path
) -> None:
    site = load_site(folder)
    made = {
        name: issue_node(site, request_of(name), name, 365, NOW)[0]
        for name in ("press-1", "mill-2")
    }
    one = x509.load_der_x509_certificate(made["press-1"])
    write_crl(site, [Revoked(one.serial_number, NOW, "lost")], NOW)
    ways = ("-crl_check", "-CRLfile", folder / "crl.pem", "-CAfile", folder / "root.crt", "-untrusted", folder / "site.crt")  # fmt: skip
    for name, der in made.items():
        (tmp_path / name).write_bytes(der)
        said = openssl("verify", *ways, tmp_path / name)
        assert (said.returncode == 0) is (name == "mill-2"), said.stderr
    listed = x509.load_pem_x509_crl((folder / "crl.pem").read_bytes())
    entry = listed.get_revoked_certificate_by_serial_number(one.serial_number)
    assert entry is not None
    assert entry.extensions.get_extension_for_class(x509.CRLReason).value.reason == x509.ReasonFlags.key_compromise  # fmt: skip
    write_crl(site, [], NOW)


def test_those_who_write_the_list_at_once_lose_none(tmp_path: Path) -> None:
    folder = tmp_path / "pki"
    make_site(folder, ["localhost"], NOW)
    site = load_site(folder)
    with ThreadPoolExecutor(8) as pool:
        done = [pool.submit(write_crl, site, [Revoked(n, NOW)], NOW) for n in range(1, 65)]
    for one in done:
        one.result()
    assert revoked_numbers(folder) == {f"{number:x}" for number in range(1, 65)}
