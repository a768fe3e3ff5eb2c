"""The same haircut at every price."""

import pytest

from markets.margin import FlatMargin, Known
from markets.refused import Refused


def test_haircut_is_flat_and_margin_in_proportion_to_the_price() -> None:
    rule = FlatMargin(0.25)
    assert [rule.haircut(Known(price)) for price in (0.5, 4.0)] == [0.25, 0.25]
    assert [rule.margin(Known(price)) for price in (0.5, 4.0)] == [0.125, 1.0]


def test_a_haircut_of_one_is_refused() -> None:
    with pytest.raises(Refused, match=r"haircut is 1\.0"):
        FlatMargin(1.0)
