"""Orders of informed investors: best responses, their totals and slopes, and limits."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from agents.pledge.forecast import Forecast
from agents.pledge.investors import BLOCK, InformedInvestors
from agents.pledge.learner import Learner
from markets.margin import FlatMargin
from markets.pledge.book import SpotBook
from markets.pledge.quotes import SpotQuotes
from markets.pledge.terms import RepoTerms
from simulator.economy import Economy
from simulator.outcome import Outcome

PledgeEconomy = Economy[RepoTerms, SpotQuotes, SpotBook]
Market = Callable[..., PledgeEconomy]
InvestorsOf = Callable[[PledgeEconomy], list[InformedInvestors]]


@pytest.mark.parametrize("limits", ["ignored", "imposed"])
@pytest.mark.parametrize("role", ["spot", "repo"])
def test_orders_maximise_the_log_linear_utility(
    market: Market, investors: InvestorsOf, role: str, limits: str
) -> None:
    economy = market(limits=limits)
    economy.step()
    cohort = next(c for c in investors(economy) if c.role == role)
    assert cohort.forecast is not None
    posted = economy.posted
    forecast, terms = cohort.forecast, posted.terms
    log_pledge = terms.log_pledge_value[0]
    orders = cohort.orders(posted)[0]
    size = 1.4 * cohort.share / cohort.members
    size *= terms.leverage[0] if role == "repo" else -1.0
    lowest = -0.5 if role == "spot" else -0.5 / terms.leverage[0]
    for member in range(0, cohort.members, 50):
        mean = (
            forecast.constant[0, 0]
            + forecast.on_signal[0, 0] * cohort.log_signal[0, member]
            + forecast.on_price[0, 0] * posted.log_price[0]
            + forecast.on_pledge[0, 0] * log_pledge
        )
        at = posted.log_price[0] + (log_pledge if role == "repo" else 0.0)
        variance = forecast.variance[0, 0]

        def loss(share: float, mean: float = mean, at: float = at, v: float = variance) -> float:
            # (A.7) and (A.13) in logarithms
            risky = 0.5 - share
            spread = 0.5 * risky * (0.5 + share) * v
            return float(-(risky * (mean - at) + spread + 0.5 * (1 - 2.5) * risky**2 * v))

        bounds = (lowest, 0.5) if limits == "imposed" else (-50.0, 50.0)
        best = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-10})
        assert orders[member] / size == pytest.approx(best.x, abs=2e-5)


def test_totals_are_the_sums_of_orders_and_slopes_their_derivatives(
    market: Market, investors: InvestorsOf
) -> None:
    economy = market()
    economy.step()
    for cohort in investors(economy):
        posted = economy.posted
        book = cohort.respond(posted)
        orders = cohort.orders(posted)[0]
        assert book.bought[0] == pytest.approx(orders[orders > 0].sum(), abs=1e-12)
        assert book.sold[0] == pytest.approx(-orders[orders < 0].sum(), abs=1e-12)
        dearer = replace(posted, log_price=posted.log_price + 1.0)
        higher = cohort.orders(dearer)[0]
        assert book.by_price[0] == pytest.approx(higher.sum() - orders.sum(), abs=1e-9)
        assert book.free_by_price[0] == pytest.approx(book.by_price[0], abs=1e-12)
        pledged = cohort.respond(dearer).pledged - book.pledged
        assert book.pledged_by_price == pytest.approx(pledged, abs=1e-9)


@pytest.mark.parametrize("pledging", [1.0, 0.4])
def test_slopes_by_what_a_pledge_is_worth_or_by_the_share_pledged_are_derivatives(
    market: Market, investors: InvestorsOf, pledging: float
) -> None:
    economy = market()
    economy.step()
    at = replace(economy.posted, pledging=np.array([pledging]))
    if pledging == 1.0:
        worthier = replace(at.terms, worth=at.terms.worth + 0.5)
        beyond, distance = replace(at, terms=worthier), 0.5
    else:
        beyond, distance = replace(at, pledging=at.pledging + 0.5), 0.5
    for cohort in investors(economy):
        one, two = cohort.respond(at), cohort.respond(beyond)
        bought = two.bought - two.sold - one.bought + one.sold
        assert one.pledged[0] == (0.0 if cohort.role == "spot" else pytest.approx(one.pledged[0]))
        if cohort.role == "repo" or pledging == 1.0:
            assert one.by_repo * distance == pytest.approx(bought, abs=1e-9)
            assert one.pledged_by_repo * distance == pytest.approx(
                two.pledged - one.pledged, abs=1e-9
            )


def test_imposed_limits_keep_all_orders_within_what_is_owned(
    market: Market, investors: InvestorsOf
) -> None:
    economy = market(limits="imposed", log_value=0.1, log_noise=0.02)
    economy.clear()
    for cohort in investors(economy):
        shares = np.abs(cohort.orders(economy.posted)[0]) * cohort.members / cohort.share / 1.4
        most = 0.5 if cohort.role == "spot" else 0.5 * economy.posted.terms.leverage[0]
        assert shares.max() <= most + 1e-12
    assert 0.0 < economy.accounts()["beyond_limits"] < 1.0


def test_spot_investors_sell_and_repo_investors_buy_more_at_a_higher_price(
    market: Market, investors: InvestorsOf
) -> None:
    economy = market()
    economy.step()
    slopes = {c.role: c.respond(economy.posted).by_price[0] for c in investors(economy)}
    assert slopes["repo"] > 0.0 > slopes["spot"]


def test_where_repo_is_shut_repo_investors_are_spot_investors(
    market: Market, investors: InvestorsOf
) -> None:
    economy = market(margin=FlatMargin(0.7))
    economy.step()
    assert not economy.posted.terms.active[0]
    for cohort in investors(economy):
        book = cohort.respond(economy.posted)
        assert book.by_price[0] < 0.0
        assert book.pledged[0] == 0.0


def test_members_of_a_continuum_have_signals_whose_errors_average_out(
    market: Market, investors: InvestorsOf
) -> None:
    economy = market(population="continuum", log_value=0.2, members=1_000)
    economy.open()
    for cohort in investors(economy):
        assert cohort.log_signal.mean() == pytest.approx(0.2 - 0.25, abs=1e-12)
        assert (np.diff(cohort.log_signal[0]) > 0.0).all()


def test_totals_do_not_depend_on_blocks(market: Market, investors: InvestorsOf) -> None:
    economy = market(members=BLOCK + 7)
    economy.step()
    for cohort in investors(economy):
        book, orders = cohort.respond(economy.posted), cohort.orders(economy.posted)[0]
        assert book.bought[0] - book.sold[0] == pytest.approx(orders.sum(), abs=1e-9)


def test_a_table_shows_a_row_per_member_or_about_as_many_as_asked_for(
    market: Market, investors: InvestorsOf
) -> None:
    economy = market()
    economy.clear()
    cohort = investors(economy)[0]
    assert len(cohort.table()) == 400
    assert cohort.table()["order"].sum() == pytest.approx(cohort.orders(economy.posted).sum())
    assert len(cohort.table(100)) == 100


def test_nothing_is_held_before_a_round(market: Market, investors: InvestorsOf) -> None:
    economy = market()
    economy.open()
    with pytest.raises(RuntimeError, match="holds nothing yet"):
        investors(economy)[0].table()


def test_learning_by_the_map_adopts_the_published_function(
    market: Market, investors: InvestorsOf
) -> None:
    economy = market(learner=Learner("map", damping=1.0))
    assert economy.clear() is Outcome.CLEARED
    cohort = investors(economy)[0]
    published = cohort.published
    economy.announce()
    economy.open()
    right = Forecast.bayes(published, cohort.known)
    assert cohort.forecast is not None
    assert cohort.forecast.on_price == pytest.approx(right.on_price, abs=1e-15)
    assert cohort.forecast.constant == pytest.approx(right.constant, abs=1e-15)
