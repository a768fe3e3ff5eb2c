"""Another rule, and never less than a given haircut."""

import pytest

from markets.margin import FlatMargin, Known, LeastMargin, LinearMargin
from markets.refused import Refused


def test_the_larger_of_the_two_is_charged() -> None:
    rule = LeastMargin(LinearMargin(1.0, 0.5, 10.0), 0.15)
    assert rule.haircut(Known(10.0)) == 0.15
    assert rule.haircut(Known(8.0)) == pytest.approx(2.0 / 8.0)


def test_a_least_haircut_of_one_is_refused() -> None:
    with pytest.raises(Refused, match=r"haircut is 1\.0"):
        LeastMargin(FlatMargin(0.1), 1.0)
