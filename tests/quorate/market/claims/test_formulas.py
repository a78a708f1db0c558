import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.market.claims import Known, refuted
from quorate.market.claims.formulas import places
from quorate.market.claims.lexer import names, sentences

NUMBERS = st.integers(2, 999)


@given(NUMBERS, NUMBERS, NUMBERS, st.integers(-5, 5))
def test_a_chain_of_sums_is_refuted_exactly_where_it_comes_out_wrong(a, b, c, off):
    result = a * b - c + off
    text = f"{a} x {b} - {c} = {result}"
    right = result == a * b - c or (result >= 1_000 and abs(off) <= 0.01 * (a * b - c))
    if result >= 0:
        assert (refuted(text, Known()) == ()) == right


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("320 - 138 - 0 = 182", "320 - 138 - 0 = 192"),
        ("40 x 256 GiB = 10,240 GiB", "40 x 256 GiB = 12,240 GiB"),
        ("40 x 256 GiB = 10 TiB", "40 x 256 GiB = 12 TiB"),
        ("1,080 / 60 = 18 h", "1,080 / 60 = 19 h"),
        ("171 + 5 = 176 busy, so 250 - 176 = 74", "171 + 5 = 176 busy, so 250 - 176 = 84"),
    ],
)
def test_a_sum_with_units_is_read(right, wrong):
    assert refuted(right, Known()) == ()
    assert [found.kind for found in refuted(wrong, Known())] == ["arithmetic"]


def test_a_share_is_no_sum():
    (sentence,) = sentences("60/320 = 19 %", names(None, ()))
    assert places(sentence) == frozenset()
