"""All files of a paper, from its JSON."""

from collections.abc import Callable, Collection, Mapping
from datetime import tzinfo
from typing import Any

from mes_server.reports.paper_csv import to_csv
from mes_server.reports.paper_pdf import to_pdf
from mes_server.reports.paper_xlsx import to_xlsx


def set_files(
    content: Mapping[str, Any],
    json_bytes: bytes,
    zone: tzinfo,
    address: str,
    names: Collection[str] = ("pdf", "xlsx"),
) -> dict[str, bytes]:
    """PDF and XLSX, or those that are named (CSV, too). `address`: where people open the pages."""
    setters: dict[str, Callable[[], bytes]] = {
        "pdf": lambda: to_pdf(content, json_bytes, zone, address),
        "xlsx": lambda: to_xlsx(content, zone),
        "csv": lambda: to_csv(content),
    }
    return {name: setters[name]() for name in names}
