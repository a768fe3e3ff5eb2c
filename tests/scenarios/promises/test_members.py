"""Traders of one's own in both scenarios: from a table, drawn, named; and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import walras
from scenarios.promises.collateral_equilibrium import SCENARIO
from scenarios.promises.economy import CollateralEquilibrium
from scenarios.promises.states_economy import EndogenousLeverage
from scenarios.promises.states_economy import traders_of as state_traders_of
from simulator.parameters import parse
from simulator.population.believers import COLUMNS, traders_of
from simulator.verify import verify

FIRMS = pd.DataFrame(
    {
        "name": ["Zug", "Aare", "Bern", "Chur", "Davos"],
        "belief": [0.9, 0.1, 0.5, 0.7, 0.3],
        "cash": [2.0, 1.0, 0.5, 3.0, 1.5],
        "asset": [0.0, 2.0, 1.0, 1.0, 0.0],
    }
)
LISTED: dict[str, Any] = {
    "beliefs": FIRMS["belief"].tolist(),
    "cash": FIRMS["cash"].tolist(),
    "asset": FIRMS["asset"].tolist(),
    "population": "individuals",
}
BY_STATE = pd.DataFrame(
    {
        "name": ["Zug", "Aare", "Bern"],
        "belief_state_1": [0.6, 0.3, 0.1],
        "belief_state_2": [0.3, 0.4, 0.3],
        "belief_state_3": [0.1, 0.3, 0.6],
        "cash": [2.0, 1.0, 0.5],
        "patience": [0.9, 0.95, 0.8],
    }
)
DRAWN: dict[str, Any] = {
    "beliefs": "beta(a=2, b=3)",
    "cash": "lognormal(mean=1, sd=1)",
    "correlation": {"belief, cash": 0.6},
}


def run(seed: int = 0, assets: str = "borrowing", **given: Any) -> walras.Run:
    return walras.run("collateral-equilibrium", seed=seed, assets=assets, low_payoff=0.2, **given)


def states(seed: int = 0, **given: Any) -> walras.Run:
    return walras.run("endogenous-leverage", seed=seed, **given)


# ---------------------------------------------------------------------- collateral-equilibrium
def test_a_table_is_the_lists_that_it_holds_with_names_in_its_order(tmp_path: Path) -> None:
    FIRMS.to_csv(tmp_path / "firms.csv", index=False)
    listed = run(**LISTED)
    for members in (FIRMS, str(tmp_path / "firms.csv")):
        given = run(members=members)
        assert given.outcome is walras.Outcome.CLEARED
        assert given.equilibrium == pytest.approx(listed.equilibrium, rel=1e-11)
        for name in FIRMS:
            column = name if name in ("name", "belief") else f"endowed_{name}"
            assert given.agents[column].tolist() == FIRMS[name].tolist()
        by_belief = given.agents.sort_values("belief")["asset"].tolist()
        assert by_belief == pytest.approx(listed.agents["asset"].tolist(), abs=1e-9)
        assert given.dates["traders_trading"].item() == 5.0
        assert given.closed_form is None


def test_many_traders_on_the_line_of_beliefs_keep_names_and_order() -> None:
    """More than tremble: the other cohort."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "name": [f"n{k}" for k in range(2_500)],
            "belief": rng.uniform(0.01, 0.99, 2_500),
            "cash": rng.exponential(1.0, 2_500),
        }
    )
    given = run(members=table, assets="none")
    assert given.outcome is walras.Outcome.CLEARED
    assert given.agents["name"].tolist() == table["name"].tolist()
    assert given.agents["endowed_cash"].tolist() == table["cash"].tolist()
    optimists = given.agents["belief"] > given.dates["marginal_buyer"].item()
    assert (given.agents["asset"][optimists] > 0.0).all()
    assert run(members=table[::-1], assets="none").equilibrium == given.equilibrium


