"""What is written for brokers; whether they heed it is shown in tests/security."""

from pathlib import Path

from mes_server.broker_access import Listener, mosquitto_acl, mosquitto_conf, nats_nodes, subject
from mes_server.domain.identities import Allowed


def test_topic_filters_become_subjects() -> None:
    assert subject("spBv1.0/+/NCMD/#") == "spBv1//0.*.NCMD.>"


def test_no_node_becomes_the_mes_nor_breaks_out_of_its_line() -> None:
    rogues = [
        Allowed("a", "mes"),
        Allowed("a", 'x" } ]'),
        Allowed("a\nuser mes", "x"),
        Allowed("a", "ok", "zz\n"),
    ]
    assert nats_nodes(rogues) == nats_nodes([])
    assert mosquitto_acl(rogues) == mosquitto_acl([])


def test_one_id_in_two_areas_and_one_entry_twice_is_one_user() -> None:
    both = [Allowed("a", "n"), Allowed("b", "n"), Allowed("a", "n")]
    assert nats_nodes(both).count('"CN=n"') == mosquitto_acl(both).count("user n\n") == 1
    assert mosquitto_acl(both).count("topic write spBv1.0/a/NDATA/n\n") == 1
    assert "spBv1//0.b.NDATA.n" in nats_nodes(both)


def test_nats_knows_a_node_by_its_key_where_that_is_told() -> None:
    text = nats_nodes([Allowed("a", "n", "ab12")])
    assert '"lodestone://key/ab12"' in text
    assert "CN=n" not in text


def test_mosquitto_takes_no_client_without_a_certificate() -> None:
    text = mosquitto_conf(Listener("0.0.0.0", 8883, Path("/pki")), Path("/etc/mosquitto"))
    assert {"allow_anonymous false", "require_certificate true", "crlfile /pki/crl.pem"} <= set(
        text.splitlines()
    )
