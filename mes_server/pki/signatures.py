"""Signatures of releases: Ed25519 over the bytes of a manifest, with the public keys that the site trusts."""

import re

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

_HEX = re.compile(rb"\s*([0-9a-fA-F]{64})\s*")
KEY_BYTES = 32


def is_signed(key: bytes, signature: bytes, data: bytes) -> bool:
    """Whether `signature` is that of `data` by the holder of the public key (32 bytes)."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


def read_public_key(text: bytes) -> bytes | None:
    """The 32 bytes of a public key written raw, in hex or as PEM; None: it is no Ed25519 key."""
    found = _HEX.fullmatch(text)
    if found:
        return bytes.fromhex(found[1].decode())
    if len(text) == KEY_BYTES:
        return text
    try:
        key = load_pem_public_key(text)
    except ValueError:
        return None
    if not isinstance(key, Ed25519PublicKey):
        return None
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)
