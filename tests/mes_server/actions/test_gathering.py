"""mes_server.actions.gathering: single readings and whole arrays become the same columns."""

from typing import Any

import numpy as np
import pytest

from mes_server.actions.gathering import Gathering, Where, dtype_of
from mes_server.domain.nodes import Value
from mes_server.store.columns import samples_of
from schemas.samples import BAD, GOOD, STALE
from schemas.sparkplug import DATATYPES


def where(kind: str, late: bool = False, clock: int = 2) -> Where:
    return Where(7, DATATYPES[kind], late, clock)


def python(gathering: Gathering) -> list[tuple[list[int], list[Value], list[int]]]:
    """What the store keeps of each column: times, values, qualities."""
    found = []
    for column, _ in gathering.columns():
        samples = samples_of(column)
        found.append(
            (samples.times.tolist(), samples.python_values(), samples.quality_codes().tolist())
        )
    return found


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("double", [1.5, None, -2.25]),
        ("float", [0.5, 2.0]),
        ("int32", [-3, None, 4]),
        ("uint64", [(1 << 64) - 1, 0]),
        ("boolean", [True, None, False]),
        ("string", ["run", None, ""]),
    ],
)
def test_single_readings_keep_value_and_quality(kind: str, values: list[Any]) -> None:
    gathering = Gathering()
    for i, value in enumerate(values):
        gathering.add(where(kind), None, 100 + i, (i, value, BAD if value is None else GOOD))
    ((times, kept, qualities),) = python(gathering)
    assert times == list(range(len(values)))
    assert kept == values
    assert qualities == [BAD if value is None else GOOD for value in values]


def test_arrays_and_single_readings_of_one_column_come_together() -> None:
    gathering = Gathering()
    times = np.array([1, 2], np.int64)
    gathering.add_many(where("int32"), None, 50, (times, np.array([10, 20]), GOOD))
    gathering.add(where("int32"), None, 60, (3, None, BAD))
    gathering.add_many(where("int32"), None, 40, (times + 3, np.array([40, 50]), STALE))
    ((got, values, qualities),) = python(gathering)
    assert sorted(zip(got, map(str, values), qualities, strict=True)) == [
        (1, "10", GOOD), (2, "20", GOOD), (3, "None", BAD), (4, "40", STALE), (5, "50", STALE),
    ]  # fmt: skip
    ((column, _),) = gathering.columns()
    assert column.received_ms == 60


def test_live_and_late_and_clocks_are_columns_apart() -> None:
    gathering = Gathering()
    for place in (where("double"), where("double", late=True), where("double", clock=1)):
        gathering.add(place, None, 1, (1, 1.0, GOOD))
    assert {(c.late, c.clock) for c, _ in gathering.columns()} == {
        (False, 2),
        (True, 2),
        (False, 1),
    }
    assert len(gathering) == 3


def test_a_datatype_has_one_kind_of_array_whatever_it_holds() -> None:
    kinds = {name: dtype_of(code) for name, code in DATATYPES.items() if code < 16}
    assert {name for name, kind in kinds.items() if kind is None} == {"string", "text", "uuid"}
    assert {name for name, kind in kinds.items() if kind is np.uint64} == {"uint64", "datetime"}
    assert kinds["uint32"] is np.int64
