"""Experts short of funding: spirals, folds, contagion, and margin rules side by side."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from agents.funding.clearing_house import MarginClearingHouse
from agents.funding.customers import Customers
from agents.funding.experts import Experts
from markets.adjustment.plain import PlainTatonnement
from markets.funding.market import FundedMarket
from markets.margin import LinearMargin
from scenarios.funding import funding_contagion, margin_procyclicality, margin_spiral, published
from scenarios.funding.closed_form import Spiral
from scenarios.funding.funding_contagion import FundingContagion
from scenarios.funding.funding_contagion import build as build_pool
from scenarios.funding.margin_spiral import MarginSpiral, build
from simulator.economy import Economy
from simulator.outcome import Outcome
from simulator.run import Run

FRAGILE = Spiral(
    fundamental=10.0,
    supply=3.0,
    appetite=2.0,
    margin_base=published.FRAGILE["base"],
    margin_slope=published.FRAGILE["slope"],
    endowment=published.FRAGILE["endowment"],
)


@cache
def loop() -> Run:
    """The default run: wealth down and up in a fragile market."""
    return margin_spiral.run()


@cache
def rules() -> Run:
    """The default run of margin rules side by side."""
    return margin_procyclicality.run()


def at_once(cash: float, base: float, slope: float, endowment: float, **more: Any) -> Run:
    return margin_spiral.run(
        experts_wealth=[cash],
        margin_base=base,
        margin_slope=slope,
        experts_endowment=endowment,
        **more,
    )


def price_of(cash: float, base: float, slope: float, endowment: float) -> float:
    return at_once(cash, base, slope, endowment).equilibrium["security_price"]


@pytest.mark.parametrize("case", published.CASES, ids=lambda case: case.case)
def test_rounds_reach_the_published_equilibrium(case: published.Published) -> None:
    run = at_once(case.cash, case.base, case.slope, case.endowment)
    told = run.to_json()["dates"][0]
    assert run.outcome is Outcome.CLEARED
    assert told["certified"]
    assert told["quotes"]["security_price"] == pytest.approx(case.price, abs=1e-8, rel=0)
    assert told["experts_position"] == pytest.approx(case.position, abs=1e-8, rel=0)
    assert told["margin"] == pytest.approx(case.margin, abs=1e-8, rel=0)
    assert told["amplification"]["total"] == pytest.approx(case.total, abs=1e-8, rel=0)
    parts = told["amplification"]
    assert parts["direct"] + parts["loss"] + parts["margin"] == pytest.approx(parts["total"])


@pytest.mark.parametrize("case", published.CASES, ids=lambda case: case.case)
def test_closed_form_gives_the_published_numbers(case: published.Published) -> None:
    market = Spiral(10.0, 3.0, 2.0, case.base, case.slope, case.endowment)
    (root,) = market.equilibria(case.cash)
    found = (root.price, root.position, root.margin, market.amplification(root.price).total)
    expected = (case.price, case.position, case.margin, case.total)
    assert found == pytest.approx(expected, abs=published.ROUNDING, rel=0)


def test_parts_of_the_amplification_are_those_of_re_cleared_markets() -> None:
    """At one state: margins that rest, and wealth that rests, switched on one after the other."""
    case, step = published.CASES[-1], 1e-4
    run = at_once(case.cash, case.base, case.slope, case.endowment)
    price, margin = run.equilibrium["security_price"], float(run.dates["margin"].iloc[0])
    wealth = case.cash + case.endowment * price
    markets = (
        (wealth, margin, 0.0, 0.0),
        (case.cash, margin, 0.0, case.endowment),
        (case.cash, case.base, case.slope, case.endowment),
    )
    measured = []
    for cash, *market in markets:
        up, down = price_of(cash + step, *market), price_of(cash - step, *market)
        assert down < price < up
        measured.append((up - down) / (2.0 * step))
    assert measured == pytest.approx(published.SAME_STATE, abs=1e-7, rel=0)
    parts = run.details[0]["amplification"]
    assert parts["direct"] == pytest.approx(measured[0], abs=1e-7, rel=0)
    assert parts["loss"] == pytest.approx(measured[1] - measured[0], abs=1e-7, rel=0)
    assert parts["margin"] == pytest.approx(measured[2] - measured[1], abs=1e-7, rel=0)


def test_a_margin_that_falls_with_the_price_stabilises() -> None:
    run = at_once(2.0, 1.5, -0.3, 0.0)
    parts = run.details[0]["amplification"]
    assert run.outcome is Outcome.CLEARED
    assert parts["margin"] < 0.0 < parts["total"] < parts["direct"]


def test_fold_and_edge_are_where_they_were_published() -> None:
    assert FRAGILE.fold() == pytest.approx(published.FOLD, abs=published.ROUNDING, rel=0)
    assert FRAGILE.edge() == pytest.approx(published.EDGE[0], abs=1e-12, rel=0)
    cash, prices = published.THREE
    roots = FRAGILE.equilibria(cash)
    assert [root.stable for root in roots] == [True, False, True]
    found = [root.price for root in roots]
    assert found == pytest.approx(prices, abs=published.ROUNDING, rel=0)


def test_price_jumps_and_comes_back_only_above_the_fold() -> None:
    dates = loop().dates
    assert loop().outcome is Outcome.CLEARED
    assert dates["certified"].all()
    assert np.abs(dates["difference_security_price"]).max() < 1e-8
    way = dict(enumerate(zip(dates["experts_wealth"], dates["security_price"], strict=True)))
    down = {cash: price for date, (cash, price) in way.items() if date <= 8}
    up = {cash: price for date, (cash, price) in way.items() if date >= 8}
    assert down[-4.5] == 10.0
    assert down[-4.6] < published.EDGE[1]
    assert up[-4.5] == pytest.approx(published.EDGE[1], abs=1e-8, rel=0)
    assert up[-4.3] == pytest.approx(published.THREE[1][2], abs=1e-8, rel=0)
    assert down[-4.3] == 10.0
    assert up[-4.1] < published.FOLD[0]
    assert up[-4.0] == 10.0


def test_run_says_where_it_is_near_a_fold() -> None:
    dates = loop().dates
    near = dates.loc[dates["near_fold"], "experts_wealth"].tolist()
    assert near == [-4.5, -4.1]


@pytest.mark.parametrize("cash", [-4.45, -4.3, -4.15])
def test_a_scan_of_starts_finds_every_stable_price_and_no_other(cash: float) -> None:
    """Basins: above the unstable price to the fundamental value, below it to the other."""
    high, middle, low = (root.price for root in FRAGILE.equilibria(cash))
    parameters = MarginSpiral(experts_wealth=[cash])
    for start in np.linspace(8.55, 10.0, 30):
        if abs(start - middle) < 1e-3:
            continue
        economy = build(parameters, first_quotes={"security_price": start, "funding_premium": 0.0})
        assert economy.clear() is Outcome.CLEARED
        reached = economy.quotes["security_price"]
        economy.close()
        expected = high if start > middle else low
        assert reached == pytest.approx(expected, abs=1e-8, rel=0), start


def near_the_fold(distance: float) -> tuple[int, float]:
    """Rounds of the plain rule, and the speed at which its gap closes, below the fold."""
    parameters = MarginSpiral(experts_wealth=[published.FOLD[1] - distance])
    economy = build(parameters, first_quotes={"security_price": 8.6, "funding_premium": 0.0})
    economy.adjuster = PlainTatonnement(0.5)
    assert economy.clear(5_000) is Outcome.CLEARED
    assert economy.record is not None
    gap = economy.record.column("share")
    late = int(np.argmax(gap < 1e-6))
    rounds = economy.round
    economy.close()
    return rounds, 1.0 - float(gap[late + 1] / gap[late])


def test_plain_tatonnement_slows_like_the_root_of_the_distance_to_the_fold() -> None:
    distances = 0.1 / 4.0 ** np.arange(5)
    rounds, speed = np.array([near_the_fold(d) for d in distances.tolist()]).T
    exponent = np.diff(np.log(speed)) / np.diff(np.log(distances))
    assert np.all(np.diff(rounds) > 0.0)
    assert np.all(np.diff(np.abs(exponent - 0.5)) < 0.0)  # the nearer, the closer to a square root
    assert exponent[-1] == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("distance", [0.3, 0.05, 0.01, 1e-3, 1e-5])
def test_run_says_how_far_the_fold_is(distance: float) -> None:
    """Wealth comes from below and stops short of the fold, then goes beyond it."""
    fold = published.FOLD[1]
    dates = margin_spiral.run(experts_wealth=[-4.6, fold - distance, fold + distance]).dates
    assert (dates["outcome"] == "cleared").all()
    assert dates["security_price"].iloc[1] < published.FOLD[0]
    assert dates["security_price"].iloc[2] == 10.0
    assert dates["wealth_to_jump"].iloc[1] == pytest.approx(distance, abs=1e-9)
    assert dates["near_fold"].iloc[1] == (distance < 0.05 * 0.5 * 3.0)


@pytest.mark.parametrize("cash", [-4.3, -4.6])
def test_the_price_does_not_depend_on_how_many_traders_there_are(cash: float) -> None:
    """Experts cut into unequal parts, customers into many groups with as much appetite in all."""
    parts = np.random.default_rng(3).dirichlet(np.ones(50))
    economy = Economy(
        FundedMarket(["security_price"], np.array([10.0])),
        first_quotes={"security_price": 8.6, "funding_premium": 0.0},
    )
    rule = LinearMargin(published.FRAGILE["base"], published.FRAGILE["slope"], 10.0)
    MarginClearingHouse(economy, {"security_price": rule})
    Customers(
        economy,
        exposures=3.0 * parts[:, None],
        risk_aversion=2.0 * parts.size / 2.0,
        volatility=np.array([np.sqrt(0.5)]),
    )
    Experts(economy, cash=cash * parts, endowment=0.6 * parts[:, None])
    assert economy.clear() is Outcome.CLEARED
    price = economy.quotes["security_price"]
    held = sum(cohort.table()["position"].sum() for cohort in economy.cohorts)
    economy.close()
    assert price == pytest.approx(FRAGILE.equilibria(cash)[-1].price, abs=1e-9, rel=0)
    assert held == pytest.approx(0.0, abs=1e-9)


def pool(
    names: str,
    value: list[float],
    volatility: list[float],
    supply: list[float],
    base: list[float],
    slope: list[float],
    endowment: list[float],
    cash: float,
) -> FundingContagion:
    return FundingContagion(
        assets=list(names),
        fundamental_values=value,
        volatilities=volatility,
        customers_supplies=supply,
        margin_bases=base,
        margin_slopes=slope,
        experts_endowments=endowment,
        experts_wealth=[cash],
        shocked=names[0],
        margin_factors=[1.0],
    )


ROOT = 0.5**0.5
POOLS = {
    "fragile twins": pool(
        "ab", [10.0] * 2, [ROOT] * 2, [3.0] * 2, [0.5] * 2, [0.6] * 2, [0.6] * 2, -8.6
    ),
    "two assets, three stable": pool(
        "ab", [9.51, 10.61], [1.18, 1.11], [1.73, 2.83], [1.85, 0.29], [1.28, 0.59],
        [0.78, 0.32], -6.74,
    ),
    "three assets, three stable": pool(
        "abc", [12.35, 11.56, 9.55], [0.91, 0.84, 1.07], [1.15, 2.73, 3.56], [1.99, 0.45, 0.11],
        [1.28, 0.37, 0.4], [0.54, 0.65, 0.76], -18.181,
    ),
    "three assets, four stable": pool(
        "abc", [7.84, 10.16, 8.55], [0.79, 0.84, 0.49], [3.59, 1.84, 2.34], [0.21, 0.11, 0.47],
        [0.51, 1.39, 1.33], [0.48, 0.45, 0.67], -11.887,
    ),
    "one of three short": pool(
        "abc", [10.25, 10.38, 10.95], [0.49, 1.05, 0.77], [1.69, 3.5, -1.38], [1.31, 0.27, 0.91],
        [1.13, 0.88, 0.39], [0.23, 0.98, 0.38], -14.514,
    ),
    "one equilibrium": pool(
        "abc", [10.0, 8.0, 12.0], [0.7, 0.7, 0.8], [3.0, 2.0, 2.0], [0.5, 0.3, 1.0],
        [0.6, 0.9, 0.1], [0.6, 0.6, 0.3], -12.0,
    ),
}  # fmt: skip
"""Markets of one pool; all but the last were found by a random search for several equilibria."""


@pytest.mark.parametrize("name", POOLS)
def test_a_scan_of_starts_in_one_pool_finds_every_stable_price_and_no_other(name: str) -> None:
    """Starts: prices that leave the same gain per unit of margin, and prices at random."""
    parameters = POOLS[name]
    market = parameters.pool(0)
    roots = market.equilibria(parameters.cash(0))
    stable = [root.prices for root in roots if root.stable]
    rng = np.random.default_rng(1)
    widest = market.supply / market.appetite
    starts = [market.prices(p) for p in np.linspace(0.0, 1.1 * roots[-1].premium, 40).tolist()]
    starts += [market.fundamental - share * widest for share in rng.uniform(0.0, 1.0, (10, 1))]
    starts += [
        market.fundamental - share * widest for share in rng.uniform(0.0, 1.0, (10, len(widest)))
    ]
    reached = set()
    for start in starts:
        quotes = {f"price_{a}": float(q) for a, q in zip(parameters.assets, start, strict=True)}
        economy = build_pool(parameters, first_quotes={**quotes, "funding_premium": 0.0})
        outcome = economy.clear()
        rested = np.array([economy.quotes[f"price_{asset}"] for asset in parameters.assets])
        economy.close()
        assert outcome is Outcome.CLEARED, start
        far = [float(np.max(np.abs(rested - prices))) for prices in stable]
        assert min(far) < 1e-7, start
        reached.add(int(np.argmin(far)))
    assert reached == set(range(len(stable)))


def test_a_stable_price_at_which_a_quote_alone_would_rise_with_its_own_excess_is_found() -> None:
    """Where two of three assets have dropped out of the pool, the premium's own slope is wrong."""
    parameters = pool(
        "abc", [10.67, 10.14, 9.84], [0.46, 0.59, 0.78], [3.81, 2.63, 2.91], [0.16, 0.25, 0.34],
        [1.4, 0.62, 1.25], [0.99, 0.96, 1.0], -26.471,
    )  # fmt: skip
    roots = parameters.pool(0).equilibria(parameters.cash(0))
    assert [root.stable for root in roots] == [True, False, True, False, True]
    for away in (-0.03, 0.001, 0.03, 0.1):
        first = dict(zip(("price_a", "price_b", "price_c"), roots[-1].prices + away, strict=True))
        economy = build_pool(parameters, first_quotes={**first, "funding_premium": 0.0})
        assert economy.clear() is Outcome.CLEARED
        rested = [economy.quotes[f"price_{asset}"] for asset in "abc"]
        economy.close()
        assert rested == pytest.approx(roots[-1].prices, abs=1e-7, rel=0)


