"""mes_server.reports.zpl: pictures come out dot by dot, and text never becomes a command."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mes_server.reports.dots import Dots
from mes_server.reports.zpl import Zpl
from tests.mes_server.reports.zpl_reader import print_zpl

SIZES = st.tuples(st.integers(1, 20), st.integers(1, 40))


@given(SIZES.flatmap(lambda size: arrays(np.bool_, size)))
def test_a_picture_is_printed_dot_by_dot(dots: Dots) -> None:
    height, width = dots.shape
    zpl = Zpl(width + 3, height + 2)
    zpl.picture((3, 2), dots)
    printed = print_zpl(zpl.text()).ink
    assert (printed[2:, 3:] == dots).all()
    assert np.count_nonzero(printed) == np.count_nonzero(dots)


def test_white_costs_little() -> None:
    zpl = Zpl(800, 560)
    zpl.picture((0, 0), np.zeros((560, 800), np.bool_))
    assert len(zpl.text()) < 700


@pytest.mark.parametrize("text", ["^XA", "~JA", "a\nb", "炉", "\x1d"])
def test_what_the_printer_would_obey_is_no_text(text: str) -> None:
    zpl = Zpl(800, 560)
    with pytest.raises(ValueError, match="ZPL field"):
        zpl.data_matrix((0, 0), 8, text)
    with pytest.raises(ValueError, match="ZPL field"):
        zpl.qr((0, 0), 8, text)


def test_a_qr_code_is_not_larger_than_printers_can() -> None:
    zpl = Zpl(800, 560)
    zpl.qr((0, 0), 25, "A")
    assert "^BQN,2,10^FDQA,A" in zpl.text()


def test_the_printer_of_the_tests_knows_no_other_command() -> None:
    """The negative control of the reader."""
    with pytest.raises(AssertionError, match="does not know"):
        print_zpl("^XA^PW8^LL8^LH0,0^FO0,0^A0N,30^FDX^FS^PQ1^XZ")
