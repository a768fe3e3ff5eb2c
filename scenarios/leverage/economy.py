"""The economy of ``leverage-cycle``: its parameters, and how it is made from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from agents.leverage.clearing_house import LeverageClearingHouse
from agents.leverage.levered_traders import LeveredTraders
from markets.leverage.market import LeverageMarket
from markets.leverage.news_tree import NewsTree
from markets.leverage.quotes import LeverageBook, LeverageQuotes, LeverageTerms
from markets.quote import FloatArray
from simulator.economy import Economy
from simulator.memory import Extent
from simulator.parameters import about
from simulator.population.believers import BelieverParameters, Traders, traders_of

CASES = ("chosen", "capped", "none")
"""Who sets leverage: the market, a rule, or nobody lends."""

Leverage = Annotated[float, Field(ge=1.0)]


SHOWN, SHOWN_EACH = 25, 3
"""Columns of the table of traders, and those that each date adds, at most."""


class LeverageCycle(BelieverParameters):
    """Parameters of the scenario ``leverage-cycle``."""

    leverage: Literal["chosen", "capped", "none", "all"] = about(
        "who sets leverage: the market chooses it, it is capped by most_leverage, or there are no"
        " loans; or the three side by side",
        default="all",
    )
    most_leverage: list[Leverage] = about(
        "where leverage is capped: largest value of the asset as a multiple of the down payment, by"
        " date from the first; later dates than are listed have no cap",
        "multiple", "a list of numbers of at least 1", default=[2.0], min_length=1,
    )  # fmt: skip
    dates: int = about(
        "dates at which there is news; with many, prices come too near high_payoff to be told"
        " apart", "dates", default=2, ge=1, le=12,
    )  # fmt: skip
    high_payoff: float = about(
        "payoff of the asset unless all news is bad", "cash", default=1.0, gt=0.0
    )
    low_payoff: float = about("payoff if all news is bad", "cash", default=0.2, ge=0.0)
    payoffs: list[float] = about(
        "payoff after no, one, two... pieces of bad news, in place of dates, high_payoff and"
        " low_payoff; empty for these",
        "cash", "a list of numbers of at least 0 that do not rise", default=[],
    )  # fmt: skip
    news: list[Literal["good", "bad"]] | None = about(
        "news that arrives at date 1, 2, ...; bad news as long as something is left to trade if not"
        " given",
        "", 'a list of "good" and "bad"', default=None,
    )  # fmt: skip

    @model_validator(mode="after")
    def _together(self) -> Self:
        """Refuse payoffs that make no tree, and news after which nothing is left to trade."""
        if not self.payoffs and not self.low_payoff < self.high_payoff:
            raise ValueError(
                f"low_payoff is {self.low_payoff}; it must be below high_payoff, {self.high_payoff}"
            )
        for heard in self.heard:
            self.tree.place(heard)
        return self

    @property
    def tree(self) -> NewsTree:
        """News and payoffs."""
        alike = [self.high_payoff] * self.dates
        return NewsTree.of(self.payoffs or [*alike, self.low_payoff])

    @property
    def heard(self) -> list[str]:
        """The node at which traders stand, date by date."""
        tree = self.tree
        if self.news is None:
            nodes, node = [0], 0
            while tree.bad[node] < tree.count:
                node = int(tree.bad[node])
                nodes.append(node)
            return [tree.names[node] for node in nodes]
        return [tree.names[0], *("_".join(self.news[: k + 1]) for k in range(len(self.news)))]

    @property
    def markets(self) -> Sequence[str]:
        """The cases to run."""
        return CASES if self.leverage == "all" else (self.leverage,)

    def extent(self) -> Extent:
        """Traders are kept at every date, with their plans; a continuum has few rows."""
        dates = len(self.markets) * len(self.heard)
        members = self.number if self.population == "individuals" else 0
        return Extent(members, dates, dates, SHOWN + SHOWN_EACH * self.dates, ("traders", "dates"))

    def node(self, date: int) -> int:
        """Number of the node at which traders stand at a date, counted from 1."""
        return self.tree.place(self.heard[date - 1])

    def caps(self, case: str) -> list[float]:
        """Largest leverage in a case, by date from the first."""
        if case == "none":
            return [1.0] * (int(self.tree.date[-1]) + 1)
        return self.most_leverage if case == "capped" else []

    def caps_by_node(self, case: str) -> FloatArray:
        """The same at every open node, infinity where there is none."""
        tree = self.tree
        by_date = np.full(int(tree.date[-1]) + 1, np.inf)
        given = self.caps(case)[: by_date.size]
        by_date[: len(given)] = given
        return np.asarray(by_date[tree.date])


def build(
    parameters: LeverageCycle,
    case: str,
    rng: np.random.Generator | int = 0,
    traders: Traders | None = None,
) -> Economy[LeverageTerms, LeverageQuotes, LeverageBook]:
    """Make the economy of one of ``CASES`` as it stands at the first date.

    Parameters
    ----------
    parameters : LeverageCycle
        The parameters.
    case : str
        Who sets leverage.
    rng : numpy.random.Generator or int
        The one source of randomness.
    traders : Traders, optional
        Those of the parameters, where they have been made.

    Raises
    ------
    Refused
        If given or drawn traders can't be used.
    """
    if traders is None:
        traders = traders_of(parameters, np.random.default_rng(rng))
    market = LeverageMarket(parameters.tree)
    economy = Economy(
        market,
        adjuster=parameters.adjuster(market.pace),
        rng=rng,
        start=parameters.start,
        linked=True,
    )
    LeverageClearingHouse(economy, market.tree, parameters.caps(case))
    LeveredTraders(economy, population=parameters.population, **traders._asdict())
    return economy