def test_one_asset_in_the_pool_has_the_equilibria_of_the_quadratic() -> None:
    for cash in (-5.5, -4.55, -4.3, -4.0):
        one = pool("a", [10.0], [ROOT], [3.0], [0.5], [0.6], [0.6], cash)
        found = one.pool(0).equilibria(cash)
        known = FRAGILE.equilibria(cash)
        assert [root.stable for root in found] == [root.stable for root in known]
        prices = [float(root.prices[0]) for root in found]
        assert prices == pytest.approx([root.price for root in known], abs=1e-12, rel=0)


def test_experts_go_short_where_customers_buy() -> None:
    long = at_once(3.0, 1.5, 0.0, 0.0)
    short = at_once(3.0, 1.5, 0.0, 0.0, customers_supply=-3.0)
    assert short.outcome is Outcome.CLEARED
    assert short.equilibrium["security_price"] == pytest.approx(10.5, abs=1e-8, rel=0)
    assert short.dates["experts_position"].iloc[0] == pytest.approx(
        -long.dates["experts_position"].iloc[0], abs=1e-8, rel=0
    )


def test_experts_without_wealth_hold_nothing() -> None:
    run = margin_spiral.run(experts_wealth=[-4.0, -6.0])
    assert run.outcome is Outcome.CLEARED
    last = run.dates.iloc[-1]
    assert last["branch"] == "wiped out"
    assert last["security_price"] == pytest.approx(8.5, abs=1e-8, rel=0)
    assert last["experts_position"] == pytest.approx(0.0, abs=1e-8)


