"""What a signature is bound to: the digest of each kind of record as it is now. One line for each kind."""

from collections.abc import Callable

from sqlalchemy import Connection

from mes_server.actions.change_process import digest_of_change
from mes_server.actions.close_exceedance import digest_of_exceedance
from mes_server.actions.keep_gauges import digest_of_calibration
from mes_server.actions.keep_pyrometry import survey_digest
from mes_server.actions.release_document import CHECKERS
from mes_server.actions.release_product import digest_of_release
from mes_server.actions.settle_nonconformance import digest_of_nc
from mes_server.actions.solve_problem import digest_of_problem
from mes_server.store.documents import load_named
from mes_server.store.papers import load_paper

Digest = Callable[[Connection, str], str | None]


def _document(kind: str) -> Digest:
    def of(conn: Connection, name: str) -> str | None:
        found = load_named(conn, kind, name)
        return None if found is None else found.digest

    return of


def _paper(conn: Connection, number: str) -> str | None:
    found = load_paper(conn, number)
    return None if found is None else found.digest


# By what the name of a record begins with ("plan:CP-7/B"): how the digest of the rest is found.
DIGESTS: dict[str, Digest] = {kind: _document(kind) for kind in CHECKERS} | {
    "8d": digest_of_problem,
    "calibration": digest_of_calibration,
    "change": digest_of_change,
    "exceedance": digest_of_exceedance,
    "nc": digest_of_nc,
    "paper": _paper,
    "release": digest_of_release,
    "survey": survey_digest,
}


def digest_of(conn: Connection, about: str) -> str | None:
    """The digest of a record as it is now; None: there is none, or nobody signs such records."""
    kind, _, name = about.partition(":")
    of = DIGESTS.get(kind)
    return None if of is None else of(conn, name)
