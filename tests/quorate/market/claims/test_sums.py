import pytest

from quorate.market.claims import refuted
from tests.quorate.market.claims.written import SCENES


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("60 x 4 = 240", "60 x 4 = 200"),
        ("60 + 15 = 75", "60 + 15 = 85"),
        ("305-60=245", "305-60=235"),
        ("305 minus 60 leaves 245", "305 minus 60 leaves 225"),
        ("60 of 320 is 19 %", "60 of 320 is 29 %"),
        ("512 >= 256", "256 >= 512"),
        ("512 GiB is more than the 256 GiB asked", "256 GiB is more than the 512 GiB asked"),
    ],
)
def test_a_sum_that_comes_out_wrong_is_refuted(right, wrong):
    known = SCENES["gpu", "ai"]
    assert refuted(right, known) == ()
    assert [found.kind for found in refuted(wrong, known)][:1] == ["arithmetic"]


def test_another_network_is_refuted():
    assert refuted("The network is InfiniBand HDR.", SCENES["gpu", "ai"])
    assert refuted("The network is Slingshot.", SCENES["gpu", "ai"]) == ()
