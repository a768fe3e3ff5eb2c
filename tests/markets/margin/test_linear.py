"""A margin that is linear in the price."""

import math

import pytest

from markets.margin import Known, LinearMargin
from markets.refused import Refused


def test_margin_rises_as_the_price_falls_below_the_reference() -> None:
    rule = LinearMargin(base=1.5, rise=0.3, reference=10.0)
    assert rule.margin(Known(10.0)) == 1.5
    assert rule.margin(Known(8.0)) == pytest.approx(2.1)
    assert rule.margin(Known(12.0)) == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ((0.0, 0.1, 10.0), r"margin base is 0\.0"),
        ((math.inf, 0.1, 10.0), "margin base is inf"),
        ((1.0, math.inf, 10.0), "must be finite"),
        ((1.0, 0.1, math.nan), "must be finite"),
    ],
)
def test_bad_numbers_are_refused(numbers: tuple[float, float, float], words: str) -> None:
    with pytest.raises(Refused, match=words):
        LinearMargin(*numbers)
