"""The scenario margin-spiral: published numbers, the loop, folds, starts, bad input."""

from __future__ import annotations

from functools import cache
from typing import Any, cast

import numpy as np
import pytest

from agents.funding.clearing_house import MarginClearingHouse
from agents.funding.customers import Customers
from agents.funding.experts import Experts
from markets.adjustment.plain import PlainTatonnement
from markets.funding.market import FundedMarket
from markets.refused import Refused
from scenarios.funding import published
from scenarios.funding.economy import Sided
from scenarios.funding.margin_spiral import SCENARIO, MarginSpiral, build
from scenarios.funding.replication import spiral_of
from simulator.economy import Economy
from simulator.outcome import Outcome
from simulator.point import at_rest
from simulator.run import Run

PRINTED: dict[str, Any] = dict(published.FRAGILE.expected)
(FOLD_PRICE, FOLD_CASH), JUMP, THREE = (
    PRINTED[name] for name in ("fold", "price after the jump", "three equilibria")
)
FRAGILE = MarginSpiral.model_validate(published.FRAGILE.parameters)
SPIRAL = spiral_of(FRAGILE)


@cache
def loop() -> Run[Any]:
    """The default run: wealth down and up in a fragile market."""
    return SCENARIO.run()


def at_once(cash: float, base: Sided, slope: Sided, endowment: float, **more: Any) -> Run[Any]:
    return SCENARIO.run(
        experts_wealth=[cash],
        margin_base=base,
        margin_slope=slope,
        experts_endowment=endowment,
        **more,
    )


def price_of(cash: float, base: Sided, slope: Sided, endowment: float) -> float:
    return at_once(cash, base, slope, endowment).equilibrium["security_price"]


def amplification(run: Run[MarginSpiral]) -> dict[str, float]:
    return cast(dict[str, float], run.details[0]["amplification"])


def test_a_margin_that_falls_with_the_price_stabilises() -> None:
    run = at_once(2.0, 1.5, -0.3, 0.0)
    parts = amplification(run)
    assert run.outcome is Outcome.CLEARED
    assert parts["margin"] < 0.0 < parts["total"] < parts["direct"]


def test_price_jumps_and_comes_back_only_above_the_fold() -> None:
    dates = loop().dates
    assert loop().outcome is Outcome.CLEARED
    assert dates["certified"].all()
    assert np.abs(dates["difference_security_price"]).max() < 1e-8
    way = dict(enumerate(zip(dates["experts_wealth"], dates["security_price"], strict=True)))
    down = {cash: price for date, (cash, price) in way.items() if date <= 8}
    up = {cash: price for date, (cash, price) in way.items() if date >= 8}
    assert down[-4.5] == 10.0
    assert down[-4.6] < JUMP
    assert up[-4.5] == pytest.approx(JUMP, abs=1e-8, rel=0)
    assert up[-4.3] == pytest.approx(THREE[2], abs=1e-8, rel=0)
    assert down[-4.3] == 10.0
    assert up[-4.1] < FOLD_PRICE
    assert up[-4.0] == 10.0


def test_run_says_where_it_is_near_a_fold() -> None:
    dates = loop().dates
    near = dates.loc[dates["near_fold"], "experts_wealth"].tolist()
    assert near == [-4.5, -4.1]


@pytest.mark.parametrize("cash", [-4.45, -4.3, -4.15])
def test_a_scan_of_starts_finds_every_stable_price_and_no_other(cash: float) -> None:
    """Basins: above the unstable price to the fundamental value, below it to the other."""
    high, middle, low = (root.price for root in SPIRAL.equilibria(cash))
    parameters = MarginSpiral(experts_wealth=[cash])
    for start in np.linspace(8.55, 10.0, 30):
        if abs(start - middle) < 1e-3:
            continue
        economy = build(
            parameters.model_copy(
                update={"start": {"security_price": start, "funding_premium": 0.0}}
            )
        )
        assert economy.clear() is Outcome.CLEARED
        reached = economy.quotes["security_price"]
        economy.close()
        expected = high if start > middle else low
        assert reached == pytest.approx(expected, abs=1e-8, rel=0), start


def near_the_fold(distance: float) -> tuple[int, float]:
    """Rounds of the plain rule, and the speed at which its gap closes, below the fold."""
    parameters = MarginSpiral(experts_wealth=[FOLD_CASH - distance])
    economy = build(
        parameters.model_copy(update={"start": {"security_price": 8.6, "funding_premium": 0.0}})
    )
    economy.adjuster = PlainTatonnement(0.5)
    assert economy.clear(5_000) is Outcome.CLEARED
    assert economy.record is not None
    gap = economy.record.column("share")
    late = int(np.argmax(gap < 1e-6))
    rounds = economy.round
    economy.close()
    return rounds, 1.0 - float(gap[late + 1] / gap[late])


def test_plain_tatonnement_slows_like_the_root_of_the_distance_to_the_fold() -> None:
    distances = 0.025 / 4.0 ** np.arange(5)
    rounds, speed = np.array([near_the_fold(d) for d in distances.tolist()]).T
    exponent = np.diff(np.log(speed)) / np.diff(np.log(distances))
    assert np.all(np.diff(rounds) > 0.0)
    assert np.all(np.diff(np.abs(exponent - 0.5)) < 0.0)  # the nearer, the closer to a square root
    assert exponent[-1] == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("distance", [0.3, 0.05, 0.01, 1e-3, 1e-5])
