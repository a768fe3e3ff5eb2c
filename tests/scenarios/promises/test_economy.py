"""Parameters of collateral equilibria: menus, markets, bad input."""

from __future__ import annotations

from typing import Any

import pytest

from markets.refused import Refused
from scenarios.promises.collateral_equilibrium import SCENARIO
from scenarios.promises.economy import MARKETS, CollateralEquilibrium
from simulator.parameters import parse


def test_all_markets_side_by_side_or_one() -> None:
    assert CollateralEquilibrium().markets == MARKETS
    assert CollateralEquilibrium(assets="tranching").markets == ("tranching",)
    assert [case.name for case in SCENARIO.cases(CollateralEquilibrium())] == list(MARKETS)


def test_menus_follow_the_market_and_the_date() -> None:
    parameters = CollateralEquilibrium(low_payoff=[0.2, 0.1])
    names = {assets: parameters.menu(assets, 1).names for assets in MARKETS}
    assert names["none"] == ()
    assert set(names["borrowing"]) == {"loan_half", "loan_low", "loan_risky"}
    assert names["tranching"] == ("down_tranche",)
    assert set(names["default-swaps"]) == {"down_tranche", "default_swap"}
    assert parameters.menu("none", 2).payoff.tolist() == [1.0, 0.1]
    safe = parameters.menu("borrowing", 2)
    assert safe.delivery[safe.names.index("loan_low")].tolist() == [0.1, 0.1]


def test_one_number_is_one_date_and_listed_beliefs_count_the_traders() -> None:
    assert parse(CollateralEquilibrium, {"low_payoff": 0.3}).low_payoff == [0.3]
    assert CollateralEquilibrium(beliefs=[0.1, 0.5, 0.9]).number == 3
    assert CollateralEquilibrium(traders=7).number == 7


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"low_payoff": 1.0}, r"low_payoff is 1\.0 and high_payoff is 1\.0"),
        ({"low_payoff": [0.2, 1.2]}, r"low_payoff is 1\.2"),
        ({"low_payoff": 0.0}, "low_payoff is 0"),
        ({"low_payoff": 0.0, "assets": "borrowing"}, "nothing safe can be promised"),
        ({"low_payoff": []}, "low_payoff"),
        ({"beliefs": [0.2, 1.0]}, r"beliefs contains 1\.0; a belief lies strictly between 0 and 1"),
        ({"beliefs": "beta(0, 1)"}, "beta"),
        ({"promises": [0.2, 1.0]}, r"promises contains 1\.0"),
        ({"promises": [0.2, 0.2]}, "twice"),
        ({"promises": [-0.2]}, r"promises\[0\]"),
        ({"cash": 0.0}, "cash"),
        ({"cash": [1.0, 2.0]}, 'set population to "individuals"'),
        ({"cash": [1.0, 2.0], "traders": 3, "population": "individuals"}, "there are 3 traders"),
        ({"asset": [0.0, 0.0], "traders": 2, "population": "individuals"}, "asset is 0 for every"),
        ({"traders": 1}, "traders"),
        ({"assets": "swaps"}, "assets"),
        ({"asets": "none"}, "assets"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(bad: dict[str, Any], words: str) -> None:
    with pytest.raises(Refused, match=words):
        SCENARIO.run(**bad)
