"""Maps of instruments: every file is right, and a wrong one is told with all its faults."""

from schemas.contract_check import ContractError
from schemas.instrument_maps import filled, instrument_names, load_instrument, read_instrument
from tests.device_help import fault_of

WRONG = """{"title": {"en": "A"}, "manufacturer": "", "model": "M", "protocol": "modbus", "source": "s",
"certainty": "sure", "args": {"speed": 1}, "values": {"PV": {"title": {"en": "a", "zh": "b"}, "unit": "V",
"register": 70000, "format": "int24", "range": [2, 1], "scale": "x", "decimals": -1}, "sv": {"format": "int16"}}}"""


def test_every_file_is_right_and_says_where_it_is_from() -> None:
    names = instrument_names()
    assert len(names) >= 8
    for name in names:
        said = load_instrument(name)
        assert len(said["source"]) > 20, name
        assert said["certainty"] in ("H", "M", "L")


def test_all_faults_of_a_file_are_told_at_once() -> None:
    fault = fault_of(ContractError, read_instrument, WRONG, "wrong.json")
    assert isinstance(fault, ContractError)
    for word in (
        "title.zh: is missing",
        "manufacturer",
        '"sure" is not known',
        "args.speed",
        "values: ",
        "no name",
        "70000 is no register",
        '"int24" is not known',
        "no range",
        '"x" is no number',
        "decimals: -1",
        "values.sv.register: is missing",
    ):
        assert any(word in said for said in fault.faults), word
    assert "is not JSON" in str(fault_of(ContractError, read_instrument, "x", "a.json"))


def test_args_are_filled_from_the_map_and_win_over_it() -> None:
    args = {
        "instrument": "eurotherm_3200",
        "value": "pv",
        "port": "/dev/x",
        "unit": 3,
        "baud": 19200,
    }
    found = filled(args, "modbus")
    assert found["register"] == 32770
    assert found["fault_register"] == 75
    assert found["unit"] == 3, "an address, not the unit of the value"
    assert found["baud"] == 19200
    assert found["parity"] == "none"
    assert "title" not in found
    assert "value" not in found
    assert filled({"register": 1}, "modbus") == {"register": 1}


def test_an_instrument_or_value_nobody_knows_is_refused_in_words() -> None:
    for args, protocol, word in (
        ({"instrument": "nothing", "value": "pv"}, "modbus", "no instrument is called nothing"),
        ({"instrument": "eurotherm_3200", "value": "pw"}, "modbus", "no value pw"),
        ({"instrument": "eurotherm_3200"}, "modbus", "no value"),
        ({"instrument": "eurotherm_3200", "value": "pv"}, "aibus", "speaks modbus"),
    ):
        assert word in str(fault_of(OSError, filled, args, protocol)), word
