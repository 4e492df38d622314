"""`mes doctor`: what of this installation would not hold in a plant."""

import sys

import click

from mes_server.commands.printing import EXIT_WANTING, as_json_option, print_facts, print_table
from mes_server.doctor import examine
from mes_server.settings import Settings


@click.command("doctor")
@as_json_option
@click.pass_obj
def run_doctor(settings: Settings, as_json: bool) -> None:
    """Check this installation; exit code 3 when something needs a hand."""
    findings = examine(settings)
    if as_json:
        print_facts([{"check": f.check, "ok": f.ok, "finding": f.finding} for f in findings], True)
    else:
        print_table(
            ("", "check", "finding"),
            [("ok" if f.ok else "!!", f.check, f.finding) for f in findings],
        )
    sys.exit(0 if all(f.ok for f in findings) else EXIT_WANTING)
