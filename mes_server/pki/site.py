"""The site's own CA in a folder: a root that may be taken away, the intermediate that issues, the broker and the MES.

root.crt root.key      the anchor of trust; the key is needed only to make the site, then keep it off line
site.crt site.key      the intermediate: it signs certificates of nodes and servers, and the revocation list
chain.pem              site and root, as brokers want it
broker.crt broker.key  the broker's (CN "broker", subject alternative names: its hosts)
mes.crt mes.key        the MES's towards the broker (CN "mes")
crl.pem                the certificates that were revoked
"""

import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from mes_server.files import replace_file, sync_folder
from mes_server.pki import certificates
from mes_server.pki.certificates import BadHost, Signer, Subject
from mes_server.pki.requests import BadRequest, read_request

FOLDER = "pki"  # in the data directory
SITE_BYTES_MAX = (
    1200  # it goes to boards with theirs, of at most 750, in one command of at most 2048
)
MES = "mes"
BROKER = "broker"
REASONS = {"lost": "key_compromise", "cloned": "key_compromise", "scrapped": "cessation_of_operation", "replaced": "superseded"}  # fmt: skip


class SiteExists(Exception):
    """There is a CA already; what it certified would not be trusted any more by a new one."""


class SiteMissing(Exception):
    """There is no CA, or one of its files cannot be read."""


@dataclass(frozen=True, slots=True)
class Lives:
    """How many days certificates are good for; the root is a device's anchor, so it should outlive the devices."""

    root: int = 30 * 365
    site: int = 20 * 365
    server: int = 5 * 365


@dataclass(frozen=True, slots=True)
class SiteCa:
    """What issues: the intermediate with its key, and the root's certificate."""

    folder: Path
    root: x509.Certificate
    signer: Signer

    @property
    def root_hash(self) -> str:
        """SHA-256 of the root's certificate: what a board is told beforehand, to know it again."""
        return self.root.fingerprint(hashes.SHA256()).hex()

    @property
    def chain(self) -> list[bytes]:
        """DER of the intermediate and of the root."""
        both = (self.signer.certificate, self.root)
        return [one.public_bytes(Encoding.DER) for one in both]


@dataclass(frozen=True, slots=True)
class Revoked:
    """A certificate by its serial number that is not to be trusted any more, since when and why."""

    serial: int
    at: datetime
    reason: str = ""


def make_site(
    folder: Path, hosts: Sequence[str], now: datetime, lives: Lives | None = None
) -> None:
    """A new CA in `folder`, whole or not at all. Raises SiteExists: never over another one."""
    if folder.exists() and any(folder.iterdir()):
        raise SiteExists(
            f"{folder} is not empty. No board would trust a new authority: put what is missing back, or, to begin "
            "anew with every board, move the folder away"
        )
    lives = lives or Lives()
    made = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True, mode=0o700)
    mark = os.urandom(3).hex()  # two sites are told apart, also by people
    root = _authority(f"Lodestone root {mark}", None, (now, lives.root), certificates.authority(1))
    more = [*certificates.authority(0), *certificates.within(hosts)]
    signer = _authority(f"Lodestone site {mark}", root, (now, lives.site), more)
    if len(signer.certificate.public_bytes(Encoding.DER)) > SITE_BYTES_MAX:
        raise BadHost(
            "so many names and addresses make certificates too long for boards: name fewer"
        )
    site = SiteCa(made, root.certificate, signer)
    _write(made / "root.crt", _pem(root.certificate))
    _write_key(made / "root.key", root.key)
    _write(made / "site.crt", _pem(signer.certificate))
    _write_key(made / "site.key", signer.key)
    _write(made / "chain.pem", _pem(signer.certificate) + _pem(root.certificate))
    make_servers(site, hosts, now, lives)
    write_crl(site, [], now)
    if folder.exists():
        folder.rmdir()
    made.rename(folder)
    sync_folder(folder.parent)


def _authority(
    name: str, issuer: Signer | None, life: tuple[datetime, int], more: certificates.Extensions
) -> Signer:
    key, (now, days) = certificates.new_key(), life
    subject = Subject(name, key.public_key(), now, now + timedelta(days=days))
    signs_with = key if issuer is None else issuer.key
    return Signer(certificates.certify(subject, issuer, signs_with, more), key)


def make_servers(
    site: SiteCa, hosts: Sequence[str], now: datetime, lives: Lives | None = None
) -> None:
    """New keys and certificates for the broker and the MES, over those that are there. Raises BadHost."""
    certificates.check_hosts(site.signer.certificate, hosts)
    until = now + timedelta(days=(lives or Lives()).server)
    for name, more in ((BROKER, certificates.server(hosts)), (MES, certificates.client())):
        key = certificates.new_key()
        subject = Subject(name, key.public_key(), now, until)
        certificate = certificates.certify(subject, site.signer, site.signer.key, more)
        # Brokers and clients show the intermediate with their own: the other side knows the root alone.
        shown = _pem(certificate) + _pem(site.signer.certificate)
        _write_key(site.folder / f"{name}.key", key)
        _write(site.folder / f"{name}.crt", shown)


