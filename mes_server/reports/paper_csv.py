"""A paper as CSV: every fact and every table of its JSON, one after the other, as programs read them: names, not words."""

from collections.abc import Mapping
from typing import Any

from mes_server.domain.report_contract import contract_of
from mes_server.reports.csv_text import BEGIN, csv_line


def to_csv(content: Mapping[str, Any]) -> bytes:
    """The paper whose JSON this is. A table begins with its section and name, then its columns."""
    lines = [csv_line(name, str(content[name])) for name in ("schema", "number", "about", "made_at", "made_by", "verdict")]  # fmt: skip
    contract = contract_of(str(content["schema"]).split(":")[2])
    for spec in contract.sections:
        said = content["sections"][spec.name]
        lines += [csv_line(f"{spec.name}.{name}", _text(value)) for name, value in sorted(said["facts"].items())]  # fmt: skip
        for table in spec.tables:
            rows = said["tables"].get(table.name, [])
            columns = [one.name for one in table.columns]
            if rows:
                lines += ["\r\n", csv_line(f"{spec.name}.{table.name}"), csv_line(*columns)]
                lines += [csv_line(*(_text(row.get(name, "")) for name in columns)) for row in rows]
    return (BEGIN + "".join(lines)).encode()


def _text(value: object) -> str:
    return " / ".join(map(str, value.values())) if isinstance(value, Mapping) else str(value)
