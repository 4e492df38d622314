"""What somebody does by hand on the server: in whose name, when, and what to say when it is refused."""

import getpass
import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn, TypeVar
from zoneinfo import ZoneInfo

import click

from mes_server.actions.record_events import Act
from mes_server.actions.record_person import act_of
from mes_server.domain.people import read_badge
from mes_server.domain.rules import Refusal
from mes_server.web.refusals import told_of
from mes_server.web.words import Words

Done = TypeVar("Done")
_UTC = ZoneInfo("UTC")


file_argument = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))


def read_object(file: Path) -> dict[str, Any]:
    """What somebody wrote in a file; one that holds no JSON object ends the command with the reason."""
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise click.ClickException(f"{file.name} is no JSON: {error}") from error
    if not isinstance(said, dict):
        raise click.ClickException(f"{file.name} says nothing: write one JSON object.")
    return said


def now_ms() -> int:
    """Unix ms."""
    return time.time_ns() // 1_000_000


def by_hand() -> Act:
    """An action of the user of this machine."""
    return act_of(f"console:{getpass.getuser()}", now_ms())


def done(answer: Done | Refusal) -> Done:
    """What was done; what was refused ends the command with the reason."""
    if isinstance(answer, Refusal):
        refuse([answer])
    return answer


def refuse(refused: Sequence[Refusal]) -> NoReturn:
    """End the command with every reason why not, and what to do."""
    told = [" ".join(told_of(Words("en"), refusal, _UTC)) for refusal in refused]
    raise click.ClickException("\n".join(told))


def badge_of(text: str) -> str:
    """The badge as it is kept."""
    badge = read_badge(text)
    return badge if badge is not None else text


def day_text(at_ms: int | None) -> str | None:
    """A moment for a table, UTC."""
    if at_ms is None:
        return None
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="minutes")
