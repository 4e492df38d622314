"""A site with its own CA, and real brokers that are configured as ours are: nats-server and Mosquitto."""

import hashlib
import os
import signal
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID

from mes_server import broker
from mes_server.broker_access import (
    MOSQUITTO_ACL,
    NATS_NODES,
    Listener,
    mosquitto_acl,
    mosquitto_conf,
    nats_nodes,
)
from mes_server.domain.identities import Allowed
from mes_server.pki.certificates import new_key
from mes_server.pki.site import issue_node, load_site, make_site
from tests.brokers import Process, free_port, mosquitto, wait_until

HOSTS = ("localhost", "127.0.0.1")


@dataclass(frozen=True)
class Identity:
    """The files of a client: PEM for CPython, DER as a board keeps them."""

    name: str
    ca: Path
    certificate: Path
    key: Path

    @property
    def tls(self) -> dict[str, str]:
        """As broker.tls of a station.json."""
        return {"ca": str(self.ca.with_suffix(".der")), "cert": str(self.certificate.with_suffix(".der")),
                "key": str(self.key.with_suffix(".kder"))}  # fmt: skip

    @property
    def fingerprint(self) -> str:
        """Of its key, as the MES writes it."""
        key = x509.load_pem_x509_certificate(self.certificate.read_bytes()).public_key()
        der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return hashlib.sha256(der).hexdigest()

    @property
    def serial(self) -> int:
        """Number of the certificate."""
        return x509.load_pem_x509_certificate(self.certificate.read_bytes()).serial_number


class Site:
    """A CA below `folder`, and what it issues."""

    def __init__(self, folder: Path, hosts: Sequence[str] = HOSTS) -> None:
        self.folder, self.pki = folder, folder / "pki"
        make_site(self.pki, hosts, datetime.now(UTC))
        root = (self.pki / "root.crt").read_text()
        (self.pki / "root.der").write_bytes(ssl.PEM_cert_to_DER_cert(root))

    def issue(self, node: str, days_ago: int = 0, file: str = "") -> Identity:
        """A new key and a certificate for it, good for a year; `days_ago` beyond that: it has expired."""
        now = datetime.now(UTC) - timedelta(days=days_ago)
        key = new_key()
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, node)])
        csr = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
        made = issue_node(load_site(self.pki), csr.public_bytes(Encoding.DER), node, 365, now)
        clients = self.folder / "clients"
        clients.mkdir(exist_ok=True)
        at = clients / (file or node)
        at.with_suffix(".crt").write_text("".join(ssl.DER_cert_to_PEM_cert(one) for one in made))
        at.with_suffix(".der").write_bytes(made[0])
        plain = (PrivateFormat.PKCS8, NoEncryption())
        at.with_suffix(".key").write_bytes(key.private_bytes(Encoding.PEM, *plain))
        at.with_suffix(".kder").write_bytes(key.private_bytes(Encoding.DER, *plain))
        ca = self.pki / "root.crt"
        return Identity(node, ca, at.with_suffix(".crt"), at.with_suffix(".key"))

    @property
    def mes(self) -> Identity:
        """The MES's own."""
        return Identity("mes", self.pki / "root.crt", self.pki / "mes.crt", self.pki / "mes.key")


class SecureBroker(Process):
    """A broker with the configuration that Lodestone writes, for the nodes it is told."""

    def __init__(self, kind: str, site: Site, allowed: Sequence[Allowed]) -> None:
        self.kind, self.port = kind, free_port()
        self.conf = site.folder / f"broker-{kind}"
        self.conf.mkdir(parents=True, exist_ok=True)
        self.allow(allowed)
        listener = Listener("127.0.0.1", self.port, site.pki)
        if kind == "nats":
            file = self.conf / "nats.conf"
            file.write_text(broker.secure_configuration(listener, self.conf / "state"))
            command = [str(broker.binary()), "-c", str(file)]
        else:
            file = self.conf / "mosquitto.conf"
            # Started by root it would become another user, who cannot read these files.
            user = "user root\n" if os.geteuid() == 0 else ""
            file.write_text(f"{user}log_type all\n{mosquitto_conf(listener, self.conf)}")
            command = [mosquitto(), "-c", str(file)]
        super().__init__(command, self.conf / "log")

    def allow(self, allowed: Sequence[Allowed]) -> None:
        """Write who may speak; the broker looks at it when it is told to."""
        if self.kind == "nats":
            (self.conf / NATS_NODES).write_text(nats_nodes(allowed))
        else:
            (self.conf / MOSQUITTO_ACL).write_text(mosquitto_acl(allowed))

    def reload(self) -> None:
        """As the keeper does: from now on it goes by the files that are there."""
        if self.running is None or self.running.poll() is not None:
            return
        words = "Reloaded server configuration" if self.kind == "nats" else "Reloading config"
        before = self.said().count(words)
        self.running.send_signal(signal.SIGHUP)
        wait_until(lambda: self.said().count(words) > before, f"{self.kind} to reload")

    def start(self) -> None:
        words = " running" if self.kind == "mosquitto" else "Server is ready"
        before = self.said().count(words)
        super().start()
        # It listens before it heeds signals, and one that came between the two would end it.
        wait_until(lambda: self.said().count(words) > before, f"{self.kind} to run")
        wait_until(lambda: broker.answers("127.0.0.1", self.port), f"{self.kind} to answer")
