"""mes_server.store.labels: the table follows the events of the ledger."""

from sqlalchemy import Engine

from mes_server.domain.labels import PRINTED, VOIDED, Standing, label_id, stream_of
from mes_server.domain.seal import Draft
from mes_server.store.engine import reading
from mes_server.store.labels import drop_labels, follow_labels, labels_of, load_standing
from mes_server.store.ledger import append_events
from mes_server.store.transaction import writing

LOT, OTHER = "L26-000123-YJ", "L26-000124-XX"


def draft(lot: str, number: int, kind: str, reason: str, /, **facts: str | int) -> Draft:
    return Draft(stream_of(lot), number, kind, f"a{number}", number, "P1", "", reason, facts)


def test_the_table_follows_what_was_printed_and_voided(engine: Engine) -> None:
    one, two = label_id(LOT, 1), label_id(LOT, 2)
    drafts = [
        draft(LOT, 1, PRINTED, "", label=one, number=1),
        draft(OTHER, 1, PRINTED, "", label=label_id(OTHER, 1), number=1),
        draft(LOT, 2, VOIDED, "torn", label=one, instead=two),
        draft(LOT, 3, PRINTED, "torn", label=two, number=2),
    ]
    with writing(engine) as conn:
        events = append_events(conn, drafts, 9)
        follow_labels(conn, events)
    expected = [Standing(one, LOT, 1, 1, 2, "torn", two), Standing(two, LOT, 2, 3)]
    with reading(engine) as conn:
        assert labels_of(conn, LOT) == expected
        assert load_standing(conn, one) == expected[0]
        assert load_standing(conn, label_id(LOT, 3)) is None
    with writing(engine) as conn:
        drop_labels(conn)
        assert labels_of(conn, LOT) == []
        follow_labels(conn, events)
        assert labels_of(conn, LOT) == expected