def test_columns_that_are_missing_take_the_parameters_values() -> None:
    table = FIRMS[["name", "cash"]]
    made = traders_of(parse(CollateralEquilibrium, {"members": table}), np.random.default_rng(0))
    assert made.beliefs.members(5) == pytest.approx([0.1, 0.3, 0.5, 0.7, 0.9])
    assert made.asset == 1.0
    given = run(members=table, asset="uniform(low=1, high=2)", beliefs="beta(a=2, b=2)")
    assert given.agents["endowed_cash"].tolist() == table["cash"].tolist()
    assert given.agents["endowed_asset"].nunique() == given.agents["belief"].nunique() == 5


def test_the_order_of_rows_changes_no_round() -> None:
    """Only where trembles end, sums of another order may be rounded otherwise."""
    shuffled = FIRMS.sample(frac=1.0, random_state=3)
    given, straight = run(members=shuffled), run(members=FIRMS)
    assert given.rounds.equals(straight.rounds)
    assert given.equilibrium == pytest.approx(straight.equilibrium, rel=1e-11)
    assert given.agents["name"].tolist() == shuffled["name"].tolist()


def test_traders_are_drawn_by_the_seed_alike_in_all_markets() -> None:
    one, two, other = (run(seed, **DRAWN, traders=40) for seed in (1, 1, 2))
    assert one.outcome is other.outcome is walras.Outcome.CLEARED
    assert one.agents.equals(two.agents)
    assert one.rounds.equals(two.rounds)
    assert one.equilibrium != other.equilibrium
    parameters, rng = (
        parse(CollateralEquilibrium, {**DRAWN, "traders": 40}),
        np.random.default_rng(1),
    )
    markets = [case.build(rng) for case in SCENARIO.cases(parameters)]
    owned = [market.cohorts[0].cash for market in markets]  # type: ignore[attr-defined]
    assert len(owned) == 4
    assert all((cash == one.agents["endowed_cash"]).all() for cash in owned)
    many = traders_of(parse(CollateralEquilibrium, DRAWN), np.random.default_rng(0))
    ranks = pd.DataFrame({"belief": many.beliefs.given, "cash": many.cash}).corr("spearman")
    assert ranks.iloc[0, 1] == pytest.approx(0.6, abs=0.01)
    assert one.parameters.model_dump()["population"] == "individuals"


def test_figures_show_members_by_name() -> None:
    shown = run(members=FIRMS, assets="none").plot()
    axes = shown["net_trades_none"].axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == FIRMS["name"].tolist()
    assert "marginal_buyers" in shown


# ---------------------------------------------------------------------- endogenous-leverage
def test_traders_on_several_states_have_a_column_each(tmp_path: Path) -> None:
    BY_STATE.to_csv(tmp_path / "firms.csv", index=False)
    rows = BY_STATE[[f"belief_state_{k}" for k in (1, 2, 3)]].to_numpy().tolist()
    lists: dict[str, Any] = {name: BY_STATE[name].tolist() for name in ("cash", "patience")}
    listed = states(beliefs=rows, **lists)
    for members in (BY_STATE, str(tmp_path / "firms.csv")):
        given = states(members=members)
        assert given.outcome is walras.Outcome.CLEARED
        assert given.rounds.equals(listed.rounds)
        assert given.agents["name"].tolist() == BY_STATE["name"].tolist()
        for name in BY_STATE:
            column = f"endowed_{name}" if name == "cash" else name
            assert given.agents[column].tolist() == BY_STATE[name].tolist()
        assert given.dates["traders_trading"].item() == 3.0
    (first, *_) = states(members=BY_STATE).plot()["net_trades"].axes[0].get_yticklabels()
    assert first.get_text() == "Zug"


