"""A file of readings, as laboratories and gauges write them: CSV, a row for each reading.

Rows of one lot (or run) and characteristic that follow each other are one check. Nothing is guessed: a column that is
not known, a separator that is none, a comma in a figure are told with their row.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

COLUMNS = (
    "characteristic", "lot", "run", "plan", "value", "position", "piece", "gauge", "temperature_c", "note",
)  # fmt: skip
NEEDED = ("characteristic", "value")
ROWS_MAX = 5_000
_SAME = ("characteristic", "lot", "run", "plan", "gauge", "temperature_c", "note")


class BadFile(ValueError):
    """The file as a whole cannot be read; `rule` and `facts` say why."""

    def __init__(self, rule: str, **facts: str) -> None:
        super().__init__(rule)
        self.rule = rule
        self.facts = facts


@dataclass(frozen=True, slots=True)
class Rows:
    """One check of a file: the fields its rows share, its readings, and the numbers of its rows (the first is 2:
    row 1 is the header)."""

    same: Mapping[str, str]
    readings: tuple[Mapping[str, str], ...]
    numbers: tuple[int, ...] = field(default=())


def read_rows(data: bytes) -> list[Rows]:
    """The checks of a file, UTF-8 or GB 18030; raises BadFile."""
    text = _decoded(data)
    header = text.split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text), delimiter=delimiter_of(header))
    lines = iter(reader)
    names = [name.strip().lower() for name in next(lines, [])]
    _check_header(names)
    return list(_grouped(lines, names))


def _decoded(data: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
        except UnicodeDecodeError:
            continue
    raise BadFile("file_is_text")


def delimiter_of(header: str) -> str:
    """What its cells are separated by: comma, semicolon or tabulator."""
    found = [one for one in ",;\t" if one in header]
    return max(found, key=header.count, default=",")


def _check_header(names: list[str]) -> None:
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise BadFile("columns_are_there", columns=", ".join(missing), known=", ".join(COLUMNS))
    unknown = [name for name in names if name not in COLUMNS]
    if unknown or len(set(names)) != len(names):
        told = ", ".join(unknown) or ", ".join(sorted({n for n in names if names.count(n) > 1}))
        raise BadFile("columns_are_known", columns=told, known=", ".join(COLUMNS))


def _grouped(lines: Iterator[list[str]], names: list[str]) -> Iterator[Rows]:
    same: dict[str, str] | None = None
    readings: list[dict[str, str]] = []
    numbers: list[int] = []
    for number, cells in enumerate(lines, 2):
        if not any(cell.strip() for cell in cells):
            continue
        if number > ROWS_MAX + 1:
            raise BadFile("rows_are_few", most=str(ROWS_MAX))
        if len(cells) != len(names):
            raise BadFile(
                "row_is_whole", row=str(number), told=str(len(cells)), columns=str(len(names))
            )
        row = {name: cell.strip() for name, cell in zip(names, cells, strict=True)}
        own = {name: row.get(name, "") for name in _SAME}
        if same is not None and own != same:
            yield Rows(same, tuple(readings), tuple(numbers))
            readings, numbers = [], []
        same = own
        readings.append({name: row.get(name, "") for name in ("value", "position", "piece")})
        numbers.append(number)
    if same is None:
        raise BadFile("rows_are_there")
    yield Rows(same, tuple(readings), tuple(numbers))
