"""Plans over all nodes: budgets, best responses, and what is carried to the next date."""

from __future__ import annotations

from typing import Any

import mesa
import numpy as np
import pytest

from agents.leverage.levered_traders import LeveredTraders
from markets.leverage.market import LeverageMarket
from markets.leverage.news_tree import NewsTree
from markets.leverage.quotes import LeverageQuotes, LeverageTerms, Matched

ALONE = Matched(0.0, 1.0, 1.0)
TREE = NewsTree.of([1.0, 0.8, 0.2])


def posted(
    cohort: LeveredTraders, places: list[float], root: int = 0, **due: Any
) -> LeverageQuotes:
    market = LeverageMarket(TREE)
    market.open([cohort])
    terms = LeverageTerms(root, np.full(TREE.count, np.inf), **due)
    return market.post(np.array(places), terms, np.zeros(TREE.count))


@pytest.mark.parametrize("population", ["individuals", "continuum"])
def test_plans_cost_what_traders_own_at_every_node(population: str) -> None:
    cohort = LeveredTraders(mesa.Model(), members=40, cash=2.0, population=population)  # type: ignore[arg-type]
    quotes = posted(cohort, [0.8, 0.7, 0.6])
    plan = cohort.plan(quotes)
    price = quotes.price[: TREE.count, None]
    assert plan.wealth[0] == pytest.approx(2.0 + quotes.price[0])
    assert price * plan.asset - plan.owed + plan.saved == pytest.approx(plan.wealth)
    for node in (1, 2):
        child = quotes.price[node] * plan.asset[0] - plan.owed[0] + plan.saved[0]
        assert plan.wealth[node] == pytest.approx(child)
    assert np.all(plan.owed <= quotes.loan[:, None] * plan.asset)


def test_individuals_and_a_continuum_agree_in_the_limit() -> None:
    books = []
    for population, members in (("continuum", 10), ("individuals", 20_000)):
        cohort = LeveredTraders(mesa.Model(), members=members, population=population)  # type: ignore[arg-type]
        book = cohort.respond(posted(cohort, [0.81003, 0.72007, 0.60011]))
        books.append(np.stack([book.asset, book.owed, book.saved]) / members)
    assert books[0] == pytest.approx(books[1], rel=1e-3)


def test_the_marginal_trader_is_filled_in_part() -> None:
    cohort = LeveredTraders(mesa.Model(), beliefs=[0.2, 0.5, 0.8], members=3)
    market = LeverageMarket(TREE)
    market.open([cohort])
    ladder = market.ladder
    place = 1.0 - 0.5 * (ladder.coordinate(0.5) + ladder.coordinate(0.5 + 1e-9))
    quotes = posted(cohort, [place, 0.5, 0.5])
    assert quotes.buyer[0].price == 0.5
    bought = cohort.plan(quotes).asset[0]
    assert 0.0 == bought[0] < bought[1] < bought[2]
    assert bought[1] / bought[2] == pytest.approx(quotes.buyer[0].filled)


def test_responding_changes_nothing() -> None:
    cohort = LeveredTraders(mesa.Model(), members=20, population="continuum")
    quotes = posted(cohort, [0.8, 0.7, 0.6])
    first = cohort.respond(quotes)
    cohort.respond(posted(cohort, [0.3, 0.2, 0.1]))
    again = cohort.respond(quotes)
    assert np.array_equal(first.asset, again.asset)
    assert np.array_equal(first.saved, again.saved)


@pytest.mark.parametrize("population", ["individuals", "continuum"])
@pytest.mark.parametrize("place", [0.02, 0.55, 0.9])
def test_what_is_carried_is_all_there_was_at_any_later_price(population: str, place: float) -> None:
    """Even where the later price is below what was promised and lenders take the assets."""
    cohort = LeveredTraders(mesa.Model(), members=50, population=population)  # type: ignore[arg-type]
    quotes = posted(cohort, [0.8, 0.7, 0.6])
    book = cohort.respond(quotes)
    cohort.hold(quotes, Matched(float(book.owed[0] / book.saved[0]), 1.0, 1.0))
    assert cohort.table()["profit"].eq(0.0).all()
    before = cohort.plan(quotes).wealth[0]
    cohort.carry()
    later = posted(cohort, [0.8, 0.7, place], root=2, loan_due=float(quotes.loan[0]))
    weight = np.diff(cohort.stretches) if population == "continuum" else np.ones(50)
    there_is = (book.saved[0] - book.owed[0]) + later.price[2] * book.asset[0]
    assert weight @ cohort.wealth(later) == pytest.approx(there_is, rel=1e-14)
    cohort.hold(later, ALONE)
    table = cohort.table()
    assert table["weight"] @ table["wealth"] == pytest.approx(there_is, rel=1e-14)
    if population == "individuals":
        assert table["profit"].to_numpy() == pytest.approx(cohort.wealth(later) - before)
    ruined = table["status"] == "ruined"
    assert ruined.any() == (later.price[2] <= quotes.loan[0])
    if population == "individuals":
        exposure = cohort.exposures(later, 50)["exposure"].to_numpy()
        assert np.array_equal(exposure == 0.0, (table["asset"] == 0.0).to_numpy())
        worth = later.price[2] * table["asset"].to_numpy()
        assert exposure * table["wealth"].to_numpy() == pytest.approx(worth, rel=1e-12)


@pytest.mark.parametrize("population", ["individuals", "continuum"])
def test_exposures_are_the_same_for_traders_who_own_a_hundredth(population: str) -> None:
    shown = []
    for owned in (1.0, 0.01):
        cohort = LeveredTraders(
            mesa.Model(), members=40, cash=owned, asset=owned, population=population,  # type: ignore[arg-type]
        )  # fmt: skip
        shown.append(cohort.exposures(posted(cohort, [0.8, 0.7, 0.6]), 20)["exposure"].to_numpy())
    assert shown[0].max() > 1.0
    assert shown[1] == pytest.approx(shown[0])


def test_a_table_shows_members_in_the_order_given() -> None:
    cohort = LeveredTraders(mesa.Model(), beliefs=[0.8, 0.2, 0.5], cash=[1.0, 2.0, 3.0],
                            names=["a", "b", "c"])  # fmt: skip
    cohort.hold(posted(cohort, [0.5, 0.5, 0.5]), ALONE)
    table = cohort.table()
    assert table["name"].tolist() == ["a", "b", "c"]
    assert table["belief"].tolist() == [0.8, 0.2, 0.5]
    assert table["endowed_cash"].tolist() == [1.0, 2.0, 3.0]


def test_there_is_no_table_before_the_first_round() -> None:
    with pytest.raises(RuntimeError, match="holds nothing yet"):
        LeveredTraders(mesa.Model(), members=5).table()
