"""The continuum's equilibrium: published points, regimes, limits, and its own equations.

Source: Bottazzi, Pascoa and Ramirez, "Do security prices rise or fall when margins are raised?",
slides; borders between regimes, the peak of the price and the rows beyond the slides' two points
were recomputed.
"""

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betainc, betaincinv

from scenarios.repo.closed_form import ClosedForm, IncomeNeeded, income_needed, solve
from scenarios.repo.published import AMPLE_INCOME, CASES
from simulator.published import Published

pytestmark = pytest.mark.filterwarnings("error")

PRICE_STEP = 1e-11
"""Share of the largest price: within such a step of a funded price its demand meets its target."""

INVARIANCE = 1e-11
"""Relative; two solutions of the same economy in other units differ by rounding only."""

BORDER = 2e-10
"""In units of h: the borders between regimes were recorded to ten digits."""


@dataclasses.dataclass(frozen=True)
class Economy:
    """Arguments of ``solve``, with Beta beliefs; the defaults are those of the slides' figures."""

    haircut: float = 0.01
    low_payoff: float = 0.70
    high_payoff: float = 1.15
    cash: float = 1.0
    securities: float = 1.0
    income_up: float = 0.0
    income_down: float = AMPLE_INCOME
    beliefs: tuple[float, float] = (1.0, 1.0)
    reuse: bool = True

    def cdf(self, belief: float) -> float:
        return float(betainc(*self.beliefs, belief))

    def quantile(self, share: float) -> float:
        return float(betaincinv(*self.beliefs, share))

    def at(self, haircut: float) -> "Economy":
        return dataclasses.replace(self, haircut=haircut)

    def but(self, name: str, value: float) -> "Economy":
        changes: dict[str, Any] = {name: value}
        return dataclasses.replace(self, **changes)

    def solved(self) -> ClosedForm:
        return solve(
            haircut=self.haircut,
            low_payoff=self.low_payoff,
            high_payoff=self.high_payoff,
            cash=self.cash,
            securities=self.securities,
            income_up=self.income_up,
            income_down=self.income_down,
            cdf=self.cdf,
            quantile=self.quantile,
            reuse=self.reuse,
        )

    # The equations, written again from the problem of the trader.

    def belief_at(self, funded_price: float) -> float:
        spread = self.high_payoff - self.low_payoff
        return min(1.0, max(0.0, (self.high_payoff - funded_price) / spread))

    def wealth(self, price: float) -> float:
        return self.cash + price * self.securities

    def long_demand(self, price: float, funded_price: float) -> float:
        wealth = self.wealth(price)
        bounds = [math.inf, math.inf]
        if self.haircut > 0.0:
            bounds[0] = wealth / (price * self.haircut)
        if funded_price > self.low_payoff:
            bounds[1] = (self.income_up + wealth) / (funded_price - self.low_payoff)
        share = self.cdf(self.belief_at(funded_price))
        return share * min(bounds) if share > 0.0 else 0.0

    def short_demand(self, price: float, funded_price: float) -> float:
        if not self.reuse:
            return 0.0
        wealth = self.wealth(price)
        bounds = [math.inf, math.inf]
        if self.haircut > 0.0:
            bounds[0] = wealth / (price * self.haircut)
        if funded_price < self.high_payoff:
            bounds[1] = (self.income_down + wealth) / (self.high_payoff - funded_price)
        share = 1.0 - self.cdf(self.belief_at(funded_price))
        return share * min(bounds) if share > 0.0 else 0.0

    def funded_prices(self, found: ClosedForm) -> tuple[float, float]:
        q, rho, h = found.security_price, found.repo_rate, 1.0 - self.haircut
        return q * (1.0 + rho * h), q * (1.0 + rho * (2.0 - h))


SHORT_MARKET = Economy()
LONG_MARKET = Economy(income_up=AMPLE_INCOME, income_down=0.0)
NO_INCOME = Economy(income_down=0.0)
MARKETS = {"short": SHORT_MARKET, "long": LONG_MARKET, "no income": NO_INCOME}


def economy_of(row: Published) -> Economy:
    told: dict[str, Any] = dict(row.parameters)
    incomes = {"income_up", "income_down"}
    assert told.keys() == {"haircuts", *incomes, "beliefs", "population", "reuse"}
    shape = (2.0, 3.0) if told["beliefs"] == "beta(2, 3)" else (1.0, 1.0)
    return Economy(
        haircut=told["haircuts"][0],
        income_up=told["income_up"],
        income_down=told["income_down"],
        beliefs=shape,
        reuse=told["reuse"],
    )


def test_cases_have_distinct_names() -> None:
    assert len({row.case for row in CASES}) == len(CASES)


