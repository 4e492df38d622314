"""TLS for the agent's link, on both interpreters: the broker must be one of the site, and so must this board.

Certificates and key are DER bytes: what a board keeps in flash, and what Mbed TLS takes without a PEM reader.
"""

import asyncio
import errno
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

    Opener = Callable[[str, int], Awaitable[tuple[Any, Any]]]

_MICROPYTHON = sys.implementation.name == "micropython"


def opener(ca_der: bytes, cert_der_chain: "list[bytes]", key_der: bytes) -> "Opener":
    """What opens a stream (host, port) over TLS; `host` must stand in the broker's certificate.

    Raises OSError when the key or a certificate cannot be used.
    """
    try:
        make = _micropython_context if _MICROPYTHON else _cpython_context
        context = make(ca_der, cert_der_chain, key_der)
    except ImportError:
        raise OSError(errno.EOPNOTSUPP, "TLS: this build of MicroPython has none") from None
    except ValueError as fault:
        raise OSError(errno.EINVAL, f"TLS: key or certificates cannot be used: {fault}") from None

    async def open_stream(host: str, port: int) -> "tuple[Any, Any]":
        if not _MICROPYTHON:
            return await asyncio.open_connection(host, port, ssl=context)
        return await _connect(host, port, context)

    return open_stream


def _micropython_context(ca_der: bytes, chain: "list[bytes]", key_der: bytes) -> "Any":
    import tls  # type: ignore[import-not-found,unused-ignore]  # MicroPython's alone

    context: Any = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    context.verify_mode = tls.CERT_REQUIRED
    context.load_verify_locations(ca_der)
    # The certificate alone: brokers of the site know the intermediate that signed it.
    context.load_cert_chain(chain[0], key_der)
    return context


async def _connect(host: str, port: int, context: "Any") -> "tuple[Any, Any]":
    """A TCP stream that shakes hands with the first write; Link.within() tells what becomes of it."""
    from edge_agent.link import open_stream

    stream = (await open_stream(host, port))[0]
    sock = stream.s
    try:
        secure = context.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)
        secure.setblocking(False)
    except (OSError, ValueError) as fault:
        sock.close()
        raise OSError(errno.EIO, f"TLS: {fault}") from None
    both: Any = asyncio.StreamReader(secure)
    return both, both


def _cpython_context(ca_der: bytes, chain: "list[bytes]", key_der: bytes) -> "Any":
    import os
    import ssl
    import tempfile

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cadata=ca_der)
    text = "".join([ssl.DER_cert_to_PEM_cert(one) for one in chain]) + _pem_key(key_der)
    # CPython takes keys from files only; this one is for its owner alone, and gone at once.
    number, path = tempfile.mkstemp()
    try:
        with open(number, "w", encoding="utf-8") as file:
            file.write(text)
        context.load_cert_chain(path)
    finally:
        os.remove(path)
    return context


def _pem_key(key_der: bytes) -> str:
    """PKCS #8 begins with version 0, the older form for elliptic curves (SEC 1) with 1."""
    from binascii import b2a_base64

    start = 3 if key_der[1:2] == b"\x81" else 4 if key_der[1:2] == b"\x82" else 2
    kind = "EC PRIVATE KEY" if key_der[start : start + 3] == b"\x02\x01\x01" else "PRIVATE KEY"
    return f"-----BEGIN {kind}-----\n{b2a_base64(key_der).decode()}-----END {kind}-----\n"
