"""Forecasts and orders of informed investors, and what the clearing house reads off them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from agents.pledge.clearing_house import PledgeClearingHouse
from agents.pledge.forecast import (
    Forecast,
    Information,
    PriceFunction,
    Regression,
)
from agents.pledge.investors import InformedInvestors, SpotOrders
from agents.pledge.nature import Lognormal, Nature
from agents.pledge.noise_traders import NoiseTraders
from markets.margin import FlatMargin
from markets.pledge.market import PledgeableMarket
from markets.quote import FloatArray
from simulator.economy import Economy

KNOWN = Information(Lognormal(1.1, 4.0), Lognormal(0.9, 3.0), 2.0)


def function(b0: float = 0.1, b1: float = 0.5, b2: float = 0.9, b3: float = 0.8) -> PriceFunction:
    return PriceFunction(*(np.array([value]) for value in (b0, b1, b2, b3)))


def market(
    *, believed: PriceFunction | None = None, seed: int = 1, members: int = 400, **given: object
) -> Economy:
    rng = np.random.default_rng(seed)
    state = {name: given.pop(name, None) for name in ("log_value", "log_noise")}
    nature = Nature(rng, KNOWN.value, KNOWN.noise, **state)  # type: ignore[arg-type]
    economy = Economy(PledgeableMarket(KNOWN.value.log_mean), rng=rng)
    PledgeClearingHouse(economy, [FlatMargin(0.2)], repo_rate=0.02, nature=nature)
    NoiseTraders(economy, "noise", nature=nature)
    for role, share in (("spot", 0.9), ("repo", 0.1)):
        InformedInvestors(
            economy,
            role,
            role=role,  # type: ignore[arg-type]
            members=members,
            share=share,
            nature=nature,
            belief=lambda terms: believed or function(),
            known=KNOWN,
            risk_aversion=2.5,
            wealth=1.4,
            **given,  # type: ignore[arg-type]
        )
    return economy


@given(
    b0=st.floats(-1, 1), b1=st.floats(0.1, 1), b2=st.floats(0.1, 2), log_price=st.floats(-1, 1),
    log_signal=st.floats(-2, 2),
)  # fmt: skip
def test_bayes_is_the_conditional_mean_of_the_joint_normal(
    b0: float, b1: float, b2: float, log_price: float, log_signal: float
) -> None:
    believed = function(b0, b1, b2, 0.7)
    told = Forecast.bayes(believed, KNOWN)
    # (ln v, ln s, ln p) is normal; condition on the last two
    value, noise, error = 1 / 4.0, 1 / 3.0, 1 / 2.0
    mean_v, mean_u = KNOWN.value.log_mean, KNOWN.noise.log_mean
    means = np.array([mean_v - 0.25, b0 + b1 * mean_v + b2 * mean_u + 0.7 * 0.3])
    cross = np.array([value, b1 * value])
    own = np.array([[value + error, b1 * value], [b1 * value, b1**2 * value + b2**2 * noise]])
    weights = np.linalg.solve(own, cross)
    expected = mean_v + weights @ (np.array([log_signal, log_price]) - means)
    found = (
        told.constant
        + told.on_signal * log_signal
        + told.on_price * log_price
        + told.on_pledge * 0.3
    )
    assert found[0, 0] == pytest.approx(expected, abs=1e-9)
    assert told.variance[0, 0] == pytest.approx(value - cross @ weights, abs=1e-12)
    back = told.justified_by(KNOWN)
    assert np.allclose(back.stacked(), believed.stacked(), atol=1e-7)


def test_recursive_regression_is_weighted_least_squares() -> None:
    rng = np.random.default_rng(2)
    days, members, gain, memory = 60, 3, 2.0, 20.0
    state = Regression.starting(function(), KNOWN, members, memory=memory, gain=gain)
    first = state
    log_value = rng.standard_normal((days, 1))
    log_signal = log_value[:, :, None] + rng.standard_normal((days, 1, members))
    log_price = 0.5 * log_value + rng.standard_normal((days, 1))
    pledged = np.array([0.3])
    for day in range(days):
        state = state.after(log_signal[day], log_price[day], pledged, log_value[day])
    # the same in one go: R and R phi are weighted sums of the start and of every day
    steps = gain / (memory + np.arange(1, days + 1))
    keep = np.append(np.cumprod((1.0 - steps)[::-1])[::-1][1:], 1.0)
    weight, start = steps * keep, np.prod(1.0 - steps)
    for member in range(members):
        x = np.column_stack(
            [np.ones(days), log_signal[:, 0, member], log_price[:, 0] - 0.8 * pledged[0]]
        )
        before = np.linalg.inv(first.inverse[0, member])
        moments = start * before + (x * weight[:, None]).T @ x
        aim = start * before @ first.weights[0, member] + (x * weight[:, None]).T @ log_value[:, 0]
        assert state.weights[0, member] == pytest.approx(np.linalg.solve(moments, aim), abs=1e-9)
        assert np.linalg.inv(state.inverse[0, member]) == pytest.approx(moments, abs=1e-9)


def test_a_regression_starts_from_what_is_believed() -> None:
    first = Regression.starting(function(), KNOWN, 5, memory=50.0, gain=2.0).forecast()
    right = Forecast.bayes(function(), KNOWN)
    assert first.constant == pytest.approx(np.broadcast_to(right.constant, (1, 5)))
    assert first.on_pledge == pytest.approx(np.broadcast_to(right.on_pledge, (1, 5)))


@pytest.mark.parametrize("limits", ["ignored", "imposed"])
@pytest.mark.parametrize("role", ["spot", "repo"])
def test_orders_maximise_the_log_linear_utility(role: str, limits: str) -> None:
    economy = market(limits=limits)
    economy.step()
    cohort = next(c for c in economy.cohorts if c.name == role)
    assert isinstance(cohort, InformedInvestors)
    assert cohort.forecast is not None
    posted = economy.posted
    told, terms = cohort.forecast, posted.terms
    pledged = terms.log_pledge_value[0]
    orders = cohort.orders(posted)[0]
    size = 1.4 * cohort.share / cohort.members
    size *= terms.leverage[0] if role == "repo" else -1.0
    lowest = -0.5 if role == "spot" else -0.5 / terms.leverage[0]
    for member in range(0, cohort.members, 50):
        mean = (
            told.constant[0, 0]
            + told.on_signal[0, 0] * cohort.log_signal[0, member]
            + told.on_price[0, 0] * posted.log_price[0]
            + told.on_pledge[0, 0] * pledged
        )
        at = posted.log_price[0] + (pledged if role == "repo" else 0.0)
        variance = told.variance[0, 0]

        def loss(share: float, mean: float = mean, at: float = at, v: float = variance) -> float:
            # (A.7) and (A.13) in logarithms
            risky = 0.5 - share
            spread = 0.5 * risky * (0.5 + share) * v
            return float(-(risky * (mean - at) + spread + 0.5 * (1 - 2.5) * risky**2 * v))

        bounds = (lowest, 0.5) if limits == "imposed" else (-50.0, 50.0)
        best = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-10})
        assert orders[member] / size == pytest.approx(best.x, abs=2e-5)


def test_totals_are_the_sums_of_orders_and_slopes_their_derivatives() -> None:
    economy = market()
    economy.step()
    for cohort in economy.cohorts:
        if not isinstance(cohort, InformedInvestors):
            continue
        posted = economy.posted
        found: SpotOrders = cohort.respond(posted)
        orders = cohort.orders(posted)[0]
        assert found.bought[0] == pytest.approx(orders[orders > 0].sum(), abs=1e-12)
        assert found.sold[0] == pytest.approx(-orders[orders < 0].sum(), abs=1e-12)
        higher = cohort.orders(type(posted)(posted.log_price + 1.0, posted.terms))[0]
        assert found.by_price[0] == pytest.approx(higher.sum() - orders.sum(), abs=1e-9)
        assert found.free_by_price[0] == pytest.approx(found.by_price[0], abs=1e-12)


def test_the_published_price_function_is_where_the_market_clears_in_other_states() -> None:
    def cleared(log_value: float, log_noise: float) -> tuple[float, PriceFunction, FloatArray]:
        economy = market(population="continuum", log_value=log_value, log_noise=log_noise)
        assert economy.clear() == "cleared"
        found = economy.house.place(economy.posted, economy.book)
        return economy.quotes["log_price"], found, economy.posted.terms.log_pledge_value

    _, published, pledged = cleared(0.0, 0.0)
    for log_value, log_noise in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (-0.4, 2.0)):
        price, again, _ = cleared(log_value, log_noise)
        told = published.log_price(np.array([log_value]), np.array([log_noise]), pledged)
        assert told[0] == pytest.approx(price, abs=1e-12)
        assert np.allclose(published.stacked(), again.stacked(), atol=1e-12)


def test_imposed_limits_keep_everybody_to_what_it_owns() -> None:
    economy = market(limits="imposed", log_value=0.1, log_noise=0.02)
    economy.clear()
    for cohort in economy.cohorts:
        if isinstance(cohort, InformedInvestors):
            shares = np.abs(cohort.orders(economy.posted)[0]) * cohort.members / cohort.share / 1.4
            most = 0.5 if cohort.role == "spot" else 0.5 * economy.posted.terms.leverage[0]
            assert shares.max() <= most + 1e-12
    assert 0.0 < economy.settlement.beyond_limits[0] < 1.0


def test_nature_draws_each_day_once_and_securities_may_share_it() -> None:
    nature = Nature(np.random.default_rng(1), KNOWN.value, KNOWN.noise, securities=3, common=True)
    later = nature.at(4)
    assert np.ptp(later.log_value) == 0.0
    assert nature.at(4) is later
    assert nature.at(3) is not later
    apart = Nature(np.random.default_rng(1), KNOWN.value, KNOWN.noise, securities=3).at(1)
    assert np.ptp(apart.log_value) > 0.0


@pytest.mark.parametrize("given_", [{"mean": 0.0, "precision": 1.0}, {"mean": 1, "precision": -1}])
def test_a_law_without_mean_or_precision_is_refused(given_: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be a number above 0"):
        Lognormal(**given_)
