"""What the people of a story do to a bath: make it up under a spec, titrate it."""

from typing import TYPE_CHECKING, Any

from mes_server.actions.keep_baths import make_up
from mes_server.actions.release_document import release_document
from mes_server.actions.titrate import Titrating, titrate
from mes_server.domain.titration import Taken
from tests.mes_server.domain.bath_making import nickel, phosphating
from tests.mes_server.people_help import signer

if TYPE_CHECKING:
    from mes_server.actions.record_events import Book

SPECS = {"PH-ZN": phosphating, "NI-BASE": nickel}


def _release(book: "Book", _codes: list[str], said: dict[str, str]) -> Any:
    return release_document(book, "bath", SPECS[said["plan"]](), signer(book.act.person))


def _titrate(book: "Book", codes: list[str], said: dict[str, str]) -> Any:
    pairs = (pair.split(" ") for pair in said["figures"].split(", "))
    taken = [Taken(name, {"volume_ml": volume}) for name, volume in pairs]
    return titrate(book, codes[0], Titrating(taken))


# As tests/stories/verbs.py has them.
BATH_VERBS: list[tuple[str, str, str, Any]] = [
    (r"releases bath (?P<plan>\S+)", "document", "plan", _release),
    (r"makes up (?P<lot>\w+) under (?P<spec>\S+): (?P<volume>\S+) L", "bath", "check",
     lambda book, codes, said: make_up(book, codes[0], said["spec"], said["volume"])),
    (r"titrates (?P<lot>\w+): (?P<figures>.+)", "titrate", "check", _titrate),
]  # fmt: skip
