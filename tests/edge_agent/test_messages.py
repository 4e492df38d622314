"""Births and deaths as the standard has them."""

from edge_agent.messages import (
    VERSION,
    Now,
    death,
    node_birth,
    node_data,
    station_birth,
    station_death,
)
from schemas import journal_metrics as names
from schemas.samples import BAD, GOOD, STALE
from schemas.sparkplug import DATATYPES, decode_payload
from tests.edge_agent.fakes import NOW_MS, MemoryStorage, Time, open_journal, put_many


def _node():
    storage, time = MemoryStorage(), Time()
    journal = open_journal(storage, time)
    put_many(journal, time, 3)
    journal.sent = 3
    journal.acknowledge(journal.position(2))
    return journal, time.clock


def _by_name(data):
    payload = decode_payload(data)
    assert len({m.name for m in payload.metrics}) == len(payload.metrics)
    return payload, {m.name: m for m in payload.metrics}


def test_a_node_birth_has_seq_0_its_number_and_every_metric_of_the_wire():
    journal, clock = _node()
    payload, by_name = _by_name(node_birth(journal, clock, (255, "chip-7"), [], NOW_MS))
    assert payload.seq == 0 and payload.at_ms == NOW_MS
    meant = {
        names.BD_SEQ: ("int64", 255),
        names.REBIRTH: ("boolean", False),
        names.ACK: ("uint64", journal.position(2)),
        names.REWIND: ("uint64", 0),
        names.ANCHORS: ("string", ""),
        names.FIRST: ("uint64", journal.position(1)),
        names.NEXT: ("uint64", journal.position(4)),
        names.LOST: ("uint64", 0),
        names.CLOCK: ("uint8", names.CLOCK_NETWORK),
        names.VERSION: ("string", VERSION),
        names.SERIAL: ("string", "chip-7"),
        names.BOOT: ("uint32", 1),
        names.STEP: ("int64", 0),
    }
    for name, (datatype, value) in meant.items():
        assert (by_name[name].datatype, by_name[name].value) == (DATATYPES[datatype], value), name
    assert by_name[names.USED].datatype == DATATYPES["double"] and 0 < by_name[names.USED].value < 1
    assert "python" in by_name[names.INTERPRETER].value and names.HEAP in by_name
    assert all(m.at_ms == NOW_MS and m.alias is None for m in payload.metrics)


def test_node_data_leaves_datatypes_out_and_has_only_metrics_of_the_birth():
    journal, clock = _node()
    born = _by_name(node_birth(journal, clock, (0, ""), [], NOW_MS))[1]
    payload, by_name = _by_name(node_data(journal, clock, [], NOW_MS, 17))
    assert payload.seq == 17 and all(m.datatype is None for m in payload.metrics)
    assert set(by_name) <= set(born) and {names.FIRST, names.NEXT, names.LOST} <= set(by_name)
    journal.anchors.news = True
    assert set(_by_name(node_data(journal, clock, [], NOW_MS, 18))[1]) - set(by_name) == {
        names.ANCHORS
    }


def test_a_death_has_its_number_and_no_seq():
    payload, by_name = _by_name(death(9, NOW_MS))
    assert payload.seq is None and list(by_name) == [names.BD_SEQ]
    assert (by_name[names.BD_SEQ].value, by_name[names.BD_SEQ].datatype) == (9, DATATYPES["int64"])


def test_a_station_birth_lists_heads_of_records_and_all_metrics():
    metrics = [
        Now("zone", DATATYPES["double"], 20.5, GOOD),
        Now("step_no", DATATYPES["int32"], None, BAD),
        Now("old", DATATYPES["double"], None, STALE),
    ]
    out = bytearray()
    station_birth(out, ("sinter_furnace", "1"), metrics, NOW_MS, 3)
    payload, by_name = _by_name(bytes(out))
    assert payload.seq == 3
    assert [m.name for m in payload.metrics] == [
        names.STATION_TYPE, names.STATION_REVISION, names.POS, names.CRC, names.MONO, names.CLOCK,
        names.LOSS, "zone", "step_no", "old",
    ]  # fmt: skip
    assert by_name[names.STATION_TYPE].value == "sinter_furnace"
    assert all(
        by_name[name].value is None for name in (names.POS, names.CRC, names.MONO, names.LOSS)
    )
    assert [by_name[n].quality for n in ("zone", "step_no", "old")] == [None, BAD, STALE]
    assert all(m.datatype is not None and m.at_ms == NOW_MS for m in payload.metrics)


def test_a_station_death_has_a_time_and_a_seq_only():
    assert decode_payload(station_death(NOW_MS, 200)) == (NOW_MS, [], 200)
