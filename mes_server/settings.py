"""Environment variables and lodestone.toml → one frozen Settings; every fault in one message.

The names are those of docs/settings.md. The environment wins over the file.
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from schemas.topics import is_id

FILE = "lodestone.toml"
MQTT_TLS_PORT = 8883
LOOPBACK = ("127.0.0.1", "localhost", "::1")
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  and where that is reached on this machine


class SettingsError(ValueError):
    """Settings that cannot be used; `faults` names each of them and what to write instead."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("Settings cannot be used:\n  " + "\n  ".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the MES keeps its data, where it listens and what the plant is called."""

    data_dir: Path
    http_host: str = "127.0.0.1"
    http_port: int = 8080
    mqtt_host: str = "127.0.0.1"
    mqtt_port: int = 1883
    mqtt_tls: str = ""
    broker: str = "own"
    database_url: str = ""
    site: str = "demo"
    timezone: str = "UTC"
    language: str = ""
    host_id: str = "lodestone"
    address: str = ""
    scanner_gs: str = ""
    open_reading: str = ""
    station_lock_s: int = 120
    office_lock_s: int = 900
    reorder_ms: int = 2000
    hj212_endpoint: str = ""
    hj212_password: str = "123456"  # the one of the standard's own examples  # noqa: S105
    hj212_profile: str = "2017"
    certificate_days: int = 365
    token_minutes: int = 15

    @property
    def url(self) -> str:
        """The database to open: SQLite in the data directory unless another was named."""
        return self.database_url or f"sqlite:///{self.data_dir / 'lodestone.db'}"

    @property
    def pki(self) -> Path | None:
        """The folder of certificates for the connection to the broker; None: without TLS."""
        if not self.mqtt_tls:
            return None
        return self.data_dir / "pki" if self.mqtt_tls == "yes" else Path(self.mqtt_tls)

    @property
    def broker_at(self) -> tuple[str, int]:
        """Where the MES itself reaches the broker: one that listens everywhere, on loopback."""
        return EVERYWHERE.get(self.mqtt_host, self.mqtt_host), self.mqtt_port

    @property
    def ca(self) -> Path:
        """Where the site's own CA lies, if it was made."""
        return self.pki or self.data_dir / "pki"

    @property
    def zone(self) -> ZoneInfo:
        """The plant's time zone."""
        return ZoneInfo(self.timezone)


def _whole(least: int, most: int, what: str = "a number") -> Callable[[str], int]:
    def read(text: str) -> int:
        plain = text.isascii() and text.isdigit() and len(text) <= 6
        if not plain or not least <= int(text) <= most:
            raise ValueError(f"write {what} from {least} to {most}")
        return int(text)

    return read


_port = _whole(1, 65535, "a port number")


def _host(text: str) -> str:
    if not text or any(c.isspace() or c in "/\\" for c in text):
        raise ValueError("write a host name or an address, without port or path")
    return text


def _one_of(*choices: str) -> Callable[[str], str]:
    def choose(text: str) -> str:
        if text not in choices:
            raise ValueError(f"write one of: {', '.join(c or '(nothing)' for c in choices)}")
        return text

    return choose


def _zone(text: str) -> str:
    if text not in available_timezones():
        raise ValueError("write a zone name such as Asia/Shanghai or Europe/Berlin")
    return text


def _id(text: str) -> str:
    if not is_id(text):
        raise ValueError("use letters, digits, - and _ only, at most 64 of them")
    return text


def _url(text: str) -> str:
    if not text.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise ValueError("write sqlite:///<file> or postgresql+psycopg://<user>@<host>/<database>")
    return text


def _directory(text: str) -> Path:
    if not text:
        raise ValueError("name a directory that can be written to")
    path = Path(text).absolute()
    if path.exists() and not path.is_dir():
        raise ValueError("this is a file; name a directory")
    return path


def _tls(text: str) -> str:
    return text if text in ("", "yes") else str(_directory(text))


def _address(text: str) -> str:
    if text and not re.fullmatch(
        r"https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._/-]*[A-Za-z0-9])?", text
    ):
        raise ValueError(
            "write the address people open, such as http://mes.plant:8080, without / at the end"
        )
    return text