def test_one_number_per_trader_or_a_distribution_of_it() -> None:
    table = FIRMS[["name", "belief"]]
    given = parse(EndogenousLeverage, {"members": table})
    made = state_traders_of(given, np.random.default_rng(0))
    assert made.chances[0] == pytest.approx([0.81, 0.18, 0.01])
    one, two, other = (states(seed, **DRAWN, traders=30) for seed in (1, 1, 2))
    assert one.outcome is walras.Outcome.CLEARED
    assert one.agents.equals(two.agents)
    assert one.rounds.equals(two.rounds)
    assert one.equilibrium != other.equilibrium
    assert one.agents["belief_state_1"].nunique() == one.agents["endowed_cash"].nunique() == 30


def test_positions_of_others_than_the_given_are_not_certified() -> None:
    made = states(members=BY_STATE)
    point = made.points[0]
    assert made.scenario.certify(made.parameters, point).holds
    agents = point.agents.assign(belief_state_1=[0.1, 0.3, 0.6], belief_state_3=[0.6, 0.3, 0.1])
    false = type(point)(point.case, 1, point.quotes, agents, complete=True)
    assert not made.scenario.certify(made.parameters, false)["optimality"].holds


# ---------------------------------------------------------------------- both
def test_exports_are_verified_without_the_original(tmp_path: Path) -> None:
    path = tmp_path / "firms.csv"
    for make, table in ((run, FIRMS), (states, BY_STATE)):
        table.to_csv(path, index=False)
        given: dict[str, Any] = {"members": str(path)}
        made = make(**given)
        folder = made.export(tmp_path / "runs", plots=False)
        path.unlink()
        found = verify(folder, walras.find)
        assert found.certified
        assert found.altered == ()
        names = pd.read_csv(folder / "agents.csv")["name"]
        assert names[: len(table)].tolist() == table["name"].tolist()


def test_an_export_of_drawn_traders_is_verified(tmp_path: Path) -> None:
    folder = run(**DRAWN, traders=50).export(tmp_path, plots=False)
    assert verify(folder, walras.find).certified


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"members": FIRMS.rename(columns={"belief": "beleif"})}, 'did you mean "belief"'),
        ({"members": FIRMS.assign(belief=1.0)}, r"row 1: belief is 1.0; it must be a number in"),
        ({"members": FIRMS.assign(cash=0.0)}, "cash is 0 for every trader"),
        ({"members": FIRMS[1:2]}, "at least two"),
        ({"members": FIRMS, "population": "continuum"}, 'set it to "individuals"'),
        ({"beliefs": "normal(mean=0.5, sd=1)", "traders": 50}, "truncate"),
        ({"cash": "lognormal(mean=1)"}, "lacks sd"),
        ({"correlation": {"belief, cash": 0.5}}, "nothing is drawn"),
        ({**DRAWN, "population": "continuum"}, 'set it to "individuals"'),
    ],
)
def test_what_can_not_be_used_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(walras.Refused, match=said):
        run(**given)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"members": BY_STATE.assign(belief_state_1=0.5)}, "row 1: .* add up to 0.9; they must"),
        ({"members": BY_STATE.drop(columns="belief_state_2")}, "must have belief alone, or"),
        ({"members": BY_STATE.assign(belief=0.5)}, "must have belief alone, or"),
        ({"members": BY_STATE.assign(patience=0.0)}, r"patience is 0.0; it must be a number in \("),
        ({"members": BY_STATE.assign(belief_state_4=0.0)}, "is not a column; did you mean"),
        ({"members": FIRMS[:1]}, "members has 1 rows; it must have from 2 to 1,000"),
        ({"members": FIRMS, "storable": False}, "neither be kept nor consumed"),
        ({"patience": "fast"}, "no distribution"),
        ({"beliefs": "beta(a=2)"}, "lacks b"),
    ],
)
def test_what_can_not_be_used_on_several_states_is_refused(
    given: dict[str, Any], said: str
) -> None:
    with pytest.raises(walras.Refused, match=said):
        states(**given)


def test_help_names_all_columns() -> None:
    listed = CollateralEquilibrium.model_fields["members"].description or ""
    assert all(f"{column.name} ({column.unit})" in listed for column in COLUMNS)
    assert SCENARIO.parameters is CollateralEquilibrium
