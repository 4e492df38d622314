"""A board's own key, and how it gets its certificate: begin, ask, finish.

The key is made here and never leaves: what goes out is its fingerprint, which people compare, and a request that it
signed. Beside station.json, all in DER: key.der (PKCS #8), cert.der, ca.der (the site's root).
"""

import binascii
import hashlib

from firmware.onboard import p256, x509
from firmware.onboard.durable import is_there, read_bytes, replace
from firmware.onboard.identity import own_serial
from schemas.node_card import PIN_DIGITS, is_serial

KEY, CERTIFICATE, CA = "key.der", "cert.der", "ca.der"
TLS = {"ca": CA, "cert": CERTIFICATE, "key": KEY}  # for the broker in station.json


def _sha256(data: bytes) -> str:
    return binascii.hexlify(hashlib.sha256(data).digest()).decode()


def fingerprint(key: bytes) -> str:
    """SHA-256 of the SubjectPublicKeyInfo of a public key (65 bytes), 64 hexadecimal digits."""
    return _sha256(x509.public_info(key))


def load(folder: str) -> "tuple[int, bytes]":
    """The private and the public key. Raises OSError, ValueError."""
    return x509.secret_from(read_bytes(f"{folder}/{KEY}"))


def begin(folder: str, serial: str = "") -> "tuple[str, str]":
    """Make the key where there is none yet; the serial and the fingerprint. Raises OSError, ValueError.

    A key that is there stays: its fingerprint may be approved already. To begin anew, delete key.der.
    """
    serial = serial or own_serial()
    if not is_serial(serial):
        raise ValueError(
            f"{serial!r} cannot be a serial number: letters, digits, - _ . and 64 at most"
        )
    if is_there(f"{folder}/{KEY}"):
        return serial, fingerprint(load(folder)[1])
    secret = p256.new_secret()
    key = p256.public(secret)
    replace(f"{folder}/{KEY}", x509.private_info(secret, key))
    return serial, fingerprint(key)


def csr(folder: str, node: str) -> bytes:
    """A request for the certificate of a node, signed by the key. Raises OSError, ValueError."""
    secret, key = load(folder)
    return x509.request(secret, key, node)


def finish(folder: str, chain: "list[bytes]", node: str, pin: str) -> "x509.Certificate":
    """Keep the certificate that was got, once it is good; `chain`: DER of it, those above it, the root last.

    `pin`: what the token told of the root. Raises ValueError, in words, and OSError; nothing changed then.
    """
    if len(chain) < 2:
        raise ValueError("the MES sent no chain of certificates")
    if _sha256(chain[-1])[:PIN_DIGITS] != pin:
        raise ValueError(
            "the root is not the one that the token tells: somebody may stand between this board and the MES"
        )
    found = judge(chain[:-1], chain[-1], load(folder)[1], node)
    replace(f"{folder}/{CA}", chain[-1])
    replace(f"{folder}/{CERTIFICATE}", b"".join(chain[:-1]))
    return found


def judge(chain: "list[bytes]", root: bytes, key: bytes, node: str) -> "x509.Certificate":
    """The first certificate of a chain, if it is for this key and node and stands under this root. Raises ValueError."""
    if not chain:
        raise ValueError("there is no certificate")
    found = [x509.read_certificate(der) for der in chain]
    if found[0].key != key:
        raise ValueError("the certificate is for another key than this board's")
    if found[0].name != node:
        raise ValueError(f"the certificate is for {found[0].name!r}, not for {node!r}")
    above = found[1:] + [x509.read_certificate(root)]
    for number in range(len(found)):
        if not x509.is_issued_by(found[number], above[number]):
            raise ValueError("the certificate is not by this site's authority")
    return found[0]
