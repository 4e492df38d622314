"""`mes proof`: whether a run kept its recipe; judge it again; judge all that wait."""

import json
import uuid
from typing import Any
from zoneinfo import ZoneInfo

import click

from mes_server.actions.judge_run import judge_run, recipe_of_run
from mes_server.actions.one_action import carry_out
from mes_server.actions.prove_run import prove_due, record_proof
from mes_server.actions.record_events import Act
from mes_server.commands.by_hand import by_hand, now_ms, refuse
from mes_server.commands.printing import as_json_option, print_facts
from mes_server.domain.proofs import ProofRecord
from mes_server.settings import Settings
from mes_server.store.engine import open_engine, reading
from mes_server.store.proofs import list_proofs
from mes_server.store.runs import load_run
from mes_server.web.formats import iso_text
from mes_server.web.proof_words import finding_text, titles_of
from mes_server.web.words import Words

_UTC = ZoneInfo("UTC")


@click.command("proof")
@click.argument("run", metavar="RUN", required=False)
@click.option("--again", is_flag=True, help="Judge it by all data that are there now.")
@click.option("--golden", default="", help="With --again: the run to compare it with.")
@as_json_option
@click.pass_obj
def proof(settings: Settings, run: str | None, again: bool, golden: str, as_json: bool) -> None:
    """Whether RUN kept its recipe, and why. Without RUN: judge every run that waits for it.

    What is not proven or failed holds its lots; only quality releases them.
    """
    engine = open_engine(settings.url)
    if run is None:
        done = prove_due(engine, now_ms())
        rows: list[dict[str, object]] = [
            {"run": code, "held": ", ".join(held)} for code, held in done.items()
        ]
        print_facts(rows, as_json)
        return
    if again:
        with reading(engine) as conn:
            judged = judge_run(conn, run, golden)
        if isinstance(judged, list):
            refuse(judged)
        me, at_ms = by_hand(), now_ms()
        act = Act(uuid.uuid4().hex, me.person, judged.run.station, at_ms, at_ms)
        carry_out(engine, act, record_proof, judged)
    _show(settings, run, as_json)


def _show(settings: Settings, code: str, as_json: bool) -> None:
    with reading(open_engine(settings.url)) as conn:
        run = load_run(conn, code)
        if run is None:
            raise click.ClickException(f"There is no run {code}; the page of a lot names its runs.")
        found = list_proofs(conn, code)
        titles = titles_of(Words("en"), recipe_of_run(conn, run), None)
    if as_json:
        click.echo(json.dumps([_facts(one) for one in found], ensure_ascii=False, indent=2))
        return
    if not found:
        raise click.ClickException(f"{code} was not judged yet; --again judges it now.")
    newest = found[-1]
    click.echo(f"{code}: {newest.verdict} ({newest.recipe}, judged {iso_text(newest.at_ms)})")
    for one in newest.content["findings"]:
        click.echo(f"  {one['verdict']:10} {finding_text(Words('en'), one, titles, _UTC)}")


def _facts(one: ProofRecord) -> dict[str, Any]:
    return {**one.content, "event": one.number, "at": iso_text(one.at_ms), "person": one.person}
