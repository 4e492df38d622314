"""mes_server.demo.plant: the faults a person switches on in the plant in a box."""

import json
from pathlib import Path

import pytest

from mes_server.demo.plant import DemoError, Fault, add_fault, mend
from mes_server.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The data directory of a demo plant with one furnace."""
    board = {"stations": [{"station": "sinter-1", "type": "sinter_furnace"}]}
    file = tmp_path / "demo" / "ctl-sinter-1" / "station.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(board))
    return Settings(data_dir=tmp_path)


def faults(settings: Settings) -> list[dict[str, object]]:
    file = settings.data_dir / "demo" / "faults.json"
    return list(json.loads(file.read_text())["faults"])


def test_a_fault_is_on_until_it_is_mended(settings: Settings) -> None:
    said = add_fault(settings, Fault("sinter-1", "sensor_open", "zone_1_temperature_c", None, 2.5))
    assert "sinter-1 zone_1_temperature_c is on" in said
    assert "2.5 min" in said
    (fault,) = faults(settings)
    assert (fault["station"], fault["fault"]) == ("sinter-1", "sensor_open")
    assert int(str(fault["to_ms"])) - int(str(fault["from_ms"])) == 150_000
    assert mend(settings, "sinter-1") == "1 faults ended, 0 left."
    assert faults(settings) == []


@pytest.mark.parametrize(
    ("station", "metric", "words"),
    [
        ("sinter-9", None, "no station sinter-9 here; there are sinter-1"),
        ("sinter-1", "zone_9_temperature_c", "no metric zone_9_temperature_c; it has "),
    ],
)
def test_what_is_not_there_is_named_with_what_is(
    settings: Settings, station: str, metric: str | None, words: str
) -> None:
    with pytest.raises(DemoError, match=words):
        add_fault(settings, Fault(station, "stuck", metric, None, None))
    assert not (settings.data_dir / "demo" / "faults.json").exists()


def test_without_a_demo_plant_one_is_told_how_to_start_it(tmp_path: Path) -> None:
    with pytest.raises(DemoError, match="make run"):
        add_fault(Settings(data_dir=tmp_path), Fault("sinter-1", "stuck", None, None, None))