def test_certificate_refuses_a_wrong_price() -> None:
    from dataclasses import replace

    from simulator.run import at_rest

    parameters = MarginSpiral(experts_wealth=[-4.3])
    scenario = margin_spiral.SCENARIO
    (case,) = scenario.cases(parameters)
    economy = case.build(np.random.default_rng(0))
    economy.clear()
    resting = at_rest(case, 1, economy)
    economy.close()
    assert scenario.certify(parameters, resting).holds
    moved = {**resting.quotes, "security_price": resting.quotes["security_price"] - 1e-3}
    assert not scenario.certify(parameters, replace(resting, quotes=moved)).holds
    agents = resting.agents.copy()
    agents.loc[agents["cohort"] == "experts", "position"] *= 0.999
    assert not scenario.certify(parameters, replace(resting, agents=agents)).holds


def test_a_margin_on_one_asset_moves_every_price() -> None:
    run = funding_contagion.run()
    dates = run.dates
    assert run.outcome is Outcome.CLEARED
    assert dates["certified"].all()
    for name in ("stock", "twin", "other"):
        assert np.all(np.diff(dates[f"price_{name}"]) < 0.0)
        assert np.abs(dates[f"difference_price_{name}"]).max() < 1e-8
    twins = dates["price_stock"] - dates["price_twin"]
    assert twins.iloc[0] == pytest.approx(0.24, abs=1e-8, rel=0)
    discount = (10.0 - dates["price_other"]) / dates["margin_other"]
    assert np.allclose(discount, dates["funding_premium"], rtol=0, atol=1e-9)


