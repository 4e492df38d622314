"""Who may speak is one node of one area; the same node id elsewhere is another."""

from mes_server.domain.identities import Allowed


def test_a_node_is_known_by_its_area_and_its_id() -> None:
    assert Allowed("sintering", "ctl-1") == Allowed("sintering", "ctl-1")
    assert len({Allowed("sintering", "ctl-1"), Allowed("gbd", "ctl-1")}) == 2
