"""PostgreSQL killed while we commit: what was said to be stored is there, whatever its defaults are.

The control asks for less than we do, and loses.
"""

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text

from mes_server.doctor import examine
from mes_server.settings import Settings
from mes_server.store import engine as engine_module
from mes_server.store.engine import open_engine, reading, unsafe_settings, writer_of
from mes_server.store.faults import UNREACHABLE
from mes_server.store.transaction import StoreFault, writing
from tests.brokers import wait_until
from tests.faults.counting import count, draw_for
from tests.postgres import Cluster, NoPostgres, running_postgres

KILLS = 6
# The server's own defaults promise as little as they can; what is not yet written stays unwritten.
LAX = {"synchronous_commit": "off", "wal_writer_delay": "10000"}


@pytest.fixture
def server() -> Iterator[Cluster]:
    """A server of this test alone, to be killed."""
    running = running_postgres(**LAX)
    try:
        cluster = running.__enter__()
    except NoPostgres as reason:
        pytest.skip(str(reason))
    yield cluster
    running.__exit__(None, None, None)


class Writer:
    """Commits one number after the other until the server is gone; `said` are those that were."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.said = engine, 0
        self.faults: list[str] = []
        with writing(engine) as conn:
            conn.execute(text("CREATE TABLE number (n int PRIMARY KEY)"))

    def until_it_breaks(self) -> None:
        try:
            while True:
                with writing(self.engine) as conn:
                    conn.execute(text("INSERT INTO number VALUES (:n)"), {"n": self.said + 1})
                self.said += 1
        except StoreFault as fault:
            self.faults.append(fault.kind)

    def missing(self) -> list[int]:
        """What was said to be stored and is not. One more may be there: its commit was not heard of."""
        with reading(self.engine) as conn:
            held = {row.n for row in conn.execute(text("SELECT n FROM number"))}
        lost = sorted(set(range(1, self.said + 1)) - held)
        self.said = max(held, default=0)
        return lost


def lost_in_kills(server: Cluster, name: str) -> list[int]:
    engine = open_engine(server.make_database())
    draw, writer, lost = draw_for(name), Writer(engine), []
    for _ in range(KILLS):
        thread = threading.Thread(target=writer.until_it_breaks)
        thread.start()
        goal = writer.said + draw.randrange(1, 60)
        wait_until(lambda g=goal, t=thread: writer.said >= g or not t.is_alive(), "commits")
        server.kill()
        thread.join(30)
        server.start(**LAX)
        lost += writer.missing()
    assert writer.faults == [UNREACHABLE] * KILLS
    engine.dispose()
    return lost


def test_what_was_committed_is_there_after_the_server_was_killed(server: Cluster) -> None:
    assert lost_in_kills(server, "committed") == []
    count("PostgreSQL killed", KILLS)


def test_control_without_our_setting_the_same_kills_lose(
    server: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(engine_module.POSTGRES_ALWAYS, "synchronous_commit", "off")
    assert lost_in_kills(server, "control") != []


def test_our_setting_wins_over_those_of_server_database_and_role(server: Cluster) -> None:
    url = server.make_database()
    with server.connect() as conn:
        conn.execute(f"ALTER ROLE {server.user} SET synchronous_commit = local")
        conn.execute(
            f"ALTER DATABASE {url.split('@/')[1].split('?')[0]} SET synchronous_commit = off"
        )
    with server.connect() as conn:
        row = conn.execute("SHOW synchronous_commit").fetchone()
        assert row != ("on",), "the control: others do get less"
    engine = open_engine(url)
    for part in (engine, writer_of(engine)):
        for _ in range(2):  # a connection that was used before is not another
            with part.connect() as conn:
                assert conn.execute(text("SHOW synchronous_commit")).scalar() == "on"
    assert unsafe_settings(engine) == []
    engine.dispose()


@pytest.mark.parametrize("name", ["fsync", "full_page_writes"])
def test_a_server_that_does_not_sync_is_said_by_the_log_and_the_doctor(
    server: Cluster, name: str, caplog: pytest.LogCaptureFixture, tmp_path: object
) -> None:
    settings = Settings(data_dir=tmp_path, database_url=server.make_database())  # type: ignore[arg-type]
    engine = open_engine(settings.url)

    def said() -> tuple[bool, str, str]:
        caplog.clear()
        with writing(engine):
            pass
        found = next(f for f in examine(settings) if f.check == "database")
        return found.ok, found.finding, caplog.text

    assert said() == (True, "PostgreSQL, each commit waits for the disk", "")
    server.stop()
    server.start(**LAX, **{name: "off"})
    ok, finding, log = said()
    assert not ok
    assert f"{name}=off" in finding
    assert f"{name}=off" in log
    assert "CRITICAL" in log
    server.stop()
    assert "database unreachable" in next(
        f.finding for f in examine(settings) if f.check == "database"
    )
    engine.dispose()