def test_run_says_how_far_the_fold_is(distance: float) -> None:
    """Wealth comes from below and stops short of the fold, then goes beyond it."""
    fold = FOLD_CASH
    dates = SCENARIO.run(experts_wealth=[-4.6, fold - distance, fold + distance]).dates
    assert (dates["outcome"] == "cleared").all()
    assert dates["security_price"].iloc[1] < FOLD_PRICE
    assert dates["security_price"].iloc[2] == 10.0
    assert dates["wealth_to_jump"].iloc[1] == pytest.approx(distance, abs=1e-9)
    assert dates["near_fold"].iloc[1] == (distance < 0.05 * 0.5 * 3.0)


@pytest.mark.parametrize("cash", [-4.3, -4.6])
def test_the_price_does_not_depend_on_how_many_traders_there_are(cash: float) -> None:
    """Experts cut into unequal parts, customers into many groups with as much appetite in all."""
    parts = np.random.default_rng(3).dirichlet(np.ones(50))
    economy = Economy(
        FundedMarket(["security_price"], np.array([10.0])),
        start={"security_price": 8.6, "funding_premium": 0.0},
    )
    MarginClearingHouse(economy, {"security_price": FRAGILE.margin_rule})
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
    assert price == pytest.approx(SPIRAL.equilibria(cash)[-1].price, abs=1e-9, rel=0)
    assert held == pytest.approx(0.0, abs=1e-9)


def test_a_pair_of_equal_margins_is_one_margin_bit_by_bit() -> None:
    wealth = [-4.0, -4.6, -4.3]
    one = SCENARIO.run(experts_wealth=wealth, studies=False)
    two = SCENARIO.run(
        experts_wealth=wealth, margin_base=[0.5, 0.5], margin_slope=[0.6, 0.6], studies=False
    )
    assert one.rounds.equals(two.rounds)
    assert one.dates.equals(two.dates)
    assert one.agents.equals(two.agents)


def test_experts_go_short_where_customers_buy() -> None:
    long = at_once(3.0, 1.5, 0.0, 0.0)
    short = at_once(3.0, 1.5, 0.0, 0.0, customers_supply=-3.0)
    assert short.outcome is Outcome.CLEARED
    assert short.equilibrium["security_price"] == pytest.approx(10.5, abs=1e-8, rel=0)
    assert short.dates["experts_position"].iloc[0] == pytest.approx(
        -long.dates["experts_position"].iloc[0], abs=1e-8, rel=0
    )


def test_experts_without_wealth_hold_nothing() -> None:
    run = SCENARIO.run(experts_wealth=[-4.0, -6.0])
    assert run.outcome is Outcome.CLEARED
    last = run.dates.iloc[-1]
    assert last["branch"] == "wiped out"
    assert last["security_price"] == pytest.approx(8.5, abs=1e-8, rel=0)
    assert last["experts_position"] == pytest.approx(0.0, abs=1e-8)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"margin_slope": -0.5}, "margin_slope is -0.5; the margin would be"),
        ({"experts_wealth": [-6.5]}, "experts_wealth is -6.5 at the first date"),
        ({"margin_base": 0.0}, "margin_base"),
        ({"margin_base": [0.5, 0.0]}, "margin_base"),
        ({"margin_base": [0.5, 0.5, 0.5]}, "margin_base.* or two of them: for long and for short"),
        ({"margin_slope": [0.6, -50.0]}, r"margin_slope is \[0.6, -50.0\]; the margin would be"),
        ({"experts_wealth": []}, "experts_wealth"),
        ({"margin_slop": 0.1}, "margin_slope"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(given: dict[str, Any], words: str) -> None:
    with pytest.raises(Refused, match=words):
        SCENARIO.run(**given)


def test_the_economy_is_the_same_whichever_rule_finds_it() -> None:
    prices = []
    for rule in ("safeguarded", "plain", "newton", "implicit"):
        run = SCENARIO.run(experts_wealth=[-4.0, -4.6], rule=rule, step=5.0)
        assert run.outcome is Outcome.CLEARED, rule
        prices.append(run.equilibrium["security_price"])
    assert prices == pytest.approx([prices[0]] * len(prices), abs=1e-8, rel=0)


def test_describing_a_date_changes_nothing() -> None:
    economy = build(MarginSpiral(experts_wealth=[-4.3]))
    economy.clear()
    point = at_rest("spiral", economy)
    first, second = (SCENARIO.describe(MarginSpiral(), economy, point) for _ in range(2))
    again = at_rest("spiral", economy)
    economy.close()
    assert first == second
    assert again.agents.equals(point.agents)
    assert again.quotes == point.quotes


def test_cash_clears_at_every_date() -> None:
    for certificate in loop().certificates:
        assert certificate["redundant market: cash"].holds


def test_all_prices_of_a_fragile_market_are_listed() -> None:
    """At a wealth of -4.3: funded at 10, unstable at 9.8333, constrained at 9 ."""
    report = SCENARIO.run(experts_wealth=[-4.3, -4.6, -4.3], studies=False).printed
    assert report is not None
    first, last = (report[report["date"] == date] for date in (1, 3))
    for table in (first, last):
        prices = dict(zip(table["price"].round(6), table["textbook_rule"], strict=True))
        assert prices == {10.0: "stable", 9.833333: "unstable", 9.0: "stable"}
    assert first.loc[first["rested"], "price"].tolist() == pytest.approx([10.0])
    assert last.loc[last["rested"], "price"].tolist() == pytest.approx([9.0])  # hysteresis
    assert (report.groupby("date")["rested"].sum() == 1).all()


def test_one_price_needs_no_list() -> None:
    assert at_once(3.0, 1.5, 0.0, 0.0).printed is None
