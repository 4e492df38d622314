"""`mes verify`: whether the ledger is what was sealed, and holds what file, nodes and paper remember."""

import sys
import time
from collections.abc import Sequence

import click

from mes_server.commands.printing import as_json_option, print_facts
from mes_server.domain.seal import FILE, PAPER, Anchor, anchor_on_paper
from mes_server.settings import Settings
from mes_server.store.engine import open_engine
from mes_server.store.straying import strayed
from mes_server.store.verifying import Verdict, gather_anchors, verify_ledger
from mes_server.web.formats import iso_text

EXIT_BROKEN = 1
_SHOWN_MAX = 20
_WHY = {
    "changed": "it is not what was sealed",
    "missing": "it is missing",
    "added": "it was put in",
    "out_of_order": "it is not the next one of its stream",
    "sealed_anew": "an anchor remembers another one: all from there on was sealed anew",
    "cut_off": "an anchor remembers it, and the ledger ends before it",
}


class _OnPaper(click.ParamType[Anchor]):
    name = "COUNT:HASH"

    def convert(self, value: str, *_: object) -> Anchor:
        """As a person types it; blanks do not matter."""
        anchor = anchor_on_paper(value)
        if anchor is None:
            self.fail(f"{value!r} is not COUNT:HASH with 12 to 64 characters of the hash.")
        return anchor


@click.command("verify")
@click.option(
    "--anchor",
    "papers",
    type=_OnPaper(),
    multiple=True,
    help="What a paper says beside 账本 ledger; may be given several times.",
)
@as_json_option
@click.pass_obj
def verify(settings: Settings, papers: Sequence[Anchor], as_json: bool) -> None:
    """Check every event of the ledger and all anchors: of the file, of edge nodes, of papers.

    And whether lots, runs and stations are what the ledger says. Exit code 1 when an event is not as it was
    sealed, an anchor is not in the ledger, or something else than the ledger was changed.
    """
    engine = open_engine(settings.url)
    kept, unread = gather_anchors(engine, settings.data_dir)
    verdict = verify_ledger(engine, [*kept, *papers], time.time_ns() // 1_000_000)
    broken = verdict.broken
    # Of a broken ledger nothing follows.
    astray = [] if broken is not None else strayed(engine, _SHOWN_MAX)
    if as_json:
        print_facts([_facts(verdict, unread, astray)], True)
    elif broken is None:
        click.echo(
            f"{verdict.head.number} events and {verdict.anchors} anchors: as they were sealed."
        )
    if unread:
        click.echo(f"{unread} lines of the file of anchors are none and were left out.", err=True)
    if not as_json:
        _tell_papers(papers, verdict)
    if broken is not None:
        _tell(verdict)
    if astray:
        _tell_strayed(astray)
    if broken is not None or astray:
        sys.exit(EXIT_BROKEN)


def _tell_papers(papers: Sequence[Anchor], verdict: Verdict) -> None:
    for paper in papers:
        if paper not in verdict.unknown:
            click.echo(_yes(paper, verdict))


def _facts(verdict: Verdict, unread: int, astray: Sequence[str]) -> dict[str, object]:
    return {
        "events": verdict.head.number,
        "hash": verdict.head.hash,
        "anchors": verdict.anchors,
        "unread_anchors": unread,
        "broken": None if verdict.broken is None else verdict.broken.number,
        "why": None if verdict.broken is None else verdict.broken.why,
        "strayed": astray,
        "unknown": [
            {"source": _who(a), "at_ms": a.at_ms, "number": a.number, "hash": a.hash}
            for a in verdict.unknown
        ],
    }


def _tell_strayed(astray: Sequence[str]) -> None:
    click.echo(
        f"The tables of {', '.join(astray)} are not what the ledger says: somebody changed them by hand. "
        "Keep a copy of the database; then stop the MES, and `mes db rebuild` makes them anew.",
        err=True,
    )


def _yes(paper: Anchor, verdict: Verdict) -> str:
    said = f"Yes: the ledger holds {paper.on_paper()} of the paper"
    whole = verdict.broken is None or verdict.broken.number > paper.number
    return f"{said}; up to there it is what it was then." if whole else f"{said}, but see below."


def _tell(verdict: Verdict) -> None:
    """What is wrong, who says so, and what to do."""
    broken = verdict.broken
    assert broken is not None  # noqa: S101  # an anchor that is not there is a break, too
    click.echo(f"Event {broken.number} of the ledger is broken: {_WHY[broken.why]}.", err=True)
    for anchor in verdict.unknown[:_SHOWN_MAX]:
        when = f", told at {iso_text(anchor.at_ms)}" if anchor.at_ms else ""
        click.echo(
            f"No: the ledger does not hold {anchor.number}:{anchor.hash} of {_who(anchor)}{when}.",
            err=True,
        )
    if len(verdict.unknown) > _SHOWN_MAX:
        click.echo(f"So it is with {len(verdict.unknown) - _SHOWN_MAX} more.", err=True)
    click.echo(
        "Keep the database, the file and the papers as they are, and compare the database with the last "
        "backup (docs/ledger.md). If one node alone says so, look first at who may write to the broker.",
        err=True,
    )


def _who(anchor: Anchor) -> str:
    known = {FILE: "the file of anchors", PAPER: "the paper"}
    return known.get(anchor.source) or f"node {anchor.source}"
