"""A small waterworks and its permits for tests: a plating and a phosphating line, two outlets."""

from typing import Any

from mes_server.domain.documents import Document
from mes_server.domain.permits import Permit, permit_of
from mes_server.domain.waterworks import Waterworks, waterworks_of


def words(text: str) -> dict[str, str]:
    """The same in both languages."""
    return {"en": text, "zh": text}


def works_content(**more: Any) -> dict[str, Any]:
    """Nickel goes to the workshop outlet and on to the plant outlet; phosphate goes there at once."""
    places = [
        ("s-ni", "stream", "s-ni", "t-ni"), ("s-ph", "stream", "s-ph", "t-all"),
        ("t-ni", "treatment", "t-ni", "o-shop"), ("t-all", "treatment", "", "o-plant"),
        ("o-shop", "workshop", "o-shop", "o-plant"), ("o-plant", "plant", "o-plant", ""),
    ]  # fmt: skip
    lines = [
        {"station": "pl-1", "operation": "electroplating", "layers": "multi", "drains": ["s-ni"]},
        {"station": "ph-1", "operation": "phosphating", "layers": "", "drains": ["s-ph"]},
    ]
    meters = [
        {"code": "w-pl", "kind": "water", "station": "pl-1", "metric": "water_m3", "serves": ["pl-1"]},
        {"code": "w-ph", "kind": "water", "station": "ph-1", "metric": "water_m3", "serves": ["ph-1"]},
        {"code": "sludge", "kind": "sludge", "name": "HW17", "station": "t-ni", "metric": "sludge_kg",
         "serves": ["pl-1", "ph-1"], "share": "load", "by": "ni"},
    ]  # fmt: skip
    return {
        "code": "WATER", "revision": "A", "title": words("Water"),
        "places": [
            {"code": code, "kind": kind, "title": words(code), "station": station, "to": to}
            for code, kind, station, to in places
        ],
        "lines": lines, "meters": meters, **more,
    }  # fmt: skip


def works(**more: Any) -> Waterworks:
    """The waterworks, released."""
    return waterworks_of(Document("waterworks", "WATER", "A", works_content(**more), 0, "env-1"))


def permit_content(outlet: str = "o-shop", **more: Any) -> dict[str, Any]:
    """A permit that applies GB 21900-2008 table 2 to electroplating."""
    said = {
        "code": f"P-{outlet}", "revision": "A", "title": words("Permit"), "outlet": outlet,
        "discharge": "direct", "authority": "EPB 7",
        "sets": [{"set": "gb21900_t2", "operations": ["electroplating"]}],
    }  # fmt: skip
    return {**said, **more}


def permit(outlet: str = "o-shop", **more: Any) -> Permit:
    """The permit, released."""
    content = permit_content(outlet, **more)
    return permit_of(Document("permit", content["code"], "A", content, 0, "env-1"))