@pytest.mark.parametrize(
    ("market", "regimes", "h"),
    [
        ("short", {"I"}, 0.964730106704),
        ("long", {"I"}, 0.961874990832),
        ("short", {"I", "II"}, 0.7805818626),
        ("long", {"I", "II"}, 0.7056138691),
        # Without income at date 1: 1-h = (D_D - D_U) / (2 e_x / e_y + D_D + D_U).
        ("no income", {"I"}, 1.0 - 0.45 / 3.85),
    ],
)
def test_borders_between_regimes(market: str, regimes: set[str], h: float) -> None:
    economy = MARKETS[market]
    inside, outside = 0.0, 0.999  # haircuts
    for _ in range(60):
        middle = (inside + outside) / 2.0
        if economy.at(middle).solved().regime in regimes:
            inside = middle
        else:
            outside = middle
    assert 1.0 - inside == pytest.approx(h, abs=BORDER)


@pytest.mark.parametrize("market", MARKETS)
def test_each_regime_is_one_interval_of_haircuts(market: str) -> None:
    economy = MARKETS[market]
    regimes = [economy.at(0.002 * step).solved().regime for step in range(500)]
    assert regimes == sorted(regimes)
    assert set(regimes) == {"I", "II", "III"}


@pytest.mark.parametrize("market", MARKETS)
def test_quotes_are_continuous_across_regimes(market: str) -> None:
    economy = MARKETS[market]
    haircuts = [0.0005 * step for step in range(1, 1000)]
    for haircut in haircuts:
        here, there = economy.at(haircut).solved(), economy.at(haircut + 0.0005).solved()
        if here.regime == there.regime:
            continue
        inside, outside = haircut, haircut + 0.0005
        while outside - inside > 1e-12:
            middle = (inside + outside) / 2.0
            if economy.at(middle).solved().regime == here.regime:
                inside = middle
            else:
                outside = middle
        here, there = economy.at(inside).solved(), economy.at(outside).solved()
        assert there.security_price == pytest.approx(here.security_price, abs=1e-9)
        assert there.repo_rate == pytest.approx(here.repo_rate, abs=1e-9)
        assert there.marginal_long == pytest.approx(here.marginal_long, abs=1e-9)
        assert there.marginal_short == pytest.approx(here.marginal_short, abs=1e-9)


def test_markets_coincide_when_both_sides_are_fully_levered() -> None:
    for haircut in (0.30, 0.50, 0.90):
        short, long = SHORT_MARKET.at(haircut).solved(), LONG_MARKET.at(haircut).solved()
        assert short.security_price == pytest.approx(long.security_price, rel=1e-14)
        assert short.repo_rate == pytest.approx(long.repo_rate, rel=1e-13)
        assert long.regime == short.regime == "III"
        assert (short.longs_constrained_by, short.shorts_constrained_by) == ("margin", "margin")
        q, h = short.security_price, 1.0 - haircut
        assert short.marginal_long == pytest.approx((2.0 - h) * q / (2.0 * (1.0 + q)), rel=1e-12)
        assert short.marginal_short == pytest.approx(1.0 - h * q / (2.0 * (1.0 + q)), rel=1e-12)


@pytest.mark.parametrize("income_up", [0.0, 3.0, AMPLE_INCOME])
@pytest.mark.parametrize("income_down", [0.0, 3.0, AMPLE_INCOME])
def test_without_a_haircut_only_solvency_constrains_anybody(
    income_up: float, income_down: float
) -> None:
    economy = Economy(haircut=0.0, income_up=income_up, income_down=income_down)
    found = economy.solved()
    assert (found.regime, found.repo_rate) == ("I", 0.0)
    assert (found.longs_constrained_by, found.shorts_constrained_by) == ("solvency", "solvency")
    assert_equilibrium(economy, found)
    # Incomes are finite, so the limit is reached: a margin too small to bind changes nothing.
    nearby = economy.at(1e-5).solved()
    assert nearby.security_price == pytest.approx(found.security_price, rel=1e-12)


def test_too_small_an_income_leaves_solvency_in_charge() -> None:
    """Around the need, margin constrains the shorts just above it and solvency just below it."""
    for row in CASES:
        for need, income, side in (
            ("need_down", "income_down", "shorts_constrained_by"),
            ("need_up", "income_up", "longs_constrained_by"),
        ):
            level = row.expected.get(need, 0.0)
            if not isinstance(level, float) or level == 0.0:
                continue
            economy = economy_of(row)
            enough = economy.but(income, level * (1.0 + 1e-9)).solved()
            too_little = economy.but(income, level * (1.0 - 1e-9)).solved()
            assert getattr(enough, side) == "margin", row.case
            assert getattr(too_little, side) == "solvency", row.case
            assert enough.security_price == pytest.approx(row.expected["security_price"])


