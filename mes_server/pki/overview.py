"""What the pages and commands tell of the site's CA: whose it is, until when, and whether its root key lies here."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import NameOID

from mes_server.pki.site import hosts_of, load_site


@dataclass(frozen=True, slots=True)
class SiteOverview:
    """`ends`: (which certificate, until when in Unix ms), the first to end first."""

    name: str
    root_hash: str
    hosts: Sequence[str]
    ends: Sequence[tuple[str, int]]
    has_root_key: bool


def site_overview(folder: Path) -> SiteOverview:
    """Raises SiteMissing, OSError."""
    site = load_site(folder)
    names = ("broker", "mes", "site", "root")
    ends = [(name, _until_ms(folder / f"{name}.crt")) for name in names]
    said = site.root.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return SiteOverview(
        str(said[0].value), site.root_hash, hosts_of(site), sorted(ends, key=lambda end: end[1]),
        (folder / "root.key").exists(),
    )  # fmt: skip


def _until_ms(file: Path) -> int:
    certificate = x509.load_pem_x509_certificate(file.read_bytes())
    return int(certificate.not_valid_after_utc.timestamp()) * 1000
