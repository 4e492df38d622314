"""Certificates of the site's CA: one profile each for its root, its intermediate, a server and a client.

All are EC P-256 and valid from 2000-01-01: a board whose clock is not set yet can connect and be told the time.
When a certificate was really issued stands in its private key usage period (X.509, clause 9.2.2.5).
"""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

FROM = datetime(2000, 1, 1, tzinfo=UTC)
Extensions = list[tuple[x509.ExtensionType, bool]]
# Beside the hosts that are named when the site is made: names and addresses that mean nothing outside a plant.
_PRIVATE_NAMES = ("localhost", "local", "lan", "internal", "home.arpa", "plant")
_PRIVATE_NETS = ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "::1/128", "fc00::/7", "fe80::/10")  # fmt: skip
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")


class BadHost(ValueError):
    """A name or address that a certificate of the broker cannot have."""


@dataclass(frozen=True, slots=True)
class Signer:
    """A key and the certificate that says whose it is."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a certificate is for, and from when to when it was really meant."""

    name: str
    key: ec.EllipticCurvePublicKey
    now: datetime
    until: datetime


def new_key() -> ec.EllipticCurvePrivateKey:
    """A fresh P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def certify(
    subject: Subject, issuer: Signer | None, key: ec.EllipticCurvePrivateKey, more: Extensions
) -> x509.Certificate:
    """Sign a certificate with `key`; `issuer` None: with its own. It never outlives its issuer's."""
    until = subject.until
    if issuer is not None:
        until = min(until, issuer.certificate.not_valid_after_utc)
    name = _name(subject.name)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name if issuer is None else issuer.certificate.subject)
        .public_key(subject.key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(FROM)
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(subject.key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False
        )
        .add_extension(x509.PrivateKeyUsagePeriod(subject.now, until), critical=False)
    )
    for extension, critical in more:
        builder = builder.add_extension(extension, critical)
    return builder.sign(key, hashes.SHA256())


def _name(common_name: str) -> x509.Name:
    """The common name alone: brokers take it for the user's name, whole."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def authority(path_length: int) -> Extensions:
    """Of a CA that may have `path_length` others below it."""
    return [
        (x509.BasicConstraints(ca=True, path_length=path_length), True),
        (_usage(signs_certificates=True), True),
    ]


def within(hosts: Sequence[str]) -> Extensions:
    """Of the intermediate: servers of this plant and its nodes are all it speaks for.

    Not critical, because Mbed TLS, which boards use, refuses critical constraints; OpenSSL and Go heed them anyway.
    """
    names = [one.lower() for one in hosts if isinstance(_host(one), x509.DNSName)]
    nets = [one for one in hosts if isinstance(_host(one), x509.IPAddress)]
    permitted: list[x509.GeneralName] = [x509.DNSName(one) for one in (*_PRIVATE_NAMES, *names)]
    permitted += [x509.IPAddress(ipaddress.ip_network(one)) for one in (*_PRIVATE_NETS, *nets)]
    both = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    return [
        (x509.NameConstraints(permitted, None), False),
        (x509.ExtendedKeyUsage(both), False),
    ]


def check_hosts(issuer: x509.Certificate, hosts: Sequence[str]) -> None:
    """Raises BadHost: a name or address that this intermediate may not speak for, or that is none."""
    if not hosts:
        raise BadHost("name at least one host or address of the broker")
    permitted = issuer.extensions.get_extension_for_class(x509.NameConstraints).value
    for one in hosts:
        if not any(_covers(limit, _host(one)) for limit in permitted.permitted_subtrees or ()):
            raise BadHost(
                f"{one} is outside of what this CA was made for: use a private name or address, or make a new CA"
            )


def _covers(limit: x509.GeneralName, host: x509.GeneralName) -> bool:
    if isinstance(limit, x509.DNSName) and isinstance(host, x509.DNSName):
        name = host.value.lower()
        return name == limit.value or name.endswith(f".{limit.value}")
    if isinstance(limit, x509.IPAddress) and isinstance(host, x509.IPAddress):
        return ipaddress.ip_address(str(host.value)) in ipaddress.ip_network(str(limit.value))
    return False


def server(hosts: Sequence[str]) -> Extensions:
    """Of a broker that is reached under these names and addresses."""
    return [*_leaf(ExtendedKeyUsageOID.SERVER_AUTH), (x509.SubjectAlternativeName([_host(one) for one in hosts]), False)]  # fmt: skip


def client() -> Extensions:
    """Of a node, or of the MES towards its broker."""
    return _leaf(ExtendedKeyUsageOID.CLIENT_AUTH)


def key_name(fingerprint: str) -> str:
    """What a node's certificate says of its key (hexadecimal SHA-256): a URI with a host, or Go would refuse it."""
    return f"lodestone://key/{fingerprint}"


def named(uri: str) -> tuple[x509.ExtensionType, bool]:
    """Another name of the subject: nats-server, which reads no revocation list, knows a node by it."""
    return x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri)]), False


def _leaf(purpose: x509.ObjectIdentifier) -> Extensions:
    return [
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (_usage(signs_certificates=False), True),
        (x509.ExtendedKeyUsage([purpose]), False),
    ]


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=signs_certificates,
        crl_sign=signs_certificates, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _host(text: str) -> x509.IPAddress | x509.DNSName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        if not _NAME.fullmatch(text):
            raise BadHost(f"{text!r} is no host name and no address") from None
        return x509.DNSName(text)