def test_wealth_moves_prices_together_as_the_response_says() -> None:
    step, names = 1e-4, ("stock", "twin", "other")

    def prices(cash: float) -> list[float]:
        found = funding_contagion.run(
            experts_wealth=[cash], margin_factors=[1.0], margin_slopes=[0.1, 0.2, -0.1]
        )
        assert found.outcome is Outcome.CLEARED
        told.append(found)
        return [found.equilibrium[f"price_{name}"] for name in names]

    told: list[Run] = []
    measured = (np.array(prices(-3.0 + step)) - np.array(prices(-3.0 - step))) / (2.0 * step)
    prices(-3.0)
    response = [told[-1].dates[f"response_{name}"].iloc[0] for name in names]
    assert np.all(measured > 0.0)
    assert measured == pytest.approx(response, abs=1e-6, rel=0)


def test_experts_are_long_and_short_from_one_pool() -> None:
    run = funding_contagion.run(
        customers_supplies=[3.0, -3.0, 3.0], experts_endowments=[0.0] * 3, experts_wealth=[6.0]
    )
    assert run.outcome is Outcome.CLEARED
    last = run.dates.iloc[-1]
    assert last["price_stock"] < 10.0 < last["price_twin"]
    assert last["position_twin"] < 0.0 < last["position_stock"]


