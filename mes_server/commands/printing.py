"""How a command prints its answer: a table for people, JSON for programs. And its exit codes."""

import json
from collections.abc import Sequence

import click

# 0 done, 1 could not be done, 2 wrong call or settings, 3 checked and found wanting.
EXIT_WANTING = 3

Facts = Sequence[dict[str, object]]  # one row each, all with the same keys

as_json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON instead of a table."
)


def print_facts(facts: Facts, as_json: bool) -> None:
    """Every row under its keys, or the same as JSON."""
    if as_json:
        click.echo(json.dumps(facts, ensure_ascii=False, indent=2))
    elif facts:
        header = [key.replace("_", " ") for key in facts[0]]
        print_table(header, [list(row.values()) for row in facts])
    else:
        click.echo("none")


def print_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    lines = [list(header), *(["" if cell is None else str(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        click.echo("  ".join(map(str.ljust, line, widths)).rstrip())
