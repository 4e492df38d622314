"""Spools of tests, with lines of a balance."""

import secrets
from pathlib import Path

from mes_server.gauge_pc.spool import Line, Spool


def filled(folder: Path, *texts: str) -> Spool:
    spool = Spool(folder / "some.jsonl")
    for text in texts:
        spool.add(Line(secrets.token_hex(16), 0, f"S S  {text} g\r".encode().hex()))
    return spool
