"""The day of a moment, as dated rows of reference data have it: UTC, whatever clock hangs on the wall."""

from datetime import UTC, datetime


def utc_day(at_ms: int) -> str:
    """The UTC day of Unix milliseconds: "2026-11-28"."""
    return datetime.fromtimestamp(at_ms // 1000, UTC).date().isoformat()
