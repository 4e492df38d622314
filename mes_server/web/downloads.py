"""Tables as CSV for spreadsheets: cells that none of them would run, and a few downloads at a time."""

from collections.abc import Iterable
from threading import BoundedSemaphore

from flask import Response, current_app

from mes_server.web.problems import problem

DOWNLOADS = "lodestone-downloads"
DOWNLOADS_MAX = 8  # each holds a thread for as long as its reader takes
RETRY_S = 10
_RISKY = ("=", "+", "-", "@", "\t", "\r")
BEGIN = "\ufeff"  # or a spreadsheet takes UTF-8 for something else


def csv_line(*cells: object) -> str:
    """A line of a table."""
    return ",".join(_cell(cell) for cell in cells) + "\r\n"


def _cell(value: object) -> str:
    """A number as it is; a text quoted, and never one that a spreadsheet would run."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return repr(value)
    text = "'" + value if value.startswith(_RISKY) else value
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\r\n') else text


def download(name: str, lines: Iterable[str]) -> Response:
    """A file of these lines; 503 with a time to come back while too many are read."""
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in name)
    running = current_app.extensions.setdefault(DOWNLOADS, BoundedSemaphore(DOWNLOADS_MAX))
    if not running.acquire(blocking=False):
        answer = problem(503, "downloads_full")
        answer.headers["Retry-After"] = str(RETRY_S)
        return answer
    disposition = f'attachment; filename="{safe}"'
    answer = Response(lines, mimetype="text/csv", headers={"Content-Disposition": disposition})
    answer.call_on_close(running.release)
    return answer