def unmatched(folder: Path) -> list[str]:
    """Which servers have a key that is not of their certificate: a power cut between the two. Raises OSError."""
    found = []
    for name in (BROKER, MES):
        try:
            certificate = x509.load_pem_x509_certificate((folder / f"{name}.crt").read_bytes())
            key = load_pem_private_key((folder / f"{name}.key").read_bytes(), None)
        except ValueError:
            found.append(name)
            continue
        if key.public_key() != certificate.public_key():
            found.append(name)
    return found


def load_site(folder: Path) -> SiteCa:
    """The CA of a folder; its root key may be away. Raises SiteMissing."""
    try:
        root = x509.load_pem_x509_certificate((folder / "root.crt").read_bytes())
        site = x509.load_pem_x509_certificate((folder / "site.crt").read_bytes())
        key = load_pem_private_key((folder / "site.key").read_bytes(), None)
    except (OSError, ValueError) as fault:
        raise SiteMissing(f"{folder}: {fault}") from fault
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != site.public_key():
        raise SiteMissing(f"{folder}: site.key is not the key of site.crt")
    return SiteCa(folder, root, Signer(site, key))


def hosts_of(site: SiteCa) -> list[str]:
    """The names and addresses in the broker's certificate."""
    broker = x509.load_pem_x509_certificate((site.folder / "broker.crt").read_bytes())
    names = broker.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [str(one.value) for one in names]


def issue_node(site: SiteCa, csr_der: bytes, node: str, days: int, now: datetime) -> list[bytes]:
    """DER of a node's certificate and of the intermediate above it. Raises BadRequest."""
    asked = read_request(csr_der)
    if asked.name != node:
        raise BadRequest(f"it is for {asked.name}, not for {node}")
    subject = Subject(node, asked.key, now, now + timedelta(days=days))
    more = [*certificates.client(), certificates.named(certificates.key_name(asked.fingerprint))]
    made = certificates.certify(subject, site.signer, site.signer.key, more)
    return [made.public_bytes(Encoding.DER), site.chain[0]]


def number_and_end(der: bytes) -> tuple[str, int]:
    """The serial number of a certificate, hexadecimal, and until when it is good (Unix ms)."""
    made = x509.load_der_x509_certificate(der)
    return f"{made.serial_number:x}", int(made.not_valid_after_utc.timestamp()) * 1000


def write_crl(site: SiteCa, revoked: Sequence[Revoked], now: datetime) -> None:
    """The whole list of what was revoked, over the former one; what stood there stays, also when `revoked` lacks it:
    the database may have been restored from an older backup.

    It is good as long as the intermediate: a list that lapses would shut out every node of the plant, and a
    revocation does not wait for it, because it is written anew at each of them.
    """
    with _alone(site.folder):
        _write_crl(site, revoked, now)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """The pages, the keeper and a command may each write the list: one after the other, so that none loses an entry."""
    number = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(number, fcntl.LOCK_EX)
        yield
    finally:
        os.close(number)


def _write_crl(site: SiteCa, revoked: Sequence[Revoked], now: datetime) -> None:
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(site.signer.certificate.subject)
        .last_update(certificates.FROM)
        .next_update(site.signer.certificate.not_valid_after_utc)
        .add_extension(x509.CRLNumber(int(now.timestamp() * 1000)), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(site.signer.key.public_key()),
            critical=False,
        )
    )
    numbers = {one.serial for one in revoked}
    for former in _listed(site.folder):
        if former.serial_number not in numbers:
            builder = builder.add_revoked_certificate(former)
    for one in revoked:
        entry = x509.RevokedCertificateBuilder(one.serial, one.at.astimezone(UTC))
        flag = x509.ReasonFlags[REASONS.get(one.reason, "unspecified")]
        if flag != x509.ReasonFlags.unspecified:  # RFC 5280, 5.3.1: that one is left out
            entry = entry.add_extension(x509.CRLReason(flag), critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    made = builder.sign(site.signer.key, hashes.SHA256())
    _write(site.folder / "crl.pem", made.public_bytes(Encoding.PEM))


def _listed(folder: Path) -> list[x509.RevokedCertificate]:
    try:
        return list(x509.load_pem_x509_crl((folder / "crl.pem").read_bytes()))
    except (FileNotFoundError, ValueError):  # none yet, or spoiled
        return []


def revoked_numbers(folder: Path) -> set[str]:
    """Of each certificate in the list, hexadecimal. Raises OSError."""
    return {f"{one.serial_number:x}" for one in _listed(folder)}


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    _write(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)


def _write(path: Path, data: bytes, mode: int = 0o644) -> None:
    replace_file(path, data, mode)
