"""Settings are read as a whole: every fault in one message, and nothing is started by halves."""

from pathlib import Path

import pytest

from mes_server.run import CannotRun, sole_run
from mes_server.settings import Settings, SettingsError, read_settings

NONE = Path("/nonexistent.toml")


def faults_of(environment: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        read_settings(environment, NONE)
    return caught.value.faults


def test_every_fault_is_named_at_once() -> None:
    wrong = {
        "MES_HTTP_PORT": "80a",
        "MES_MQTT_PORT": "99999",
        "MES_BROKER": "mine",
        "MES_TIMEZONE": "Mars/Olympus",
        "MES_NOPE": "1",
        "MES_REORDER_MS": "60001",
        "MES_DATA_DIR": "",
    }
    faults = faults_of(wrong)
    assert {fault.partition("=")[0].partition(":")[0] for fault in faults} == set(wrong)


def test_the_reorder_timer_is_milliseconds_of_at_most_a_minute() -> None:
    assert read_settings({}, NONE).reorder_ms == 2000
    for text in ("0", "250", "60000"):
        assert read_settings({"MES_REORDER_MS": text}, NONE).reorder_ms == int(text)
    for text in ("-1", "2 s", "2.5", "", "60001", "9" * 5000, "²"):
        assert "0 to 60000" in faults_of({"MES_REORDER_MS": text})[0]


def test_lives_of_tokens_and_certificates_are_whole_numbers_within_bounds() -> None:
    said = read_settings({"MES_TOKEN_MINUTES": "1440", "MES_CERTIFICATE_DAYS": "1"}, NONE)
    assert (said.token_minutes, said.certificate_days) == (1440, 1)
    for text in ("0", "1441", "-1", "15 min", "", "000015999", "9" * 5000, "²"):
        assert "1 to 1440" in faults_of({"MES_TOKEN_MINUTES": text})[0]


def test_the_pages_and_our_own_broker_cannot_share_a_port() -> None:
    same = {"MES_HTTP_PORT": "9000", "MES_MQTT_PORT": "9000"}
    (fault,) = faults_of(same)
    assert "both 9000" in fault
    assert read_settings({**same, "MES_BROKER": "external"}, NONE).http_port == 9000


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("MES_ADDRESS", "mes.plant"),
        ("MES_ADDRESS", "http://mes.plant/"),
        ("MES_ADDRESS", "http://mes.plant/^XA"),
        ("MES_SCANNER_GS", "A"),
        ("MES_SCANNER_GS", "-"),
        ("MES_SCANNER_GS", "\x1d"),
        ("MES_SCANNER_GS", "<GS><GS><GS>"),
    ],
)
def test_what_would_break_a_label_or_a_scan_is_no_setting(name: str, text: str) -> None:
    (fault,) = faults_of({name: text})
    assert fault.startswith(f"{name}=")


def test_the_address_and_the_separator_of_scanners_are_settings() -> None:
    given = {"MES_ADDRESS": "http://10.0.0.5:8080/mes", "MES_SCANNER_GS": "<GS>"}
    settings = read_settings(given, NONE)
    assert (settings.address, settings.scanner_gs) == ("http://10.0.0.5:8080/mes", "<GS>")


def test_a_data_directory_that_cannot_be_made_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    refused = sole_run(Settings(tmp_path / "file" / "var"))
    with pytest.raises(CannotRun, match="MES_DATA_DIR"), refused:
        pass
