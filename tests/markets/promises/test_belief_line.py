"""The line of beliefs: coordinates of marginal buyers, and the stretch on which issuers switch."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from markets.instruments import Security
from markets.ladder import Ladder
from markets.promises.belief_line import SWITCHING, BeliefLine
from markets.promises.menu import Menu, down_tranche, loan

ASSET = Security(0.2, 1.0)
SMOOTH = BeliefLine(Ladder.of([], [np.array([0.0, 1.0])], top=1.0, bottom=0.0))
STEPPED = BeliefLine(Ladder.of([np.array([0.1, 0.4, 0.7])], [], top=1.0, bottom=0.0))


@pytest.mark.parametrize("good", [True, False])
def test_a_coordinate_and_its_belief_belong_together(good: bool) -> None:
    for coordinate in (0.0, 0.2, 0.5, 0.9, 1.0):
        buyer = SMOOTH.buyer(coordinate, good=good)
        assert buyer.price == pytest.approx(coordinate if good else 1.0 - coordinate)
        assert SMOOTH.coordinate(buyer.price, good=good) == pytest.approx(coordinate)


def test_a_higher_coordinate_is_a_more_optimistic_buyer_or_fewer_orders_filled() -> None:
    rungs = [STEPPED.buyer(c, good=True) for c in np.linspace(0.0, 1.0, 201)]
    assert all(a.price <= b.price for a, b in pairwise(rungs))
    assert all(
        a.filled >= b.filled
        for a, b in pairwise(rungs)
        if a.price == b.price and a.price in (0.1, 0.4, 0.7)
    )


def test_without_rivals_each_promise_costs_what_its_marginal_buyer_pays() -> None:
    menu = Menu.of(ASSET, [down_tranche(ASSET)])
    prices, buyers, issued = SMOOTH.promises(np.array([0.6, 0.7]), menu, 0.6, 1.0)
    assert buyers[0].price == pytest.approx(0.3)
    assert prices == pytest.approx([0.7 * 0.2])
    assert issued.tolist() == [0.0]


def test_the_price_rests_while_issuers_switch_and_rises_outside() -> None:
    menu = Menu.of(ASSET, [loan(0.2), loan(0.5)])
    coordinates = np.linspace(0.02, 0.98, 97)
    prices, issued = [], []
    for coordinate in coordinates:
        found = SMOOTH.promises(np.array([0.6, 0.5, coordinate]), menu, 0.6, 1.0)
        prices.append(found[0][1])
        issued.append(found[2][1])
    assert np.all(np.diff(prices) >= -1e-15)
    assert np.all(np.diff(issued) >= 0.0)
    inside = (coordinates > SWITCHING[0]) & (coordinates < SWITCHING[1])
    resting = np.array(prices)[inside]
    assert np.ptp(resting) == 0.0
    assert set(np.array(issued)[~inside].round(12)) == {0.0, 1.0}
    assert prices[0] < resting[0] < prices[-1]


def test_stretching_undoes_switching() -> None:
    """The coordinate found for a price has that price again."""
    menu = Menu.of(ASSET, [loan(0.2), loan(0.5)])
    for coordinate in (0.1, 0.3, 0.7, 0.95):
        at = np.array([0.6, 0.5, coordinate])
        prices, buyers, _ = SMOOTH.promises(at, menu, 0.6, 1.0)
        place = SMOOTH.coordinate(buyers[1].price, good=True)
        # issuers with the belief .6 are indifferent where that belief also is the buyer
        again = SMOOTH.stretched(place, menu, 1, prices, 0.6 * 0.5 + 0.4 * 0.2, 0.6)
        assert again == pytest.approx(coordinate)
