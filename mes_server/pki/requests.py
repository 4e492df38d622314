"""Requests for certificates (PKCS #10), read with all the distrust they deserve: they come from anywhere."""

from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID

_NOT_READABLE = (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm, x509.InvalidVersion)
BYTES_MAX = 4096  # a request with a P-256 key has some 250


class BadRequest(ValueError):
    """A request for a certificate that is none, or not one for this node."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a request for a certificate says, its own signature verified."""

    der: bytes
    name: str
    fingerprint: str  # hexadecimal SHA-256 of the SubjectPublicKeyInfo
    key: ec.EllipticCurvePublicKey


def read_request(csr_der: bytes) -> Request:
    """Raises BadRequest, in words: what is no PKCS #10, is signed by another key, or has another kind of key."""
    if len(csr_der) > BYTES_MAX:
        raise BadRequest(f"{len(csr_der)} bytes are too many")
    try:
        csr = x509.load_der_x509_csr(csr_der)
        key = csr.public_key()
        names = csr.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        good = csr.is_signature_valid
    except _NOT_READABLE as fault:
        raise BadRequest(f"not a PKCS #10 request in DER: {fault}") from fault
    if not good:
        raise BadRequest("its signature is not that of the key in it")
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise BadRequest("its key is not EC P-256")
    if len(names) != 1 or len(list(csr.subject)) != 1:
        raise BadRequest("its subject is not one common name")
    return Request(csr_der, str(names[0].value), _fingerprint(key), key)


def new_request(name: str) -> tuple[bytes, bytes]:
    """A fresh key (PKCS #8) and a request by it, both in DER: what a board makes by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    csr = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    plain = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return plain, csr.public_bytes(Encoding.DER)


def _fingerprint(key: ec.EllipticCurvePublicKey) -> str:
    digest = hashes.Hash(hashes.SHA256())
    digest.update(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    return digest.finalize().hex()
