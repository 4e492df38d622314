"""We did not listen for a while: what we believed to be there is unknown until it speaks again.

Sparkplug 3.0, chapter 5: a host that loses its server holds everything learned through it for stale.
"""

from mes_server.actions.boundary import LeaseLost
from mes_server.actions.folding import Folding
from mes_server.actions.hold_lease import LEASE_MS
from mes_server.store.leases import renew_lease
from mes_server.store.nodes import set_all_nodes_offline
from mes_server.store.stations import set_all_stations_offline
from mes_server.store.transaction import writing


def doubt_nodes(folding: Folding, now_ms: int) -> None:
    """Show all nodes and stations as not there; raises StoreFault and LeaseLost."""
    with writing(folding.engine) as conn:
        if renew_lease(conn, folding.holder, now_ms + LEASE_MS) is None:
            raise LeaseLost
        set_all_nodes_offline(conn)
        set_all_stations_offline(conn, now_ms)
        register = folding.known(conn)
    register.doubt()
