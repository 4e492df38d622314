"""Create the store or bring it to this version."""

from pathlib import Path

from sqlalchemy import make_url

from mes_server.store.engine import open_engine
from mes_server.store.schema import upgrade


def upgrade_store(url: str) -> str:
    """Upgrade the database at `url`; what was done, in words.

    Raises StoreFault and SchemaTooNew; the database is as it was then.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = open_engine(url)
    try:
        upgrade(engine)
    finally:
        engine.dispose()
    return f"The database {parsed.render_as_string()} has the schema of this version."
