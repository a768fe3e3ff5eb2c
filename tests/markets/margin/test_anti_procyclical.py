"""A floor and a buffer on top of another rule."""

from typing import Any

import pytest

from markets.margin import AntiProcyclicalMargin, FlatMargin, Known, LinearMargin, PostedMargin
from markets.refused import Refused


def charges(rule: AntiProcyclicalMargin, prices: tuple[float, ...]) -> list[float]:
    """Margins at one price after the other, each the close of its date."""
    margins = []
    posted = PostedMargin.opened(rule, prices[0], every_round=True, in_cash=True)
    for price in prices:
        margins.append(posted.margin(price))
        posted = posted.closed_at(price)
    return margins


def test_buffer_is_drawn_down_before_the_charge_rises() -> None:
    rule = AntiProcyclicalMargin(LinearMargin(1.0, 1.0, 10.0), buffer=0.25)
    found = charges(rule, (10.0, 9.9, 9.8, 9.5, 9.8, 10.0))
    assert found == pytest.approx([1.25, 1.25, 1.25, 1.5, 1.5, 1.25])


def test_without_buffer_and_floor_it_is_the_underlying_rule() -> None:
    below = LinearMargin(1.0, 1.0, 10.0)
    prices = (10.0, 9.0, 9.5, 10.2)
    found = charges(AntiProcyclicalMargin(below, buffer=0.0), prices)
    assert found == [below.margin(Known(price)) for price in prices]


def test_charge_is_never_below_the_floor() -> None:
    rule = AntiProcyclicalMargin(LinearMargin(1.0, 1.0, 10.0), floor=1.4)
    assert min(charges(rule, (10.0, 10.5, 9.0, 10.5))) == 1.4


@pytest.mark.parametrize("given", [{"buffer": -0.1}, {"floor": -0.1}, {"floor": float("inf")}])
def test_bad_numbers_are_refused(given: dict[str, Any]) -> None:
    (name,) = given
    with pytest.raises(Refused, match=f"{name} is {given[name]}"):
        AntiProcyclicalMargin(FlatMargin(0.1), **given)
