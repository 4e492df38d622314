"""What a Linux controller says when something else than an MES answers its enrolment."""

import asyncio
from collections.abc import Callable

import pytest

from firmware.boards.unix import enrol


def _answer_of(status: int, body: bytes) -> Callable[[], object]:
    """Enrols at a server that answers so."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 %d X\r\n\r\n" % status + body)
        writer.close()

    async def work() -> object:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            return await enrol.fetch(f"http://127.0.0.1:{port}", "token", "4f-1", b"request")

    return lambda: asyncio.run(work())


@pytest.mark.parametrize(
    "body", [b'"welcome"', b"[]", b"1", b"<html>", b'{"chain": "no"}', b'{"chain": [1]}', b"{}"]
)
def test_what_is_no_answer_of_an_mes_is_said_in_words(body: bytes) -> None:
    with pytest.raises(OSError, match="that is no MES"):
        _answer_of(200, body)()


@pytest.mark.parametrize("body", [b'"no"', b'["no"]', b"[1]", b"7", b"<html>"])
def test_a_refusal_in_words_of_another_is_told_by_its_number(body: bytes) -> None:
    with pytest.raises(enrol.Refused, match="answers 403"):
        _answer_of(403, body)()


def test_the_words_of_an_mes_are_passed_on() -> None:
    with pytest.raises(enrol.Refused, match="It was used already"):
        _answer_of(409, b'[{"message": "It was used already.", "next": "Make a new one."}]')()
    with pytest.raises(enrol.Refused, match="not found"):
        _answer_of(404, b'{"detail": "not found"}')()
    whole = b'{"chain": ["MA=="], "group": "forming", "until": "2027-11-28"}'
    said = {"chain": [b"0"], "group": "forming", "until": "2027-11-28"}
    assert _answer_of(200, whole)() == said