def test_margin_rules_face_the_same_news_and_are_certified() -> None:
    run = rules()
    assert run.outcome is Outcome.CLEARED
    assert run.dates["certified"].all()
    news = [part["fundamental"].to_numpy() for _, part in run.dates.groupby("case")]
    assert len(news) == 4
    assert all(np.array_equal(news[0], other) for other in news)


def test_measures_of_procyclicality_rank_the_rules() -> None:
    last = rules().dates.groupby("case").last()
    assert last.loc["flat", "peak_to_trough"] == 1.0
    assert last.loc["flat", "largest_call"] == 0.0
    for measure in ("peak_to_trough", "largest_call"):
        by_rule = last[measure].astype(float).to_dict()
        assert by_rule["anti-procyclical"] < by_rule["value-at-risk"]


def test_measures_by_hand() -> None:
    assert margin_procyclicality.peak_to_trough([1.0, 3.0, 2.0]) == 3.0
    assert margin_procyclicality.largest_call([1.0, 3.0, 2.0, 2.5], 2) == 1.0
    assert margin_procyclicality.largest_call([3.0, 2.0, 1.0], 1) == 0.0
    assert margin_procyclicality.excess_volatility([0.0, 2.0, 0.0], [0.0, 1.0, 0.0]) == 2.0


@pytest.mark.parametrize("kind", [margin_spiral, funding_contagion])
def test_figures_are_drawn(kind: Any) -> None:
    figures = (loop() if kind is margin_spiral else kind.run()).plot()
    assert figures
    assert all(axes.has_data() for figure in figures.values() for axes in figure.axes)


def test_figure_of_rules_names_them_all() -> None:
    (figure,) = rules().plot().values()
    legend = figure.axes[1].get_legend()
    assert legend is not None
    assert len(legend.get_texts()) == 4


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"margin_slope": -0.5}, "margin_slope is -0.5; the margin would be"),
        ({"experts_wealth": [-6.5]}, "experts_wealth is -6.5 at the first date"),
        ({"margin_base": 0.0}, "margin_base"),
        ({"experts_wealth": []}, "experts_wealth"),
        ({"margin_slop": 0.1}, "margin_slope"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        margin_spiral.run(**given)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"shocked": "bond"}, 'shocked is "bond"; it must be one of'),
        ({"assets": ["a", "a", "b"]}, "every asset needs a name of its own"),
        ({"volatilities": [1.0]}, "volatilities has 1 entries; there are 3 assets"),
        ({"margin_slopes": [-3.0, 0.0, 0.0]}, r"margin_slopes\[0\] is -3.0"),
        ({"experts_wealth": [-16.0]}, "must start with at least 0"),
    ],
)
def test_bad_contagion_is_refused_in_a_sentence(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        funding_contagion.run(**given)


def test_bad_rules_are_refused_in_a_sentence() -> None:
    with pytest.raises(ValueError, match="name each rule once"):
        margin_procyclicality.run(rules=["flat", "flat"])
    with pytest.raises(ValueError, match=r"margin_slope is -2\.0; the margin would be"):
        margin_procyclicality.run(rules=["linear"], margin_slope=-2.0, dates=5)
