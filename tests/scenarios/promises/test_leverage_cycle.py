"""Collateral equilibria: published numbers, certificates, limits, invariances, bad input."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from markets.credit.contract import RealCoupon
from markets.promises.menu import GOODS, NOW, news
from scenarios.credit.certificate import certify as certify_tree
from scenarios.credit.reading import CreditEconomy, Household
from scenarios.promises import leverage_cycle, published
from scenarios.promises.leverage_cycle import LeverageCycle, build, certified, sides
from simulator.outcome import Outcome
from simulator.point import RestingPoint
from simulator.run import Run


def at_once(assets: str, **more: Any) -> Run:
    return leverage_cycle.run(**{"assets": assets, "low_payoff": 0.2, **more})


@cache
def everything() -> Run:
    """The default run: four markets, three dates."""
    return leverage_cycle.run()


# ---------------------------------------------------------------------- published numbers
@pytest.mark.parametrize("case", published.CASES, ids=lambda case: case.assets)
def test_rounds_reach_the_published_equilibrium(case: published.Published) -> None:
    run = at_once(case.assets)
    told = run.to_json()["dates"][0]
    assert run.outcome is Outcome.CLEARED
    assert told["certified"]
    assert told["quotes"]["asset_price"] == pytest.approx(case.price, abs=published.ROUNDING, rel=0)
    assert told["marginal_buyer"] == pytest.approx(case.buyer, abs=published.ROUNDING, rel=0)
    if case.margin is not None:
        assert told["margin"] == pytest.approx(case.margin, abs=published.ROUNDING, rel=0)
    if case.short is not None:
        assert told["marginal_short"] == pytest.approx(case.short, abs=published.ROUNDING, rel=0)


@pytest.mark.parametrize("case", published.CASES, ids=lambda case: case.assets)
def test_continuum_agrees_with_the_equations(case: published.Published) -> None:
    run = at_once(case.assets)
    for column in run.dates.columns:
        if column.startswith("difference_"):
            assert abs(run.dates[column].iloc[0]) <= 1e-8, column


@pytest.mark.parametrize(
    "case", [c for c in published.CASES if c.finite is not None], ids=lambda case: case.assets
)
def test_a_hundred_thousand_traders(case: published.Published) -> None:
    run = at_once(case.assets, population="individuals", traders=100_000)
    assert run.outcome is Outcome.CLEARED
    price = run.equilibrium["asset_price"]
    assert price == pytest.approx(case.finite, abs=published.ROUNDING, rel=0)


@pytest.mark.parametrize("assets", ["none", "borrowing", "tranching", "default-swaps"])
def test_finitely_many_traders_err_by_less_than_one_of_them(assets: str) -> None:
    """The marginal trader stands within half a slice of the marginal belief of the continuum."""
    closed = at_once(assets).closed_form
    assert closed is not None
    for traders in (100, 1_000, 10_000):
        run = at_once(assets, population="individuals", traders=traders)
        assert run.outcome is Outcome.CLEARED
        assert abs(run.equilibrium["asset_price"] - closed["asset_price"]) * traders <= 1.0


def test_more_can_be_promised_more_is_paid_until_pessimists_can_pay_as_well() -> None:
    price = {case.assets: case.price for case in published.CASES}
    found = everything().dates.groupby("case")["asset_price"].first()
    assert found["none"] < found["borrowing"] < found["tranching"]
    assert found["default-swaps"] < found["none"]
    assert found.to_dict() == pytest.approx(price, abs=published.ROUNDING, rel=0)


def test_worse_bad_news_raises_the_margin_and_credit_amplifies_the_fall() -> None:
    dates = everything().dates
    price = dates.pivot_table(index="date", columns="case", values="asset_price").to_dict("list")
    margin = dates.pivot_table(index="date", columns="case", values="margin").to_dict("list")
    for case in ("borrowing", "tranching", "default-swaps"):
        assert margin[case][1] > margin[case][0]
        assert price[case][2] == pytest.approx(price[case][0], abs=1e-9)
    fall = {case: values[0] - values[1] for case, values in price.items()}
    assert fall["borrowing"] > 2.0 * fall["none"] > 0.0


# ---------------------------------------------------------------------- which promise is traded
def traded(run: Run) -> dict[str, float]:
    table = run.tables["instruments"].set_index("instrument")["traded"]
    return {str(name): float(value) for name, value in table.drop("asset").items()}


def test_of_many_promises_the_market_picks_the_largest_safe_one() -> None:
    volume = traded(at_once("borrowing", promises=[0.05, 0.1, 0.2, 0.3, 0.5]))
    assert volume["loan_0.2"] == pytest.approx(100_000.0, rel=1e-9)
    assert max(value for name, value in volume.items() if name != "loan_0.2") <= 1e-4


def test_promises_above_the_safe_one_do_not_change_the_price_and_would_without_it() -> None:
    safe = at_once("borrowing", promises=[0.2]).equilibrium["asset_price"]
    with_risky = at_once("borrowing", promises=[0.2, 0.4, 0.6]).equilibrium["asset_price"]
    only_risky = at_once("borrowing", promises=[0.4, 0.6])
    assert with_risky == pytest.approx(safe, abs=1e-9)
    assert only_risky.outcome is Outcome.CLEARED
    assert only_risky.equilibrium["asset_price"] < safe - 0.01
    assert traded(only_risky)["loan_0.4"] > 1.0


def test_risky_promises_pay_a_premium_that_their_issuers_default_on() -> None:
    run = at_once("borrowing", promises=[0.4])
    row = run.details[0]["instruments"]["loan_0.4"]
    assert row["delivered_bad"] == pytest.approx(0.2)
    assert row["promised_return"] > 0.05
    assert row["traded"] == pytest.approx(100_000.0, rel=1e-9)


@pytest.mark.parametrize("low", [1e-3, 1e-6])
def test_a_vanishing_promise_is_no_borrowing(low: float) -> None:
    none = at_once("none", low_payoff=low).equilibrium["asset_price"]
    tiny = at_once("borrowing", low_payoff=low, promises=[low]).equilibrium["asset_price"]
    assert 0.0 < tiny - none < low


# ---------------------------------------------------------------------- invariances
@pytest.mark.parametrize("assets", ["none", "borrowing", "tranching", "default-swaps"])
def test_the_unit_of_cash_does_not_matter(assets: str) -> None:
    one = at_once(assets)
    other = at_once(assets, low_payoff=20.0, high_payoff=100.0, cash=100.0)
    assert other.outcome is Outcome.CLEARED
    assert other.equilibrium["asset_price"] == pytest.approx(
        100.0 * one.equilibrium["asset_price"], rel=1e-9
    )
    assert other.dates["margin"].iloc[0] == pytest.approx(one.dates["margin"].iloc[0], rel=1e-8)


def test_same_seed_same_tables() -> None:
    first, second = at_once("tranching"), at_once("tranching")
    assert first.agents.equals(second.agents)
    assert first.rounds.equals(second.rounds)


@settings(max_examples=25)
@given(
    low=st.floats(0.02, 0.9),
    rise=st.floats(0.1, 2.0),
    shape=st.tuples(st.floats(0.7, 5.0), st.floats(0.7, 5.0)),
    cash=st.floats(0.2, 4.0),
    asset=st.floats(0.2, 4.0),
    assets=st.sampled_from(["none", "borrowing", "tranching", "default-swaps"]),
)
def test_random_continua_clear_are_certified_and_agree_with_the_equations(
    low: float,
    rise: float,
    shape: tuple[float, float],
    cash: float,
    asset: float,
    assets: str,
) -> None:
    run = leverage_cycle.run(
        assets=assets,
        low_payoff=low,
        high_payoff=low + rise,
        beliefs=f"beta({shape[0]}, {shape[1]})",
        cash=cash,
        asset=asset,
        promises=[low] if assets == "borrowing" else [],
    )
    assert run.outcome is Outcome.CLEARED
    closed = run.closed_form
    assert closed is not None
    assert run.equilibrium["asset_price"] == pytest.approx(closed["asset_price"], rel=1e-7)


def test_traders_who_own_different_things_clear_and_rich_optimists_raise_the_price() -> None:
    """The optimists among a hundred bring most of the cash, or the pessimists do."""
    prices = []
    for cash in (np.linspace(0.0, 2.0, 100), np.linspace(2.0, 0.0, 100)):
        run = at_once("borrowing", population="individuals", traders=100, cash=cash.tolist())
        assert run.outcome is Outcome.CLEARED
        assert run.closed_form is None
        prices.append(run.equilibrium["asset_price"])
    assert prices[0] > at_once("borrowing").equilibrium["asset_price"] > prices[1]


@settings(max_examples=25)
@given(
    traders=st.integers(2, 300),
    low=st.floats(0.02, 0.9),
    assets=st.sampled_from(["none", "borrowing", "tranching", "default-swaps"]),
    shape=st.tuples(st.floats(0.7, 5.0), st.floats(0.7, 5.0)),
)
def test_random_crowds_clear_to_the_last_trader(
    traders: int, low: float, assets: str, shape: tuple[float, float]
) -> None:
    run = leverage_cycle.run(
        assets=assets,
        low_payoff=low,
        beliefs=f"beta({shape[0]}, {shape[1]})",
        traders=traders,
        population="individuals",
        promises=[low] if assets == "borrowing" else [],
    )
    assert run.outcome is Outcome.CLEARED
    assert run.certificate["clearing"].residual <= 1e-9


# ---------------------------------------------------------------------- the certificate
def resting(run: Run) -> RestingPoint:
    return RestingPoint(str(run.dates["case"].iloc[0]), 1, run.quotes(0), run.agents, complete=True)


@pytest.mark.parametrize("population", ["continuum", "individuals"])
@pytest.mark.parametrize(
    ("column", "shift", "condition"),
    [
        ("cash", 1e-6, "budget"),
        ("asset", -1e-6, "collateral"),
        ("bought_down_tranche", 1e-3, "clearing"),
        ("sold_down_tranche", 1e-6, "collateral"),
        ("belief_low", -1e-3, "optimality"),
        ("weight", 1e-6, "population"),
    ],
)
def test_a_falsified_table_is_found_out(
    population: str, column: str, shift: float, condition: str
) -> None:
    run = at_once("tranching", population=population, traders=500)
    parameters = run.parameters
    assert isinstance(parameters, LeverageCycle)
    place = resting(run)
    assert certified(parameters, place).holds
    falsified = run.agents.copy()
    held = {"asset": "asset", "sold_down_tranche": "asset", "belief_low": "asset"}.get(column)
    row = int(np.argmax(falsified[held] > 0.0)) if held else 0
    values = falsified[column].to_numpy(copy=True)
    values[row] += shift
    falsified[column] = values
    certificate = certified(parameters, replace(place, agents=falsified))
    assert not certificate[condition].holds


@pytest.mark.parametrize("quote", ["asset_price", "price_down_tranche"])
def test_a_falsified_quote_is_found_out(quote: str) -> None:
    run = at_once("tranching", population="individuals", traders=500)
    parameters = run.parameters
    assert isinstance(parameters, LeverageCycle)
    quotes = {**run.quotes(0), quote: run.quotes(0)[quote] * 1.001}
    certificate = certified(parameters, replace(resting(run), quotes=quotes))
    assert not certificate["optimality"].holds


def test_an_arbitrage_is_found_out() -> None:
    """A tranche that costs more than the asset lets anybody grow rich by cutting it up."""
    run = at_once("tranching", population="individuals", traders=50)
    parameters = run.parameters
    assert isinstance(parameters, LeverageCycle)
    quotes = {**run.quotes(0), "price_down_tranche": 2.0 * run.quotes(0)["asset_price"]}
    certificate = certified(parameters, replace(resting(run), quotes=quotes))
    assert certificate["optimality"].residual == np.inf


# ---------------------------------------------------------------------- the event tree
@pytest.mark.parametrize("assets", ["borrowing", "tranching", "default-swaps"])
def test_it_is_an_equilibrium_of_credit_on_an_event_tree(assets: str) -> None:
    """The same resting point, put before the certificate of the model with households."""
    run = at_once(assets, population="individuals", traders=12)
    parameters = run.parameters
    assert isinstance(parameters, LeverageCycle)
    menu = parameters.menu(run.dates["case"].iloc[0], 1)
    tree, zero = news(menu.security), Fraction(0)
    households, rows = [], []
    for row in run.agents.to_dict("records"):
        belief, name = Fraction(row["belief"]), f"trader {row['member']}"
        own = (Fraction(row["endowed_cash"]), Fraction(row["endowed_asset"]))
        nothing = (zero, zero)
        households.append(
            Household(
                name,
                endowment=(nothing, own, nothing, nothing),
                weights=(nothing, nothing, (belief, zero), (1 - belief, zero)),
                risk_aversion=zero,
            )
        )
        pledged = {"cash": 0.0, "asset": 0.0}
        for contract in menu.contracts:
            sold = row[f"sold_{contract.name}"]
            rows.append((name, "lent", NOW, contract.name, row[f"bought_{contract.name}"]))
            rows.append((name, "borrowed", NOW, contract.name, sold))
            for good, amount in zip(GOODS, contract.collateral, strict=True):
                pledged[good] += sold * float(amount)
        for good in GOODS:
            rows.append((name, "consumed freely", "before", good, 0.0))
            rows.append((name, "consumed freely", NOW, good, row[good] - pledged[good]))
        after = [row["cash"] + row["asset"] * v for v in menu.payoff]
        for state, amount, delivery in zip(("good", "bad"), after, menu.delivery.T, strict=True):
            net = [row[f"bought_{n}"] - row[f"sold_{n}"] for n in menu.names]
            rows.append((name, "consumed freely", state, "cash", amount + net @ delivery))
            rows.append((name, "consumed freely", state, "asset", 0.0))
    columns = ["household", "part", "node", "instrument", "amount"]
    agents = pd.DataFrame(rows, columns=columns)
    agents["amount"] = np.maximum(agents["amount"], 0.0)  # what is pledged, less itself, rounded
    quotes = {f"price[asset@{node}]": run.quotes(0)["asset_price"] for node in tree.names}
    for j, contract in enumerate(menu.contracts):
        assert isinstance(contract.coupon, RealCoupon)
        quotes[f"price[{contract.name}@{NOW}]"] = run.quotes(0)[f"price_{contract.name}"]
        for state, amount in zip(("good", "bad"), menu.delivery[j], strict=True):
            quotes[f"unit_payment[{contract.name}@{state}]"] = float(amount)
    economy = CreditEconomy(tree, menu.contracts, tuple(households))
    certificate = certify_tree(economy, quotes, agents, None)
    assert certificate.holds, certificate.table()
    dearer = {**quotes, f"price[asset@{NOW}]": 1.01 * quotes[f"price[asset@{NOW}]"]}
    assert not certify_tree(economy, dearer, agents, None).holds


# ---------------------------------------------------------------------- what users see
def test_sides_cover_the_line_of_beliefs_and_hold_all_there_is() -> None:
    table = sides(everything())
    for _, part in table.groupby(["case", "date"]):
        assert part["traders"].sum() == pytest.approx(100_000.0)
        assert part["asset"].sum() == pytest.approx(100_000.0, rel=1e-9)
        assert part["cash"].sum() == pytest.approx(100_000.0, rel=1e-9)
        assert part["promises_bought"].sum() == pytest.approx(part["promises_sold"].sum())
    swaps = table[(table["case"] == "default-swaps") & (table["date"] == 1)]
    assert swaps["side"].tolist() == ["short", "long"]
    borrowing = table[(table["case"] == "borrowing") & (table["date"] == 1)]
    assert borrowing["side"].tolist() == ["cash", "lender", "long"]
    assert borrowing["belief_low"].iloc[-1] == pytest.approx(0.686141, abs=1e-6)


def test_margin_is_what_buyers_put_down() -> None:
    run = at_once("borrowing", promises=[0.2])
    price = run.equilibrium["asset_price"]
    assert run.dates["margin"].iloc[0] == pytest.approx((price - 0.2) / price, abs=1e-9)
    assert run.dates["leverage"].iloc[0] == pytest.approx(price / (price - 0.2), abs=1e-8)


def test_starts_far_away_end_at_the_same_quotes() -> None:
    rng = np.random.default_rng(2)
    parameters = LeverageCycle(assets="tranching", low_payoff=[0.2])
    for _ in range(10):
        first = {
            "asset_price": float(rng.uniform(0.25, 1.1)),
            "price_down_tranche": float(rng.uniform(0.01, 0.19)),
        }
        economy = build(parameters, "tranching", first_quotes=first)
        assert economy.clear() is Outcome.CLEARED
        assert economy.quotes["asset_price"] == pytest.approx(0.826461957, abs=1e-8)


def test_figures_are_drawn() -> None:
    figures = everything().plot()
    assert set(figures) == {"marginal_buyers", "quotes_by_round", "margin_by_date"}
    assert all(figure.axes[0].has_data() for figure in figures.values())


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"low_payoff": 1.0}, r"low_payoff is 1\.0 and high_payoff is 1\.0"),
        ({"low_payoff": [0.2, 1.2]}, r"low_payoff is 1\.2"),
        ({"low_payoff": 0.0}, "low_payoff is 0"),
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
    with pytest.raises(ValueError, match=words):
        leverage_cycle.run(**bad)
