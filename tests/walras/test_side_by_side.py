"""Two markets that are played as one are the two runs that they would be alone."""

import numpy as np
import pytest

from scenarios.promises import collateral_equilibrium
from scenarios.repo import margin_hike
from walras.side_by_side import SideBySide

FEW = (("traders", 200), ("haircuts", [0.01, 0.03]))


def played(markets: SideBySide) -> SideBySide:
    while markets.running:
        markets.step()
    return markets


def test_a_short_and_a_long_market_under_the_same_announcement() -> None:
    markets = played(SideBySide(margin_hike.SCENARIO, given=FEW, beside="market=long"))
    assert markets.announce(0.03)
    played(markets)
    moves = []
    for watched, market in zip(markets.watched, ("short", "long"), strict=True):
        run = margin_hike.SCENARIO.run(market=market, traders=200, haircuts=[0.01, 0.03])
        shown = watched.now.rounds["security_price"]
        np.testing.assert_array_equal(shown, run.rounds["security_price"])
        assert markets.label(watched) == f"market {market}"
        assert watched.now.state == "cleared and certified"
        moves.append(np.sign(np.diff(run.dates["security_price"])).item())
    assert moves == [1.0, -1.0]


def test_without_settings_there_is_one_market() -> None:
    markets = SideBySide(margin_hike.SCENARIO, given=FEW)
    assert len(markets.watched) == 1
    assert markets.label(markets.first) == ""
    markets.step()
    assert (markets.steps, markets.running) == (1, True)


def test_controls_hold_for_both_except_where_the_second_differs() -> None:
    controls = {"beside": "haircuts=[0.2]; reuse=false", "haircuts": 0.1, "low_payoff": 0.6}
    markets = SideBySide(margin_hike.SCENARIO, given=FEW, controls=controls)
    first, second = (watched.parameters for watched in markets.watched)
    assert isinstance(first, margin_hike.SCENARIO.parameters)
    assert isinstance(second, margin_hike.SCENARIO.parameters)
    assert (first.haircuts, first.reuse, first.low_payoff) == ([0.1, 0.03], True, 0.6)
    assert (second.haircuts, second.reuse, second.low_payoff) == ([0.2], False, 0.6)


def test_the_second_market_may_be_another_case() -> None:
    markets = SideBySide(collateral_equilibrium.SCENARIO, case="none", beside="case=borrowing")
    assert [watched.case for watched in markets.watched] == ["none", "borrowing"]


@pytest.mark.parametrize(
    ("beside", "said"),
    [
        ("long", "long"),
        ("market=long; market=short", "beside has market twice"),
    ],
)
def test_settings_that_can_not_be_read_are_said(beside: str, said: str) -> None:
    markets = SideBySide(margin_hike.SCENARIO, given=FEW, beside=beside)
    assert said in markets.problem
    assert len(markets.watched) == 1


def test_a_second_market_that_a_run_would_refuse_says_why() -> None:
    markets = SideBySide(margin_hike.SCENARIO, given=FEW, beside="low_payoff=7")
    assert "low_payoff is 7" in markets.watched[1].problem
    played(markets)
    assert markets.first.now.state == "cleared and certified"


def test_a_second_market_with_a_parameter_that_there_is_not_says_so() -> None:
    both = SideBySide(margin_hike.SCENARIO, beside="empirical(file=/etc/passwd, column=a)")
    assert "is not a parameter" in both.watched[1].problem
    assert [both.label(each) for each in both.watched] == ["", ""]
