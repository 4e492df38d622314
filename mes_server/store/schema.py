"""All tables together, and how a database gets them: migrations, in one transaction."""

from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, MetaData
from sqlmodel import SQLModel

from mes_server.store import (
    alarms,
    analyser_checks,
    baths,
    births,
    boards,
    changes_of_process,
    checks,
    chunk_rows,
    discharge_records,
    documents,
    exceedances,
    excursions,
    firmware,
    footprints,
    forgotten,
    fresh,
    gauge_lines,
    gauges,
    hj212_outbox,
    identities,
    inbox,
    labels,
    leases,
    ledger,
    lines,
    losses,
    lots,
    meter_notes,
    nodes,
    nonconformances,
    numbering,
    papers,
    people,
    plans,
    positions,
    proofs,
    pyrometry,
    quarantine,
    releases,
    routes,
    runs,
    series,
    series_now,
    sign_ins,
    signatures,
    stations,
    waste,
    water_samples,
)
from mes_server.store.faults import SchemaTooNew
from mes_server.store.transaction import writing

TABLE_MODULES = (
    alarms, analyser_checks, baths, births, boards, changes_of_process, checks, chunk_rows, discharge_records, documents, exceedances, excursions, firmware, footprints, forgotten, fresh, gauge_lines, gauges, hj212_outbox, identities, inbox, labels, leases, ledger, lines, losses, lots, meter_notes, nodes, nonconformances, numbering, papers, people, plans, positions, proofs, pyrometry, quarantine, releases, routes, runs, series, series_now, sign_ins, signatures, stations, waste, water_samples,
)  # fmt: skip


def metadata() -> MetaData:
    """The tables as the code expects them."""
    return SQLModel.metadata


def _scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return ScriptDirectory.from_config(config)


def _refuse_newer(found: tuple[str, ...], scripts: ScriptDirectory) -> None:
    known = {script.revision for script in scripts.walk_revisions()}
    unknown = sorted(set(found) - known)
    if unknown:
        raise SchemaTooNew(
            f"The database has schema {', '.join(unknown)}, which this Lodestone does not know: it "
            f"knows up to {scripts.get_current_head()}. Start the newer version, or restore a backup "
            "made before it."
        )


def upgrade(engine: Engine, to: str = "head") -> None:
    """Bring the database to the schema of this code (or a revision `to`): all of it or nothing.

    Raises SchemaTooNew, StoreFault.
    """
    scripts = _scripts()

    def steps(revision: Any, _context: MigrationContext) -> Any:
        return scripts._upgrade_revs(to, revision)

    with writing(engine) as conn:
        if conn.dialect.name == "postgresql":
            conn.exec_driver_sql("SELECT pg_advisory_xact_lock(764103)")  # one at a time
        _refuse_newer(MigrationContext.configure(conn).get_current_heads(), scripts)
        with EnvironmentContext(Config(), scripts, fn=steps) as environment:
            environment.configure(connection=conn, target_metadata=metadata())
            with environment.begin_transaction():
                environment.run_migrations()
