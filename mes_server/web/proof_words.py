"""The reasons of a proof in the reader's words: metrics and stages by their titles, times as times."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from mes_server.domain.recipes import Recipe
from mes_server.web import formats
from mes_server.web.layout import Layout
from mes_server.web.words import Words

Titles = Mapping[str, str]


def titles_of(t: Words, recipe: Recipe | None, layout: Layout | None) -> dict[str, str]:
    """What metrics and stages are called."""
    metrics = layout.type.metrics if layout is not None else ()
    stages = recipe.stages if recipe is not None else ()
    named = {one.name: f"{t.one_of(one.title)} ({one.unit})" for one in metrics}
    return named | {f"stage:{one.id}": t.one_of(one.title) for one in stages}


def finding_text(
    t: Words, finding: Mapping[str, Any], titles: Titles, zone: ZoneInfo
) -> str:  # fmt: skip
    """One reason as a sentence; a fact that nobody told is a dash."""
    shown = defaultdict(lambda: formats.NOTHING)
    for name, value in finding["facts"].items():
        if name == "at_ms":
            value = formats.time_text(t, int(value), zone)
        elif name in ("metric", "metrics"):
            value = ", ".join(titles.get(one, one) for one in value.split(", "))
        elif name == "stage":
            value = titles.get(f"stage:{value}", value)
        if value:
            shown[name] = value
    return t.with_facts(f"proof.{finding['key']}", shown)
