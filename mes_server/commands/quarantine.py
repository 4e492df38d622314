"""`mes quarantine`: look at what could not be understood, try it again, or settle it for good."""

import base64
import json
import re
import time
from datetime import UTC, datetime

import click

from mes_server.actions.discard_quarantine import discard_quarantine
from mes_server.actions.request_retry import request_retry
from mes_server.commands.printing import as_json_option, print_facts, print_table
from mes_server.settings import Settings
from mes_server.store.engine import open_engine, reading
from mes_server.store.quarantine import Quarantined, list_quarantine, load_quarantined

_COLUMNS = ("key", "received_at", "topic", "reason", "size_bytes", "attempts", "settled_at")
KEYS_MAX = 30_000  # as many as a statement of SQLite takes


def _span(value: str) -> range:
    """A key, or a span of them: 17 or 17-42."""
    found = re.fullmatch(r"(\d{1,9})(?:-(\d{1,9}))?", value)
    keys = range(int(found[1]), int(found[2] or found[1]) + 1) if found else range(0)
    if not keys:
        raise click.BadParameter(f"{value} is neither a key such as 17 nor a span such as 17-42.")
    return keys


keys_argument = click.argument("keys", metavar="KEY...", type=_span, nargs=-1, required=True)


def _all(keys: tuple[range, ...]) -> list[int]:
    if sum(len(span) for span in keys) > KEYS_MAX:
        raise click.UsageError(f"These are more than {KEYS_MAX} keys; name fewer at a time.")
    return sorted({key for span in keys for key in span})


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _time(at_ms: int | None) -> str | None:
    if at_ms is None:
        return None
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="seconds")


def _facts(message: Quarantined) -> dict[str, object]:
    return {
        "key": message.id,
        "received_at": _time(message.received_ms),
        "topic": message.topic,
        "reason": message.reason,
        "detail": message.detail,
        "size_bytes": message.size or len(message.payload),
        "kept_bytes": len(message.payload),
        "attempts": message.attempts,
        "retry_asked_at": _time(message.retry_ms),
        "settled_at": _time(message.settled_ms),
        "discarded": message.discarded,
    }


@click.group()
def quarantine() -> None:
    """Messages that could not be understood: look, try again, or settle."""


@quarantine.command("list")
@click.option("--all", "everything", is_flag=True, help="Also what is settled.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 100_000))
@click.option("--before", type=int, help="Only keys below this one.")
@as_json_option
@click.pass_obj
def show_list(
    settings: Settings, everything: bool, limit: int, before: int | None, as_json: bool
) -> None:
    """What waits, the latest first."""
    with reading(open_engine(settings.url)) as conn:
        found = list_quarantine(conn, not everything, limit, before)
    facts = [_facts(message) for message in found]
    if not as_json:
        facts = [{name: row[name] for name in _COLUMNS} for row in facts]
    print_facts(facts, as_json)


@quarantine.command("show")
@click.argument("key", type=int)
@as_json_option
@click.pass_obj
def show_one(settings: Settings, key: int, as_json: bool) -> None:
    """One message with its bytes; with --json in base64."""
    with reading(open_engine(settings.url)) as conn:
        message = load_quarantined(conn, key)
    if message is None:
        raise click.ClickException(f"There is no message {key}; `mes quarantine list` shows them.")
    facts = _facts(message)
    if as_json:
        payload = base64.b64encode(message.payload).decode()
        click.echo(json.dumps(facts | {"payload_base64": payload}, ensure_ascii=False, indent=2))
        return
    print_table(("", ""), [item for item in facts.items() if item[1] is not None])
    for at in range(0, len(message.payload), 16):
        row = message.payload[at : at + 16]
        readable = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        click.echo(f"{at:06x}  {row.hex(' '):<47}  {readable}")


@quarantine.command("retry")
@keys_argument
@as_json_option
@click.pass_obj
def retry(settings: Settings, keys: tuple[range, ...], as_json: bool) -> None:
    """Have messages tried again; ingest does it with its next turn."""
    count = request_retry(open_engine(settings.url), _all(keys), _now_ms())
    _answer("asked for", count, as_json)


@quarantine.command("discard")
@keys_argument
@click.option(
    "--reason", required=True, help="Why nobody will ever understand them; kept with them."
)
@as_json_option
@click.pass_obj
def discard(settings: Settings, keys: tuple[range, ...], reason: str, as_json: bool) -> None:
    """Settle messages that will never be understood: the count and the alarm go, the bytes stay."""
    if not reason.strip():
        raise click.UsageError("--reason is empty; say why they can be given up.")
    count = discard_quarantine(open_engine(settings.url), _all(keys), reason.strip(), _now_ms())
    _answer("discarded", count, as_json)


def _answer(done: str, count: int, as_json: bool) -> None:
    if not count:
        raise click.ClickException("None of these waits; `mes quarantine list` shows what does.")
    if as_json:
        click.echo(json.dumps({"messages": count}))
    else:
        click.echo(f"{count} messages {done}." if count > 1 else f"1 message {done}.")
