"""Collateral equilibria: published numbers, limits, invariances, many starts, the event tree."""

from __future__ import annotations

from collections.abc import Mapping
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
from scenarios.credit.primitives import CreditEconomy, Household
from scenarios.promises.collateral_equilibrium import SCENARIO
from scenarios.promises.economy import MARKETS, CollateralEquilibrium, build
from simulator.outcome import Outcome
from simulator.point import RestingPoint
from simulator.run import Run


def at_once(assets: str, **more: Any) -> Run[CollateralEquilibrium]:
    return SCENARIO.run(**{"assets": assets, "low_payoff": 0.2, **more})


@cache
def everything() -> Run[CollateralEquilibrium]:
    """The default run: four markets, three dates."""
    return SCENARIO.run()


# ---------------------------------------------------------------------- published numbers


@pytest.mark.parametrize("assets", MARKETS)
def test_continuum_agrees_with_the_equations(assets: str) -> None:
    run = at_once(assets)
    differences = [name for name in run.dates.columns if name.startswith("difference_")]
    assert len(differences) >= 3
    for column in differences:
        assert abs(run.dates[column].iloc[0]) <= 1e-8, column


@pytest.mark.parametrize("assets", MARKETS)
def test_finitely_many_traders_err_by_less_than_one_of_them(assets: str) -> None:
    """The marginal trader stands within half a slice of the marginal belief of the continuum."""
    closed = at_once(assets).closed_form
    assert closed is not None
    for traders in (100, 1_000, 10_000):
        run = at_once(assets, population="individuals", traders=traders)
        assert run.outcome is Outcome.CLEARED
        assert abs(run.equilibrium["asset_price"] - closed["asset_price"]) * traders <= 1.0


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
def traded(run: Run[CollateralEquilibrium]) -> dict[str, float]:
    table = run.tables["instruments"].set_index("instrument")["traded"]
    return {str(name): float(value) for name, value in table.drop("asset").items()}


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
    row = run.tables["instruments"].set_index("instrument").loc["loan_0.4"]
    assert row["delivered_bad"] == pytest.approx(0.2)
    assert row["promised_return"] > 0.05
    assert row["traded"] == pytest.approx(100_000.0, rel=1e-9)


@pytest.mark.parametrize("low", [1e-3, 1e-6])
def test_a_vanishing_promise_is_no_borrowing(low: float) -> None:
    none = at_once("none", low_payoff=low).equilibrium["asset_price"]
    tiny = at_once("borrowing", low_payoff=low, promises=[low]).equilibrium["asset_price"]
    assert 0.0 < tiny - none < low


# ---------------------------------------------------------------------- invariances
@pytest.mark.parametrize("assets", MARKETS)
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


