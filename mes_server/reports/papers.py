"""All files of a paper, from its JSON."""

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

from mes_server.reports.paper_pdf import to_pdf
from mes_server.reports.paper_xlsx import to_xlsx


def set_files(
    content: Mapping[str, Any], json_bytes: bytes, zone: tzinfo, address: str
) -> dict[str, bytes]:
    """PDF and XLSX. `address`: where people open the pages."""
    return {
        "pdf": to_pdf(content, json_bytes, zone, address),
        "xlsx": to_xlsx(content, zone),
    }
