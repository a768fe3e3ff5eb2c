"""Promises on any number of states."""

from __future__ import annotations

import numpy as np
import pytest

from markets.instruments import Security
from markets.promises.menu import Menu, default_swap, down_tranche, loan
from markets.promises.state_menu import Pledge, StateMenu
from markets.refused import Refused


def test_a_promise_delivers_what_is_owed_or_the_collateral_in_every_state() -> None:
    menu = StateMenu.of([1.0, 0.5, 0.2], [Pledge("loan", (0.4, 0.4, 0.4), asset=1.0)])
    assert menu.delivery.tolist() == [[0.4, 0.4, 0.2]]
    assert menu.kept[0] == pytest.approx([0.6, 0.1, 0.0])


@pytest.mark.parametrize("low", [0.2, 0.6])
def test_good_and_bad_news_are_two_states_whatever_order_the_promises_have(low: float) -> None:
    security = Security(low, 1.0)
    two = Menu.of(security, [default_swap(security), loan(0.4), down_tranche(security)])
    menu = StateMenu.after_news(two)
    assert menu.names == ("default_swap", "down_tranche", "loan_0.4")
    for j, name in enumerate(menu.names):
        assert menu.delivery[j] == pytest.approx(two.delivery[two.names.index(name)])
    assert menu.states == two.states


@pytest.mark.parametrize(
    ("payoff", "promise", "complaint"),
    [
        ([1.0], None, "at least two"),
        ([1.0, -1.0], None, "not negative"),
        ([0.0, 0.0], None, "not 0 throughout"),
        ([1.0, 0.5], Pledge("a", (1.0,), asset=1.0), "owes 1 amounts"),
        ([1.0, 0.5], Pledge("a", (0.0, 0.0), asset=1.0), "nothing is owed"),
        ([1.0, 0.5], Pledge("a", (np.inf, 0.0), asset=1.0), "finite"),
        ([1.0, 0.5], Pledge("a", (0.1, 0.1)), "nothing is pledged"),
        ([1.0, 0.0], Pledge("a", (0.0, 1.0), asset=1.0), "delivers nothing"),
        ([1.0, 0.5], Pledge("a", (1.0, 1.0), asset=1.0), "leaves its issuer nothing"),
    ],
)
def test_what_makes_no_sense_is_refused(
    payoff: list[float], promise: Pledge | None, complaint: str
) -> None:
    with pytest.raises(Refused, match=complaint):
        StateMenu.of(payoff, [promise] if promise else [])


def test_names_are_distinct_and_cash_that_does_not_keep_is_not_pledged() -> None:
    twice = [Pledge("a", (0.1, 0.1), asset=1.0)] * 2
    with pytest.raises(Refused, match="named twice"):
        StateMenu.of([1.0, 0.5], twice)
    with pytest.raises(Refused, match="can't be stored"):
        StateMenu.of([1.0, 0.5], [Pledge("a", (0.0, 0.5), cash=0.5)], storable=False)