def test_need_at_a_zero_rate_is_the_slides_condition() -> None:
    found = SHORT_MARKET.solved()
    q, h = found.security_price, 0.99
    needed = income_needed(
        found, haircut=0.01, low_payoff=0.70, high_payoff=1.15, cash=1.0, securities=1.0
    )
    exact = (1.0 + q) / q * (1.15 - (2.0 - h) * q) / (1.0 - h)
    assert needed.income_down == pytest.approx(exact, rel=1e-12)
    # The income that the slides' captions call sufficient is.
    assert needed.income_down < 107.6


def test_no_income_suffices_without_a_haircut() -> None:
    found = SHORT_MARKET.at(0.0).solved()
    needed = income_needed(
        found, haircut=0.0, low_payoff=0.70, high_payoff=1.15, cash=1.0, securities=1.0
    )
    assert needed.income_up == needed.income_down == math.inf


def assert_equilibrium(economy: Economy, found: ClosedForm) -> None:
    """Each demand crosses its target within a step of its own funded price, and rho <= 0.

    A residual of a demand can be large when a funded price is exact to rounding (a long's position
    is unbounded as its funded price falls to the low payoff), so the error is measured in prices.
    """
    q, c, supply = found.security_price, economy.haircut, economy.securities
    e1, e2 = economy.funded_prices(found)
    # rho is a difference of prices over the haircut, and so is known less well at small ones.
    step = PRICE_STEP / max(min(1.0, 10.0 * c), 1e-3)
    # Absolute, because a funded price near zero is itself a difference of larger prices.
    tick = step * max(q, economy.high_payoff)

    def falls_through(demand: Callable[[float], float], target: float, at: float) -> bool:
        return demand(at + tick) <= target <= demand(at - tick)

    assert found.repo_rate <= 0.0
    assert found.marginal_long <= found.marginal_short
    assert economy.low_payoff - tick <= e2 <= e1 + tick
    assert e1 <= economy.high_payoff + tick
    marginal = [(found.marginal_long, e1), (found.marginal_short, e2)]
    for share, funded in marginal if economy.reuse else marginal[:1]:
        lower = economy.cdf(economy.belief_at(funded + tick))
        upper = economy.cdf(economy.belief_at(funded - tick))
        assert lower <= share <= upper

    if found.repo_rate == 0.0:
        assert found.regime == "I"
        assert falls_through(
            lambda price: economy.long_demand(price, price) - economy.short_demand(price, price),
            supply,
            q,
        )
        # The clearing house needs no more of the security than there is.
        reach = q + tick
        if not economy.reuse:
            assert found.marginal_short == 1.0
        else:
            assert 2.0 * c * economy.long_demand(reach, reach) <= (1.0 + c) * supply * (1.0 + step)
    else:
        assert found.regime in {"II", "III"}
        long_target = (1.0 + c) * supply / (2.0 * c)
        short_target = (1.0 - c) * supply / (2.0 * c)
        assert falls_through(lambda price: economy.long_demand(q, price), long_target, e1)
        assert falls_through(lambda price: -economy.short_demand(q, price), -short_target, e2)
        assert q == pytest.approx(((1.0 + c) * e1 - (1.0 - c) * e2) / (2.0 * c), rel=1e-9)
        levered = (found.longs_constrained_by, found.shorts_constrained_by) == ("margin", "margin")
        assert levered == (found.regime == "III")

    # The named bound is the smaller one, or they tie to rounding.
    wealth = economy.wealth(q)
    by_margin = wealth * (e1 - economy.low_payoff)
    by_solvency = (economy.income_up + wealth) * q * c
    slack = tick * (wealth + economy.income_up)
    assert (found.longs_constrained_by == "margin") == (by_margin < by_solvency) or (
        abs(by_margin - by_solvency) <= slack
    )
    if not economy.reuse:
        assert found.shorts_constrained_by == "nobody"
        return
    by_margin = wealth * (economy.high_payoff - e2)
    by_solvency = (economy.income_down + wealth) * q * c
    slack = tick * (wealth + economy.income_down)
    assert (found.shorts_constrained_by == "margin") == (by_margin < by_solvency) or (
        abs(by_margin - by_solvency) <= slack
    )


@pytest.mark.parametrize("row", CASES, ids=lambda row: row.case)
def test_published_cases_meet_the_equations(row: Published) -> None:
    assert_equilibrium(economy_of(row), economy_of(row).solved())


INCOMES = st.one_of(st.just(0.0), st.floats(1e-3, 1e5))


@st.composite
def economies(draw: st.DrawFn) -> Economy:
    low = draw(st.one_of(st.just(0.0), st.floats(1e-2, 5.0)))
    return Economy(
        haircut=draw(st.one_of(st.just(0.0), st.floats(1e-4, 0.999))),
        low_payoff=low,
        high_payoff=low + draw(st.floats(0.05, 5.0)),
        cash=draw(st.floats(0.05, 20.0)),
        securities=draw(st.floats(0.05, 20.0)),
        income_up=draw(INCOMES),
        income_down=draw(INCOMES),
        beliefs=(draw(st.floats(0.5, 6.0)), draw(st.floats(0.5, 6.0))),
        reuse=draw(st.sampled_from([True, True, False])),
    )


