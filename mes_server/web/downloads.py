"""Tables as CSV for spreadsheets: cells that none of them would run, and a few downloads at a time."""

from collections.abc import Iterable
from threading import BoundedSemaphore

from flask import Response, current_app

from mes_server.reports.csv_text import BEGIN, csv_line
from mes_server.web.problems import problem

__all__ = ["BEGIN", "DOWNLOADS", "DOWNLOADS_MAX", "csv_line", "download"]

DOWNLOADS = "lodestone-downloads"
DOWNLOADS_MAX = 8  # each holds a thread for as long as its reader takes
RETRY_S = 10


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
