"""The JSON of a paper to set: the golden lot report, with furnace curves, a soak band, a gap and texts that bite."""

import json
import math
from copy import deepcopy
from typing import Any

from mes_server.domain.report import Band, Curve
from tests.conftest import ROOT

GOLDEN = json.loads((ROOT / "tests" / "vectors" / "lot_report.json").read_text(encoding="utf-8"))
FROM_MS = 1_795_400_000_000
FORMULAS = ("=1+1", "+cmd|' /C calc'!A0", "@SUM(A1)", "-2+3", "http://x.example/")


def curve(zone: int = 1, points: int = 240, hours: int = 8) -> Curve:
    """A soak at 1050 °C with a silence of half an hour in it."""
    step = hours * 3600 // points
    times = tuple(t for t in range(0, points * step, step) if not 18_000 < t < 19_800)
    shape = [min(20 + t / 12, 1050 + 2 * math.sin(t / 900 + zone)) for t in times]
    values = tuple(f"{value:.1f}" for value in shape)
    return Curve(
        "CH26-000001-RH", "sinter-1", f"zone_{zone}_temperature_c",
        {"en": f"Zone {zone}", "zh": f"{zone} 区温度"}, "°C", (FROM_MS, FROM_MS + hours * 3_600_000),
        times, values, values, values, ((18_000, 19_800, "silent"),),
        (Band(13_000, 25_000, "1045", "1055", "soak"),), "93.75",
    )  # fmt: skip


def content(language: str = "zh") -> dict[str, Any]:
    """A report with everything in it that paper has to bear."""
    made = deepcopy(GOLDEN) | {"language": language}
    section = made["sections"]["furnace"]
    section["curves"] = [curve(zone).as_content() for zone in range(1, 7)]
    section["failures"] = [{"what": "soak_failed", "facts": {"run": "CH26-000001-RH"}}]
    section["state"] = "failed"
    holds = made["sections"]["deviations"]["tables"]["holds"]
    holds += [{"hold": f"h{at}", "reason": text} for at, text in enumerate(FORMULAS)]
    return made


def bytes_of(made: dict[str, Any]) -> bytes:
    """As it is kept."""
    return json.dumps(made, ensure_ascii=False, sort_keys=True).encode()
