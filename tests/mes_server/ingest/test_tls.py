"""The MES's TLS to its broker: many at once on one connection, and what it refuses."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from mes_server.ingest.tls import TlsSocket, client_context, client_tag
from tests.security.secured import Site

BYTES = 3_000_000


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site(tmp_path_factory.mktemp("site"))


@contextmanager
def echo(site: Site) -> Iterator[int]:
    """A server that sends back what it gets; its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(site.pki / "broker.crt", site.pki / "broker.key")
    context.load_verify_locations(site.pki / "chain.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            try:
                with context.wrap_socket(server.accept()[0], server_side=True) as client:
                    while data := client.recv(65536):
                        client.sendall(data)
            except OSError:
                return  # the other side refused: that is what some tests are about

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            thread.join(20)


def opened(site: Site, port: int, host: str = "127.0.0.1") -> TlsSocket:
    raw = socket.create_connection(("127.0.0.1", port), timeout=10)
    try:
        return TlsSocket(raw, client_context(site.pki), host)
    finally:
        raw.close()  # without effect when TLS has taken it over


def test_two_threads_send_while_a_third_reads_and_not_a_byte_is_lost(site: Site) -> None:
    block = bytes(range(250))
    with echo(site) as port:
        stream = opened(site, port)
        lock, sent = threading.Lock(), BYTES // 2 // len(block)

        def send() -> None:
            for _ in range(sent):
                with lock:  # as Connection does
                    stream.sendall(block)

        threads = [threading.Thread(target=send) for _ in range(2)]
        for thread in threads:
            thread.start()
        got = bytearray()
        while len(got) < 2 * sent * len(block):
            got += stream.recv(1 << 18)
        for thread in threads:
            thread.join()
        assert bytes(got) == block * (2 * sent)
        stream.shutdown(socket.SHUT_RDWR)
        stream.close()


def test_silence_is_a_timeout_and_an_end_is_seen(site: Site) -> None:
    with echo(site) as port:
        stream = opened(site, port)
        stream.settimeout(0.05)
        with pytest.raises(TimeoutError):
            stream.recv(100)
        stream.shutdown(socket.SHUT_RDWR)
        with suppress(
            ConnectionResetError
        ):  # it sent what belongs to TLS, and nobody reads that now
            assert stream.recv(100) == b""
        stream.close()


def test_a_broker_of_another_name_or_another_ca_is_refused(site: Site, tmp_path: Path) -> None:
    with echo(site) as port, pytest.raises(ssl.SSLCertVerificationError, match="not valid for"):
        opened(site, port, "other.plant")
    with echo(Site(tmp_path)) as port, pytest.raises(ssl.SSLCertVerificationError):
        opened(site, port)


def test_the_client_id_cannot_be_guessed_and_stays_the_same(site: Site, tmp_path: Path) -> None:
    assert client_tag(site.pki) == client_tag(site.pki) != client_tag(Site(tmp_path).pki)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"root\.crt"):
        client_context(tmp_path)
