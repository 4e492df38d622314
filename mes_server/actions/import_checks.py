"""Take in a file of readings: looked at first, row by row; then all of it becomes checks, or nothing does."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from mes_server.actions.record_check import Checking, look_at, record_check
from mes_server.actions.record_events import Act, Book
from mes_server.domain.attempts import Refusal
from mes_server.domain.check_files import BadFile, Rows, read_rows
from mes_server.domain.checks import verdict_of


@dataclass(frozen=True, slots=True)
class Looked:
    """A check of a file: its rows, what would be made of it (a verdict), or why it is refused."""

    rows: Rows
    verdict: str
    refused: tuple[Refusal, ...]


def preview(conn: Connection, act: Act, data: bytes) -> list[Looked]:
    """Every check of a file with all that speaks against it; nothing is written. Raises BadFile."""
    return [_looked(conn, act, rows) for rows in read_rows(data)]


def _looked(conn: Connection, act: Act, rows: Rows) -> Looked:
    meant, readings, refused = look_at(conn, act, _checking(rows))
    verdict = "" if meant is None or refused else verdict_of(meant.line, readings)
    return Looked(rows, verdict, tuple(_with_rows(one, rows) for one in refused))


def _with_rows(one: Refusal, rows: Rows) -> Refusal:
    """A refusal that names a reading names its row; any other the rows of its check."""
    number = one.facts.get("number", "")
    row = str(rows.numbers[int(number) - 1]) if number.isdigit() else ""
    first, last = rows.numbers[0], rows.numbers[-1]
    return replace(one, facts=one.facts | {"row": row or f"{first}-{last}"})


def _checking(rows: Rows) -> Checking:
    same = rows.same
    return Checking(
        same["characteristic"], same["lot"].upper(), same["run"].upper(), same["plan"],
        gauge=same["gauge"].upper(), readings=rows.readings, temperature_c=same["temperature_c"],
        note=same["note"], source="csv",
    )  # fmt: skip


def import_checks(book: Book, data: bytes) -> list[str] | list[Refusal]:
    """The numbers of the checks; with any reason against any of them, all reasons, and nothing is recorded."""
    try:
        rows = read_rows(data)
    except BadFile as bad:
        return [Refusal(bad.rule, bad.facts)]
    refused = [one for each in rows for one in _looked(book.conn, book.act, each).refused]
    if refused:
        return refused
    mark = book.mark()
    made: list[str] = []
    for each in rows:
        done: Sequence[str | Refusal] = record_check(book, _checking(each))
        against = [one for one in done if isinstance(one, Refusal)]
        if against:  # an earlier check of this file stands in its way
            book.forget_since(mark)
            return [_with_rows(one, each) for one in against]
        made += [str(one) for one in done]
    return made
