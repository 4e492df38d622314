"""The sheet of all station types: docs/stations.md, made from the contracts alone."""

from schemas.station_types import MetricSpec, Range, StationType

_INTRO = """# Station types

What a station of each type reports. Every section is made from `schemas/stations/<type>.json`, the
contract that edge agents, server and charts share; to change a value here, change it there.

* **Read** is how often the edge reads the value, **at least** how often it reports it even when
  nothing changed. In between it reports what left the **deadband** since the last report: an
  absolute width, or a share of the reading.
* **Normal** and **alarm** hold in every state of a station, from idle to run. What a stage of a
  recipe allows is narrower and belongs to the recipe. Baths are the exception: one that is not kept
  ready is out of range, and says so before the first load goes in. An open end has no limit.
* **Certainty** says how far a value may be trusted. `medium` and `low` are starting values of
  engineering practice: confirm them on site before anyone is woken by them. None is a legal limit.
"""
_HEAD = (
    "| metric | title | unit | datatype | kind | read | at least | deadband | normal | alarm |"
    " certainty | why it matters |\n" + "|---" * 12 + "|\n"
)


def to_markdown(types: dict[str, StationType]) -> str:
    """One page: a list of the types, then a section for each in the order of their names."""
    ordered = [types[name] for name in sorted(types)]
    parts = [
        _INTRO,
        "\n| type | title | area | operation | handles | metrics |\n" + "|---" * 6 + "|\n",
    ]
    parts += [_line_of_type(station) for station in ordered]
    parts += [_section(station) for station in ordered]
    return "".join(parts)


def _line_of_type(station: StationType) -> str:
    link = f"[`{station.type}`](#{station.type})"
    title = f"{station.title['en']} {station.title['zh']}"
    cells = (link, title, station.area, station.operation, station.handles, len(station.metrics))
    return _row(cells)


def _section(station: StationType) -> str:
    basis = station.basis
    head = f"""
## {station.type}

**{station.title["en"]} · {station.title["zh"]}** (revision {station.revision})

{station.note["en"]}

{station.note["zh"]}

Basis: {basis["source"]}; certainty {basis["certainty"]}; since {basis["since"]}.

"""
    lines = [_line_of_metric(metric) for metric in station.metrics]
    return head + _HEAD + "".join(lines) + _other_sources(station)


def _line_of_metric(metric: MetricSpec) -> str:
    datatype = metric.datatype + (f": {', '.join(metric.values)}" if metric.values else "")
    plain = metric.datatype in ("boolean", "string") or metric.kind == "event"
    return _row(
        (
            f"`{metric.name}`",
            f"{metric.title['en']}<br>{metric.title['zh']}",
            metric.unit,
            datatype,
            metric.kind + (", log scale" if metric.scale == "log" else ""),
            period_from_ms(metric.every_ms),
            period_from_ms(metric.report_ms),
            "any change" if plain and not metric.deadband else str(metric.deadband),
            words_of_range(metric.normal),
            words_of_range(metric.alarm),
            metric.basis["certainty"],
            f"{metric.note['en']}<br>{metric.note['zh']}",
        )
    )


def _other_sources(station: StationType) -> str:
    """The metrics whose values come from elsewhere than the station's."""
    lines = [
        f"* `{metric.name}`: {metric.basis['source']}; since {metric.basis['since']}.\n"
        for metric in station.metrics
        if metric.basis["source"] != station.basis["source"]
    ]
    return "\nOther sources:\n\n" + "".join(lines) if lines else ""


def _row(cells: tuple[object, ...]) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |\n"


def period_from_ms(ms: int) -> str:
    """A period in the largest unit that leaves it whole."""
    for size, unit in ((3_600_000, "h"), (60_000, "min"), (1000, "s")):
        if ms % size == 0:
            return f"{ms // size} {unit}"
    return f"{ms} ms"


def words_of_range(limits: Range | None) -> str:
    """A range as people write it; a dash where there is none."""
    if limits is None:
        return "–"
    low, high = limits
    if low is None:
        return f"≤ {high:g}"
    return f"≥ {low:g}" if high is None else f"{low:g} … {high:g}"