@pytest.mark.slow
@settings(max_examples=25)
@given(
    low=st.floats(0.02, 0.9),
    rise=st.floats(0.1, 2.0),
    shape=st.tuples(st.floats(0.7, 5.0), st.floats(0.7, 5.0)),
    cash=st.floats(0.2, 4.0),
    asset=st.floats(0.2, 4.0),
    assets=st.sampled_from(MARKETS),
)
def test_random_continua_clear_are_certified_and_agree_with_the_equations(
    low: float,
    rise: float,
    shape: tuple[float, float],
    cash: float,
    asset: float,
    assets: str,
) -> None:
    run = SCENARIO.run(
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


@pytest.mark.slow
@settings(max_examples=25)
@given(
    traders=st.integers(2, 300),
    low=st.floats(0.02, 0.9),
    assets=st.sampled_from(MARKETS),
    shape=st.tuples(st.floats(0.7, 5.0), st.floats(0.7, 5.0)),
)
def test_random_crowds_clear_to_the_last_trader(
    traders: int, low: float, assets: str, shape: tuple[float, float]
) -> None:
    run = SCENARIO.run(
        assets=assets,
        low_payoff=low,
        beliefs=f"beta({shape[0]}, {shape[1]})",
        traders=traders,
        population="individuals",
        promises=[low] if assets == "borrowing" else [],
    )
    assert run.outcome is Outcome.CLEARED
    assert run.certificate["clearing"].residual <= 1e-9


def test_margin_is_what_buyers_put_down() -> None:
    run = at_once("borrowing", promises=[0.2])
    price = run.equilibrium["asset_price"]
    assert run.dates["margin"].iloc[0] == pytest.approx((price - 0.2) / price, abs=1e-9)
    assert run.dates["leverage"].iloc[0] == pytest.approx(price / (price - 0.2), abs=1e-8)


def test_starts_far_away_end_at_the_same_quotes() -> None:
    rng = np.random.default_rng(2)
    parameters = CollateralEquilibrium(assets="tranching", low_payoff=[0.2])
    for _ in range(10):
        first = {
            "asset_price": float(rng.uniform(0.25, 1.1)),
            "price_down_tranche": float(rng.uniform(0.01, 0.19)),
        }
        economy = build(parameters.model_copy(update={"start": first}), "tranching")
        assert economy.clear() is Outcome.CLEARED
        assert economy.quotes["asset_price"] == pytest.approx(0.826461957, abs=1e-8)


def test_walras_law_clears_the_market_for_cash() -> None:
    for certificate in everything().certificates:
        assert certificate["redundant market: cash"].residual <= 1e-9


@pytest.mark.parametrize("rule", ["plain", "newton", "anderson", "implicit"])
@pytest.mark.parametrize("assets", MARKETS)
def test_other_rules_reach_the_same_equilibrium(assets: str, rule: str) -> None:
    run = at_once(assets, rule=rule)
    assert run.outcome is Outcome.CLEARED
    assert run.equilibrium == pytest.approx(at_once(assets).equilibrium, abs=1e-8)


def test_the_tables_have_one_row_per_instrument_and_date() -> None:
    table = everything().tables["instruments"]
    counts = table.groupby("case", sort=False)["instrument"].count()
    assert counts.to_dict() == {"none": 3, "borrowing": 12, "tranching": 6, "default-swaps": 9}
    assert table["price"].iloc[0] == everything().points[0].quotes["asset_price"]
    told = everything().details[3]["instruments"]
    assert isinstance(told, Mapping)
    assert list(told) == table["instrument"][table["case"] == "borrowing"].unique().tolist()


def test_without_the_largest_safe_promise_there_is_no_closed_form() -> None:
    assert at_once("borrowing", promises=[0.1, 0.4]).closed_form is None
    assert at_once("borrowing", promises=[0.1, 0.2, 0.4]).closed_form is not None


# ---------------------------------------------------------------------- the event tree
@pytest.mark.parametrize("assets", ["borrowing", "tranching", "default-swaps"])
def test_it_is_an_equilibrium_of_credit_on_an_event_tree(assets: str) -> None:
    """The same resting point, put before the certificate of the model with households."""
    run = at_once(assets, population="individuals", traders=12)
    menu = run.parameters.menu(assets, 1)
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
                risk_aversion=nothing,
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
    certificate = certify_tree(economy, RestingPoint("tree", 1, quotes, agents, complete=True))
    assert certificate.holds, certificate.table()
    dearer = {**quotes, f"price[asset@{NOW}]": 1.01 * quotes[f"price[asset@{NOW}]"]}
    assert not certify_tree(economy, RestingPoint("tree", 1, dearer, agents, complete=True)).holds


@pytest.mark.parametrize("low", [[0.2, 0.6], [0.6, 0.2], [0.2, 0.9]])
def test_tranche_and_swap_keep_their_names_where_low_payoff_passes_half_of_the_high(
    low: list[float],
) -> None:
    run = SCENARIO.run(assets="default-swaps", low_payoff=low)
    assert run.dates["outcome"].tolist() == ["cleared", "cleared"]
    for payoff, point in zip(low, run.points, strict=True):
        # both pay only after bad news, and are priced in proportion to what they pay
        tranche, swap = (point.quotes[f"price_{n}"] for n in ("down_tranche", "default_swap"))
        assert tranche / swap == pytest.approx(payoff / (1.0 - payoff), rel=1e-9)


def test_swaps_on_a_loss_smaller_than_the_tranche_clear() -> None:
    """Bad news costs a hundredth of the asset: a tranche delivers ninety times what a swap does."""
    run = SCENARIO.run(
        assets="default-swaps",
        low_payoff=0.903144,
        high_payoff=0.912267,
        population="individuals",
        beliefs=[0.08, 0.62, 0.63, 0.79, 0.83, 0.85, 0.86, 0.87, 0.89, 0.95],
        cash=[0.447, 4.155, 1.805, 0.396, 7.224, 0.925, 0.0, 2.477, 0.341, 2.162],
        asset=[0.139, 0.0, 0.096, 1.441, 0.504, 0.494, 0.779, 1.115, 4.074, 0.756],
    )
    assert run.dates["outcome"].tolist() == ["cleared"]


def test_swaps_clear_though_rounds_run_to_where_a_tranche_costs_nothing() -> None:
    run = SCENARIO.run(
        assets="default-swaps",
        low_payoff=1.3655125977357012,
        high_payoff=1.3721027056427952,
        population="individuals",
        beliefs=[0.075007, 0.160907, 0.352006, 0.441993, 0.786057, 0.907226, 0.95301],
        cash=[0.95, 0.0, 0.0, 1.499, 1.485, 5.323, 0.0],
        asset=[2.919, 0.0, 0.0, 0.0, 0.636, 7.383, 0.647],
    )
    assert run.dates["outcome"].tolist() == ["cleared"]


# ---------------------------------------------------------------------- loans and swaps
def test_where_all_cash_is_pledged_for_swaps_safe_loans_bear_interest() -> None:
    run = at_once("loans-and-swaps")
    assert run.outcome is Outcome.CLEARED
    assert run.equilibrium["price_loan_low"] < 0.2 - 0.02
    assert run.agents["cash"].sum() == pytest.approx(
        0.8 * run.agents["sold_default_swap"].sum(), rel=1e-9
    )
    for name in run.dates.columns:
        if name.startswith("difference_"):
            assert abs(run.dates[name].iloc[0]) <= 1e-9, name


@pytest.mark.parametrize("traders", [100, 500])
def test_single_traders_with_loans_and_swaps_err_by_less_than_one_of_them(traders: int) -> None:
    closed = at_once("loans-and-swaps").closed_form
    run = at_once("loans-and-swaps", population="individuals", traders=traders)
    assert closed is not None
    assert run.outcome is Outcome.CLEARED
    assert abs(run.equilibrium["asset_price"] - closed["asset_price"]) * traders <= 1.0


# ---------------------------------------------------------------------- far from the example
FAR: dict[str, dict[str, Any]] = {
    "five traders, five loans, two with cash": {
        "assets": "borrowing",
        "low_payoff": [0.002925, 2.002742],
        "high_payoff": 2.925122,
        "promises": [0.692992, 1.14014, 1.141759, 1.896667, 2.041083],
        "beliefs": [0.201275, 0.290595, 0.518161, 0.56619, 0.759137],
        "cash": [0.0, 0.0, 0.0, 2.024012, 1.645633],
        "asset": 4.756996,
    },
    "two traders, three loans": {
        "assets": "borrowing",
        "low_payoff": [0.007184627790997097, 0.0074511521302289465],
        "high_payoff": 0.14369255581994192,
        "promises": [0.012508, 0.030667, 0.085322],
        "beliefs": [0.379444, 0.503407],
        "cash": 1.3814528586119843,
        "asset": 0.1321751719348712,
    },
    "a trader with nothing": {
        "assets": "none",
        "low_payoff": 0.2,
        "beliefs": [0.2, 0.5, 0.8],
        "cash": [1.0, 1.0, 0.0],
        "asset": [1.0, 1.0, 0.0],
    },
}


@pytest.mark.parametrize("case", FAR)
def test_economies_far_from_the_example_clear_in_few_rounds(case: str) -> None:
    run = SCENARIO.run(population="individuals", **FAR[case])
    assert set(run.dates["outcome"]) == {"cleared"}
    assert run.dates["rounds"].max() <= 100
    # what is empty where it does not exist: short traders, intervals of promises that are traded
    numbers = run.dates.select_dtypes("number").drop(columns=["marginal_short"])
    numbers = numbers.drop(columns=numbers.filter(regex="^(lowest|highest)_").columns)
    assert np.isfinite(numbers.to_numpy()).all()


def test_ten_loans_side_by_side_clear_and_one_of_them_is_traded() -> None:
    """The largest safe one: the margin that traders choose among ten is that of no default."""
    amounts = [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6]
    many = at_once("borrowing", promises=amounts, population="individuals", traders=200)
    alone = at_once("borrowing", promises=[0.2], population="individuals", traders=200)
    assert many.outcome is Outcome.CLEARED
    volume = traded(many)
    # but for the marginal trader, who is indifferent between loans that owe more than .2
    assert volume["loan_0.2"] >= 0.97 * 200.0
    assert sum(volume.values()) - volume["loan_0.2"] <= 0.03 * 200.0
    assert many.equilibrium["asset_price"] == pytest.approx(
        alone.equilibrium["asset_price"], abs=1e-9
    )
    assert many.dates["margin"].iloc[0] == pytest.approx(alone.dates["margin"].iloc[0], abs=5e-3)


AROUND = [0.1, 0.25, 0.5, 0.75]
"""Loans of which none promises the lowest payoff of .2: one is safe, the others are risky."""


def test_many_traders_clear_among_loans_around_the_lowest_payoff() -> None:
    run = at_once("borrowing", promises=AROUND, population="individuals", traders=2_500)
    continuum = at_once("borrowing", promises=AROUND)
    assert run.outcome is Outcome.CLEARED
    assert run.certificate.holds
    assert run.dates["rounds"].iloc[0] <= 60
    assert run.equilibrium["asset_price"] == pytest.approx(
        continuum.equilibrium["asset_price"], abs=1.0 / 2_500
    )


LONG = [round(k / 21, 4) for k in range(1, 21)]
"""Twenty loans, of which two are traded."""


@pytest.mark.slow
@pytest.mark.parametrize(("traders", "distance"), [(2_500, 1e-3), (100_000, 1e-5)])
def test_many_traders_clear_among_twenty_loans(traders: int, distance: float) -> None:
    run = at_once("borrowing", promises=LONG, population="individuals", traders=traders)
    continuum = at_once("borrowing", promises=LONG)
    assert run.outcome is Outcome.CLEARED
    assert run.certificate.holds
    assert run.equilibrium["asset_price"] == pytest.approx(
        continuum.equilibrium["asset_price"], abs=distance
    )


@pytest.mark.slow
def test_many_traders_who_differ_in_all_clear_among_twenty_loans() -> None:
    """The economy of the benchmark, half of whose loans are safe."""
    owned = "uniform(low=0.2, high=1.8)"
    run = at_once(
        "borrowing",
        promises=[*(k / 50 for k in range(1, 11)), *(k / 20 for k in range(5, 15))],
        traders=2_500,
        beliefs="beta(a=2, b=3)",
        cash=owned,
        asset=owned,
    )
    assert run.outcome is Outcome.CLEARED
    assert run.certificate.holds


@pytest.mark.slow
def test_a_continuum_whose_rounds_go_round_an_equilibrium_is_proved() -> None:
    """A loan far above the safe one has next to no buyers, and rounds do not settle its price."""
    run = SCENARIO.run(
        assets="borrowing",
        low_payoff=[1.4092018543623368, 0.34401056284813825],
        high_payoff=1.6664880659437449,
        promises=[0.290996, 0.330846, 1.09562],
        beliefs="beta(3.02, 5.82)",
        cash=0.044259789906037766,
        asset=1.2347258879292806,
    )
    assert run.dates["outcome"].tolist() == ["cleared", "cleared"]
    assert "had not settled" in run.ends[-1].reason
    assert run.certificate.holds
