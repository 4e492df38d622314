"""What stands at a station is kept and found."""

from sqlalchemy import Engine

from mes_server.domain.lines import Line
from mes_server.store.engine import reading
from mes_server.store.lines import drop_all_lines, load_line, save_line
from mes_server.store.transaction import writing


def test_a_line_is_kept_as_it_is_now(engine: Engine) -> None:
    line = Line("pl-1", {"bath": "BM26-000001-XX", "挂具": "J-7"}, "pH", 5)
    with writing(engine) as conn:
        save_line(conn, Line("pl-1"))
        save_line(conn, line)
    with reading(engine) as conn:
        assert load_line(conn, "pl-1") == line
        assert load_line(conn, "pl-2") == Line("pl-2")
    with writing(engine) as conn:
        drop_all_lines(conn)
        assert load_line(conn, "pl-1") == Line("pl-1")
