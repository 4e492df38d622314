"""mes_server.reports.symbols: squares of the size they say."""

import re

from hypothesis import given
from hypothesis import strategies as st

from mes_server.reports.symbols import data_matrix_modules, data_matrix_svg, qr_modules, qr_svg

CODES = st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-", min_size=1, max_size=70)


def size(svg: str) -> tuple[int, int]:
    found = re.search(r'<svg width="(\d+)" height="(\d+)"', svg)
    assert found
    return int(found[1]), int(found[2])


@given(CODES)
def test_a_symbol_is_a_square_with_its_quiet_zone(text: str) -> None:
    matrix = data_matrix_modules(text)
    assert size(data_matrix_svg(text)) == (matrix + 2, matrix + 2)
    qr = qr_modules(text)
    assert size(qr_svg(text)) == (qr + 8, qr + 8)
    assert (qr - 21) % 4 == 0
