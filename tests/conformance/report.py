"""Writes docs/conformance.md from requirements.csv, the checks and what they found.

`python -m tests.conformance.report --write` runs every scenario on both brokers, about a minute.
Without --write it only says whether the page still agrees.
"""

import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.brokers import KINDS
from tests.conformance.labs import Findings, judge, recordings
from tests.conformance.registry import CHECKS, Requirement, requirements
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "conformance.md"
PREFACE = Path(__file__).parent / "preface.md"
TITLES = {"nats": "nats-server", "mosquitto": "Mosquitto"}
WHO = {"edge": "edge", "host": "host", "broker": "broker"}


def checks_of(requirement: Requirement) -> list[tuple[str, str]]:
    """Key and name of the checks that prove a requirement."""
    return [(check.key, check.name) for check in CHECKS if requirement.id in check.ids]


def result(requirement: Requirement, kind: str, findings: Findings) -> str:
    """The cell of one broker."""
    if requirement.status == "not applicable":
        return ""
    found = [findings[key, kind] for key, _ in checks_of(requirement)]
    if not found:
        return "deviates" if requirement.status == "deviates" else "not checked"
    if any(found):
        return "fails"
    return "deviates" if requirement.status == "deviates" else "passes"


def _row(requirement: Requirement, findings: Findings) -> str:
    names = dict.fromkeys(f"`{name}`" for _, name in checks_of(requirement))
    note = requirement.remark
    if requirement.status != "check":
        note = f"**{requirement.status}**: {note}"
    cells = [
        f"`{requirement.id}`",
        ", ".join(WHO[side] for side in requirement.sides),
        requirement.statement,
        note,
        " ".join(names),
        *(result(requirement, kind, findings) for kind in KINDS),
    ]
    return "| " + " | ".join(cells) + " |"


def summary(findings: Findings) -> str:
    """The counts, as a table."""
    rows = requirements()
    statuses = Counter(row.status for row in rows)
    lines = ["| | ids |", "|---|---|", f"| in all | {len(rows)} |"]
    lines.append(f"| do not apply, with the reason | {statuses['not applicable']} |")
    lines.append(f"| apply | {len(rows) - statuses['not applicable']} |")
    lines.append(f"| of these: done otherwise on purpose, see below | {statuses['deviates']} |")
    unchecked = sum(row.status != "not applicable" and not checks_of(row) for row in rows)
    lines.append(f"| of these: no automatic check | {unchecked} |")
    for kind in KINDS:
        results = Counter(result(row, kind, findings) for row in rows)
        lines.append(f"| pass on {TITLES[kind]} | {results['passes']} |")
        lines.append(f"| fail on {TITLES[kind]} | {results['fails']} |")
    return "\n".join(lines)


def deviations() -> str:
    """What is done otherwise than the standard asks, and why."""
    rows = [row for row in requirements() if row.status == "deviates"]
    return "Done otherwise on purpose:\n\n" + "\n".join(
        f"* `{row.id}`: {row.statement}. Here: {row.remark}." for row in rows
    )


def page(findings: Findings) -> str:
    """The whole of docs/conformance.md."""
    heads = ["id", "who", "in our words", "note", "checked by", *(TITLES[kind] for kind in KINDS)]
    table = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    table += [_row(requirement, findings) for requirement in requirements()]
    preface = PREFACE.read_text(encoding="utf-8")
    text = preface.replace("{summary}", summary(findings)).replace("{deviations}", deviations())
    return text + "\n" + "\n".join(table) + "\n"


def main() -> int:
    """Run everything; the exit code."""
    with tempfile.TemporaryDirectory() as folder, recordings(Path(folder)) as futures:
        recorded = {key: future.result() for key, future in futures.items()}
    findings = judge(recorded)
    for (key, kind), finding in findings.items():
        if finding:
            print(f"{TITLES[kind]}: {key}: {finding}", file=sys.stderr)
    text = page(findings)
    if "--write" in sys.argv[1:]:
        PAGE.write_text(text, encoding="utf-8")
        print(f"wrote {PAGE.relative_to(ROOT)}")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
        print("docs/conformance.md is stale; run with --write", file=sys.stderr)
        return 1
    return 1 if any(findings.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
