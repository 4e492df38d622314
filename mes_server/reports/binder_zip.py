"""The binder as one archive: an index for people, the same as JSON, and the records of each kind as JSON and CSV."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from html import escape
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from mes_server.domain.binder import Binder, Clause, Evidence
from mes_server.domain.papers import digest_of_file
from mes_server.domain.report import Remark
from mes_server.reports.csv_text import BEGIN, csv_line
from mes_server.translations import load_texts

_STYLE = (
    "body{font:15px/1.5 sans-serif;margin:2em auto;max-width:64em;color:#222}table{border-collapse:collapse;width:100%}"
    "td,th{border:1px solid #bbb;padding:4px 8px;text-align:left;vertical-align:top}.proved{color:#1d6b3c}"
    ".partly{color:#806000}.not_proved{color:#a00018}code{font-size:85%}"
)


def to_zip(binder: Binder, zone: tzinfo, language: str) -> bytes:
    """The archive; the same binder makes the same bytes."""
    files = {"binder.json": _json(binder.as_content())}
    for one in binder.evidence.values():
        files[f"records/{one.name}.json"] = _json(list(one.records))
        files[f"records/{one.name}.csv"] = _csv(one.records)
    files["index.html"] = _index(binder, zone, language).encode()
    digests = "".join(f"{digest_of_file(data)}  {name}\n" for name, data in sorted(files.items()))
    files["SHA256SUMS"] = digests.encode()
    made = BytesIO()
    when = datetime.fromtimestamp(binder.made_ms / 1000, UTC).timetuple()[:6]
    with ZipFile(made, "w", ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            info = ZipInfo(name, when)
            info.compress_type = ZIP_DEFLATED
            archive.writestr(info, data)
    return made.getvalue()


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def _csv(records: Sequence[Mapping[str, str]]) -> bytes:
    columns = list(dict.fromkeys(name for record in records for name in record))
    lines = [csv_line(*(record.get(name, "") for name in columns)) for record in records]
    return (BEGIN + csv_line(*columns) + "".join(lines)).encode()


def gap_text(gap: Remark, language: str) -> str:
    """A gap as a sentence."""
    return load_texts(language)[f"binder.gap.{gap.what}"].format_map(gap.facts)


def _index(binder: Binder, zone: tzinfo, language: str) -> str:
    texts = load_texts(language)
    made = datetime.fromtimestamp(binder.made_ms / 1000, zone)
    rows = "".join(_clause(binder, clause, language) for clause in binder.clauses)
    heads = "".join(f"<th>{escape(texts[f'binder.{name}'])}</th>" for name in ("clause", "state", "what", "evidence"))  # fmt: skip
    title = escape(texts["binder.title"])
    ledger = f"{binder.ledger.number}:{binder.ledger.hash}"
    return (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>'
        f"<h1>{title}</h1><p>{escape(binder.site)} · {made:%Y-%m-%d %H:%M:%S %z} · Lodestone {escape(binder.software)}"
        f"<br>{escape(texts['paper.ledger'])} <code>{ledger}</code></p>"
        f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></html>\n"
    )


def _clause(binder: Binder, clause: Clause, language: str) -> str:
    texts = load_texts(language)
    state = binder.state(clause)
    proofs = "".join(_evidence(one, language) for one in binder.of(clause))
    return (
        f"<tr><td><b>{escape(clause.standard)}:{escape(clause.edition)} {escape(clause.clause)}</b><br>"
        f"{escape(clause.title[language])}</td>"
        f'<td class="{state}">{escape(texts[f"binder.state.{state}"])}</td>'
        f"<td>{escape(clause.what[language])}</td><td>{proofs}</td></tr>"
    )


def _evidence(one: Evidence, language: str) -> str:
    texts = load_texts(language)
    count = one.whole or len(one.records)
    gaps = "".join(f"<li>{escape(gap_text(gap, language))}</li>" for gap in one.gaps)
    name = escape(texts[f"binder.evidence.{one.name}"])
    links = f'<a href="records/{one.name}.json">JSON</a> <a href="records/{one.name}.csv">CSV</a>'
    return f"<p>{name}: {count} {links}</p>" + (f"<ul>{gaps}</ul>" if gaps else "")
