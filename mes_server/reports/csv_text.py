"""Lines of a CSV table: cells that no spreadsheet would run."""

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
