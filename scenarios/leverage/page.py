"""What the scenario ``leverage-cycle`` shows in the browser."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from agents.leverage.levered_traders import LeveredTraders
from markets.leverage.quotes import LeverageQuotes
from scenarios.leverage import pictures
from simulator import palette
from simulator.page_plan import Account, Control, Curve, Line, Page, Picture
from simulator.point import ScenarioEconomy


def curves(economy: ScenarioEconomy) -> tuple[Curve, ...]:
    """Price before any news, and those after it, on one axis; of a large tree the first nodes."""
    names = [quote.name for quote in economy.market.quotes]
    heard = [name.removeprefix("asset_price_").replace("_", " ") for name in names[1:]]
    return tuple(
        Curve(name, "asset price", "cash per asset", colour, name=after)
        for name, after, colour in zip(names, ["before news", *heard], palette.EXCESS, strict=False)
    )


def line_of_beliefs(economy: ScenarioEconomy, limit: int) -> pd.DataFrame:
    """Belief of traders, and the value of their assets over their wealth."""
    tables = [cohort.exposures(_posted(economy), limit) for cohort in _traders(economy)]
    return pd.concat(tables, ignore_index=True)


def marginal_buyers(economy: ScenarioEconomy) -> Mapping[str, float]:
    """Belief of the marginal buyer today, and of the one after bad news."""
    posted = _posted(economy)
    root, tree = posted.terms.root, posted.tree
    marks = {"marginal buyer": posted.buyer[root].price}
    if tree.bad[root] < tree.count:
        marks["after bad news"] = posted.buyer[tree.bad[root]].price
    return marks


def _posted(economy: ScenarioEconomy) -> LeverageQuotes:
    posted = economy.posted
    assert isinstance(posted, LeverageQuotes)
    return posted


def _traders(economy: ScenarioEconomy) -> list[LeveredTraders]:
    return [cohort for cohort in economy.cohorts if isinstance(cohort, LeveredTraders)]


PAGE = Page(
    controls=(
        Control("dates", 1, 4, 1),
        Control("low_payoff", 0.0, 0.9, 0.05),
        Control("most_leverage", 1.0, 4.0, 0.1, label="cap on leverage at the first date"),
        Control("cash", 0.1, 3.0, 0.1),
        Control("asset", 0.1, 3.0, 0.1),
        Control("beliefs"),
        Control("population"),
        Control("traders", choices=(10, 100, 1_000, 10_000, 100_000)),
    ),
    curves=curves,
    line=Line(
        along="belief",
        held="exposure",
        along_label="belief (probability of good news)",
        held_label="assets (value over own wealth)",
        traders=line_of_beliefs,
        marks=marginal_buyers,
        names=("the asset", "cash and loans, or ruined", "short"),
    ),
    accounts=(
        Account("due", "loans due", "cash"),
        Account("repaid", "repaid", "cash"),
        Account("loans", "new loans", "cash"),
        Account("pledged", "pledged", "assets"),
        Account("unsecured", "loans not backed after worse news", "cash", "balance"),
    ),
    case_label="who sets leverage",
    pictures=(
        Picture("Price and leverage as news arrives", pictures.by_news, pictures.by_news_text),
        Picture("Who owns what", pictures.owners, pictures.owners_text),
        Picture("The crash taken apart", pictures.crash, pictures.crash_text),
    ),
)
