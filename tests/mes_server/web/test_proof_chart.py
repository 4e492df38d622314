"""Pictures of curves: as many points as can be seen, gaps as gaps, bands where they are."""

import numpy as np

from mes_server.domain.curves import curve_from
from mes_server.web.proof_chart import HEIGHT, LEFT, WIDTH, Box, picture
from tests.mes_server.domain.soaks import MINUTE, T0, WHOLE, curve, profile, without

BOX = Box(T0, T0 + 190 * MINUTE, 0, 1100)


def test_a_gap_breaks_the_line_and_is_drawn() -> None:
    whole = picture(BOX, [curve(profile(*WHOLE))], [((T0, T0 + 10 * MINUTE), (1055, 1065))])
    assert (len(whole.lines[0][1]), whole.gaps) == (1, ())
    x, _, width, height = whole.bands[0]
    assert (x, width > 0, height > 0) == (LEFT, True, True)
    broken = picture(BOX, [curve(without(profile(*WHOLE), 80, 100))], [])
    assert (len(broken.lines[0][1]), len(broken.gaps)) == (2, 1)
    assert picture(BOX, [], []).lines == ()


def test_a_spike_among_a_hundred_thousand_samples_is_seen() -> None:
    times = np.arange(100_000) * 100.0 + T0
    values = np.full(100_000, 500.0)
    values[54_321] = 1000
    made = curve_from("x", times, values, (T0, T0 + 1e7), 20_000)
    ((_, (line,)),) = picture(Box(T0, T0 + 1e7, 0, 1000), [made], []).lines
    points = [tuple(map(float, point.split(","))) for point in line.split()]
    assert len(points) < 1100
    assert min(y for _, y in points) == 0, "at the top"
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points)


def test_what_lies_outside_is_no_line_along_the_edge() -> None:
    """A furnace at 20 °C once looked like one that stood at the lower edge of the picture."""
    near = Box(T0, T0 + 190 * MINUTE, 1000, 1100)
    ((_, (line,)),) = picture(near, [curve(profile(*WHOLE))], []).lines
    points = [tuple(map(float, point.split(","))) for point in line.split()]
    assert sum(y == HEIGHT - 26 for _, y in points) == 2, "where it comes in and where it goes out"
    away = Box(T0, T0 + 190 * MINUTE, 2000, 2100)
    assert picture(away, [curve(profile(*WHOLE))], []).lines == (("load_1", ()),)