def _endpoint(text: str) -> str:
    host, _, port = text.rpartition(":")
    if text and (not host or not port.isdigit() or any(c.isspace() or c in "/\\" for c in host)):
        raise ValueError("write host:port, such as 10.1.2.3:8001")
    return text and f"{host}:{_port(port)}"


def _password(text: str) -> str:
    if not re.fullmatch(r"[0-9A-Za-z]{1,32}", text):
        raise ValueError("write letters and digits, at most 32 of them")
    return text


def _separator(text: str) -> str:
    plain = text.isascii() and text.isprintable() and len(text) <= 8
    if text not in ("", "kept") and (not plain or text.isalnum() or set(text) & set("-/:.()")):
        raise ValueError("write kept, or the sign that scanners send for GS, such as | or <GS>")
    return text


_PARSERS: dict[str, Callable[[str], object]] = {
    "MES_DATA_DIR": _directory,
    "MES_HTTP_HOST": _host,
    "MES_HTTP_PORT": _port,
    "MES_MQTT_HOST": _host,
    "MES_MQTT_PORT": _port,
    "MES_MQTT_TLS": _tls,
    "MES_BROKER": _one_of("own", "external"),
    "MES_DATABASE_URL": _url,
    "MES_SITE": _id,
    "MES_TIMEZONE": _zone,
    "MES_LANGUAGE": _one_of("", "zh", "en"),
    "MES_HOST_ID": _id,
    "MES_ADDRESS": _address,
    "MES_SCANNER_GS": _separator,
    "MES_OPEN_READING": _one_of("", "yes", "no"),
    "MES_STATION_LOCK_S": _whole(15, 3600, "seconds"),
    "MES_OFFICE_LOCK_S": _whole(15, 3600, "seconds"),
    "MES_REORDER_MS": _whole(0, 60_000, "milliseconds"),
    "MES_HJ212_ENDPOINT": _endpoint,
    "MES_HJ212_PASSWORD": _password,
    "MES_HJ212_PROFILE": _one_of("2017", "2025"),
    "MES_CERTIFICATE_DAYS": _whole(1, 3650),
    "MES_TOKEN_MINUTES": _whole(1, 1440),
}


def system_timezone() -> str:
    """The zone of this machine, UTC where it does not say."""
    link = Path("/etc/localtime")
    try:
        name = str(link.resolve(strict=True)).partition("zoneinfo/")[2]
    except OSError:
        return "UTC"
    return name if name in available_timezones() else "UTC"


def _file_values(file: Path, faults: list[str]) -> dict[str, str]:
    if not file.exists():
        return {}
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        faults.append(
            f"{file.name}: cannot be read ({error}); write lines such as MES_HTTP_PORT = 8080"
        )
        return {}
    values = {}
    for name, value in table.items():
        if isinstance(value, str | int) and not isinstance(value, bool):
            values[name] = str(value)
        else:
            faults.append(f"{file.name}: {name}: write a text or a whole number")
    return values


def read_settings(environment: Mapping[str, str], file: Path | None = None) -> Settings:
    """The Settings of `environment` and the TOML `file`; raises SettingsError with all faults."""
    faults: list[str] = []
    given = _file_values(file or Path(FILE), faults)
    given |= {name: value for name, value in environment.items() if name.startswith("MES_")}
    fields: dict[str, object] = {"data_dir": _directory("var"), "timezone": system_timezone()}
    for name, text in sorted(given.items()):
        parser = _PARSERS.get(name)
        if parser is None:
            faults.append(f"{name}: no such setting; known are {', '.join(_PARSERS)}")
            continue
        try:
            fields[name.removeprefix("MES_").lower()] = parser(text)
        except ValueError as error:
            faults.append(f"{name}={text!r}: {error}")
    if fields.get("mqtt_tls"):
        fields.setdefault("mqtt_port", MQTT_TLS_PORT)
    settings = Settings(**fields)  # type: ignore[arg-type]  # every value came through its parser
    if settings.broker == "own" and settings.http_port == settings.mqtt_port:
        faults.append(
            f"MES_HTTP_PORT and MES_MQTT_PORT are both {settings.http_port}: "
            "give the pages and the broker a port each"
        )
    if faults:
        raise SettingsError(faults)
    return settings
