"""What margin-hike shows in the browser: traders along the line of beliefs."""

import numpy as np

from scenarios.repo.economy import MarginHike, build
from scenarios.repo.page import PAGE, line_of_beliefs, marginal_traders
from simulator.parameters import declared


def test_traders_stand_at_their_beliefs_between_the_marginal_ones() -> None:
    economy = build(MarginHike(traders=400, haircuts=[0.05]), np.random.default_rng(0))
    economy.clear()
    shown = line_of_beliefs(economy, 50)
    assert len(shown) == 50
    assert shown["belief"].is_monotonic_increasing
    marks = marginal_traders(economy)
    assert list(marks) == ["marginal long", "marginal short"]
    long, short = marks.values()
    assert long < short
    assert (shown.loc[shown["belief"] < long, "security"] > 0.0).all()
    assert (shown.loc[shown["belief"] > short, "security"] < 0.0).all()
    between = shown["belief"].between(long, short, inclusive="neither")
    assert (shown.loc[between, "security"] == 0.0).all()
    economy.close()


def test_controls_and_accounts_are_those_of_the_economy() -> None:
    names = {item.name for item in declared(MarginHike)}
    assert {control.parameter for control in PAGE.controls} <= names
    economy = build(MarginHike(traders=20), np.random.default_rng(0))
    economy.step()
    assert {account.column for account in PAGE.accounts} <= set(economy.accounts())
    economy.close()