@settings(deadline=None, max_examples=300)
@given(economies())
def test_any_economy_meets_the_equations(economy: Economy) -> None:
    assert_equilibrium(economy, economy.solved())


@settings(deadline=None, max_examples=100)
@given(economies(), st.floats(1e-3, 1e3))
def test_only_real_values_matter(economy: Economy, unit: float) -> None:
    """Counting cash in other units scales the price and nothing else."""
    scaled = dataclasses.replace(
        economy,
        low_payoff=economy.low_payoff * unit,
        high_payoff=economy.high_payoff * unit,
        cash=economy.cash * unit,
        income_up=economy.income_up * unit,
        income_down=economy.income_down * unit,
    )
    assert_same(economy, economy.solved(), scaled.solved(), price_unit=unit)


@settings(deadline=None, max_examples=50)
@given(economies(), st.floats(1e-3, 1e3))
def test_only_wealth_a_security_matters(economy: Economy, size: float) -> None:
    """Making every trader larger in proportion changes no quote."""
    scaled = dataclasses.replace(
        economy,
        cash=economy.cash * size,
        securities=economy.securities * size,
        income_up=economy.income_up * size,
        income_down=economy.income_down * size,
    )
    assert_same(economy, economy.solved(), scaled.solved(), price_unit=1.0)


def assert_same(economy: Economy, one: ClosedForm, two: ClosedForm, *, price_unit: float) -> None:
    allowed = INVARIANCE / max(min(1.0, 10.0 * economy.haircut), 1e-3)
    assert two.security_price == pytest.approx(price_unit * one.security_price, rel=allowed)
    assert two.repo_rate == pytest.approx(one.repo_rate, rel=allowed, abs=allowed)
    assert two.marginal_long == pytest.approx(one.marginal_long, rel=allowed, abs=allowed)
    assert two.marginal_short == pytest.approx(one.marginal_short, rel=allowed, abs=allowed)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("haircut", -0.01, "haircut"),
        ("haircut", 1.0, "haircut"),
        ("haircut", math.nan, "haircut"),
        ("low_payoff", -0.1, "Payoffs"),
        ("low_payoff", 1.15, "Payoffs"),
        ("cash", 0.0, "Endowments"),
        ("securities", 0.0, "Endowments"),
        ("income_up", -1.0, "Incomes"),
        ("income_down", math.inf, "Incomes"),
    ],
)
def test_parameters_out_of_range_are_refused(name: str, value: float, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Economy().but(name, value).solved()


def test_beliefs_that_are_no_distribution_are_refused() -> None:
    with pytest.raises(ValueError, match="cdf rises continuously"):
        solve(
            haircut=0.05,
            low_payoff=0.70,
            high_payoff=1.15,
            cash=1.0,
            securities=1.0,
            income_up=0.0,
            income_down=10.0,
            cdf=lambda belief: 0.0,
            quantile=lambda share: share,
        )


@pytest.mark.parametrize(("haircut", "printed"), [(0.01, 107.6), (0.03, 34.7)])
def test_erratum_1_incomes_of_the_captions(haircut: float, printed: float) -> None:
    """They are the bound with 1 + D_U; as the assumption is printed it says others."""
    h = 1.0 - haircut
    bound = (1.15 - (2.0 - h) * 0.70) / (0.70 * haircut)
    assert 1.70 * bound == pytest.approx(printed, abs=0.05)
    assert 2.15 * bound > 1.2 * printed
    needed = needed_at(SHORT_MARKET.at(haircut)).income_down
    assert needed < 1.70 * bound


@pytest.mark.parametrize("haircut", [0.01, 0.03])
def test_erratum_2_income_of_the_long_market(haircut: float) -> None:
    """What longs need lies below the right bound; the printed one is that of another market."""
    h = 1.0 - haircut
    needed = needed_at(LONG_MARKET.at(haircut)).income_up
    right = 2.15 * (h * 1.15 - 0.70) / (1.15 * haircut)
    assert needed < right
    assert 2.15 * (1.15 - (2.0 - h) * 0.70) / (0.70 * haircut) > 1.5 * right


def needed_at(economy: Economy) -> IncomeNeeded:
    """Incomes at which margin constrains each side, at the equilibrium."""
    return income_needed(
        economy.solved(), haircut=economy.haircut, low_payoff=economy.low_payoff,
        high_payoff=economy.high_payoff, cash=economy.cash, securities=economy.securities,
    )  # fmt: skip
