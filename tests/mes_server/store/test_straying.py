"""What is computed is compared with the ledger: a row changed by hand is named, whichever it is."""

import pytest
from sqlalchemy import Engine, text

from mes_server.actions.record_events import rebuild_lots
from mes_server.store.straying import strayed
from mes_server.store.transaction import writing
from tests.mes_server.web.lot_story import tell

BY_HAND = {
    "a hold taken off": ("UPDATE lot SET holds = '{}' WHERE code = '{held}'", "lot:{held}"),
    "a heavier lot": ("UPDATE lot SET mass_mg = mass_mg + 1 WHERE code = '{pack}'", "lot:{pack}"),
    "a lot gone": ("DELETE FROM lot WHERE code = '{waste}'", "lot:{waste}"),
    "a lot of nowhere": (
        "UPDATE lot SET code = 'X26-000001-XX' WHERE code = '{waste}'", "lot:X26-000001-XX",
    ),
    "another parent": ("DELETE FROM lot_edge WHERE child = '{mixed}'", "lot:{mixed}"),
    "another furnace": (
        "UPDATE run SET station = 'sinter-2' WHERE code = (SELECT run FROM lot WHERE code = '{running}')",
        "charge:",
    ),
    "a lot less in a run": ("DELETE FROM run_lot WHERE lot = '{green}'", "charge:"),
    "a thermocouple less": ("DELETE FROM run_resource WHERE resource = 'TC-9'", "charge:"),
}  # fmt: skip


@pytest.fixture
def story(engine: Engine) -> dict[str, str]:
    return tell(engine)


def test_what_nobody_touched_is_what_the_ledger_says(engine: Engine, story: object) -> None:
    assert strayed(engine) == []


@pytest.mark.parametrize("change", BY_HAND)
def test_a_row_changed_by_hand_is_named_and_made_anew(
    engine: Engine, story: dict[str, str], change: str
) -> None:
    statement, named = BY_HAND[change]
    for name, code in story.items():
        statement = statement.replace(f"'{{{name}}}'", f"'{code}'")
        named = named.replace(f"{{{name}}}", code)
    with writing(engine) as conn:
        changed = conn.execute(text(statement)).rowcount
    assert changed
    found = strayed(engine)
    assert any(stream.startswith(named) for stream in found)
    assert strayed(engine, 1) == found[:1]
    rebuild_lots(engine)
    assert strayed(engine) == []
